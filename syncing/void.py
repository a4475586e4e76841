"""Stage 9: what was voided in Autotask after it was sent is voided in Xero, where the account asks for it.

A draft, or one that awaits approval, is deleted; an approved one is voided; anything else Xero refuses.
"""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet

from faults.classify import classify_xero
from faults.problems import NeedsPerson, SyncProblem
from syncing import follow_ups
from syncing.batches import in_batches
from syncing.deliver import MOST_DOCUMENTS, XeroSide
from syncing.lease import renew_lease
from syncing.models import Attempt, Blocker, Document
from syncing.states import DocumentState
from syncing.taken import problem_of_holder
from syncing.xero.client import Endpoint
from syncing.xero.replies import ElementReply

STATUS_WHEN_VOIDED = {"DRAFT": "DELETED", "SUBMITTED": "DELETED", "AUTHORISED": "VOIDED"}
GONE = frozenset({"DELETED", "VOIDED"})
# Where each kind lives in Xero, and what its id is called there.
KINDS: tuple[tuple[Document.Kind, Endpoint, str], ...] = (
    (Document.Kind.INVOICE, "Invoices", "InvoiceID"),
    (Document.Kind.CREDIT_NOTE, "CreditNotes", "CreditNoteID"),
)


def voided_in_autotask() -> QuerySet[Document]:
    """Documents in Xero that Autotask has voided since, and that no fault and no person holds. In an account scope."""
    synced = Document.objects.filter(state=DocumentState.SYNCED, autotask_voided_at__isnull=False, void_declined=False)
    return follow_ups.not_refused(synced.exclude(xero_id=None), ["void-refused"])


def void_in_xero(side: XeroSide) -> None:
    """Void them, at most 50 to a call. Raises SyncProblem where the connection is at fault."""
    for kind, endpoint, identity in KINDS:
        waiting = voided_in_autotask().filter(kind=kind, organisation=side.connection).order_by("autotask_id")
        for batch in in_batches(waiting.defer("source", "sent"), MOST_DOCUMENTS):
            renew_lease(side.run)
            _void(side, endpoint, identity, batch)


def _void(side: XeroSide, endpoint: Endpoint, identity: str, documents: list[Document]) -> None:
    present = _in_xero(side, endpoint, identity, documents)
    elements: dict[int, dict[str, Any]] = {}
    for document in documents:
        raw = present.get(str(document.xero_id))
        if raw is None or raw.get("Status") in GONE:
            _mark_voided(side, document)
        elif (status := STATUS_WHEN_VOIDED.get(raw.get("Status", ""))) is None:
            _refused(side, document, problem_of_holder(raw))
        else:
            elements[document.id] = {identity: raw[identity], "Status": status}
    if not elements:
        return
    # Voiding twice voids once, so no Delivery is needed: the next run asks again.
    replies = side.client.change_documents(endpoint, list(elements.values()))
    by_id = {document.id: document for document in documents}
    for document_id, reply in zip(elements, replies, strict=True):
        _settle(side, by_id[document_id], reply)


def _in_xero(side: XeroSide, endpoint: str, identity: str, documents: list[Document]) -> dict[str, dict[str, Any]]:
    ids = [str(document.xero_id) for document in documents]
    rows = side.client.invoices_by_ids(ids) if endpoint == "Invoices" else side.client.credit_notes_by_ids(ids)
    return {row[identity]: row for row in rows}


def _settle(side: XeroSide, document: Document, reply: ElementReply) -> None:
    if reply.ok:
        _mark_voided(side, document)
    else:
        _refused(side, document, classify_xero(reply.messages))


def _mark_voided(side: XeroSide, document: Document) -> None:
    moved = Document.objects.filter(id=document.id, state=DocumentState.SYNCED).update(
        state=DocumentState.VOIDED, xero_status="VOIDED"
    )
    if moved:
        follow_ups.note(side.run, document, Attempt.Outcome.VOIDED)
        follow_ups.carried_out(Blocker.objects.filter(document=document))


def _refused(side: XeroSide, document: Document, refusal: SyncProblem) -> None:
    """It stays in Xero, and waits for a person."""
    problem = NeedsPerson("void-refused", refusal.detail, document.xero_number, evidence=refusal.evidence)
    follow_ups.refused(side.run, document, problem)
