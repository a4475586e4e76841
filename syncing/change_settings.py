"""Changing what a customer decides: all of a change, or nothing of it. Pages and the API come through here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from syncing import queue
from syncing.models import SettingsChange, SyncSettings, SyncState
from syncing.schedule import interval_of
from tenants.models import Account

# These stand on the account, where the dispatcher reads them outside any scope.
OF_ACCOUNT = frozenset({"paused", "interval_minutes"})


@dataclass(frozen=True, kw_only=True)
class Clash:
    """A setting that somebody else changed while a person had it open; values as they are kept."""

    name: str
    now: Any
    changed_by: str
    changed_at: datetime


class ChangedMeanwhileError(Exception):
    """What was to be changed, somebody else has changed since it was read. Nothing was saved."""

    def __init__(self, clashes: list[Clash]) -> None:
        super().__init__(", ".join(clash.name for clash in clashes))
        self.clashes = clashes


def value_of(settings: SyncSettings, account: Account, name: str) -> Any:
    """The present value of a setting, wherever it stands."""
    return getattr(account if name in OF_ACCOUNT else settings, name)


def change_settings(
    account: Account, values: Mapping[str, Any], *, by: str = "API", seen_version: int | None = None
) -> SyncSettings:
    """Save `values`, valid ones by their names in the API, and see to what follows from them. In its scope.

    `by` is whose change it is, for the history. With the version of the settings that a person had before their eyes,
    what they left as they saw it stays as it is now; raises ChangedMeanwhileError where they changed what somebody else
    has changed since. The next run walks a longer look-back, and judges anew what a changed setting had left out. An
    account that goes on after a pause runs at once; a shorter interval counts from now.
    """
    with transaction.atomic():
        SyncSettings.of_account(account.id)
        settings = SyncSettings.objects.select_for_update(no_key=True).get(account_id=account.id)
        account.refresh_from_db(fields=[*OF_ACCOUNT, "next_sync_at"])
        changes = _wanted(settings, account, values, seen_version)
        if not changes:
            return settings
        looked_back = settings.lookback_days
        history = _history(settings, account, changes)
        of_settings = {name: value for name, value in changes.items() if name not in OF_ACCOUNT}
        for name, value in of_settings.items():
            setattr(settings, name, value)
        settings.version += 1
        settings.save(update_fields=[*of_settings, "version"])
        queue.release_skipped(of_settings)
        if settings.lookback_days > looked_back:
            SyncState.objects.filter(account_id=account.id).update(walked_at=None, walk_place=None)
        _change_account(account, {name: value for name, value in changes.items() if name in OF_ACCOUNT})
        SettingsChange.objects.create(
            account_id=account.id,
            what=SettingsChange.SETTINGS,
            version=settings.version,
            changed_by=by[:254],
            changes=history,
        )
    return settings


def _wanted(
    settings: SyncSettings, account: Account, values: Mapping[str, Any], seen_version: int | None
) -> dict[str, Any]:
    """Those of `values` that are to be saved."""
    now = {name: value_of(settings, account, name) for name in values}
    changes = {name: value for name, value in values.items() if value != now[name]}
    if seen_version is None or seen_version >= settings.version:
        return changes
    seen, latest = _changed_since(seen_version)
    touched = {name: value for name, value in changes.items() if _kept(value) != seen.get(name, _kept(now[name]))}
    clashes = [
        Clash(name=name, now=now[name], changed_by=latest[name].changed_by, changed_at=latest[name].changed_at)
        for name in touched
        if name in latest
    ]
    if clashes:
        raise ChangedMeanwhileError(clashes)
    return touched


def _changed_since(version: int) -> tuple[dict[str, Any], dict[str, SettingsChange]]:
    """By name: what was seen at that version, and the latest change since."""
    seen: dict[str, Any] = {}
    latest: dict[str, SettingsChange] = {}
    since = SettingsChange.objects.filter(what=SettingsChange.SETTINGS, version__gt=version).order_by("version")
    for change in since:
        for one in change.changes:
            seen.setdefault(one["name"], one["before"])
            latest[one["name"]] = change
    return seen, latest


def _history(settings: SyncSettings, account: Account, changes: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [
        {"name": name, "before": _kept(value_of(settings, account, name)), "after": _kept(value)}
        for name, value in changes.items()
    ]


def _kept(value: Any) -> Any:
    """A value as the history's JSON gives it back."""
    return value if value is None or isinstance(value, bool | int | str | list) else str(value)


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
