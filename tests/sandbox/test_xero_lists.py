"""The stand-in Xero lists documents and settings as the real one does."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.sandbox.xero_calls import XeroCaller, caller, line, rows_of, texts
from tests.world import SandboxWorld, XeroOrganisation


@pytest.fixture
def organisation(sandbox: SandboxWorld) -> XeroOrganisation:
    return sandbox.create_xero()


@pytest.fixture
def xero(sandbox: SandboxWorld, organisation: XeroOrganisation) -> XeroCaller:
    return caller(sandbox, organisation)


def numbers(xero: XeroCaller, **query: object) -> list[str]:
    return [row["InvoiceNumber"] for row in xero.rows("/Invoices", **query)]


def test_invoices_are_found_by_ids_numbers_contacts_and_statuses(xero: XeroCaller) -> None:
    first = xero.put_invoice(InvoiceNumber="A", Contact={"Name": "Acme"})
    second = xero.put_invoice(InvoiceNumber="B", Contact={"Name": "Beta"}, Status="AUTHORISED")
    assert numbers(xero, IDs=f"{second['InvoiceID']},11111111-1111-1111-1111-111111111111") == ["B"]
    assert numbers(xero, InvoiceNumbers="a,B,C") == ["A", "B"]
    assert numbers(xero, ContactIDs=first["Contact"]["ContactID"]) == ["A"]
    assert numbers(xero, Statuses="AUTHORISED,PAID") == ["B"]
    assert numbers(xero, searchTerm="bet") == ["B"]


def test_lines_come_with_pages_and_single_documents_only(xero: XeroCaller) -> None:
    made = xero.put_invoice()
    assert xero.rows("/Invoices")[0]["LineItems"] == []
    assert len(xero.rows("/Invoices", page=1)[0]["LineItems"]) == 1
    assert len(xero.rows(f"/Invoices/{made['InvoiceNumber']}")[0]["LineItems"]) == 1
    summary = xero.rows("/Invoices", page=1, summaryOnly="True")[0]
    assert summary["LineItems"] == []
    assert "Payments" not in summary


def test_my_own_invoices_are_told_from_those_made_by_hand(xero: XeroCaller, organisation: XeroOrganisation) -> None:
    organisation.add_invoice("Acme", number="HAND-1")
    xero.put_invoice(InvoiceNumber="MINE-1")
    assert numbers(xero) == ["HAND-1", "MINE-1"]
    assert numbers(xero, createdByMyApp="True") == ["MINE-1"]


@pytest.mark.parametrize("form", ["%Y-%m-%dT%H:%M:%S", "%a, %d %b %Y %H:%M:%S GMT"])
def test_only_what_changed_since_is_listed(sandbox: SandboxWorld, xero: XeroCaller, form: str) -> None:
    old = xero.put_invoice(InvoiceNumber="OLD")
    sandbox.advance_clock(60)
    since = {"If-Modified-Since": (sandbox.now() - timedelta(seconds=1)).strftime(form)}
    xero.put_invoice(InvoiceNumber="NEW")
    assert [row["InvoiceNumber"] for row in rows_of(xero.call("GET", "/Invoices", headers=since))] == ["NEW"]
    xero.post_invoice(InvoiceID=old["InvoiceID"], Reference="x")
    assert [row["InvoiceNumber"] for row in rows_of(xero.call("GET", "/Invoices", headers=since))] == ["NEW", "OLD"]


def test_lists_are_ordered_by_their_last_change_or_as_asked(xero: XeroCaller) -> None:
    first = xero.put_invoice(InvoiceNumber="A", Date="2026-01-02")
    xero.put_invoice(InvoiceNumber="B", Date="2026-01-01")
    xero.post_invoice(InvoiceID=first["InvoiceID"], Reference="x")
    assert numbers(xero) == ["B", "A"]
    assert numbers(xero, order="InvoiceNumber") == ["A", "B"]
    assert numbers(xero, order="Date DESC") == ["A", "B"]
    assert xero.call("GET", "/Invoices", order="Nonsense").status_code == 400


def test_where_compares_dates_amounts_and_ids(xero: XeroCaller) -> None:
    made = xero.put_invoice(InvoiceNumber="A", Date="2026-01-31", Status="AUTHORISED")
    xero.put_invoice(InvoiceNumber="B", Date="2026-02-28", LineItems=[line(UnitAmount="5")])
    for where in (
        "Date <= DateTime(2026, 01, 31)",
        "AmountDue > 50",
        f'InvoiceID == Guid("{made["InvoiceID"]}")',
        f'Contact.ContactID==guid("{made["Contact"]["ContactID"]}") AND Status != "DRAFT"',
        'Type=="ACCREC" && InvoiceNumber.Contains("A")',
    ):
        assert numbers(xero, where=where) == ["A"]


def test_numbers_with_an_id_that_is_none_are_a_400(xero: XeroCaller) -> None:
    assert xero.call("GET", "/Invoices", IDs="not-an-id").status_code == 400


def test_the_organisation_tells_what_it_is(xero: XeroCaller, organisation: XeroOrganisation) -> None:
    (row,) = xero.rows("/Organisation")
    assert (row["OrganisationID"], row["Name"]) == (organisation.id, organisation.name)
    assert (row["BaseCurrency"], row["CountryCode"], row["Version"]) == ("NZD", "NZ", "NZ")
    assert row["ShortCode"].startswith("!")
    assert "PeriodLockDate" not in row


@pytest.mark.parametrize(
    ("country", "currency", "tax"), [("NZ", "NZD", "OUTPUT2"), ("AU", "AUD", "OUTPUT"), ("GB", "GBP", "OUTPUT2")]
)
def test_each_country_has_its_own_taxes(sandbox: SandboxWorld, country: str, currency: str, tax: str) -> None:
    xero = caller(sandbox, sandbox.create_xero(country=country, base_currency=currency, currencies=[]))
    assert [row["Code"] for row in xero.rows("/Currencies")] == [currency]
    (sales,) = xero.rows("/Accounts", where='Code=="200"')
    assert (sales["Class"], sales["TaxType"]) == ("REVENUE", tax)
    assert xero.put_invoice(Status="AUTHORISED")["LineItems"][0]["TaxType"] == tax


def test_accounts_are_filtered_by_where(xero: XeroCaller, organisation: XeroOrganisation) -> None:
    organisation.patch("Accounts", "210", Status="ARCHIVED")
    codes = {row["Code"] for row in xero.rows("/Accounts", where='Status=="ACTIVE" AND Class=="REVENUE"')}
    assert codes == {"200", "220", "230", "260"}
    (rounding,) = xero.rows("/Accounts", where='SystemAccount=="ROUNDING"')
    assert rounding["Code"] == "860"


def test_a_currency_is_added_one_at_a_time_and_as_the_plan_allows(
    xero: XeroCaller, organisation: XeroOrganisation
) -> None:
    assert xero.call("PUT", "/Currencies", {"Code": "USD"}).status_code == 200
    assert not xero.put_invoice(CurrencyCode="USD")["HasErrors"]
    assert xero.call("PUT", "/Currencies", {"Currencies": [{"Code": "EUR"}]}).status_code == 400
    assert xero.call("PUT", "/Currencies", {"Code": "XXQ"}).status_code == 400
    organisation.patch("Organisation", organisation.id, multicurrency=False)
    assert xero.call("PUT", "/Currencies", {"Code": "EUR"}).status_code == 400
    actions = {row["Name"]: row["Status"] for row in xero.rows("/Organisation/Actions")}
    assert actions["UseMulticurrency"] == "NOT-ALLOWED"


def test_items_tracking_and_branding_are_listed(xero: XeroCaller, organisation: XeroOrganisation) -> None:
    (item,) = xero.write("PUT", "Items", {"Code": "MON", "Name": "Monitor"})
    assert xero.rows("/Items/MON")[0]["ItemID"] == item["ItemID"]
    (taken,) = xero.write("PUT", "Items", {"Code": "MON"})
    assert texts(taken) == ["Price List Item with Code 'MON' already exists"]
    organisation.add("TrackingCategories", Name="Region", Options=["North"])
    assert xero.rows("/TrackingCategories")[0]["Options"][0]["Name"] == "North"
    organisation.add("BrandingThemes", Name="Blue")
    assert [row["Name"] for row in xero.rows("/BrandingThemes")] == ["Standard", "Blue"]


def test_notes_stay_in_the_history(xero: XeroCaller) -> None:
    made = xero.put_invoice()
    address = f"/Invoices/{made['InvoiceID']}/History"
    answer = xero.call("PUT", address, {"HistoryRecords": [{"Details": "Created from Autotask invoice 123"}]})
    assert answer.status_code == 200
    assert xero.rows(address)[0]["Details"] == "Created from Autotask invoice 123"
    assert xero.call("PUT", address, {"HistoryRecords": [{"Details": "x" * 2501}]}).status_code == 400


def test_files_are_attached_listed_read_and_replaced(xero: XeroCaller) -> None:
    made = xero.put_invoice()
    address = f"/Invoices/{made['InvoiceID']}/Attachments"
    for content in (b"%PDF one", b"%PDF two"):
        answer = xero.call(
            "PUT", f"{address}/invoice.pdf", content, headers={"Content-Type": "application/octet-stream"}
        )
        assert answer.status_code == 200
    (row,) = xero.rows(address)
    assert (row["FileName"], row["MimeType"], row["ContentLength"]) == ("invoice.pdf", "application/pdf", 8)
    assert xero.call("GET", f"{address}/invoice.pdf", headers={"Accept": "*/*"}).content == b"%PDF two"
    assert xero.rows(f"/Invoices/{made['InvoiceID']}")[0]["HasAttachments"] is True
    assert xero.call("PUT", f"{address}/a%3Ab.pdf", b"x").status_code == 400
    for number in range(9):
        assert xero.call("PUT", f"{address}/{number}.txt", b"x").status_code == 200
    assert xero.call("PUT", f"{address}/eleventh.txt", b"x").status_code == 400


def test_an_invoice_is_printed_mailed_and_shown_online(xero: XeroCaller) -> None:
    draft = xero.put_invoice()
    made = xero.put_invoice(Status="AUTHORISED", Contact={"Name": "Mailed", "EmailAddress": "a@b.example"})
    printed = xero.call("GET", f"/Invoices/{made['InvoiceID']}", headers={"Accept": "application/pdf"})
    assert printed.content.startswith(b"%PDF")
    assert xero.call("POST", f"/Invoices/{draft['InvoiceID']}/Email", {}).status_code == 400
    assert xero.call("POST", f"/Invoices/{made['InvoiceID']}/Email", {}).status_code == 204
    assert xero.rows(f"/Invoices/{made['InvoiceID']}")[0]["SentToContact"] is True
    assert xero.rows(f"/Invoices/{made['InvoiceID']}/OnlineInvoice")[0]["OnlineInvoiceUrl"].startswith("https://")
