"""Stage 8: what became of each document, written in one short transaction and in bulk.

Every UPDATE is fenced by the run's id: a run that lost its lease settles nothing.
"""

from __future__ import annotations

import json
import logging
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection, transaction
from django.utils import timezone

from faults import record
from faults.problems import SyncProblem, Transient
from faults.retry import gives_up, next_wait
from syncing.lease import renew_lease
from syncing.models import Attempt, Blocker, Delivery, Document, SyncRun
from syncing.release import release_behind
from syncing.states import DocumentState

logger = logging.getLogger(__name__)

# Columns that an outcome sets, with their types; those it does not mention keep what they hold.
KEPT_COLUMNS = {
    "kind": "text",
    "company_id": "bigint",
    "company_name": "text",
    "autotask_number": "text",
    "date": "date",
    "due_date": "date",
    "currency": "text",
    "subtotal": "numeric",
    "tax": "numeric",
    "total": "numeric",
    "source": "jsonb",
    "source_fetched_at": "timestamptz",
    "notices": "jsonb",
    "organisation_id": "bigint",
    "xero_id": "uuid",
    "xero_number": "text",
    "xero_status": "text",
    "xero_updated_at": "timestamptz",
    "sent": "jsonb",
    "sent_digest": "text",
    "synced_at": "timestamptz",
    "autotask_voided_at": "timestamptz",
}
# Columns that every outcome decides anew.
SET_COLUMNS = {
    "state": "text",
    "skipped_reason": "text",
    "skipped_by": "text",
    "next_attempt_at": "timestamptz",
    "tries": "integer",
    "failing_since": "timestamptz",
}


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What became of one document in this run. `values` are columns of KEPT_COLUMNS."""

    document: Document
    state: DocumentState
    attempt: Attempt.Outcome
    problems: tuple[SyncProblem, ...] = ()
    detail: str = ""
    skipped_reason: str = ""
    skipped_by: str = ""
    next_attempt_at: datetime | None = None
    values: Mapping[str, Any] = field(default_factory=dict)

    def row(self) -> dict[str, Any]:
        failing = self.state in (DocumentState.RETRYING, DocumentState.FAULTED)
        return {
            "id": self.document.id,
            "state": self.state,
            "skipped_reason": self.skipped_reason[:500],
            "skipped_by": self.skipped_by,
            "next_attempt_at": self.next_attempt_at,
            "tries": self.document.tries + 1 if failing else 0,
            "failing_since": (self.document.failing_since or timezone.now()) if failing else None,
            **self.values,
        }


def stuck(document: Document, problems: Sequence[SyncProblem], values: Mapping[str, Any] | None = None) -> Outcome:
    """The outcome of a document with problems: it tries again while all of them mend themselves, else a person acts."""
    now = timezone.now()
    waits = [next_wait(document.tries, problem.retry_after) for problem in problems if isinstance(problem, Transient)]
    tiresome = document.failing_since is not None and gives_up(document.failing_since, now)
    if len(waits) < len(problems) or tiresome:
        for problem in problems:
            if isinstance(problem, Transient):
                problem.given_up = True
        return Outcome(
            document=document,
            state=DocumentState.FAULTED,
            attempt=Attempt.Outcome.FAULTED,
            problems=tuple(problems),
            values=values or {},
        )
    return Outcome(
        document=document,
        state=DocumentState.RETRYING,
        attempt=Attempt.Outcome.RETRYING,
        problems=tuple(problems),
        next_attempt_at=now + timedelta(seconds=max(waits)),
        values=values or {},
    )


def settle(run: SyncRun, outcomes: Iterable[Outcome], delivery: Delivery | None = None) -> set[int]:
    """Write the outcomes, their attempts and their faults, and close the delivery. Returns the ids still ours.

    Raises LeaseLostError where there is a delivery, and another run sees to it by now.
    """
    outcomes = list(outcomes)
    with transaction.atomic():
        if delivery is not None:
            close_delivery(run, delivery, Delivery.State.SETTLED)
        settled = _update_documents(run, outcomes)
        ours = [outcome for outcome in outcomes if outcome.document.id in settled]
        nothing_new = _rewrite_blockers(run.account_id, ours)
        Attempt.objects.bulk_create(_attempts(run, [each for each in ours if each.document.id not in nothing_new]))
    for outcome in ours:
        _log(outcome)
    return settled


def _log(outcome: Outcome) -> None:
    """One line for each document, so that its way can be read in the log."""
    extra = {"document": outcome.document.id, "outcome": str(outcome.attempt)}
    if outcome.problems:
        extra["fault"] = outcome.problems[0].code
    logger.info("%s", outcome.attempt.label, extra=extra)


@transaction.atomic
def close_delivery(run: SyncRun, delivery: Delivery, state: Delivery.State) -> None:
    """The write is told: its body is erased. Raises LeaseLostError where another run sees to it by now.

    What comes of its documents is written in the same transaction, or they could be sent anew without having been told.
    """
    renew_lease(run)
    Delivery.objects.filter(id=delivery.id, state=Delivery.State.OPEN).update(
        state=state, body=None, settled_at=timezone.now()
    )


def _update_documents(run: SyncRun, outcomes: list[Outcome]) -> set[int]:
    if not outcomes:
        return set()
    rows = json.dumps([outcome.row() for outcome in outcomes], default=_plain)
    with connection.cursor() as cursor:
        cursor.execute(_UPDATE, [rows, run.account_id, run.id])
        return {document_id for (document_id,) in cursor.fetchall()}


def _plain(value: Any) -> str:
    """As Django writes it; nearly all of these are Decimal, which Django comes to last."""
    return str(value) if type(value) is Decimal else DjangoJSONEncoder().default(value)


_UPDATE = """
    UPDATE syncing_document AS document
    SET {changes}, claimed_by = NULL,
        requested_at = CASE WHEN new.state = 'waiting' THEN document.requested_at END
    FROM jsonb_to_recordset(%s::jsonb) AS new (id bigint, {columns})
    WHERE document.account_id = %s AND document.id = new.id
      AND document.state IN ('in_flight', 'uncertain') AND document.claimed_by = %s
    RETURNING document.id
