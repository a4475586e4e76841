"""Changing some mappings of one kind: all of a change, or nothing of it. What stands elsewhere stays."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import transaction

from syncing.mapping_kinds import MappingKind
from syncing.models import SettingsChange, SyncSettings

MOST_KEPT = 200  # changes to a row of the history


class MappedMeanwhileError(Exception):
    """Mappings that somebody else changed since they were read: by key, what they are now ("" for none). Nothing was
    saved."""

    def __init__(self, now: dict[str, str]) -> None:
        super().__init__(", ".join(sorted(now)))
        self.now = now


def mapped(kind: MappingKind) -> dict[str, str]:
    """The present mappings, values by their keys. In an account scope."""
    return {kind.key_of(row): kind.value_of(row) for row in kind.model.objects.all()}


def change_mappings(
    account_id: int,
    kind: MappingKind,
    changes: Mapping[str, str],
    *,
    by: str,
    seen: Mapping[str, str] | None = None,
    names: Mapping[str, str] | None = None,
) -> int:
    """Map each key of `changes` to its value, or to nothing where that is ""; how many that changed. In its scope.

    `seen` is what a person had before their eyes, by key: raises MappedMeanwhileError where that is not so any more.
    `names` are the words for keys and values that the history keeps.
    """
    with transaction.atomic():
        # One at a time for an account, so that two who save at once see each other.
        SyncSettings.of_account(account_id)
        SyncSettings.objects.select_for_update(no_key=True).get(account_id=account_id)
        rows = {kind.key_of(row): row for row in kind.model.objects.all()}
        now = {key: kind.value_of(row) for key, row in rows.items()}
        wanted = {key: value for key, value in changes.items() if now.get(key, "") != value}
        clashes = {
            key: now.get(key, "") for key in wanted if seen is not None and now.get(key, "") != seen.get(key, "")
        }
        if clashes:
            raise MappedMeanwhileError(clashes)
        if not wanted:
            return 0
        gone = [rows[key].id for key, value in wanted.items() if not value]
        kind.model.objects.filter(id__in=gone).delete()
        standing = {key: value for key, value in wanted.items() if value}
        _write(account_id, kind, rows, standing)
        history = _history(kind, now, wanted, names or {})
        SettingsChange.objects.create(
            account_id=account_id,
            what=kind.slug,
            changed_by=by[:254],
            changes=history[:MOST_KEPT],
            more=max(len(history) - MOST_KEPT, 0),
        )
    return len(wanted)


def _write(account_id: int, kind: MappingKind, rows: Mapping[str, Any], standing: Mapping[str, str]) -> None:
    changed, made = [], []
    for key, value in standing.items():
        columns = kind.columns_of_value(value)
        if key not in rows:
            made.append(kind.model(account_id=account_id, **kind.columns_of_key(key), **columns))
            continue
        for name, column in columns.items():
            setattr(rows[key], name, column)
        changed.append(rows[key])
    kind.model.objects.bulk_create(made)
    if changed:
        kind.model.objects.bulk_update(changed, kind.value_columns, batch_size=1000)


def _history(
    kind: MappingKind, now: Mapping[str, str], wanted: Mapping[str, str], names: Mapping[str, str]
) -> list[dict[str, str]]:
    """What changes, in words, as far as there are any."""

    def word(what: str, text: str) -> str:
        return names.get(f"{what}:{text}", text)

    return [
        {
            "name": f"{kind.title}: {word('key', key)}",
            "before": word("value", now.get(key, "")),
            "after": word("value", value),
        }
        for key, value in wanted.items()
    ]
