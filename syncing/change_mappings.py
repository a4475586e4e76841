"""Changing some mappings of one kind: all of a change, or nothing of it. What stands elsewhere stays."""

from __future__ import annotations

from collections.abc import Mapping

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
    return {kind.key_of(row): kind.value_of(row) for row in kind.rows()}


def change_mappings(
    account_id: int,
    kind: MappingKind,
    changes: Mapping[str, str],
    *,
    by: str,
    seen: Mapping[str, str] | None = None,
    names: Mapping[str, str] | None = None,
    is_whole: bool = False,
) -> int:
    """Map each key of `changes` to its value, or to nothing where that is ""; how many that changed. In its scope.

    Where `changes` are the whole list, what is not among them goes. `seen` is what a person had before their eyes, by
    key: raises MappedMeanwhileError where that is not so any more. `names` are the words for keys and values that the
    history keeps.
    """
    with transaction.atomic():
        # One at a time for an account, so that two who save at once see each other.
        SyncSettings.of_account(account_id)
        SyncSettings.objects.select_for_update(no_key=True).get(account_id=account_id)
        rows = {kind.key_of(row): row for row in kind.rows()}
        now = {key: kind.value_of(row) for key, row in rows.items()}
        asked = {**(dict.fromkeys(now, "") if is_whole else {}), **changes}
        wanted = {key: value for key, value in asked.items() if now.get(key, "") != value}
        clashes = {
            key: now.get(key, "") for key in wanted if seen is not None and now.get(key, "") != seen.get(key, "")
        }
        if clashes:
            raise MappedMeanwhileError(clashes)
        if not wanted:
            return 0
        gone = [rows[key].id for key, value in wanted.items() if not value]
        kind.rows().filter(id__in=gone).delete()
        _write(account_id, kind, {key: value for key, value in wanted.items() if value})
        history = _history(kind, now, wanted, names or {})
        SettingsChange.objects.create(
            account_id=account_id,
            what=kind.slug,
            changed_by=by[:254],
            changes=history[:MOST_KEPT],
            more=max(len(history) - MOST_KEPT, 0),
        )
    return len(wanted)


def _write(account_id: int, kind: MappingKind, standing: Mapping[str, str]) -> None:
    """Put the rows there, over those of the same keys: a run may make a contact's link at this very moment."""
    if not standing:
        return
    columns = [(kind.columns_of_key(key), kind.columns_of_value(value)) for key, value in standing.items()]
    of_key, of_value = columns[0]
    kind.model.objects.bulk_create(
        [kind.model(account_id=account_id, **key, **value) for key, value in columns],
        batch_size=1000,
        update_conflicts=True,
        unique_fields=["account", *of_key],
        update_fields=list(of_value),
    )


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
