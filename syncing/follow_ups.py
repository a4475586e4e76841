"""What is done about a document once it is in Xero (a void, its number in Autotask), and a partner may refuse.

The document stays as it is and waits behind a fault. It goes again when that fault is looked at (syncing/release.py),
or with a re-sync, which takes what a document waits for away first.
"""

from __future__ import annotations

from collections.abc import Collection

from django.db.models import Exists, OuterRef, Q, QuerySet

from faults import record
from faults.problems import SyncProblem
from syncing.models import Attempt, Blocker, Document, SyncRun
from syncing.settle import resolve_unblocking

# A document in Xero has a next attempt only where the fault of a refusal is looked at.
LOOKED_AT = Q(next_attempt_at__isnull=False)


def not_refused(documents: QuerySet[Document], codes: Collection[str]) -> QuerySet[Document]:
    """Those of `documents` that wait behind no fault of these codes, or whose fault is looked at now."""
    refusals = Blocker.objects.filter(document=OuterRef("pk"), fault__code__in=codes)
    return documents.filter(~Exists(refusals) | LOOKED_AT)


def refused(run: SyncRun, document: Document, problem: SyncProblem) -> None:
    """It waits for a person. What a look finds unchanged is no news of the document."""
    fault = record.record([problem])[problem.code, problem.subject]
    _, is_new = Blocker.objects.get_or_create(account_id=run.account_id, document=document, fault=fault)
    Document.objects.filter(id=document.id).update(next_attempt_at=None)
    if is_new:
        note(run, document, Attempt.Outcome.FAULTED, problem)


def carried_out(blockers: QuerySet[Blocker]) -> None:
    """What these stood for has been done after all: their document waits for it no more, and their faults are over."""
    faults = list(blockers.values_list("fault_id", flat=True))
    if faults:
        Document.objects.filter(blockers__in=blockers).update(next_attempt_at=None)
        blockers.delete()
        resolve_unblocking(faults)


def note(run: SyncRun, document: Document, outcome: Attempt.Outcome, problem: SyncProblem | None = None) -> None:
    """Remember it in the document's history."""
    Attempt.objects.create(
        account_id=run.account_id,
        document=document,
        run_id=run.id,
        outcome=outcome,
        code=problem.code if problem else "",
        detail=problem.detail if problem else "",
    )
