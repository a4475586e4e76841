"""The stand-in Autotask bills, taxes, rounds, voids, and takes what may be written back."""

from __future__ import annotations

from base64 import b64decode
from decimal import Decimal

import pytest

from tests.sandbox.autotask_calls import call, errors, found, parsed
from tests.world import AutotaskDatabase, SandboxWorld, item


@pytest.fixture
def database(sandbox: SandboxWorld) -> AutotaskDatabase:
    return sandbox.create_autotask()


@pytest.fixture
def company(database: AutotaskDatabase) -> int:
    return database.add_company("Acme")


def items_of(database: AutotaskDatabase, invoice_id: int) -> list[dict[str, Decimal]]:
    return found(database, "BillingItems", {"op": "eq", "field": "invoiceID", "value": invoice_id})


def test_an_invoice_totals_its_rounded_items_net_of_tax(database: AutotaskDatabase, company: int) -> None:
    invoice = database.bill(company, [item("33.335", 1), item("100", "1.5"), item("12.50", -2)])
    assert invoice["invoiceTotal"] == Decimal("33.34") + 150 - 25
    assert invoice["totalTaxValue"] == Decimal("5.00") + Decimal("22.50") - Decimal("3.75")
    assert invoice["taxRegionName"] == "New Zealand"
    assert [row["totalAmount"] for row in items_of(database, invoice["id"])] == [Decimal("33.34"), 150, -25]


def test_a_database_can_total_gross(sandbox: SandboxWorld) -> None:
    database = sandbox.create_autotask(total_is="gross")
    invoice = database.bill(database.add_company("Acme"), [item("100.00")])
    assert (invoice["invoiceTotal"], invoice["totalTaxValue"]) == (115, 15)


def test_a_database_can_keep_four_decimals(sandbox: SandboxWorld) -> None:
    database = sandbox.create_autotask(decimals=4)
    invoice = database.bill(database.add_company("Acme"), [item("35.185", "1.5")])
    assert (invoice["invoiceTotal"], invoice["totalTaxValue"]) == (Decimal("52.7775"), Decimal("7.9166"))
    assert '"invoiceTotal":52.7775,' in call(database, "GET", f"Invoices/{invoice['id']}").text


def test_a_combined_service_adjustment_keeps_the_total_it_was_given(database: AutotaskDatabase, company: int) -> None:
    invoice = database.bill(company, [item("10.00", -2, "35.00")])
    (line,) = items_of(database, invoice["id"])
    assert (line["quantity"], line["rate"], line["totalAmount"]) == (-2, 10, 35)
    assert invoice["invoiceTotal"] == 35


@pytest.mark.parametrize(
    ("fields", "tax"),
    [
        ({}, 15),
        ({"taxRegionID": 4}, 0),
        ({"isTaxExempt": True}, 0),
        ({"taxRegionID": None}, 0),
        ({"taxRegionID": 2}, 10),
    ],
)
def test_tax_goes_by_the_companys_region(database: AutotaskDatabase, fields: dict[str, object], tax: int) -> None:
    company = database.add_company("Taxed", **fields)
    assert database.bill(company, [item("100.00")])["totalTaxValue"] == tax


def test_a_compounded_tax_is_taken_on_top_of_the_other(database: AutotaskDatabase, company: int) -> None:
    database.add("Taxes", taxName="City", taxRate=10, isCompounded=True, taxRegionID=1, taxCategoryID=1)
    assert database.bill(company, [item("100.00")])["totalTaxValue"] == Decimal("26.50")


def test_amounts_are_also_kept_in_the_internal_currency(database: AutotaskDatabase) -> None:
    company = database.add_company("Sydney Pty", currency="AUD")
    invoice = database.bill(company, [item("100.00")])
    (line,) = items_of(database, invoice["id"])
    assert (line["totalAmount"], line["internalCurrencyTotalAmount"]) == (100, Decimal("108.33"))


def test_the_lines_and_the_number_of_an_unfinished_invoice_appear_later(
    sandbox: SandboxWorld, database: AutotaskDatabase, company: int
) -> None:
    invoice = database.bill(company, [item(10), item(20, appears_after=120)], number_after=300)
    assert invoice["invoiceTotal"] == 30
    assert parsed(call(database, "GET", f"Invoices/{invoice['id']}"))["item"]["invoiceNumber"] is None
    assert [row["rate"] for row in items_of(database, invoice["id"])] == [10]
    sandbox.advance_clock(121)
    assert [row["rate"] for row in items_of(database, invoice["id"])] == [10, 20]
    sandbox.advance_clock(180)
    assert parsed(call(database, "GET", f"Invoices/{invoice['id']}"))["item"]["invoiceNumber"] == "1085"


