"""A document that is in Xero already: brought up to date there, never sent a second time.

Unchanged content makes no call. What a person changed in Xero since is shown and asked about before it is overwritten,
and a status is never sent: it belongs to the people who work in Xero.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from faults.problems import NeedsPerson, SyncProblem
from syncing.deliver import NEVER_UPDATED, ReadyDocument, Write, XeroSide, arrived, sent_content, write_in_batches
from syncing.models import Attempt, Document
from syncing.settle import Outcome, settle, stuck
from syncing.states import DocumentState
from syncing.taken import CLOSED, problem_of_holder
from syncing.xero.documents import encode

# Where a document's `sent` keeps the lines of writes that were never answered, until one arrives that is.
UNANSWERED = "unanswered"
LINE_FIELDS = {
    "Description": "description",
    "Quantity": "quantity",
    "UnitAmount": "unit_amount",
    "AccountCode": "account_code",
    "TaxType": "tax_type",
}


def update_in_xero(side: XeroSide, ready: Sequence[ReadyDocument]) -> None:
    """Bring these up to date. Raises SyncProblem where the connection is at fault."""
    settle(side.run, [_unchanged(item) for item in ready if item.digest == item.document.sent_digest])
    changed = [item for item in ready if item.digest != item.document.sent_digest]
    for endpoint in ("Invoices", "CreditNotes"):
        of_kind = [item for item in changed if _endpoint_in_xero(item) == endpoint]
        if of_kind:
            _update(side, endpoint, of_kind)


def _update(side: XeroSide, endpoint: str, ready: Sequence[ReadyDocument]) -> None:
    present = _in_xero(side, endpoint, [str(item.document.xero_id) for item in ready])
    writes: list[Write] = []
    settled: list[Outcome] = []
    for item in ready:
        raw = present.get(str(item.document.xero_id))
        if raw is not None and not item.document.sent_digest and _is_as_sent(item, raw):
            settled.append(arrived(side.connection, item, raw, Attempt.Outcome.UNCHANGED))
            continue
        problem = _why_not(item, raw)
        if problem is not None:
            settled.append(stuck(item.document, [problem], item.values))
        elif raw is not None:
            writes.append(Write(ready=item, body=encode(_update_element(item, raw)), made=Attempt.Outcome.UPDATED))
    settle(side.run, settled)
    refused = list(write_in_batches(side, endpoint, "POST", writes))
    settle(side.run, [stuck(refusal.ready.document, [refusal.problem], refusal.ready.values) for refusal in refused])


def _unchanged(ready: ReadyDocument) -> Outcome:
    return Outcome(
        document=ready.document, state=DocumentState.SYNCED, attempt=Attempt.Outcome.UNCHANGED, values=ready.values
    )


def _endpoint_in_xero(ready: ReadyDocument) -> str:
    """Where the document lives in Xero, which need not be where its content would go by now."""
    return "CreditNotes" if ready.document.kind == Document.Kind.CREDIT_NOTE else "Invoices"


def _in_xero(side: XeroSide, endpoint: str, ids: list[str]) -> dict[str, dict[str, Any]]:
    if endpoint == "Invoices":
        return {row["InvoiceID"]: row for row in side.client.invoices_by_ids(ids)}
    return {row["CreditNoteID"]: row for row in side.client.credit_notes_by_ids(ids)}


def _is_as_sent(ready: ReadyDocument, raw: dict[str, Any]) -> bool:
    """Whether Xero has the content already: a write of it was never answered, and it arrived."""
    content = sent_content(ready, raw)
    head = (content["contact_id"], str(content["date"]), str(content["due_date"] or ""), content["reference"] or "")
    theirs = (
        (raw.get("Contact") or {}).get("ContactID"),
        (raw.get("DateString") or "")[:10],
        (raw.get("DueDateString") or "")[:10],
        raw.get("Reference") or "",
    )
    return head == theirs and not _lines_differ(raw, content["lines"])


def _why_not(ready: ReadyDocument, raw: dict[str, Any] | None) -> SyncProblem | None:
    """What forbids the update; None where nothing does."""
    document = ready.document
    if raw is None:
        evidence = {"number": document.xero_number, "xero_id": str(document.xero_id), "missing": True}
        return NeedsPerson(
            "invoice-not-modifiable", "It is no longer in Xero.", document.xero_number, evidence=evidence
        )
    if ready.endpoint != _endpoint_in_xero(ready):
        evidence = {"number": document.xero_number, "status": raw.get("Status"), "became": ready.endpoint}
        return NeedsPerson(
            "invoice-not-modifiable", "An invoice cannot become a credit note.", document.xero_number, evidence=evidence
        )
    holder = problem_of_holder(raw)
    if raw.get("Status") in CLOSED or holder.code == "document-locked-by-payment":
        return holder
    if _edited_since(ready, raw) and not document.confirmed_overwrite:
        holder.code = "invoice-not-modifiable"
        holder.detail = "It was edited in Xero after Cloud Depot sent it."
        holder.evidence["edited"] = True
        return holder
    return None


def _edited_since(ready: ReadyDocument, raw: dict[str, Any]) -> bool:
    """Whether the lines in Xero are neither what we sent, nor what we may have sent, nor what is to be sent.

    Where we remember nothing, no edit is assumed.
    """
    sent = ready.document.sent
    known = [lines for lines in (sent.get("lines"), *sent.get(UNANSWERED, ())) if lines]
    return bool(known) and all(_lines_differ(raw, lines) for lines in (*known, sent_content(ready, raw)["lines"]))


def with_unanswered(sent: dict[str, Any], element: dict[str, Any]) -> dict[str, Any]:
    """What we sent, and the lines of a write besides that may have arrived: they are no person's edit."""
    lines = [{name: line.get(field) for field, name in LINE_FIELDS.items()} for line in element["LineItems"]]
    return {**sent, UNANSWERED: [*sent.get(UNANSWERED, ()), lines]}


