"""Lists that seldom change, kept between runs: fetched when they are too old, or when a person's re-sync asks."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, TypeVar, get_type_hints

from django.utils import timezone

from syncing.batches import in_batches
from syncing.hands import Hands
from syncing.models import ReferenceData

FRESH_FOR = timedelta(hours=6)

Record = TypeVar("Record")

# The dataclass field types that JSON cannot hold, and how they come back from its strings.
RESTORE: dict[Any, Callable[[str], Any]] = {
    Decimal: Decimal,
    date: date.fromisoformat,
    datetime: datetime.fromisoformat,
}


@dataclass(frozen=True)
class Reading:
    """A list by its name, the frozen dataclass of its records, and how the partner is asked for it."""

    name: str
    record_type: type[Any]
    fetch: Callable[[], Sequence[Any]]


class ReferenceLists:
    """The lists of one run, in an account scope. `past_cache` names those to be fetched anew whatever their age."""

    def __init__(self, account_id: int, past_cache: Collection[str] = ()) -> None:
        self.account_id = account_id
        self._past_cache = set(past_cache)
        self._loaded: dict[str, list[Any]] = {}
        self._kept: dict[str, ReferenceData] | None = None

    def get(self, name: str, record_type: type[Record], fetch: Callable[[], Sequence[Record]]) -> list[Record]:
        """The list `name` of frozen dataclasses; `fetch` asks the partner for it."""
        if name not in self._loaded:
            self._loaded[name] = self._list(name, record_type, fetch)
        return self._loaded[name]

    def read(self, readings: Sequence[Reading], hands: Hands, at_once: int) -> None:
        """Have these at hand: what is not kept is asked for, so many lists at once. Raises what `fetch` raises."""
        missing = []
        for each in readings:
            if each.name in self._loaded:
                continue
            if (fresh := self._fresh(each.name, each.record_type)) is None:
                missing.append(each)
            else:
                self._loaded[each.name] = fresh
        for group in in_batches(missing, at_once):
            answers = hands.each([each.fetch for each in group])
            self._loaded |= self._keep({each.name: records for each, records in zip(group, answers, strict=True)})

    def forget(self, *names: str) -> None:
        """Fetch these anew when next asked for."""
        for name in names:
            self._past_cache.add(name)
            self._loaded.pop(name, None)

    def remember(self, name: str) -> None:
        """Take what is kept after all."""
        self._past_cache.discard(name)

    def _list(self, name: str, record_type: type[Record], fetch: Callable[[], Sequence[Record]]) -> list[Record]:
        fresh = self._fresh(name, record_type)
        return self._keep({name: fetch()})[name] if fresh is None else fresh

    def _fresh(self, name: str, record_type: type[Record]) -> list[Record] | None:
        if name in self._past_cache:
            return None
        if self._kept is None:
            newer = ReferenceData.objects.filter(fetched_at__gt=timezone.now() - FRESH_FOR)
            self._kept = {row.name: row for row in newer}
        row = self._kept.get(name)
        return None if row is None else [_restore(record_type, item) for item in row.payload]

    def _keep(self, fetched: Mapping[str, Sequence[Any]]) -> dict[str, list[Any]]:
        lists = {name: list(records) for name, records in fetched.items()}
        now = timezone.now()
        ReferenceData.objects.bulk_create(
            [
                ReferenceData(
                    account_id=self.account_id,
                    name=name,
                    payload=[_plain(record) for record in records],
                    fetched_at=now,
                )
                for name, records in lists.items()
            ],
            update_conflicts=True,
            unique_fields=["account", "name"],
            update_fields=["payload", "fetched_at"],
        )
        self._past_cache -= lists.keys()
        return lists


def _plain(record: Any) -> dict[str, Any]:
    return {field.name: getattr(record, field.name) for field in fields(record)}


def _restore(record_type: type[Record], item: dict[str, Any]) -> Record:
    restore = _restorers(record_type)
    return record_type(
        **{
            name: restore[name](value) if name in restore and value is not None else value
            for name, value in item.items()
        }
    )


_RESTORERS: dict[type, dict[str, Callable[[str], Any]]] = {}


def _restorers(record_type: type) -> dict[str, Callable[[str], Any]]:
    if record_type not in _RESTORERS:
        hints = get_type_hints(record_type)
        _RESTORERS[record_type] = {
            name: restore for name, hint in hints.items() for kind, restore in RESTORE.items() if _is(hint, kind)
        }
    return _RESTORERS[record_type]


def _is(hint: Any, kind: type) -> bool:
    """Whether a field's type is `kind`, or `kind | None`."""
    return hint is kind or kind in getattr(hint, "__args__", ())
