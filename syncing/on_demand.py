"""What a person asks for: a run now, documents again, documents skipped. In an account scope."""

from __future__ import annotations

from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from syncing import queue
from syncing.models import Attempt, Blocker, Document, SyncRun
from syncing.runs import queued_run
from syncing.settle import resolve_unblocking
from syncing.tasks import sync_account


def request_run(account_id: int, trigger: SyncRun.Trigger = SyncRun.Trigger.PERSON) -> SyncRun:
    """Ask for a run as soon as a worker is free; twice at once is one run."""
    run = queued_run(account_id)
    if run is None:
        try:
            with transaction.atomic():
                run = SyncRun.objects.create(account_id=account_id, trigger=trigger)
        except IntegrityError:
            run = queued_run(account_id) or SyncRun.objects.latest("id")
    transaction.on_commit(lambda: sync_account.delay(account_id=account_id))
    return run


def resync(account_id: int, documents: QuerySet[Document], *, overwrite: bool = False) -> int:
    """Carry these again now, and say how many that is. What is being sent at this moment is left alone.

    With `overwrite`, edits that a person made in Xero give way.
    """
    if overwrite:
        documents.update(confirmed_overwrite=True)
    asked = queue.ask_again(documents)
    if asked:
        request_run(account_id)
    return asked


def skip(account_id: int, documents: QuerySet[Document], reason: str) -> int:
    """Leave these out for the reason that a person gives, and say how many that is; they wait behind no fault any more.

    What is being sent, or has reached Xero, is left alone.
    """
    with transaction.atomic():
        skippable = queue.skippable(documents).select_for_update(no_key=True, of=("self",))
        ids = list(skippable.order_by("id").values_list("id", flat=True))
        queue.skip(Document.objects.filter(id__in=ids), reason)
        blockers = Blocker.objects.filter(document_id__in=ids)
        faults = set(blockers.values_list("fault_id", flat=True))
        blockers.delete()
        resolve_unblocking(faults)
        Attempt.objects.bulk_create(
            Attempt(account_id=account_id, document_id=document_id, outcome=Attempt.Outcome.SKIPPED, detail=reason)
            for document_id in ids
        )
    return len(ids)
