"""Each setting of the Invoices page, turned, synced, and read in Xero."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from syncing.states import DocumentState
from syncing.xero.records import day
from tests.connected import ConnectedAccount
from tests.world import Row, item


def synced(connected: ConnectedAccount, items: list[Row] | None = None, **invoice: Any) -> Row:
    """An invoice of these items, as it is in Xero."""
    connected.autotask.bill(connected.pair.company_id, items, **invoice)
    connected.sync()
    [arrived] = connected.xero.invoices()
    return arrived


def descriptions(invoice: Row) -> list[str]:
    return [line["Description"] for line in invoice["LineItems"]]


@pytest.mark.parametrize(
    ("setting", "status", "sent"),
    [
        ("draft", "DRAFT", False),
        ("submitted", "SUBMITTED", False),
        ("approved", "AUTHORISED", False),
        ("approved_sent", "AUTHORISED", True),
    ],
)
def test_import_status(connected: ConnectedAccount, setting: str, status: str, sent: bool) -> None:
    connected.change_settings(import_status=setting)
    arrived = synced(connected)
    assert (arrived["Status"], bool(arrived.get("SentToContact"))) == (status, sent)


@pytest.mark.parametrize(
    ("setting", "days"), [("autotask", 20), ("invoice_date", 0), ("days_after", 9), ("xero_contact", 20)]
)
def test_due_date(connected: ConnectedAccount, setting: str, days: int) -> None:
    """Autotask's own terms are net 20 days, to which a contact without terms falls back."""
    connected.change_settings(due_date=setting, due_days=9)
    arrived = synced(connected)
    billed, due = day(arrived["Date"]), day(arrived["DueDate"])
    assert billed is not None
    assert due == billed + timedelta(days=days)


def test_due_date_by_the_terms_of_the_xero_contact(connected: ConnectedAccount) -> None:
    connected.xero.add_contact("Acme Ltd", PaymentTerms={"Sales": {"Day": 20, "Type": "OFFOLLOWINGMONTH"}})
    connected.change_settings(due_date="xero_contact", import_status="approved")
    arrived = synced(connected, invoiceDateTime=date(2026, 11, 5))
    assert day(arrived["DueDate"]) == date(2026, 12, 20)


def test_due_days(connected: ConnectedAccount) -> None:
    connected.change_settings(due_date="days_after", due_days=45)
    arrived = synced(connected, invoiceDateTime=date(2026, 11, 5))
    assert day(arrived["DueDate"]) == date(2026, 12, 20)


@pytest.mark.parametrize(("setting", "reference"), [(True, "4500-17"), (False, "")])
def test_po_reference(connected: ConnectedAccount, setting: bool, reference: str) -> None:
    connected.change_settings(po_reference=setting)
    assert (synced(connected, orderNumber="4500-17").get("Reference") or "") == reference


@pytest.mark.parametrize(
    ("setting", "text"),
    [
        ("item_name", "Support"),
        ("full", "Support\nReplaced the disk."),
        ("full_with_contract", "Support\nReplaced the disk.\nManaged for you since 2020."),
    ],
)
def test_line_description(connected: ConnectedAccount, setting: str, text: str) -> None:
    contract = connected.autotask.add(
        "Contracts", companyID=connected.pair.company_id, contractName="Gold", description="Managed for you since 2020."
    )
    connected.change_settings(line_description=setting)
    line = item("100.00", name="Support", lineItemFullDescription="Replaced the disk.", contractID=contract)
    assert descriptions(synced(connected, [line])) == [text]


def test_contracts_are_asked_for_only_where_their_description_is_wanted(connected: ConnectedAccount) -> None:
    contract = connected.autotask.add("Contracts", companyID=connected.pair.company_id, contractName="Gold")
    synced(connected, [item("100.00", contractID=contract)])
    assert connected.autotask.world.ledger("autotask").calls(path="Contracts") == []


def test_a_contract_that_the_api_user_may_not_read_does_not_hold_up_the_invoice(connected: ConnectedAccount) -> None:
    connected.autotask.allow("Contracts", "forbidden")
    connected.change_settings(line_description="full_with_contract")
    assert descriptions(synced(connected, [item("100.00", name="Support", contractID=7)])) == ["Support"]


