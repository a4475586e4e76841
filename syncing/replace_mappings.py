"""Replacing a list of mappings: what is on the new list stands, and nothing else. For pages and the API alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from syncing.models import SyncSettings

Row = Mapping[str, Any]


def replace_mappings(
    account_id: int,
    present: QuerySet[Any],
    key: Sequence[str],
    rows: Sequence[Row],
    *,
    of_changed: Mapping[str, Any] | None = None,
) -> None:
    """Make `present`, mappings of one kind, what `rows` say: columns and values, each row with a `key` of its own.

    A row that is as before is left untouched. One that is new, or other than before, gets `of_changed` besides.
    """
    with transaction.atomic():
        # One at a time for an account, so that two lists that are saved at once do not mix.
        SyncSettings.of_account(account_id)
        SyncSettings.objects.select_for_update(no_key=True).get(account_id=account_id)
        before = {_key(vars(mapping), key): mapping for mapping in present}
        wanted = {_key(row, key): row for row in rows}
        present.filter(id__in=[mapping.id for known, mapping in before.items() if known not in wanted]).delete()
        changed = {known: row for known, row in wanted.items() if not _stands(before.get(known), row)}
        model = present.model
        extra = dict(of_changed or {})
        model.objects.bulk_create(
            model(account_id=account_id, **row, **extra) for known, row in changed.items() if known not in before
        )
        for known, row in changed.items():
            if known in before:
                model.objects.filter(id=before[known].id).update(**row, **extra)


def _key(row: Row, key: Sequence[str]) -> tuple[Any, ...]:
    return tuple(row[name] for name in key)


def _stands(mapping: Any, row: Row) -> bool:
    return mapping is not None and all(getattr(mapping, name) == value for name, value in row.items())
