"""What the stand-in answers, held against Xero's own description and client; and that nothing sent breaks it."""

from __future__ import annotations

import uuid
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft4Validator
from xero_python.accounting import AccountingApi
from xero_python.api_client import ApiClient, Configuration
from xero_python.api_client.oauth2 import OAuth2Token
from xero_python.identity import IdentityApi

from tests.sandbox.xero_calls import XeroCaller, caller, invoice, line
from tests.world import CLIENT_ID, CLIENT_SECRET, SandboxWorld, XeroOrganisation

SPEC = Path(__file__).resolve().parents[3] / "shared" / "specs" / "xero_accounting.yaml"
needs_spec = pytest.mark.skipif(
    not SPEC.exists(), reason="the partners' API descriptions are not beside the repository"
)

# The real service answers these besides, as the examples of the same description show.
UNDESCRIBED = {
    "ValidationErrors",
    "DateString",
    "DueDateString",
    "DateUTCString",
    "ID",
    "HasErrors",
    "HasValidationErrors",
    "AllocationId",
}
ENVELOPE = {"Id", "Status", "ProviderName", "DateTimeUTC"}


@pytest.fixture
def organisation(sandbox: SandboxWorld) -> XeroOrganisation:
    return sandbox.create_xero(currencies=["NZD", "USD"])


@pytest.fixture
def xero(sandbox: SandboxWorld, organisation: XeroOrganisation) -> XeroCaller:
    return caller(sandbox, organisation)


