"""Trouble with a connection, and not with a document: one fault for the account and partner, and one probe at a time.

What the run had in hand waits behind that fault; the rest of the queue is not touched. The next run sends a single
document ahead; once a partner answers again, all that waited is released.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from faults import record
from faults.models import Fault
from faults.problems import SyncProblem
from syncing import queue
from syncing.models import Blocker, Document, SyncRun
from syncing.partners import Partner
from syncing.settle import settle, stuck
from syncing.states import DocumentState

# A limit that frees itself this soon is waited out without a word.
SHORT_WAIT = timedelta(minutes=15)

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


def hold(run: SyncRun, partner: Partner, problem: SyncProblem) -> None:
    """Stop for `problem`: a short limit gives the documents back, anything else has them wait behind the one fault."""
    if is_short_limit(problem):
        queue.give_back(run)
        return
    problem.subject = partner
    held = Document.objects.filter(claimed_by=run.id, state=DocumentState.IN_FLIGHT).defer("source")
    outcomes = [stuck(document, [problem]) for document in held]
    if outcomes:
        settle(run, outcomes)
    else:
        record.record([problem])


def is_short_limit(problem: SyncProblem) -> bool:
    limited = problem.code in ("rate-limited", "autotask-threshold")
    return limited and problem.retry_after is not None and problem.retry_after <= SHORT_WAIT.total_seconds()


def open_incidents() -> list[Fault]:
    """The connection faults that are not over. In an account scope."""
    living = (Fault.State.OPEN, Fault.State.RETRYING)
    return list(Fault.objects.filter(code__in=CONNECTION_CODES, state__in=living))


def clear(incidents: Sequence[Fault], partner: Partner) -> None:
    """`partner` answers again: its incidents are over, and what waited behind them goes on."""
    over = [fault.id for fault in incidents if fault.subject == partner]
    if not over:
        return
    queue.release(Document.objects.filter(blockers__fault_id__in=over))
    Blocker.objects.filter(fault_id__in=over).delete()
    record.resolve(over)
