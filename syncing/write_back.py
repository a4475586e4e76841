"""Stage 9: tell Autotask the number that an invoice got in Xero, where the account asks for it."""

from __future__ import annotations

from datetime import timedelta

from django.db.models import F, Q, QuerySet
from django.utils import timezone

from syncing.autotask.client import AutotaskClient
from syncing.lease import renew_lease
from syncing.models import Document, SyncRun, SyncSettings
from syncing.states import DocumentState

# What a run that died or was stopped did not get to is made up for by the next ones, for this long.
MADE_UP_FOR = timedelta(days=1)


def write_back(run: SyncRun, autotask: AutotaskClient, settings: SyncSettings) -> None:
    """Write the Xero number of what arrived of late, or was in this run, where its number in Autotask differs.

    One call for each, as Autotask takes them one by one. Raises the client's SyncProblems, and LeaseLostError.
    """
    if not settings.write_back_number:
        return
    of_late = Q(synced_at__gte=timezone.now() - MADE_UP_FOR) | Q(attempts__run_id=run.id)
    due = numbered_otherwise().filter(of_late).order_by("autotask_id").distinct()
    for document in due.only("id", "autotask_id", "xero_number"):
        renew_lease(run)
        autotask.update_invoice(document.autotask_id, number=document.xero_number)
        Document.objects.filter(id=document.id).update(autotask_number=document.xero_number)


def numbered_otherwise() -> QuerySet[Document]:
    """What is in Xero under another number than Autotask knows it by. In an account scope."""
    arrived = Document.objects.filter(state=DocumentState.SYNCED).exclude(xero_number="")
    return arrived.exclude(autotask_number=F("xero_number"))