@cache
def description() -> dict[str, Any]:
    spec: dict[str, Any] = yaml.load(SPEC.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    for schema in spec["components"]["schemas"].values():
        if "properties" in schema:
            extras = {key: {} for key in UNDESCRIBED - schema["properties"].keys()}
            schema["properties"] |= extras
            schema["additionalProperties"] = False
    return spec


def faults(schema: str, value: Any) -> list[str]:
    """Where a value is not as the named schema says; a field that the schema does not know counts."""
    validator = Draft4Validator({**description(), "$ref": f"#/components/schemas/{schema}"})
    return [f"{'/'.join(map(str, error.path))}: {error.message[:200]}" for error in validator.iter_errors(value)]


def furnish(xero: XeroCaller, organisation: XeroOrganisation) -> dict[str, str]:
    """One of everything; the ids of the invoice and the credit note."""
    organisation.add("TrackingCategories", Name="Region", Options=["North"])
    organisation.add("Items", Code="MON", Name="Monitor", Description="Monitor")
    organisation.patch("Organisation", organisation.id, PeriodLockDate="2025-03-31")
    people = [{"FirstName": "Ana", "EmailAddress": "ana@b.example", "IncludeInEmails": True}]
    xero.put_contact("Acme", EmailAddress="a@b.example", ContactNumber="N1", ContactPersons=people)
    tracked = line(ItemCode="MON", Tracking=[{"Name": "Region", "Option": "North"}])
    made = xero.put_invoice(Status="AUTHORISED", CurrencyCode="USD", Url="https://a.example/d/1", LineItems=[tracked])
    note = xero.put_credit_note(Status="AUTHORISED", CurrencyCode="USD", LineItems=[line(UnitAmount="20")])
    organisation.pay(made["InvoiceID"], "15.00")
    xero.world.call(
        "POST",
        f"/xero/{organisation.id}/CreditNotes/{note['CreditNoteID']}/allocate",
        {"invoice": made["InvoiceID"], "amount": "10.00"},
    )
    attached = f"/Invoices/{made['InvoiceID']}/Attachments/a.pdf"
    xero.call("PUT", attached, b"%PDF", headers={"Content-Type": "application/pdf"})
    xero.call("PUT", f"/Invoices/{made['InvoiceID']}/History", {"HistoryRecords": [{"Details": "Hello"}]})
    xero.put_invoice(Status="DRAFT", DueDate=None)
    return {"invoice": made["InvoiceID"], "note": note["CreditNoteID"]}


@needs_spec
@pytest.mark.parametrize(
    ("path", "schema"),
    [
        ("/Organisation", "Organisations"),
        ("/Organisation/Actions", "Actions"),
        ("/Accounts", "Accounts"),
        ("/TaxRates", "TaxRates"),
        ("/Currencies", "Currencies"),
        ("/Items", "Items"),
        ("/TrackingCategories", "TrackingCategories"),
        ("/BrandingThemes", "BrandingThemes"),
        ("/Contacts?page=1", "Contacts"),
        ("/Invoices", "Invoices"),
        ("/Invoices?page=1", "Invoices"),
        ("/Invoices/{invoice}", "Invoices"),
        ("/Invoices/{invoice}/History", "HistoryRecords"),
        ("/Invoices/{invoice}/Attachments", "Attachments"),
        ("/Invoices/{invoice}/OnlineInvoice", "OnlineInvoices"),
        ("/CreditNotes?page=1", "CreditNotes"),
        ("/CreditNotes/{note}", "CreditNotes"),
        ("/CreditNotes/{note}/Allocations", "Allocations"),
        ("/Payments?page=1", "Payments"),
    ],
)
def test_an_answer_is_as_xero_describes_it(
    xero: XeroCaller, organisation: XeroOrganisation, path: str, schema: str
) -> None:
    ids = furnish(xero, organisation)
    answer = xero.call("GET", path.format(**ids))
    assert answer.status_code == 200
    body = answer.json()
    assert body.keys() >= ENVELOPE
    assert faults(schema, {name: value for name, value in body.items() if name not in ENVELOPE}) == []


@needs_spec
@pytest.mark.parametrize(
    ("method", "endpoint", "element", "schema"),
    [
        ("PUT", "Invoices", invoice(), "Invoice"),
        ("POST", "Invoices", invoice(Status="AUTHORISED"), "Invoice"),
        ("PUT", "Invoices", invoice(CurrencyCode="FJD", LineItems=[line(AccountCode="999")]), "Invoice"),
        ("PUT", "CreditNotes", invoice(Type="ACCRECCREDIT", DueDate=None), "CreditNote"),
        ("PUT", "Contacts", {"Name": "New"}, "Contact"),
        ("PUT", "Contacts", {"Name": "New", "EmailAddress": "nope"}, "Contact"),
        ("PUT", "Items", {"Code": "NEW", "Name": "New"}, "Item"),
    ],
)
def test_an_echo_is_as_xero_describes_it(
    xero: XeroCaller, method: str, endpoint: str, element: dict[str, Any], schema: str
) -> None:
    answer = xero.call(method, f"/{endpoint}", {endpoint: [element]}, summarizeErrors="false")
    (echo,) = answer.json()[endpoint]
    assert [fault for fault in faults(schema, echo) if "'100.00' is not of type 'number'" not in fault] == []


def official_client(xero: XeroCaller) -> ApiClient:
    """Xero's client, its shared token and its silent retries put away."""
    token = {
        "access_token": xero.token,
        "expires_in": 1800,
        "token_type": "Bearer",
        "expires_at": 4_000_000_000.0,
        "scope": ["accounting.invoices"],
    }
    client = ApiClient(Configuration(), oauth2_token_getter=lambda: token, oauth2_token_saver=lambda _: None)
    client.configuration.oauth2_token = OAuth2Token(CLIENT_ID, CLIENT_SECRET)
    client.rest_client.pool_manager.connection_pool_kw["retries"] = False
    return client


def test_the_official_client_reads_everything(xero: XeroCaller, organisation: XeroOrganisation) -> None:
    ids = furnish(xero, organisation)
    client = official_client(xero)
    api = AccountingApi(client, base_url=f"{xero.world.base_url}/api.xro/2.0")
    (connected,) = IdentityApi(client, base_url=xero.world.base_url).get_connections()
    assert str(connected.tenant_id) == organisation.id
    tenant = organisation.id
    assert api.get_organisations(tenant).organisations[0].name == organisation.name
    assert len(api.get_accounts(tenant).accounts) > 10
    assert api.get_tax_rates(tenant).tax_rates
    assert {row.code.name for row in api.get_currencies(tenant).currencies} == {"NZD", "USD"}
    assert api.get_branding_themes(tenant).branding_themes
    assert api.get_tracking_categories(tenant).tracking_categories
    assert api.get_items(tenant).items
    assert api.get_contacts(tenant, page=1, include_archived=True).contacts
    assert len(api.get_invoices(tenant, page=1, created_by_my_app=True).invoices) == 2
    assert api.get_invoice(tenant, ids["invoice"], unitdp=4).invoices[0].line_items[0].tracking
    assert api.get_credit_notes(tenant, page=1).credit_notes[0].allocations
    assert api.get_payments(tenant).payments
    created = api.create_invoices(tenant, {"Invoices": [invoice()]}, summarize_errors=False, unitdp=4)
    assert created.invoices[0].status == "DRAFT"


# Odd input

_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=30)
    | st.sampled_from([str(uuid.UUID(int=0)), "200", "2026-01-01"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
_line_fields = (
    "Description",
    "Quantity",
    "UnitAmount",
    "LineAmount",
    "TaxAmount",
    "AccountCode",
    "AccountID",
    "TaxType",
    "ItemCode",
)
_line_fields += ("Tracking", "LineItemID", "DiscountRate", "DiscountAmount")
_fields = (
    "Type",
    "Contact",
    "Date",
    "DueDate",
    "InvoiceNumber",
    "Reference",
    "Status",
    "CurrencyCode",
    "CurrencyRate",
    "Url",
)
_fields += ("LineAmountTypes", "BrandingThemeID", "SentToContact", "InvoiceID", "LineItems", "PlannedPaymentDate")
_contact_fields = ("Name", "ContactID", "ContactNumber", "EmailAddress", "Addresses", "Phones", "ContactPersons")


@settings(max_examples=80)
@given(
    st.dictionaries(st.sampled_from(_fields), _values, max_size=3),
    st.dictionaries(st.sampled_from(_line_fields), _values, max_size=3),
    st.dictionaries(st.sampled_from(_contact_fields), _values, max_size=2),
    st.sampled_from(["PUT", "POST"]),
)
def test_no_field_of_any_kind_breaks_it(
    xero: XeroCaller, odd: dict[str, Any], odd_line: dict[str, Any], odd_contact: dict[str, Any], method: str
) -> None:
    xero.world.limits(xero={"minute": 10_000})
    contact = {"Name": "Acme", **odd_contact}
    body = {"Contact": contact, "LineItems": [line(**odd_line)], **odd}
    answer = xero.call(method, "/Invoices", {"Invoices": [invoice(**body)]}, summarizeErrors="false")
    assert answer.status_code in (200, 400), answer.text
    assert xero.call(method, "/Contacts", {"Contacts": [contact]}).status_code in (200, 400)


@settings(max_examples=60)
@given(
    st.lists(
        st.sampled_from(
            ["Name", "==", '"A"', "OR", "AND", "(", ")", "5", "DateTime", ",", "null", ".", '"', "Date", "&&", "é"]
        )
    )
)
def test_no_where_breaks_it(xero: XeroCaller, words: list[str]) -> None:
    xero.world.limits(xero={"minute": 10_000})
    assert xero.call("GET", "/Contacts", where=" ".join(words)).status_code in (200, 400)
