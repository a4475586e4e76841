"""A number that Xero has already: whose document it is decides what becomes of ours.

Ours (a crash, or an earlier life of the same document) is adopted, and brought up to date. What a person made in Xero
is never overwritten.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from faults.problems import NeedsPerson, SyncProblem
from syncing.deliver import ReadyDocument, Refusal, XeroSide, found
from syncing.marker import marked_uuid
from syncing.models import Document
from syncing.settle import Outcome, stuck
from syncing.xero.documents import amount_of_lines

# What Xero says where a number is in use; the document that holds it tells which of these it really is.
CODES_OF_TAKEN_NUMBERS = frozenset({"duplicate-number", "invoice-not-modifiable", "document-locked-by-payment"})
CLOSED = frozenset({"VOIDED", "DELETED"})


def judge_taken_numbers(side: XeroSide, refusals: Sequence[Refusal]) -> list[Outcome]:
    """The outcomes of creations that were refused for their number; one look-up for each kind of document."""
    outcomes: list[Outcome] = []
    for endpoint in ("Invoices", "CreditNotes"):
        of_kind = [refusal for refusal in refusals if refusal.ready.endpoint == endpoint]
        if of_kind:
            holders = _holders(side, endpoint, [refusal.ready.content.number or "" for refusal in of_kind])
            outcomes += [_judge(side, refusal, holders.get(refusal.ready.content.number or "")) for refusal in of_kind]
    return outcomes


def _holders(side: XeroSide, endpoint: str, numbers: list[str]) -> dict[str, dict[str, Any]]:
    """Number → the sales document that holds it. A bill may carry the same number, and does not count."""
    if endpoint == "Invoices":
        rows = side.client.invoices_by_numbers(numbers)
        return {row["InvoiceNumber"]: row for row in rows if row.get("Type") == "ACCREC"}
    rows = side.client.credit_notes_by_numbers(numbers)
    return {row["CreditNoteNumber"]: row for row in rows if row.get("Type") == "ACCRECCREDIT"}


def _judge(side: XeroSide, refusal: Refusal, holder: dict[str, Any] | None) -> Outcome:
    document = refusal.ready.document
    if holder is None:
        return stuck(document, [refusal.problem], refusal.ready.values)
    if _is_ours(refusal.ready, holder) and holder.get("Status") not in CLOSED:
        return found(side.connection, document, holder, refusal.ready.values)
    return stuck(document, [problem_of_holder(holder, refusal.problem)], refusal.ready.values)


def _is_ours(ready: ReadyDocument, holder: dict[str, Any]) -> bool:
    """An invoice by its marker. A credit note, which has none, by what it says."""
    if "CreditNoteID" in holder:
        is_same = is_that_credit_note(ready.element, holder)
        return is_same and not _belongs_to_another(ready.document, holder["CreditNoteID"])
    return marked_uuid(holder) == ready.document.uuid


def is_that_credit_note(element: dict[str, Any], raw: dict[str, Any]) -> bool:
    """Whether a credit note in Xero is the one that `element` makes: its contact, date, currency and amount.

    Its number alone does not tell: a person may have used it, or another account that feeds the organisation.
    """
    amount = raw.get("Total") if element["LineAmountTypes"] == "Inclusive" else raw.get("SubTotal")
    return (
        element["Contact"]["ContactID"] == (raw.get("Contact") or {}).get("ContactID")
        and element["Date"] == (raw.get("DateString") or "")[:10]
        and element.get("CurrencyCode") in (None, raw.get("CurrencyCode"))
        and amount_of_lines(element) == Decimal(str(amount or 0))
    )


def _belongs_to_another(document: Document, xero_id: str) -> bool:
    return Document.objects.filter(xero_id=xero_id).exclude(id=document.id).exists()


def problem_of_holder(holder: dict[str, Any], refused: SyncProblem | None = None) -> SyncProblem:
    """What a document that is in the way, or can no longer change, asks of a person."""
    number = holder.get("InvoiceNumber") or holder.get("CreditNoteNumber") or ""
    status = holder.get("Status") or ""
    code = "duplicate-number"
    if status in CLOSED:
        code = "invoice-not-modifiable"
    elif status == "PAID" or holder.get("AmountPaid") or holder.get("AmountCredited") or holder.get("Allocations"):
        code = "document-locked-by-payment"
    return NeedsPerson(
        code,
        refused.detail if refused else "",
        subject=str(number),
        evidence={
            "number": number,
            "xero_id": holder.get("InvoiceID") or holder.get("CreditNoteID"),
            "status": status,
            "total": str(holder.get("Total", "")),
            "amount_paid": str(holder.get("AmountPaid", "")),
            "amount_credited": str(holder.get("AmountCredited", "")),
            "currency": holder.get("CurrencyCode", ""),
            "contact": (holder.get("Contact") or {}).get("Name", ""),
            "date": holder.get("DateString") or "",
        },
    )
