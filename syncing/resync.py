"""A document that is in Xero already: brought up to date there, never sent a second time.

Unchanged content makes no call. What a person changed in Xero since is shown and asked about before it is overwritten,
and a status is never sent: it belongs to the people who work in Xero.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

from faults.problems import NeedsPerson, SyncProblem
from syncing.contacts import follow_merged_contacts
from syncing.deliver import NEVER_UPDATED, ReadyDocument, Write, XeroSide, arrived, sent_content, write_in_batches
from syncing.models import Attempt, Document
from syncing.settle import Outcome, settle, stuck
from syncing.states import DocumentState
from syncing.taken import CLOSED, problem_of_holder
from syncing.xero.documents import encode
from syncing.xero.records import Row

# Where a document's `sent` keeps the content of writes that were never answered, until one arrives that is.
UNANSWERED = "unanswered"
# What `sent` says besides the lines, as far as people edit it.
HEAD = ("contact_id", "date", "due_date", "reference")
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
    ready = _with_followed_contacts(side, ready, present)
    writes: list[Write] = []
    settled: list[Outcome] = []
    for item in ready:
        raw = present.get(str(item.document.xero_id))
        if raw is not None and not item.document.sent_digest and _is_as_sent(item, raw):
            settled.append(arrived(side.connection, item, raw, Attempt.Outcome.UNCHANGED))
            continue
        problem = _why_not(side, item, raw)
        if problem is not None:
            settled.append(stuck(item.document, [problem], item.values))
        elif raw is not None:
            writes.append(Write(ready=item, body=encode(_update_element(item, raw)), made=Attempt.Outcome.UPDATED))
    settle(side.run, settled)
    refused = list(write_in_batches(side, endpoint, "POST", writes))
    settle(side.run, [stuck(refusal.ready.document, [refusal.problem], refusal.ready.values) for refusal in refused])


def _with_followed_contacts(
    side: XeroSide, ready: Sequence[ReadyDocument], present: Mapping[str, Row]
) -> list[ReadyDocument]:
    """Addressed to the contact that goes on, where Xero has merged theirs into it, and moved the documents there."""
    moved = set()
    for item in ready:
        raw = present.get(str(item.document.xero_id))
        if raw is not None and head_of(raw)["contact_id"] != item.contact_id:
            moved.add(item.contact_id)
    survivors = follow_merged_contacts(side, moved) if moved else {}
    return [replace(item, contact_id=survivors.get(item.contact_id, item.contact_id)) for item in ready]


def _unchanged(ready: ReadyDocument) -> Outcome:
    return Outcome(
        document=ready.document, state=DocumentState.SYNCED, attempt=Attempt.Outcome.UNCHANGED, values=ready.values
    )


def _endpoint_in_xero(ready: ReadyDocument) -> str:
    """Where the document lives in Xero, which need not be where its content would go by now."""
    return "CreditNotes" if ready.document.kind == Document.Kind.CREDIT_NOTE else "Invoices"


def _in_xero(side: XeroSide, endpoint: str, ids: list[str]) -> dict[str, Row]:
    if endpoint == "Invoices":
        return {row["InvoiceID"]: row for row in side.client.invoices_by_ids(ids)}
    return {row["CreditNoteID"]: row for row in side.client.credit_notes_by_ids(ids)}


def _is_as_sent(ready: ReadyDocument, raw: Row) -> bool:
    """Whether Xero has the content already: a write of it was never answered, and it arrived."""
    content = sent_content(ready, raw)
    return {name: str(content[name] or "") for name in HEAD} == head_of(raw) and not _lines_differ(
        raw, content["lines"]
    )


def head_of(raw: Row) -> dict[str, str]:
    """What a document in Xero says besides its lines, under the names of `sent`; empty where it says nothing."""
    return {
        "contact_id": (raw.get("Contact") or {}).get("ContactID") or "",
        "date": (raw.get("DateString") or "")[:10],
        "due_date": (raw.get("DueDateString") or "")[:10],
        "reference": raw.get("Reference") or "",
    }


def _why_not(side: XeroSide, ready: ReadyDocument, raw: Row | None) -> SyncProblem | None:
    """What forbids the update; None where nothing does."""
    document = ready.document
    if raw is None:
        evidence = {"number": document.xero_number, "xero_id": str(document.xero_id), "missing": True}
        if (organisation := document.organisation) is not None and organisation.id != side.connection.id:
            evidence["organisation"] = organisation.name
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


def _edited_since(ready: ReadyDocument, raw: Row) -> bool:
    """Whether Xero has neither what we sent, nor what we may have sent, nor what is to be sent.

    Where we remember nothing, no edit is assumed.
    """
    sent = ready.document.sent
    known = [content for content in (sent, *sent.get(UNANSWERED, ())) if content.get("lines")]
    return bool(known) and all(_differs(ready, raw, content) for content in (*known, sent_content(ready, raw)))


def _differs(ready: ReadyDocument, raw: Row, content: dict[str, Any]) -> bool:
    theirs = head_of(raw)
    if theirs["contact_id"] == ready.contact_id:  # by a merge, or a link: what it is billed as now is no edit
        content = {**content, "contact_id": ready.contact_id}
    return any(head_differs(theirs, content, name) for name in HEAD) or _lines_differ(raw, content["lines"])


def head_differs(theirs: dict[str, str], ours: dict[str, Any], name: str) -> bool:
    """Whether it is no longer what we sent; what we left to Xero does not count."""
    return bool(ours.get(name)) and str(ours[name]) != theirs[name]


def with_unanswered(sent: dict[str, Any], element: Row) -> dict[str, Any]:
    """What we sent, and a write besides that may have arrived: it is no person's edit."""
    content = {
        "contact_id": element["Contact"]["ContactID"],
        "date": element["Date"],
        "due_date": element.get("DueDate"),
        "reference": element.get("Reference"),
        "lines": [{name: line.get(field) for field, name in LINE_FIELDS.items()} for line in element["LineItems"]],
    }
    return {**sent, UNANSWERED: [*sent.get(UNANSWERED, ()), content]}


def _lines_differ(raw: Row, sent: Sequence[dict[str, Any]]) -> bool:
    lines = raw.get("LineItems") or []
    return len(lines) != len(sent) or any(differs(line, ours) for line, ours in zip(lines, sent, strict=True))


def differs(line: Row, ours: dict[str, Any]) -> bool:
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


def _update_element(ready: ReadyDocument, raw: Row) -> Row:
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


def _line_ids(document: Document, raw: Row) -> dict[tuple[int, ...], str]:
    """Autotask's billing items of a line → Xero's id of it, as long as Xero still has that line."""
    present = {line.get("LineItemID") for line in raw.get("LineItems") or []}
    return {
        tuple(line["billing_item_ids"]): line["line_item_id"]
        for line in document.sent.get("lines") or []
        if line["billing_item_ids"] and line["line_item_id"] in present
    }
