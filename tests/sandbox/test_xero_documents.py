"""The stand-in Xero takes, reckons and refuses invoices and credit notes as the real one does."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.sandbox.xero_calls import XeroCaller, caller, invoice, line, texts
from tests.world import SandboxWorld, XeroOrganisation

NO_ID = "00000000-0000-0000-0000-000000000000"
UNKNOWN = "11111111-1111-1111-1111-111111111111"
LOCKED = "This document cannot be edited as it has a payment or credit note allocated to it."
WRONG_STATUS = "Invoice not of valid status for modification"


@pytest.fixture
def organisation(sandbox: SandboxWorld) -> XeroOrganisation:
    return sandbox.create_xero()


@pytest.fixture
def xero(sandbox: SandboxWorld, organisation: XeroOrganisation) -> XeroCaller:
    return caller(sandbox, organisation)


def money(row: dict[str, Any]) -> tuple[str, str, str]:
    return str(row["SubTotal"]), str(row["TotalTax"]), str(row["Total"])


# Arithmetic


def test_tax_is_rounded_per_line_and_then_summed(xero: XeroCaller) -> None:
    amounts = ("25.06", "25.61", "25.63")
    made = xero.put_invoice(LineItems=[line(UnitAmount=amount, TaxType="OUTPUT2") for amount in amounts])
    assert [str(row["TaxAmount"]) for row in made["LineItems"]] == ["3.76", "3.84", "3.84"]
    assert money(made) == ("76.30", "11.44", "87.74")


def test_halves_are_rounded_up(xero: XeroCaller) -> None:
    made = xero.put_invoice(LineItems=[line(Quantity="0.5", UnitAmount="4.33", TaxType="NONE")])
    assert money(made) == ("2.17", "0.00", "2.17")


def test_unit_prices_are_rounded_to_two_decimals_unless_four_are_asked_for(xero: XeroCaller) -> None:
    body = invoice(LineItems=[line(Quantity=100, UnitAmount="1.0049", TaxType="NONE")])
    (two,) = xero.write("PUT", "Invoices", body, unitdp=2)
    (four,) = xero.write("PUT", "Invoices", body)
    assert (str(two["LineItems"][0]["UnitAmount"]), str(two["Total"])) == ("1.00", "100.00")
    assert (str(four["LineItems"][0]["UnitAmount"]), str(four["Total"])) == ("1.0049", "100.49")
    address = f"/Invoices/{four['InvoiceID']}"
    assert str(xero.rows(address)[0]["LineItems"][0]["UnitAmount"]) == "1.00"
    assert str(xero.rows(address, unitdp=4)[0]["LineItems"][0]["UnitAmount"]) == "1.0049"


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("Exclusive", ("115.00", "17.25", "132.25")),
        ("Inclusive", ("100.00", "15.00", "115.00")),
        ("NoTax", ("115.00", "0.00", "115.00")),
    ],
)
def test_amounts_are_with_without_or_free_of_tax(xero: XeroCaller, kind: str, expected: tuple[str, str, str]) -> None:
    made = xero.put_invoice(LineAmountTypes=kind, LineItems=[line(UnitAmount="115.00", TaxType="OUTPUT2")])
    assert money(made) == expected


def test_a_line_without_a_tax_type_takes_its_accounts(xero: XeroCaller) -> None:
    made = xero.put_invoice()
    assert (made["LineItems"][0]["TaxType"], str(made["TotalTax"])) == ("OUTPUT2", "15.00")


def test_a_given_tax_amount_stands(xero: XeroCaller) -> None:
    assert str(xero.put_invoice(LineItems=[line(TaxAmount="14.99")])["TotalTax"]) == "14.99"


def test_a_line_may_say_only_its_total(xero: XeroCaller) -> None:
    made = xero.put_invoice(LineItems=[line(Quantity=3, UnitAmount=None, LineAmount="10.00")])
    row = made["LineItems"][0]
    assert (str(row["LineAmount"]), str(row["UnitAmount"]), str(row["Quantity"])) == ("10.00", "3.3333", "3.0000")


def test_a_description_alone_is_a_line(xero: XeroCaller) -> None:
    made = xero.put_invoice(Status="AUTHORISED", LineItems=[{"Description": "For your records"}, line()])
    assert not made["HasErrors"]
    assert "AccountCode" not in made["LineItems"][0]


@settings(max_examples=25)
@given(
    st.lists(
        st.tuples(
            st.decimals("0", "1000", places=4),
            st.decimals("-5000", "5000", places=4),
            st.sampled_from(["OUTPUT2", "NONE"]),
        ),
        min_size=1,
        max_size=8,
    )
)
def test_totals_are_the_sums_of_their_lines(xero: XeroCaller, rows: list[tuple[Decimal, Decimal, str]]) -> None:
    xero.world.limits(xero={"minute": 10_000})
    lines = [line(Quantity=quantity, UnitAmount=price, TaxType=tax) for quantity, price, tax in rows]
    echoed = xero.put_invoice(LineItems=lines)
    net = sum(row["LineAmount"] for row in echoed["LineItems"])
    tax = sum(row["TaxAmount"] for row in echoed["LineItems"])
    if net + tax < 0:
        assert "The Total for this document must be greater than or equal to zero." in texts(echoed)
        return
    assert (echoed["SubTotal"], echoed["TotalTax"], echoed["Total"]) == (net, tax, net + tax)
    for row in echoed["LineItems"]:
        assert abs(row["LineAmount"] - row["Quantity"] * row["UnitAmount"]) <= Decimal("0.005")
        assert row["LineAmount"].as_tuple().exponent == row["TaxAmount"].as_tuple().exponent == -2


# What is refused, and in which words


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"Status": "PAID"}, "Invoice not of valid status for creation"),
        ({"Status": "VOIDED"}, "Invoice not of valid status for creation"),
        ({"CurrencyCode": "USD"}, "Organisation is not subscribed to currency USD"),
        ({"LineItems": []}, "One or more line items must be specified"),
        ({"LineItems": None}, "One or more line items must be specified"),
        ({"Status": "AUTHORISED", "DueDate": None}, "Due date cannot be empty."),
        ({"Status": "SUBMITTED", "DueDate": None}, "The document DueDate field must be specified"),
        ({"Type": "ACCRECCREDIT"}, "The document Type 'ACCRECCREDIT' is not valid for this endpoint."),
        ({"InvoiceNumber": "x" * 256}, "The InvoiceNumber field must not exceed 255 characters."),
        ({"BrandingThemeID": UNKNOWN}, "Branding theme must be valid."),
        ({"InvoiceID": UNKNOWN},
         "The document with the supplied id was not found for this endpoint."),
    ],
)  # fmt: skip
def test_a_bad_invoice_is_refused(xero: XeroCaller, fields: dict[str, Any], text: str) -> None:
    refused = xero.put_invoice(**fields)
    assert texts(refused) == [text]
    assert xero.rows("/Invoices") == []


@pytest.mark.parametrize(
    ("status", "fields", "expected"),
    [
        ("DRAFT", {"AccountCode": "999"}, ["Account code '999' is not a valid code for this document."]),
        ("DRAFT", {"AccountCode": "090"}, ["Account code '090' is not a valid code for this document."]),
        ("AUTHORISED", {"AccountCode": None, "TaxType": "OUTPUT2"}, ["The account code or ID must be specified"]),
        ("SUBMITTED", {"AccountCode": None, "TaxType": "OUTPUT2"}, ["Account code must be specified"]),
        ("AUTHORISED", {"AccountCode": None},
         ["The account code or ID must be specified", "The TaxType field is mandatory"]),
        ("DRAFT", {"AccountID": UNKNOWN, "AccountCode": None}, ["Account must be valid."]),
        ("DRAFT", {"TaxType": "GST on Income"}, [
            "The TaxType code GST on Income does not exist or cannot be used for this type of transaction.",
            "The TaxType code 'GST on Income' cannot be used with account code '200'."]),
        ("DRAFT", {"TaxType": "OUTPUT2", "AccountCode": "400"},
         ["The TaxType code 'OUTPUT2' cannot be used with account code '400'."]),
        ("DRAFT", {"Quantity": -1, "UnitAmount": "-100"},
         ["The quantity value '-1.0000' is invalid. Quantity must not be less than zero."]),
        ("DRAFT", {"LineAmount": "666.88", "UnitAmount": "666.93"},
         ["The line total 666.88 does not match the expected line total 666.93"]),
        ("DRAFT", {"Description": ""}, ["The description field is mandatory for each line item."]),
        ("DRAFT", {"Description": "x" * 4001}, ["The description field must not exceed 4000 characters."]),
        ("DRAFT", {"ItemCode": "nothing"}, ["Item Code is invalid."]),
        ("AUTHORISED", {"UnitAmount": "0.00001"}, ["Account must be valid.", "Tax rate must be valid."]),
        ("AUTHORISED", {"Quantity": "0.01", "UnitAmount": 0.1}, ["Account must be valid.", "Tax rate must be valid."]),
        ("DRAFT", {"Tracking": [{"Name": "Region", "Option": "North"}]}, ["Tracking option must be valid."]),
        ("DRAFT", {"UnitAmount": "99999999999"}, ["The line total must not exceed 9999999999.99."]),
    ],
)  # fmt: skip
def test_a_bad_line_is_refused_on_the_line_and_on_the_invoice(
    xero: XeroCaller, status: str, fields: dict[str, Any], expected: list[str]
) -> None:
    bad = {name: value for name, value in line(**fields).items() if value is not None}
    refused = xero.put_invoice(Status=status, LineItems=[line(), bad])
    assert texts(refused) == expected
    assert [texts(row) for row in refused["LineItems"]] == [[], expected]


@pytest.mark.parametrize("price", ["0", "0.00"])
def test_a_free_line_is_no_vanished_one(xero: XeroCaller, price: str) -> None:
    assert not xero.put_invoice(Status="AUTHORISED", LineItems=[line(), line(UnitAmount=price)])["HasErrors"]


def test_an_archived_account_is_told_apart(xero: XeroCaller, organisation: XeroOrganisation) -> None:
    organisation.patch("Accounts", "210", Status="ARCHIVED")
    assert texts(xero.put_invoice(LineItems=[line(AccountCode="210")])) == [
        ("Account code '210' has been archived, or has been deleted. Each line item must reference a valid account.")
    ]


def test_an_organisation_may_drop_unknown_accounts_of_drafts_with_a_warning(
    xero: XeroCaller, organisation: XeroOrganisation
) -> None:
    organisation.patch("Organisation", organisation.id, unknown_accounts="warning")
    made = xero.put_invoice(LineItems=[line(AccountCode="476")])
    assert (made["HasErrors"], made["StatusAttributeString"]) == (False, "WARNING")
    assert [row["Message"] for row in made["Warnings"]] == [
        "Account code '476' has been removed as it does not match a recognised account."
    ]
    assert "AccountCode" not in made["LineItems"][0]


def test_discounts_are_for_sales_invoices_and_no_more_than_the_line(xero: XeroCaller) -> None:
    assert str(xero.put_invoice(LineItems=[line(DiscountRate=10, TaxType="NONE")])["Total"]) == "90.00"
    too_much = xero.put_invoice(LineItems=[line(UnitAmount="-5", DiscountAmount=0), line()])
    assert texts(too_much) == ["The discount rate '0.00' is invalid. Discount must not be greater than the line total."]
    purchase = xero.put_invoice(Type="ACCPAY", LineItems=[line(AccountCode="400", DiscountRate=10)])
    assert texts(purchase) == ["Discounts may not be applied to ACCPAY invoices."]
    assert xero.put_credit_note(LineItems=[line(DiscountRate=10)])["HasErrors"]


def test_a_negative_total_is_refused_and_a_negative_line_is_not(xero: XeroCaller) -> None:
    assert not xero.put_invoice(LineItems=[line(), line(UnitAmount="-40")])["HasErrors"]
    assert texts(xero.put_invoice(LineItems=[line(UnitAmount="-40")])) == [
        "The Total for this document must be greater than or equal to zero."
    ]


def test_locked_periods_refuse_new_and_old_documents(xero: XeroCaller, organisation: XeroOrganisation) -> None:
    made = xero.put_invoice(Date="2026-03-31")
    organisation.patch("Organisation", organisation.id, PeriodLockDate="2026-03-31")
    assert texts(xero.put_invoice(Date="2026-03-31")) == [
        "The document date cannot be before the period lock date, currently set at 31 March 2026"
    ]
    assert texts(xero.post_invoice(InvoiceID=made["InvoiceID"], Reference="x")) == [
        "The document cannot be edited as it is currently dated before the period lock date"
    ]
    organisation.patch("Organisation", organisation.id, PeriodLockDate=None, EndOfYearLockDate="2026-03-31")
    assert texts(xero.put_invoice(Date="2026-01-01")) == [
        "The document date cannot be before the end of year lock date, currently set at 31 March 2026"
    ]
    assert not xero.put_invoice(Date="2026-04-01")["HasErrors"]
    assert xero.rows("/Organisation")[0]["EndOfYearLockDate"] == "/Date(1774915200000+0000)/"


def test_a_plan_may_approve_only_so_many_invoices(xero: XeroCaller, organisation: XeroOrganisation) -> None:
    organisation.patch("Organisation", organisation.id, approvals_left=1)
    assert not xero.put_invoice(Status="AUTHORISED")["HasErrors"]
    assert texts(xero.put_invoice(Status="AUTHORISED")) == ["You have reached the limit of invoices you can approve"]
    assert not xero.put_invoice()["HasErrors"]


# Numbers


def test_numbers_are_given_where_none_is_sent(xero: XeroCaller) -> None:
    assert [xero.put_invoice()["InvoiceNumber"] for _ in range(2)] == ["INV-0001", "INV-0002"]
    xero.put_invoice(InvoiceNumber="INV-0003")
    assert xero.put_invoice()["InvoiceNumber"] == "INV-0004"
    assert xero.put_credit_note()["CreditNoteNumber"] == "CN-0001"


def test_put_never_takes_a_used_number(xero: XeroCaller) -> None:
    xero.put_invoice(InvoiceNumber="A-1")
    refused = xero.put_invoice(InvoiceNumber="a-1")
    assert (refused["InvoiceID"], texts(refused)) == (NO_ID, ["Invoice # must be unique."])
    xero.put_credit_note(CreditNoteNumber="A-1")
    assert texts(xero.put_credit_note(CreditNoteNumber="A-1")) == ["Credit Note # must be unique."]


@pytest.mark.parametrize("fate", ["VOIDED", "DELETED"])
def test_a_voided_or_deleted_invoice_keeps_its_number(
    xero: XeroCaller, organisation: XeroOrganisation, fate: str
) -> None:
    organisation.add_invoice("Acme", number="A-1", Status=fate)
    assert texts(xero.put_invoice(InvoiceNumber="A-1")) == ["Invoice # must be unique."]
    assert texts(xero.post_invoice(**invoice(InvoiceNumber="A-1"))) == [WRONG_STATUS]


def test_bills_may_share_a_number(xero: XeroCaller) -> None:
    bill = {"Type": "ACCPAY", "InvoiceNumber": "7", "LineItems": [line(AccountCode="400")]}
    assert not any(xero.put_invoice(**bill)["HasErrors"] for _ in range(2))
    assert not xero.put_invoice(InvoiceNumber="7")["HasErrors"]


def test_post_changes_the_invoice_that_has_the_number(xero: XeroCaller) -> None:
    first = xero.put_invoice(InvoiceNumber="A-1")
    again = xero.post_invoice(**invoice(InvoiceNumber="A-1", Reference="changed"))
    assert (again["InvoiceID"], again["Reference"]) == (first["InvoiceID"], "changed")
    assert xero.post_invoice(**invoice(InvoiceNumber="A-2"))["InvoiceID"] != first["InvoiceID"]


# Changing


def test_lines_keep_their_place_only_by_their_id(xero: XeroCaller) -> None:
    made = xero.put_invoice(LineItems=[line(), line(Description="Hardware", UnitAmount="50")])
    first, second = made["LineItems"]
    changed = xero.post_invoice(
        InvoiceID=made["InvoiceID"],
        LineItems=[{"LineItemID": second["LineItemID"], "Quantity": 2}, line(Description="New")],
    )
    kept, new = changed["LineItems"]
    assert (kept["LineItemID"], kept["Description"], str(kept["LineAmount"])) == (
        second["LineItemID"],
        "Hardware",
        "100.00",
    )
    assert new["LineItemID"] not in (first["LineItemID"], second["LineItemID"])
    assert xero.post_invoice(InvoiceID=made["InvoiceID"], LineItems=[{"LineItemID": first["LineItemID"]}])["HasErrors"]


def test_what_is_not_sent_stays(xero: XeroCaller) -> None:
    made = xero.put_invoice(Reference="PO 7", Url="http://localhost:8000/d/1")
    changed = xero.post_invoice(InvoiceID=made["InvoiceID"], DueDate="2026-12-24")
    assert (changed["Reference"], changed["Url"], changed["DueDateString"]) == (
        "PO 7",
        "http://localhost:8000/d/1",
        "2026-12-24T00:00:00",
    )
    assert [row["LineItemID"] for row in changed["LineItems"]] == [row["LineItemID"] for row in made["LineItems"]]


@pytest.mark.parametrize(
    ("before", "after", "is_allowed"),
    [
        ("DRAFT", "SUBMITTED", True),
        ("DRAFT", "AUTHORISED", True),
        ("DRAFT", "DELETED", True),
        ("DRAFT", "VOIDED", False),
        ("SUBMITTED", "DRAFT", True),
        ("SUBMITTED", "DELETED", True),
        ("AUTHORISED", "VOIDED", True),
        ("AUTHORISED", "DRAFT", False),
        ("AUTHORISED", "DELETED", False),
        ("VOIDED", "AUTHORISED", False),
        ("DELETED", "DRAFT", False),
    ],
)
def test_a_status_moves_only_as_xero_lets_it(
    xero: XeroCaller, organisation: XeroOrganisation, before: str, after: str, *, is_allowed: bool
) -> None:
    made = organisation.add_invoice("Acme", number="A-1", Status=before)
    moved = xero.post_invoice(InvoiceID=made["InvoiceID"], Status=after)
    assert texts(moved) == ([] if is_allowed else [WRONG_STATUS])
    if is_allowed:
        assert moved["Status"] == after


def test_approving_a_draft_judges_its_lines_again(xero: XeroCaller) -> None:
    draft = xero.put_invoice(LineItems=[line(AccountCode=None)])
    assert texts(xero.post_invoice(InvoiceID=draft["InvoiceID"], Status="AUTHORISED")) == [
        "The account code or ID must be specified",
        "The TaxType field is mandatory",
    ]


def test_one_invoice_can_be_changed_at_its_own_address(xero: XeroCaller) -> None:
    made = xero.put_invoice()
    (changed,) = xero.write("POST", f"Invoices/{made['InvoiceID']}", {"Reference": "PO 9"})
    assert changed["Reference"] == "PO 9"
    answer = xero.call("POST", f"/Invoices/{NO_ID}", {"Reference": "x"})
    assert answer.status_code == 404


def test_a_paid_invoice_is_locked(xero: XeroCaller, organisation: XeroOrganisation) -> None:
    made = xero.put_invoice(Status="AUTHORISED", InvoiceNumber="A-1")
    organisation.pay(made["InvoiceID"])
    assert texts(xero.post_invoice(InvoiceID=made["InvoiceID"], Reference="x")) == [LOCKED, WRONG_STATUS]
    assert texts(xero.post_invoice(**invoice(InvoiceNumber="A-1"))) == [LOCKED, WRONG_STATUS]
    (row,) = xero.rows(f"/Invoices/{made['InvoiceID']}")
    assert (row["Status"], str(row["AmountDue"]), str(row["AmountPaid"])) == ("PAID", "0.00", "115.00")
    assert row["FullyPaidOnDate"]
    assert len(row["Payments"]) == 1


def test_a_part_paid_invoice_says_what_it_would_not_change(xero: XeroCaller, organisation: XeroOrganisation) -> None:
    made = xero.put_invoice(Status="AUTHORISED")
    organisation.pay(made["InvoiceID"], "15.00")
    assert texts(xero.post_invoice(InvoiceID=made["InvoiceID"], Date="2026-11-03", Status="VOIDED")) == [
        LOCKED,
        "Date cannot be changed on an invoice that has payment or credit notes allocated to it.",
        ("The status VOIDED cannot be applied to the invoice because it has payment or Credit notes allocated to it."),
    ]
    assert not xero.post_invoice(InvoiceID=made["InvoiceID"], SentToContact=True)["HasErrors"]


def test_an_approved_invoice_of_nothing_is_paid_at_once(xero: XeroCaller) -> None:
    free = [line(UnitAmount="0")]
    assert xero.put_invoice(Status="AUTHORISED", LineItems=free)["Status"] == "PAID"
    assert xero.put_invoice(LineItems=free)["Status"] == "DRAFT"


def test_only_approved_invoices_are_marked_as_sent(xero: XeroCaller) -> None:
    assert xero.put_invoice(SentToContact=True)["SentToContact"] is False
    assert xero.put_invoice(SentToContact=True, Status="AUTHORISED")["SentToContact"] is True


# Dates, currencies, tracking, items


@pytest.mark.parametrize(
    "sent", ["2026-02-03", "2026-02-03T10:20:30", "/Date(1770076800000)/", "/Date(1770076800000+0000)/"]
)
def test_dates_are_read_in_every_form_and_shown_in_two(xero: XeroCaller, sent: str) -> None:
    made = xero.put_invoice(Date=sent)
    assert (made["Date"], made["DateString"]) == ("/Date(1770076800000+0000)/", "2026-02-03T00:00:00")


def test_a_foreign_currency_brings_a_rate(xero: XeroCaller, organisation: XeroOrganisation) -> None:
    organisation.add_currency("USD")
    assert xero.put_invoice()["CurrencyRate"] == 1
    assert 0 < xero.put_invoice(CurrencyCode="USD")["CurrencyRate"] < 1
    assert xero.put_invoice(CurrencyCode="USD", CurrencyRate="0.61")["CurrencyRate"] == Decimal("0.61")


def test_a_line_takes_what_its_item_knows(xero: XeroCaller, organisation: XeroOrganisation) -> None:
    sales = {"UnitPrice": "49.50", "AccountCode": "210", "TaxType": "OUTPUT2"}
    organisation.add("Items", Code="MON", Description="Monitor", SalesDetails=sales)
    (row,) = xero.put_invoice(LineItems=[{"ItemCode": "MON", "Quantity": 2}])["LineItems"]
    assert (row["Description"], row["AccountCode"], str(row["LineAmount"])) == ("Monitor", "210", "99.00")


def test_tracking_is_named_by_words_or_ids(xero: XeroCaller, organisation: XeroOrganisation) -> None:
    category = organisation.add("TrackingCategories", Name="Region", Options=["North", "South"])
    by_words = xero.put_invoice(LineItems=[line(Tracking=[{"Name": "Region", "Option": "South"}])])
    option = category["Options"][1]
    ids = {"TrackingCategoryID": category["TrackingCategoryID"], "TrackingOptionID": option["TrackingOptionID"]}
    by_ids = xero.put_invoice(LineItems=[line(Tracking=[ids])])
    expected = [{"Name": "Region", "Option": "South", **ids}]
    assert by_words["LineItems"][0]["Tracking"] == by_ids["LineItems"][0]["Tracking"] == expected


def test_the_ledger_tells_what_clients_wrote_and_not_what_people_did(
    xero: XeroCaller, organisation: XeroOrganisation
) -> None:
    organisation.add_invoice("Acme", number="HAND-1")
    made = xero.put_invoice(InvoiceNumber="A-1")
    xero.post_invoice(InvoiceID=made["InvoiceID"], Reference="x")
    writes = xero.world.ledger("xero", organisation=organisation.id).writes
    documents = [row for row in writes if row["endpoint"] == "Invoices"]
    assert [(row["action"], row["number"], row["id"]) for row in documents] == [
        ("created", "A-1", made["InvoiceID"]),
        ("updated", "A-1", made["InvoiceID"]),
    ]
    assert documents[0]["body"]["InvoiceNumber"] == "A-1"
