"""What would grow for ever and is of use to nobody: the tally's rows, and scheduled runs that found nothing to do."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from django.utils import timezone

from syncing import tally
from syncing.models import Attempt, SyncRun
from tenants.models import Account

IDLE_RUNS_KEPT = timedelta(days=30)
REMOVED_AT_ONCE = 5_000


def accounts_to_tidy() -> Iterator[int]:
    """The ids of all accounts."""
    yield from Account.objects.order_by("id").values_list("id", flat=True)


def tidy() -> None:
    """In an account scope. What is left over this time is for the next."""
    tally.fold()
    idle = SyncRun.objects.filter(
        trigger=SyncRun.Trigger.SCHEDULE,
        state=SyncRun.State.FINISHED,
        requested_at__lt=timezone.now() - IDLE_RUNS_KEPT,
    ).exclude(counts__has_any_keys=["new", *Attempt.Outcome.values])
    SyncRun.objects.filter(id__in=idle.order_by("id").values("id")[:REMOVED_AT_ONCE]).delete()
