"""Each setting of the Numbers page, turned, synced, and read on both sides."""

from __future__ import annotations

import pytest

from tests.connected import ConnectedAccount
from tests.world import item


@pytest.mark.parametrize(
    ("setting", "prefix", "number"),
    [
        ("autotask_id", "", "INV:{id}"),
        ("autotask_number", "", "{number}"),
        ("autotask_number", "AT-", "AT-{number}"),
    ],
)
def test_numbering_and_its_prefix(connected: ConnectedAccount, setting: str, prefix: str, number: str) -> None:
    connected.change_settings(numbering=setting, number_prefix=prefix)
    invoice = connected.autotask.bill(connected.pair.company_id, invoiceNumber="2041")
    connected.sync()
    [arrived] = connected.xero.invoices()
    assert arrived["InvoiceNumber"] == number.format(id=invoice["id"], number="2041")


def test_numbering_by_xero_takes_the_next_of_its_own(connected: ConnectedAccount) -> None:
    connected.autotask.bill(connected.pair.company_id, invoiceNumber="2041")
    connected.sync()
    [arrived] = connected.xero.invoices()
    assert arrived["InvoiceNumber"].startswith("INV-")


def test_credit_note_prefix(connected: ConnectedAccount) -> None:
    connected.change_settings(credit_note_prefix="CR/")
    invoice = connected.autotask.bill(connected.pair.company_id, [item("-80.00")])
    connected.sync()
    assert [row["CreditNoteNumber"] for row in connected.xero.credit_notes()] == [f"CR/{invoice['id']}"]


@pytest.mark.parametrize("setting", [True, False])
def test_write_back_number(connected: ConnectedAccount, setting: bool) -> None:
    connected.change_settings(write_back_number=setting)
    invoice = connected.autotask.bill(connected.pair.company_id, invoiceNumber="2041")
    connected.sync()
    [arrived] = connected.xero.invoices()
    expected = arrived["InvoiceNumber"] if setting else "2041"
    assert connected.autotask.invoice(invoice["id"])["invoiceNumber"] == expected
