"""Pages of a list, newest first, by where they begin: they cost the same however far one walks, and stay true while
rows come and go."""

from __future__ import annotations

import datetime
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from django.db.models import DateField, Model, Q, QuerySet

Row = TypeVar("Row", bound=Model)

PAGE_SIZE = 50
LARGEST_ID = 2**63 - 1
_PLACE = re.compile(r"(?P<key>-?\d{1,19}|\d{4}-\d\d-\d\d)\.(?P<id>\d{1,19})", re.ASCII)
Key = int | datetime.date


@dataclass(frozen=True)
class Page(Generic[Row]):
    """Some rows, newest first. `newer` and `older` are the places where the pages beside it begin, if there are any."""

    rows: Sequence[Row]
    newer: str = ""
    older: str = ""


def page_of(rows: QuerySet[Row], key: str, *, before: str = "", after: str = "", size: int = PAGE_SIZE) -> Page[Row]:
    """The page of `rows` that comes before or after a place, by `key` (a column of integers or dates), then by id.

    What is no place leads to the newest page.
    """
    is_date = isinstance(rows.model._meta.get_field(key), DateField)
    if place := _read(after, is_date):
        found = list(rows.filter(_beyond(key, "gt", place)).order_by(key, "id")[: size + 1])
        shown = found[:size][::-1]
        return Page(shown, newer=_place(shown[0], key) if len(found) > size else "", older=_place_of_last(shown, key))
    place = _read(before, is_date)
    older = rows.filter(_beyond(key, "lt", place)) if place else rows
    found = list(older.order_by(f"-{key}", "-id")[: size + 1])
    shown = found[:size]
    return Page(
        shown,
        newer=_place(shown[0], key) if place and shown else "",
        older=_place_of_last(shown, key) if len(found) > size else "",
    )


def _read(text: str, is_date: bool) -> tuple[Key, int] | None:
    match = _PLACE.fullmatch(text)
    if match is None or int(match["id"]) > LARGEST_ID:
        return None
    try:
        key: Key = datetime.date.fromisoformat(match["key"]) if is_date else int(match["key"])
    except ValueError:
        return None
    return None if isinstance(key, int) and abs(key) > LARGEST_ID else (key, int(match["id"]))


def _beyond(key: str, direction: str, place: tuple[Key, int]) -> Q:
    """The first part is what an index answers; the second settles rows of the same key."""
    value, row_id = place
    return Q(**{f"{key}__{direction}e": value}) & (
        Q(**{f"{key}__{direction}": value}) | Q(**{f"id__{direction}": row_id})
    )


def _place(row: Row, key: str) -> str:
    return f"{getattr(row, key)}.{row.pk}"


def _place_of_last(rows: Sequence[Row], key: str) -> str:
    return _place(rows[-1], key) if rows else ""
