"""Pages of a list, newest first, by where they begin: they cost the same however far one walks, and stay true while
rows come and go."""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from django.db.models import DateField, DateTimeField, Model, Q, QuerySet

Row = TypeVar("Row", bound=Model)

PAGE_SIZE = 50
LARGEST_ID = 2**63 - 1
_PLACE = re.compile(r"(?P<key>-?\d{1,19}|\d{4}-\d\d-\d\d(T[\d:]{8}(\.\d{6})?Z)?)\.(?P<id>\d{1,19})", re.ASCII)
Key = int | datetime.date


@dataclass(frozen=True)
class Page(Generic[Row]):
    """Some rows, newest first. `newer` and `older` are the places where the pages beside it begin, if there are any."""

    rows: Sequence[Row]
    newer: str = ""
    older: str = ""


def page_of(rows: QuerySet[Row], key: str, *, before: str = "", after: str = "", size: int = PAGE_SIZE) -> Page[Row]:
    """The page of `rows` that comes before or after a place, by `key` (of integers, dates or moments), then by id.

    What is no place leads to the newest page.
    """
    return page_of_any([rows], key, before=before, after=after, size=size)


def page_of_any(
    ways: Sequence[QuerySet[Row]], key: str, *, before: str = "", after: str = "", size: int = PAGE_SIZE
) -> Page[Row]:
    """The same of what is found in any of several ways; one query for each, which an index of its own may answer."""
    read = _reader(ways[0], key)
    if place := _read(after, read):
        found = _first([rows.filter(_beyond(key, "gt", place)) for rows in ways], key, size + 1)
        shown = found[:size][::-1]
        return Page(shown, newer=_place(shown[0], key) if len(found) > size else "", older=_place_of_last(shown, key))
    place = _read(before, read)
    older = [rows.filter(_beyond(key, "lt", place)) for rows in ways] if place else ways
    found = _first(older, key, size + 1, newest=True)
    shown = found[:size]
    return Page(
        shown,
        newer=_place(shown[0], key) if place and shown else "",
        older=_place_of_last(shown, key) if len(found) > size else "",
    )


def _first(ways: Sequence[QuerySet[Row]], key: str, size: int, *, newest: bool = False) -> list[Row]:
    """So many of all that is found, each once."""
    order = (f"-{key}", "-id") if newest else (key, "id")
    found = {row.pk: row for rows in ways for row in rows.order_by(*order)[:size]}
    return sorted(found.values(), key=lambda row: (getattr(row, key), row.pk), reverse=newest)[:size]


def _reader(rows: QuerySet[Row], key: str) -> Callable[[str], Key]:
    field = rows.model._meta.get_field(key)
    if isinstance(field, DateTimeField):
        return _read_moment
    return datetime.date.fromisoformat if isinstance(field, DateField) else int


def _read_moment(text: str) -> datetime.datetime:
    moment = datetime.datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(text)
    return moment


def _read(text: str, read: Callable[[str], Key]) -> tuple[Key, int] | None:
    match = _PLACE.fullmatch(text)
    if match is None or int(match["id"]) > LARGEST_ID:
        return None
    try:
        key = read(match["key"])
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
    value = getattr(row, key)
    written = value.astimezone(datetime.UTC).isoformat() if isinstance(value, datetime.datetime) else value
    return f"{written}.{row.pk}".replace("+00:00", "Z")


def _place_of_last(rows: Sequence[Row], key: str) -> str:
    return _place(rows[-1], key) if rows else ""