def _lines_differ(raw: dict[str, Any], sent: Sequence[dict[str, Any]]) -> bool:
    lines = raw.get("LineItems") or []
    return len(lines) != len(sent) or any(differs(line, ours) for line, ours in zip(lines, sent, strict=True))


def differs(line: dict[str, Any], ours: dict[str, Any]) -> bool:
    """Whether a line in Xero is no longer what we sent; what we left to Xero does not count."""
    return any(
        ours.get(name) is not None and _plain(line.get(field)) != _plain(ours[name])
        for field, name in LINE_FIELDS.items()
    )


def _plain(value: Any) -> Any:
    """Numbers compare as numbers, whether they came as JSON numbers or as our strings."""
    if isinstance(value, (int, float, Decimal)):
        return Decimal(str(value)).normalize()
    try:
        return Decimal(value).normalize()
    except (ArithmeticError, TypeError, ValueError):
        return value


def _update_element(ready: ReadyDocument, raw: dict[str, Any]) -> dict[str, Any]:
    """The element that updates `raw`: its id, and for each line that was there before the id of that line."""
    element = {name: value for name, value in ready.element.items() if name not in NEVER_UPDATED}
    identity = "InvoiceID" if "InvoiceID" in raw else "CreditNoteID"
    element[identity] = raw[identity]
    line_ids = _line_ids(ready.document, raw)
    lines = zip(element["LineItems"], ready.content.lines, strict=True)
    element["LineItems"] = [
        line if (line_id := line_ids.get(content.billing_item_ids)) is None else {"LineItemID": line_id, **line}
        for line, content in lines
    ]
    return element


def _line_ids(document: Document, raw: dict[str, Any]) -> dict[tuple[int, ...], str]:
    """Autotask's billing items of a line → Xero's id of it, as long as Xero still has that line."""
    present = {line.get("LineItemID") for line in raw.get("LineItems") or []}
    return {
        tuple(line["billing_item_ids"]): line["line_item_id"]
        for line in document.sent.get("lines") or []
        if line["billing_item_ids"] and line["line_item_id"] in present
    }
