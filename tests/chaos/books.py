"""The two sides compared: what Autotask billed, what Xero's books hold, and what we say of both."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from faults.models import Fault
from syncing.marker import marked_uuid
from syncing.models import Delivery, Document, SyncRun, SyncSettings
from syncing.states import DocumentState
from syncing.void import GONE
from tests.connected import ConnectedAccount
from tests.control import Row


def discrepancies(connected: ConnectedAccount) -> list[str]:
    """Everything that is not as it must be once all is settled; empty where the books are right."""
    with connected.scope():
        documents = {document.autotask_id: document for document in Document.objects.all()}
        settings = SyncSettings.of_account(connected.account.id)
        found = [*_of_our_own_state()]
    xero = _Xero(connected)
    subtotals = _subtotals(connected)
    for invoice in connected.autotask.rows("Invoices"):
        found += _of_invoice(invoice, subtotals[invoice["id"]], documents.get(invoice["id"]), xero, settings)
    strangers = len(xero.rows) - len(documents)
    if strangers > 0:
        found.append(f"Xero has {strangers} documents too many")
    contacts = Counter(row.get("ContactNumber") or row["Name"] for row in connected.xero.contacts())
    found += [f"contact {number} is there {times} times" for number, times in contacts.items() if times > 1]
    return found


class _Xero:
    """The documents in Xero, by what ties them to ours."""

    def __init__(self, connected: ConnectedAccount) -> None:
        self.rows: list[Row] = connected.xero.documents()

    def of(self, document: Document) -> list[Row]:
        credit_note = f"CN-AT-{document.autotask_id}"
        return [
            row for row in self.rows if marked_uuid(row) == document.uuid or row.get("CreditNoteNumber") == credit_note
        ]


def _of_our_own_state() -> Iterator[str]:
    """In the account's scope: nothing is left half done, and no fault stands for what is over."""
    open_deliveries = Delivery.objects.filter(state=Delivery.State.OPEN).count()
    if open_deliveries:
        yield f"{open_deliveries} deliveries are open"
    if Delivery.objects.exclude(state=Delivery.State.OPEN).exclude(body=None).exists():
        yield "a settled delivery keeps its body"
    running = SyncRun.objects.filter(state=SyncRun.State.RUNNING).count()
    if running:
        yield f"{running} runs are said to be running"
    for fault in Fault.objects.filter(state__in=(Fault.State.OPEN, Fault.State.RETRYING)):
        yield f"the fault {fault.code} ({fault.subject}) is {fault.state}"


def _of_invoice(
    invoice: Row, subtotal: Decimal, document: Document | None, xero: _Xero, settings: SyncSettings
) -> Iterator[str]:
    name = f"invoice {invoice['id']}"
    if document is None:
        yield f"{name} was never seen"
        return
    if document.state != (DocumentState.VOIDED if invoice["isVoided"] else DocumentState.SYNCED):
        yield f"{name} is {document.state}"
    rows = xero.of(document)
    if len(rows) != 1:
        yield f"{name} is in Xero {len(rows)} times"
        return
    [row] = rows
    if invoice["isVoided"]:
        if row["Status"] not in GONE:
            yield f"{name} is voided in Autotask, and {row['Status']} in Xero"
        return
    if row["SubTotal"] != abs(subtotal) or (document.subtotal or Decimal(0)) != abs(subtotal):
        yield f"{name} is {subtotal} in Autotask, {row['SubTotal']} in Xero and {document.subtotal} with us"
    if sum((line["LineAmount"] for line in row["LineItems"]), Decimal(0)) != row["SubTotal"]:
        yield f"the lines of {name} do not add up"
    if row["Total"] != document.total:
        yield f"{name} is {row['Total']} in Xero and {document.total} with us"
    xero_id = row.get("InvoiceID") or row.get("CreditNoteID")
    if str(document.xero_id) != xero_id:
        yield f"{name} is linked to {document.xero_id}, and is {xero_id}"
    yield from _of_number(invoice, document, row, settings)


def _of_number(invoice: Row, document: Document, row: Row, settings: SyncSettings) -> Iterator[str]:
    name = f"invoice {invoice['id']}"
    number = row.get("InvoiceNumber") or row.get("CreditNoteNumber")
    if document.xero_number != number:
        yield f"{name} is numbered {number} in Xero and {document.xero_number} with us"
    if settings.write_back_number and invoice["invoiceNumber"] != number:
        yield f"{name} is numbered {number} in Xero and {invoice['invoiceNumber']} in Autotask"
    expected = _expected_number(invoice, settings)
    if "InvoiceNumber" in row and expected is not None and number != expected:
        yield f"{name} is numbered {number}, not {expected}"


def _expected_number(invoice: Row, settings: SyncSettings) -> Any:
    """None where Xero gives the numbers."""
    return {"autotask_id": f"INV:{invoice['id']}", "autotask_number": invoice["invoiceNumber"]}.get(settings.numbering)


def _subtotals(connected: ConnectedAccount) -> dict[int, Decimal]:
    totals: dict[int, Decimal] = Counter()  # type: ignore[assignment]
    for item in connected.autotask.rows("BillingItems"):
        totals[item["invoiceID"]] += item["totalAmount"]
    return totals
