"""Doing runs."""

from __future__ import annotations

import math

from syncing import engine, health
from syncing.models import SyncRun


def run_now(account_id: int, trigger: SyncRun.Trigger, seconds: float = math.inf) -> SyncRun | None:
    """Do the queued run, or a new one, in this process and the account's scope; for about so many seconds at the most.

    None where another run has the account: what is queued stays so, and that one sees to it at its end.
    """
    run = queued_run(account_id)
    made = run is None
    if run is None:
        # Until it has begun, which is what it is where this process ends before.
        run = SyncRun.objects.create(account_id=account_id, trigger=trigger, state=SyncRun.State.ABANDONED)
    if engine.sync(run, seconds):
        health.refresh(account_id)
        return run
    if made:
        run.delete()
    return None


def queued_run(account_id: int) -> SyncRun | None:
    """The run that a person asked for and no worker has taken yet."""
    return SyncRun.objects.filter(account_id=account_id, state=SyncRun.State.QUEUED).first()
