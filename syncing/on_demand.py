"""What a person asks for: a run now, documents again, documents skipped. In an account scope."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils import timezone

from faults.models import Fault
from syncing import queue
from syncing.models import Attempt, Blocker, Document, SyncRun
from syncing.runs import queued_run
from syncing.settle import resolve_unblocking
from syncing.states import DocumentState
from syncing.taken import CLOSED
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

    With `overwrite`, edits that a person made in Xero give way; that holds for this time only.
    """
    documents.exclude(confirmed_overwrite=overwrite).update(confirmed_overwrite=overwrite)
    asked = queue.ask_again(documents)
    if asked:
        request_run(account_id)
    return asked


@dataclass(frozen=True)
class Skipped:
    """How many documents were left out, and how many are left in Xero as they are."""

    left_out: int
    left_in_xero: int

    @property
    def total(self) -> int:
        return self.left_out + self.left_in_xero


def skip(account_id: int, documents: QuerySet[Document], reason: str) -> Skipped:
    """Skip these for the reason that a person gives; they wait behind no fault any more.

    One that is in Xero stays there as it is, until someone asks for it again. What is being sent is left alone, and
    what is in Xero and waits for nothing.
    """
    with transaction.atomic():
        left_out, left_in_xero = queue.skip(documents, reason)
        ids = left_out + left_in_xero
        blockers = Blocker.objects.filter(document_id__in=ids)
        faults = set(blockers.values_list("fault_id", flat=True))
        blockers.delete()
        resolve_unblocking(faults)
        outcomes = dict.fromkeys(left_out, Attempt.Outcome.SKIPPED) | dict.fromkeys(left_in_xero, Attempt.Outcome.LEFT)
        Attempt.objects.bulk_create(
            Attempt(account_id=account_id, document_id=document_id, outcome=outcome, detail=reason)
            for document_id, outcome in outcomes.items()
        )
    return Skipped(len(left_out), len(left_in_xero))


def why_send_again(document: Document, faults: Iterable[Fault]) -> str:
    """Why a document that is in Xero may go there a second time, as a new one; empty where it may not.

    `faults` are those that it waits for: the engine found its Xero document gone for good, or of the wrong kind.
    """
    if document.xero_id is None or document.state != DocumentState.FAULTED:
        return ""
    for fault in faults:
        if fault.code != "invoice-not-modifiable":
            continue
        if fault.evidence.get("missing"):
            return "It is no longer in Xero."
        if fault.evidence.get("became"):
            return "It has become a credit in Autotask, and what is in Xero cannot turn into one."
        if fault.evidence.get("status") in CLOSED:
            return f"It was {fault.evidence['status'].lower()} in Xero."
    return ""


def send_again(account_id: int, document_id: int, by: str) -> bool:
    """Carry a document to Xero as a new one, where `why_send_again` allows it. Returns whether it did.

    The old link is kept in its history, with `by`, the address of the person who agreed. Twice at once is once.
    """
    with transaction.atomic():
        document = Document.objects.select_for_update(no_key=True).get(id=document_id)
        reason = why_send_again(document, Fault.objects.filter(blockers__document=document))
        if not reason:
            return False
        document.xero_history.append(
            {
                "organisation_id": document.organisation_id,
                "kind": document.kind,
                "xero_id": str(document.xero_id),
                "number": document.xero_number,
                "status": document.xero_status,
                "reason": reason,
                "ended_at": timezone.now().isoformat(),
                "by": by,
            }
        )
        document.organisation = document.xero_id = document.xero_updated_at = document.synced_at = None
        document.xero_number = document.xero_status = document.sent_digest = ""
        document.sent = {}
        document.save(
            update_fields=[
                "xero_history",
                "organisation",
                "xero_id",
                "xero_updated_at",
                "synced_at",
                "xero_number",
                "xero_status",
                "sent_digest",
                "sent",
            ]
        )
    return bool(resync(account_id, Document.objects.filter(id=document_id)))
