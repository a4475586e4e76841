"""Trouble with a connection, and not with a document: one fault for the account and partner, and one probe at a time.

What the run had in hand waits behind that fault, all of it until the same moment; the rest of the queue is not touched.
Runs then send a single document ahead, and once the partner answers it again, all that waited is released. After 24
hours the fault is a person's turn, with everything behind it; the partner is still looked at (syncing/release.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from faults import record
from faults.models import Fault
from faults.problems import SyncProblem, Transient
from faults.retry import gives_up
from syncing import queue
from syncing.models import Attempt, Blocker, Document, SyncRun
from syncing.partners import PARTNERS, Partner
from syncing.schedule import is_short_limit
from syncing.settle import Outcome, settle
from syncing.states import DocumentState

CONNECTION_CODES = (
    "access-token-expired",
    "autotask-login-refused",
    "autotask-not-permitted",
    "autotask-threshold",
    "autotask-timeout",
    "rate-limited",
    "service-unavailable",
    "xero-disconnected",
    "xero-permission",
    "xero-unreachable",
)
# Any answer at all shows that these are over. What else stopped documents on their way has to let one through first:
# a partner may answer a poll, and fail on what a document needs of it.
OVER_WITH_ANY_ANSWER = ("autotask-login-refused", "xero-disconnected")


def hold(run: SyncRun, partner: Partner, problem: SyncProblem, again_at: datetime | None) -> None:
    """Stop for `problem`: a short limit gives the documents back, anything else has them wait behind the one fault.

    They go again at `again_at`, when the next run is due; None where a person acts first.
    """
    if is_short_limit(problem):
        queue.give_back(run)
        return
    problem.subject = partner
    if isinstance(problem, Transient):
        problem.given_up = _has_lasted(problem.code, partner)
    is_a_persons_turn = again_at is None or (isinstance(problem, Transient) and problem.given_up)
    held = Document.objects.filter(claimed_by=run.id, state=DocumentState.IN_FLIGHT).defer("source")
    outcomes = [
        Outcome(
            document=document,
            state=DocumentState.FAULTED if is_a_persons_turn else DocumentState.RETRYING,
            attempt=Attempt.Outcome.FAULTED if is_a_persons_turn else Attempt.Outcome.RETRYING,
            problems=(problem,),
            next_attempt_at=None if is_a_persons_turn else again_at,
        )
        for document in held
    ]
    if outcomes:
        settle(run, outcomes)
    else:
        record.record([problem])
    _move_those_behind(partner, again_at)


def living_incidents() -> QuerySet[Fault]:
    """The connection faults that are not over. In an account scope."""
    living = (Fault.State.OPEN, Fault.State.RETRYING)
    return Fault.objects.filter(code__in=CONNECTION_CODES, subject__in=PARTNERS, state__in=living)


def open_incidents() -> list[Fault]:
    """The same, read."""
    return list(living_incidents())


def is_incident(fault: Fault) -> bool:
    """Whether it is one of them."""
    is_over = fault.state not in (Fault.State.OPEN, Fault.State.RETRYING)
    return fault.code in CONNECTION_CODES and fault.subject in PARTNERS and not is_over


def clear(incidents: Sequence[Fault], partner: Partner) -> list[Fault]:
    """`partner` answers again: its incidents are over, and what waited for it goes on. Returns those that stand."""
    return _end(incidents, [fault for fault in incidents if fault.subject == partner])


def clear_answered(incidents: Sequence[Fault], partner: Partner) -> list[Fault]:
    """`partner` has answered, though not for a document: what no document waits behind is over."""
    behind = Blocker.objects.filter(fault=OuterRef("pk"))
    theirs = [fault.id for fault in incidents if fault.subject == partner]
    idle = set(Fault.objects.filter(~Exists(behind), id__in=theirs).values_list("id", flat=True)) if theirs else set()
    over = [fault for fault in incidents if fault.id in idle or _is_over_with_any_answer(fault, partner)]
    return _end(incidents, over)


def _is_over_with_any_answer(fault: Fault, partner: Partner) -> bool:
    return fault.subject == partner and fault.code in OVER_WITH_ANY_ANSWER


def _end(incidents: Sequence[Fault], over: Sequence[Fault]) -> list[Fault]:
    ids = [fault.id for fault in over]
    if ids:
        queue.release(Document.objects.filter(blockers__fault_id__in=ids))
        Blocker.objects.filter(fault_id__in=ids).delete()
        record.resolve(ids)
    return [fault for fault in incidents if fault.id not in ids]


def _has_lasted(code: str, partner: Partner) -> bool:
    """Whether this incident has stood so long that a person is to know."""
    living = (Fault.State.OPEN, Fault.State.RETRYING)
    since = Fault.objects.filter(code=code, subject=partner, state__in=living).values_list("opened_at", flat=True)
    return any(gives_up(moment, timezone.now()) for moment in since)


def _move_those_behind(partner: Partner, again_at: datetime | None) -> None:
    """All that waits for the partner goes again with the next run, or waits for a person as its fault does."""
    faults = Fault.objects.filter(code__in=CONNECTION_CODES, subject=partner)
    behind = Document.objects.filter(state=DocumentState.RETRYING)
    behind.filter(blockers__fault__in=faults.filter(state=Fault.State.OPEN)).update(
        state=DocumentState.FAULTED, next_attempt_at=None
    )
    if again_at is not None:
        retrying = faults.filter(state=Fault.State.RETRYING)
        behind.filter(blockers__fault__in=retrying).update(next_attempt_at=again_at)