def test_line_grouping_by_ticket(connected: ConnectedAccount) -> None:
    ticket = connected.autotask.add(
        "Tickets", companyID=connected.pair.company_id, ticketNumber="T20261118.0004", title="Printer offline"
    )
    connected.change_settings(line_grouping="ticket")
    lines = [item("10.00", name="Toner"), item("90.00", name="An hour", ticketID=ticket)]
    arrived = synced(connected, lines)
    assert descriptions(arrived) == ["Toner", "T20261118.0004 Printer offline", "An hour"]
    assert arrived["SubTotal"] == Decimal("100.00")


def test_line_grouping_by_project(connected: ConnectedAccount) -> None:
    project = connected.autotask.add("Projects", companyID=connected.pair.company_id, projectName="Move to the cloud")
    connected.change_settings(line_grouping="project")
    lines = [item("90.00", name="A day", projectID=project), item("10.00", name="Toner")]
    assert descriptions(synced(connected, lines)) == ["Toner", "Move to the cloud", "A day"]


def test_line_grouping_by_site_with_a_subtotal(connected: ConnectedAccount) -> None:
    company_id = connected.pair.company_id
    site = connected.autotask.add("CompanyLocations", companyID=company_id, name="Mt Eden")
    ticket = connected.autotask.add("Tickets", companyID=company_id, title="Printer", companyLocationID=site)
    branch = connected.autotask.add_company("Acme North", parentCompanyID=company_id)
    connected.change_settings(line_grouping="site")
    lines = [
        item("90.00", name="An hour", ticketID=ticket),
        item("30.00", name="Cable", ticketID=ticket),
        item("10.00", name="Toner", companyID=branch),
    ]
    arrived = synced(connected, lines)
    assert descriptions(arrived) == [
        "Mt Eden",
        "An hour",
        "Cable",
        "Subtotal Mt Eden: 120.00",
        "Acme North",
        "Toner",
        "Subtotal Acme North: 10.00",
    ]
    assert arrived["SubTotal"] == Decimal("130.00")


@pytest.mark.parametrize(("setting", "currency"), [("", "NZD"), ("AUD", "AUD")])
def test_currency_where_autotask_gives_none(connected: ConnectedAccount, setting: str, currency: str) -> None:
    connected.xero.add_currency("AUD")
    connected.autotask.patch("Companies", connected.pair.company_id, currencyID=None)
    connected.change_settings(currency=setting)
    assert synced(connected)["CurrencyCode"] == currency


@pytest.mark.parametrize("setting", ["fault", "first_open_day"])
def test_locked_period(connected: ConnectedAccount, setting: str) -> None:
    connected.xero.set_options(period_lock_date="2026-10-31")
    connected.change_settings(locked_period=setting, lookback_days=90)
    invoice = connected.autotask.bill(connected.pair.company_id, invoiceDateTime=date(2026, 10, 28))
    connected.sync()
    if setting == "fault":
        assert connected.codes(invoice["id"]) == {"period-locked"}
    else:
        assert [day(row["Date"]) for row in connected.xero.invoices()] == [date(2026, 11, 1)]


@pytest.mark.parametrize(
    ("status", "setting", "became"),
    [("draft", True, "DELETED"), ("approved", True, "VOIDED"), ("draft", False, "DRAFT")],
)
def test_void_sync(connected: ConnectedAccount, status: str, setting: bool, became: str) -> None:
    connected.change_settings(import_status=status, void_sync=setting)
    invoice = connected.autotask.bill(connected.pair.company_id)
    connected.sync()
    connected.autotask.void(invoice["id"])
    connected.sync()
    assert [row["Status"] for row in connected.xero.invoices()] == [became]


def test_void_sync_tells_where_xero_refuses(connected: ConnectedAccount) -> None:
    connected.change_settings(import_status="approved", void_sync=True)
    invoice = connected.autotask.bill(connected.pair.company_id)
    connected.sync()
    connected.xero.pay(connected.xero.invoices()[0]["InvoiceID"])
    connected.autotask.void(invoice["id"])
    connected.sync()
    assert connected.codes(invoice["id"]) == {"void-refused"}
    assert connected.document(invoice["id"]).state == DocumentState.SYNCED
