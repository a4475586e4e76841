"""Which documents are ready, and who has them: claiming, giving back, asking again, skipping. Guarded UPDATEs only."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.db.models.functions import Now

from syncing.models import Blocker, Delivery, Document, SyncRun
from syncing.states import DocumentState, states_leading_to

CLAIMED_AT_ONCE = 500
# The states in which a person may ask for a document again, or sooner.
ASKABLE = states_leading_to(DocumentState.WAITING) - {DocumentState.IN_FLIGHT, DocumentState.UNCERTAIN} | {
    DocumentState.WAITING
}
# Those in which a person may have it left out, as long as it is not in Xero.
SKIPPABLE = states_leading_to(DocumentState.SKIPPED) - {DocumentState.IN_FLIGHT}
# Those in which a person may decide that what is in Xero stays there as it is.
LEAVABLE = states_leading_to(DocumentState.SYNCED) - {DocumentState.IN_FLIGHT, DocumentState.UNCERTAIN}


def ready_documents() -> QuerySet[Document]:
    """What a run may take now. In an account scope."""
    due = Q(state=DocumentState.RETRYING, next_attempt_at__lte=Now())
    return Document.objects.filter(Q(state=DocumentState.WAITING) | due)


def claim(run: SyncRun, size: int = CLAIMED_AT_ONCE) -> list[Document]:
    """Take up to `size` ready documents for `run`: asked for by a person first, then new ones, then those due again."""
    order = (F("requested_at").asc(nulls_last=True), F("state").desc(), "autotask_id")
    # Their ids first: as a subquery of the UPDATE it may be run anew for each document of a long queue.
    first = list(ready_documents().order_by(*order).values_list("id", flat=True)[:size])
    if not first:
        return []
    ready_documents().filter(id__in=first).update(state=DocumentState.IN_FLIGHT, claimed_by=run.id)
    claimed = Document.objects.filter(id__in=first, state=DocumentState.IN_FLIGHT, claimed_by=run.id)
    return list(claimed.defer("source").order_by("autotask_id"))


def give_back(run: SyncRun, documents: Collection[int] | None = None) -> int:
    """Return what `run` claimed and surely did not send; all of it, or `documents`."""
    held = Document.objects.filter(state=DocumentState.IN_FLIGHT, claimed_by=run.id)
    if documents is not None:
        held = held.filter(id__in=documents)
    if not held.exists():
        return 0
    return held.exclude(id__in=documents_in_open_deliveries()).update(state=DocumentState.WAITING, claimed_by=None)


def recover_from_dead_runs(run: SyncRun) -> None:
    """Settle what dead runs left in flight: committed to a Delivery means uncertain, anything else was not sent."""
    unsettled = Document.objects.filter(state__in=(DocumentState.IN_FLIGHT, DocumentState.UNCERTAIN))
    unsettled = unsettled.exclude(claimed_by=run.id)
    if not unsettled.exists():
        return
    sent = documents_in_open_deliveries()
    left = unsettled.filter(state=DocumentState.IN_FLIGHT)
    left.filter(id__in=sent).update(state=DocumentState.UNCERTAIN, claimed_by=None)
    # Uncertain without one is left by nobody, as both end in one transaction; it is not to be forgotten all the same.
    unsettled.exclude(id__in=sent).update(state=DocumentState.WAITING, claimed_by=None)


def documents_in_open_deliveries() -> list[int]:
    """The ids of the documents that were put into a write to Xero whose outcome is not settled."""
    deliveries = Delivery.objects.filter(state=Delivery.State.OPEN).values_list("documents", flat=True)
    return [document_id for documents in deliveries for document_id in documents]


def ask_again(documents: QuerySet[Document]) -> int:
    """A person wants these carried (again) now. Those that are being sent, or checked with Xero, are left alone."""
    return documents.filter(state__in=ASKABLE).update(
        state=DocumentState.WAITING,
        requested_at=Now(),
        next_attempt_at=None,
        tries=0,
        failing_since=None,
        skipped_reason="",
        skipped_by="",
        void_declined=False,
    )


def release(documents: QuerySet[Document]) -> int:
    """The cause has cleared: these wait their turn again."""
    stuck = (DocumentState.FAULTED, DocumentState.RETRYING)
    return documents.filter(state__in=stuck).update(
        state=DocumentState.WAITING, next_attempt_at=None, tries=0, failing_since=None
    )


def release_skipped(settings: Collection[str]) -> int:
    """These settings have changed: what they had left out is judged anew. A person's skip stays, and so does a void."""
    left_out = Document.objects.filter(state=DocumentState.SKIPPED, skipped_by__in=settings)
    return left_out.filter(autotask_voided_at=None).update(
        state=DocumentState.WAITING, skipped_reason="", skipped_by=""
    )


def skippable(documents: QuerySet[Document]) -> QuerySet[Document]:
    """Those of `documents` that a person may skip: what is not on its way, and what is stuck though it is in Xero."""
    return documents.filter(_NOT_IN_XERO | _STUCK_IN_XERO)


def skip(documents: QuerySet[Document], reason: str) -> tuple[list[int], list[int]]:
    """Skip those that may be, with a reason that people can read. Returns the ids of those left out, which never
    reached Xero, and of those left in Xero as they are. In a transaction, which keeps them from moving meanwhile.

    Where Autotask has voided what stays, the void is not carried either.
    """
    rows = skippable(documents).select_for_update(no_key=True, of=("self",)).order_by("id")
    in_xero = dict(rows.values_list("id", "xero_id"))
    left_out = [document_id for document_id, xero_id in in_xero.items() if xero_id is None]
    left_there = [document_id for document_id, xero_id in in_xero.items() if xero_id is not None]
    decided = {"skipped_reason": reason, "next_attempt_at": None, "failing_since": None}
    Document.objects.filter(_NOT_IN_XERO, id__in=left_out).update(state=DocumentState.SKIPPED, **decided)
    Document.objects.filter(_STUCK_IN_XERO, id__in=left_there).update(
        state=DocumentState.SYNCED, tries=0, void_declined=Q(autotask_voided_at__isnull=False), **decided
    )
    return left_out, left_there


_NOT_IN_XERO = Q(xero_id=None, state__in=SKIPPABLE)
# Xero may refuse the void of a document that is there and needs nothing else: it waits for that fault as it is.
_WAITS_IN_XERO = Q(state=DocumentState.SYNCED) & Q(Exists(Blocker.objects.filter(document=OuterRef("pk"))))
_STUCK_IN_XERO = Q(xero_id__isnull=False) & (Q(state__in=LEAVABLE) | _WAITS_IN_XERO)


def next_due_at() -> datetime | None:
    """When the earliest document is due again."""
    retrying = Document.objects.filter(state=DocumentState.RETRYING, next_attempt_at__isnull=False)
    return retrying.order_by("next_attempt_at").values_list("next_attempt_at", flat=True).first()
