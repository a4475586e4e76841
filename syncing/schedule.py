"""When an account's next run is due. The dispatcher reads it from the account, outside any scope."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Value
from django.db.models.functions import Coalesce
from django.utils import timezone

from faults.problems import SyncProblem, Transient
from faults.retry import next_wait
from syncing import queue, release, uncertain
from syncing.models import SyncState
from tenants.models import Account

PATIENT_INTERVALS = 3
LIMIT_CODES = ("autotask-threshold", "rate-limited")
SHORT_WAIT = timedelta(minutes=15)


def interval_of(account: Account) -> timedelta:
    if account.interval_minutes is None:
        return timedelta(seconds=settings.SYNC_INTERVAL_SECONDS)
    return timedelta(minutes=account.interval_minutes)


def patience_with(account: Account) -> timedelta:
    """How long the account may go without a finished run."""
    return PATIENT_INTERVALS * interval_of(account)


def next_try(problem: SyncProblem, stops: int, preparation: float = 0.0) -> datetime | None:
    """When a connection that mends itself is tried again, after `stops` runs in a row that it stopped before this one.

    None where it is a person's turn. A limit that frees itself soon is met at that very moment: what it lets through
    and is not used then is lost, and nobody else waits for it. Before a run meets Xero's it prepares what it will send,
    which took so many seconds of `preparation` the last time: it begins as much sooner.
    """
    if not isinstance(problem, Transient):
        return None
    if not is_short_limit(problem):
        return timezone.now() + timedelta(seconds=next_wait(stops, problem.retry_after))
    head_start = preparation if problem.code == "rate-limited" else 0.0
    return timezone.now() + timedelta(seconds=max((problem.retry_after or 0) - head_start, 0))


def is_short_limit(problem: SyncProblem) -> bool:
    """Whether it is a limit that frees itself so soon that it is waited out without a word."""
    limited = problem.code in LIMIT_CODES and problem.retry_after is not None
    return limited and (problem.retry_after or 0) <= SHORT_WAIT.total_seconds()


def plan_next_run(account: Account, *, stopped: bool = False, again_at: datetime | None = None) -> datetime:
    """Set when the dispatcher asks next: after the interval, or sooner where documents wait or a walk is not over.

    After a run that a connection `stopped` it is `again_at`, or the interval where that is not known.
    """
    now = timezone.now()
    if stopped:
        due = again_at or now + interval_of(account)
    elif queue.ready_documents().exists() or SyncState.objects.filter(walk_place__isnull=False).exists():
        due = now
    else:
        due = max(now, min([now + interval_of(account), *_sooner()]))
    Account.objects.filter(id=account.id).update(next_sync_at=due)
    return due


def take_due_accounts() -> Iterator[int]:
    """The ids of the accounts that are due, each pushed on by its interval: a second dispatcher passes it by."""
    now = timezone.now()
    for account in Account.objects.filter(paused=False, next_sync_at__lte=now).order_by("next_sync_at"):
        mine = Account.objects.filter(id=account.id, next_sync_at=account.next_sync_at)
        watched_from = Coalesce("watch_at", Value(now + patience_with(account)))
        if mine.update(next_sync_at=now + interval_of(account), watch_at=watched_from):
            yield account.id


def _sooner() -> list[datetime]:
    moments = (queue.next_due_at(), uncertain.next_look_at(), release.next_look_due())
    return [moment for moment in moments if moment is not None]