""".format(  # noqa: S608 - column names of ours, no value
    changes=", ".join(
        [f"{name} = coalesce(new.{name}, document.{name})" for name in KEPT_COLUMNS]
        + [f"{name} = new.{name}" for name in SET_COLUMNS]
    ),
    columns=", ".join(f"{name} {kind}" for name, kind in (KEPT_COLUMNS | SET_COLUMNS).items()),
)


def _attempts(run: SyncRun, outcomes: list[Outcome]) -> Iterable[Attempt]:
    for outcome in outcomes:
        first = outcome.problems[0] if outcome.problems else None
        yield Attempt(
            account_id=run.account_id,
            document_id=outcome.document.id,
            run_id=run.id,
            outcome=outcome.attempt,
            code=first.code if first else "",
            detail=outcome.detail or "\n".join(problem.detail for problem in outcome.problems if problem.detail),
        )


def _rewrite_blockers(account_id: int, outcomes: list[Outcome]) -> set[int]:
    """Each document waits for the faults of its last try; a fault that no document waits for any more is resolved.

    One that got through shows that what it waited for is over, and the others behind that go on. Returns the ids of
    those that nobody asked for, and that were found to wait for what they waited for before.
    """
    if not outcomes:
        return set()
    ids = [outcome.document.id for outcome in outcomes]
    before = _faults_by_document(ids)
    faults = record.record([problem for outcome in outcomes for problem in outcome.problems])
    after = {
        outcome.document.id: {faults[problem.code, problem.subject].id for problem in outcome.problems}
        for outcome in outcomes
    }
    if before:
        Blocker.objects.filter(document_id__in=ids).delete()
    Blocker.objects.bulk_create(
        [
            Blocker(account_id=account_id, document_id=document_id, fault_id=fault_id)
            for document_id, waited_for in after.items()
            for fault_id in waited_for
        ],
        ignore_conflicts=True,
    )
    through = [outcome.document.id for outcome in outcomes if outcome.state == DocumentState.SYNCED]
    cleared = {fault_id for document_id in through for fault_id in before.get(document_id, ())}
    release_behind(cleared - {fault.id for fault in faults.values()})
    resolve_unblocking(fault_id for waited_for in before.values() for fault_id in waited_for)
    stuck_again = [outcome for outcome in outcomes if outcome.state == DocumentState.FAULTED and _is_a_look(outcome)]
    ids = [outcome.document.id for outcome in stuck_again]
    return {document_id for document_id in ids if before.get(document_id) == after[document_id]}


def _is_a_look(outcome: Outcome) -> bool:
    """Whether the document went only to see if its way is free: it was not new, not due again, and not asked for."""
    return outcome.document.requested_at is None and outcome.document.failing_since is None


def _faults_by_document(document_ids: Sequence[int]) -> dict[int, set[int]]:
    found: dict[int, set[int]] = defaultdict(set)
    blockers = Blocker.objects.filter(document_id__in=document_ids)
    for document_id, fault_id in blockers.values_list("document_id", "fault_id"):
        found[document_id].add(fault_id)
    return found


def resolve_unblocking(fault_ids: Iterable[int]) -> None:
    """Resolve those of the faults that no document waits for any more."""
    fault_ids = set(fault_ids)
    if not fault_ids:
        return
    still = set(Blocker.objects.filter(fault_id__in=fault_ids).values_list("fault_id", flat=True))
    record.resolve(fault_ids - still)
