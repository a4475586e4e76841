"""Stage 9: tell Autotask the number that an invoice got in Xero, where the account asks for it."""

from __future__ import annotations

from datetime import timedelta

from django.db.models import F, Q, QuerySet
from django.db.models.functions import Now

from faults.problems import NeedsPerson, NeedsSupport
from syncing import follow_ups
from syncing.autotask.client import AutotaskClient
from syncing.lease import renew_lease
from syncing.models import Blocker, Document, SyncRun, SyncSettings
from syncing.states import DocumentState

# What a run that died or was stopped did not get to is made up for by the next ones, for this long.
MADE_UP_FOR = timedelta(days=1)
# What Autotask may have against one invoice; any other refusal is about the connection.
REFUSALS = ("autotask-not-permitted", "unexpected")


def write_back(run: SyncRun, autotask: AutotaskClient, settings: SyncSettings) -> None:
    """Write the Xero number of what arrived of late, or was in this run, where its number in Autotask differs.

    One call for each, as Autotask takes them one by one. An invoice that it refuses waits behind a fault of its own.
    Raises the client's SyncProblems where the connection is at fault, and LeaseLostError.
    """
    if not settings.write_back_number:
        return
    for document in due(Q(attempts__run_id=run.id)).order_by("autotask_id").distinct():
        renew_lease(run)
        _tell_number(run, autotask, document)


def due(or_else: Q | None = None) -> QuerySet[Document]:
    """What is in Xero under another number than Autotask knows it by, and arrived of late, or is `or_else`.

    In an account scope.
    """
    arrived = Document.objects.filter(state=DocumentState.SYNCED).exclude(xero_number="")
    numbered_otherwise = arrived.exclude(autotask_number=F("xero_number"))
    of_late = Q(synced_at__gte=Now() - MADE_UP_FOR) | follow_ups.LOOKED_AT
    wanted = numbered_otherwise.filter(of_late | or_else if or_else else of_late)
    return follow_ups.not_refused(wanted, REFUSALS).only("id", "autotask_id", "xero_number")


def _tell_number(run: SyncRun, autotask: AutotaskClient, document: Document) -> None:
    try:
        autotask.update_invoice(document.autotask_id, number=document.xero_number)
    except (NeedsPerson, NeedsSupport) as problem:
        if problem.code not in REFUSALS:
            raise
        problem.subject = f"invoice {document.autotask_id}"
        follow_ups.refused(run, document, problem)
    else:
        Document.objects.filter(id=document.id).update(autotask_number=document.xero_number)
        follow_ups.carried_out(Blocker.objects.filter(document=document, fault__code__in=REFUSALS))