def test_a_billing_run_can_be_finished_at_once(database: AutotaskDatabase, company: int) -> None:
    invoice = database.bill(company, [item(20, appears_after=86400)])
    assert items_of(database, invoice["id"]) == []
    database.finish_billing_run()
    assert len(items_of(database, invoice["id"])) == 1


def test_voiding_sends_the_items_back_to_be_invoiced(database: AutotaskDatabase, company: int) -> None:
    invoice = database.bill(company)
    database.void(invoice["id"])
    row = parsed(call(database, "GET", f"Invoices/{invoice['id']}"))["item"]
    assert row["isVoided"] is True
    assert row["voidedDate"] is not None
    assert items_of(database, invoice["id"]) == []
    assert len(items_of(database, 0)) == 1


def test_three_invoice_fields_can_be_written_and_the_rest_is_passed_over(
    sandbox: SandboxWorld, database: AutotaskDatabase, company: int
) -> None:
    invoice = database.bill(company)
    body = {
        "id": invoice["id"],
        "invoiceNumber": "INV-0042",
        "paidDate": "2026-11-20T14:30:00Z",
        "WebServiceDate": "2026-11-21T01:02:03Z",
        "invoiceTotal": 1,
        "nonsense": True,
    }
    answer = call(database, "PATCH", "Invoices", body)
    assert (answer.status_code, answer.json()) == (200, {"itemId": invoice["id"]})
    row = parsed(call(database, "GET", f"Invoices/{invoice['id']}"))["item"]
    assert row["invoiceNumber"] == "INV-0042"
    assert row["paidDate"] == "2026-11-20T00:00:00.000Z"
    assert row["webServiceDate"] == "2026-11-21T01:02:03.000Z"
    assert row["invoiceTotal"] == 100
    assert [write["id"] for write in sandbox.ledger().updated("Invoices")] == [invoice["id"]]


def test_put_blanks_what_it_leaves_out(database: AutotaskDatabase, company: int) -> None:
    invoice = database.bill(company)
    call(database, "PUT", "Invoices", {"id": invoice["id"], "paidDate": "2026-11-20"})
    assert parsed(call(database, "GET", f"Invoices/{invoice['id']}"))["item"]["invoiceNumber"] is None


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"id": None}, "id of the entity is required"),
        ({"id": 999}, "No matching records"),
        ({"invoiceNumber": "9" * 101}, "exceeds the maximum length of 100"),
        ({"paidDate": "soon"}, "to type DateTime"),
    ],
)
def test_an_update_that_does_not_fit_is_refused(
    database: AutotaskDatabase, company: int, changes: dict[str, object], text: str
) -> None:
    invoice = database.bill(company)
    assert text in errors(call(database, "PATCH", "Invoices", {"id": invoice["id"], **changes}))


def test_an_unknown_id_answers_an_empty_item(database: AutotaskDatabase) -> None:
    answer = call(database, "GET", "Companies/424242")
    assert (answer.status_code, answer.json()) == (200, {"item": None})


def test_a_company_tells_its_invoice_settings_and_its_contacts(database: AutotaskDatabase, company: int) -> None:
    settings = call(database, "GET", f"Companies/{company}/invoiceSettings").json()
    assert settings["taxExempt"] is False
    assert settings["contactRecipients"] == []
    contacts = call(database, "GET", f"Companies/{company}/Contacts").json()["items"]
    assert [contact["emailAddress"] for contact in contacts] == ["accounts@acme.example"]


def test_an_invoice_can_be_had_as_a_pdf(database: AutotaskDatabase, company: int) -> None:
    invoice = database.bill(company)
    file = call(database, "GET", f"Invoices/{invoice['id']}/InvoicePdf").json()["item"]
    data = b64decode(file["data"])
    assert data.startswith(b"%PDF-1.4")
    assert (file["contentType"], file["fileSize"]) == ("application/pdf", len(data))


def test_anything_can_be_made_broken_by_the_control_api(database: AutotaskDatabase, company: int) -> None:
    invoice = database.bill(company)
    database.patch("Invoices", invoice["id"], invoiceTotal="a lot", companyID=None, invoiceDateTime="never")
    row = call(database, "GET", f"Invoices/{invoice['id']}").json()["item"]
    assert (row["invoiceTotal"], row["companyID"], row["invoiceDateTime"]) == ("a lot", None, "never")
