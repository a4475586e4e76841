"""When an account's next run is due. The dispatcher reads it from the account, outside any scope."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.conf import settings
from django.utils import timezone

from faults.problems import SyncProblem, Transient
from faults.retry import next_wait
from syncing import queue, uncertain
from tenants.models import Account


def interval_of(account: Account) -> timedelta:
    if account.interval_minutes is None:
        return timedelta(seconds=settings.SYNC_INTERVAL_SECONDS)
    return timedelta(minutes=account.interval_minutes)


def plan_next_run(account: Account, stopped_by: SyncProblem | None, stops: int) -> datetime:
    """Set when the dispatcher asks next: after the interval, sooner where documents wait, later in an outage.

    `stops` counts the runs in a row that a connection problem stopped.
    """
    now = timezone.now()
    if isinstance(stopped_by, Transient):
        due = now + timedelta(seconds=next_wait(stops - 1, stopped_by.retry_after))
    elif stopped_by is None and queue.ready_documents().exists():
        due = now
    else:
        due = min([now + interval_of(account), *_sooner()])
    Account.objects.filter(id=account.id).update(next_sync_at=due)
    return due


def take_due_accounts() -> Iterator[int]:
    """The ids of the accounts that are due, each pushed on by its interval: a second dispatcher passes it by."""
    now = timezone.now()
    for account in Account.objects.filter(paused=False, next_sync_at__lte=now).order_by("next_sync_at"):
        mine = Account.objects.filter(id=account.id, next_sync_at=account.next_sync_at)
        if mine.update(next_sync_at=now + interval_of(account)):
            yield account.id


def _sooner() -> list[datetime]:
    return [moment for moment in (queue.next_due_at(), uncertain.next_look_at()) if moment is not None]
