"""Changing what a customer decides: all of a change, or nothing of it. Pages and the API come through here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.utils import timezone

from syncing.models import SyncSettings, SyncState
from syncing.schedule import interval_of
from tenants.models import Account

# These stand on the account, where the dispatcher reads them outside any scope.
OF_ACCOUNT = frozenset({"paused", "interval_minutes"})


def change_settings(account: Account, changes: Mapping[str, Any]) -> SyncSettings:
    """Save `changes`, valid values by their names in the API, and see to what follows from them. In its scope.

    A longer look-back is walked by the next run. An account that goes on after a pause runs at once; a shorter interval
    counts from now.
    """
    with transaction.atomic():
        SyncSettings.of_account(account.id)
        settings = SyncSettings.objects.select_for_update(no_key=True).get(account_id=account.id)
        looked_back = settings.lookback_days
        of_settings = {name: value for name, value in changes.items() if name not in OF_ACCOUNT}
        for name, value in of_settings.items():
            setattr(settings, name, value)
        settings.save(update_fields=list(of_settings))
        if settings.lookback_days > looked_back:
            SyncState.objects.filter(account_id=account.id).update(walked_at=None)
        _change_account(account, {name: value for name, value in changes.items() if name in OF_ACCOUNT})
    return settings


def _change_account(account: Account, changes: Mapping[str, Any]) -> None:
    if not changes:
        return
    was_paused = account.paused
    for name, value in changes.items():
        setattr(account, name, value)
    now = timezone.now()
    if was_paused and not account.paused:
        account.next_sync_at = now
    elif account.next_sync_at is not None:
        account.next_sync_at = min(account.next_sync_at, now + interval_of(account))
    account.save(update_fields=[*changes, "next_sync_at"])
