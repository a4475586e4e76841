"""An Autotask invoice arrives in Xero."""

from __future__ import annotations

from decimal import Decimal

from syncing.states import DocumentState
from tests.connected import ConnectedAccount
from tests.world import item


def test_an_invoice_arrives_as_a_draft_with_autotasks_amounts(connected: ConnectedAccount) -> None:
    invoice = connected.autotask.bill(connected.pair.company_id, [item("100.00"), item("12.50", 3, name="Licences")])

    connected.sync()

    [arrived] = connected.xero.invoices()
    assert (arrived["Status"], arrived["Type"]) == ("DRAFT", "ACCREC")
    assert arrived["SubTotal"] == Decimal("137.50")
    assert [line["LineAmount"] for line in arrived["LineItems"]] == [Decimal("100.00"), Decimal("37.50")]
    document = connected.document(invoice["id"])
    assert document.state == DocumentState.SYNCED
    assert str(document.xero_id) == arrived["InvoiceID"]
    assert document.xero_number == arrived["InvoiceNumber"]
    assert document.total == arrived["Total"]


def test_a_negative_total_arrives_as_a_credit_note(connected: ConnectedAccount) -> None:
    invoice = connected.autotask.bill(connected.pair.company_id, [item("-80.00")])

    connected.sync()

    [credit_note] = connected.xero.credit_notes()
    assert credit_note["CreditNoteNumber"] == f"CN-AT-{invoice['id']}"
    assert credit_note["SubTotal"] == Decimal("80.00")
    assert connected.xero.invoices() == []


def test_a_second_sync_with_nothing_new_asks_autotask_once_and_xero_never(
    connected: ConnectedAccount,
) -> None:
    connected.autotask.bill(connected.pair.company_id)
    connected.sync()
    before = connected.autotask.world.ledger().last_n

    connected.sync()

    after = connected.autotask.world.ledger(since_n=before)
    assert [row["partner"] for row in after.requests] == ["autotask"]
    assert len(connected.xero.invoices()) == 1
