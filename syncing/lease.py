"""One run at a time works on an account: a lease in the database, taken, renewed and given up by guarded UPDATEs."""

from __future__ import annotations

from datetime import timedelta

from django.db import connection, transaction
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone

from syncing.models import SyncRun, SyncState

LEASE = timedelta(minutes=5)


class LeaseLostError(Exception):
    """Another run holds the account's lease by now: this one stops, and can settle nothing."""


def take_lease(run: SyncRun) -> bool:
    """Take the account's lease for `run`; False where a living run holds it. A dead one that held it is abandoned."""
    state, _ = SyncState.objects.get_or_create(account_id=run.account_id)
    free = Q(lease_run_id=None) | Q(lease_expires_at__lt=Now())
    with transaction.atomic():  # or a death in between would leave the dead run running for ever
        taken = SyncState.objects.filter(free, account_id=run.account_id).update(
            lease_run_id=run.id, lease_expires_at=Now() + LEASE
        )
        if taken and state.lease_run_id is not None:
            _mark_abandoned(state.lease_run_id)
    return taken == 1


def abandon(account_id: int, run_id: int) -> None:
    """End a run that has let its lease run out: its worker died, or hangs."""
    dead = SyncState.objects.filter(account_id=account_id, lease_run_id=run_id, lease_expires_at__lt=Now())
    with transaction.atomic():
        if dead.update(lease_run_id=None, lease_expires_at=None):
            _mark_abandoned(run_id)


def give_up(run: SyncRun) -> None:
    """End our own run in its middle, for what it cannot go on from: its state and its lease in one."""
    connection.close_if_unusable_or_obsolete()  # one that was cut is opened anew
    run.state, run.finished_at = SyncRun.State.ABANDONED, timezone.now()
    with transaction.atomic():
        run.save(update_fields=["state", "finished_at"])
        release_lease(run)


def _mark_abandoned(run_id: int) -> None:
    running = SyncRun.objects.filter(id=run_id, state=SyncRun.State.RUNNING)
    running.update(state=SyncRun.State.ABANDONED, finished_at=Now())


def renew_lease(run: SyncRun) -> None:
    """Hold the lease for another while. Raises LeaseLostError where it is no longer this run's."""
    renewed = SyncState.objects.filter(account_id=run.account_id, lease_run_id=run.id).update(
        lease_expires_at=Now() + LEASE
    )
    if not renewed:
        raise LeaseLostError


def release_lease(run: SyncRun) -> None:
    SyncState.objects.filter(account_id=run.account_id, lease_run_id=run.id).update(
        lease_run_id=None, lease_expires_at=None
    )
