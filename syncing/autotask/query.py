"""Autotask's query language, in words: ``any_of(gt("id", 1200), gte("voidedDate", since))``.

Fields go by Autotask's own names. Filters that are given side by side must all hold.
https://ww1.autotask.net/help/DeveloperHelp/Content/APIs/REST/API_Calls/REST_Basic_Query_Calls.htm
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

Value = str | int | bool | Decimal | dt.date | dt.datetime

# Autotask takes 500 conditions joined by "or", and each value of an `in` is one of them.
MOST_VALUES: Final = 500


@dataclass(frozen=True, slots=True)
class Filter:
    """A condition on one field, or a group of conditions (`op` is "and" or "or")."""

    op: str
    field: str = ""
    value: Any = None
    items: tuple[Filter, ...] = ()
    udf: bool = False

    def as_json(self) -> dict[str, Any]:
        """As it stands in the body of a query."""
        if self.items:
            return {"op": self.op, "items": [item.as_json() for item in self.items]}
        condition: dict[str, Any] = {"op": self.op, "field": self.field}
        if self.value is not None:
            condition["value"] = self.value
        if self.udf:
            condition["udf"] = True
        return condition


def eq(field: str, value: Value, *, udf: bool = False) -> Filter:
    """`udf`: `field` names a user-defined field; Autotask takes one such condition in a query."""
    return Filter("eq", field, wire_value(value), udf=udf)


def gt(field: str, value: Value) -> Filter:
    return Filter("gt", field, wire_value(value))


def gte(field: str, value: Value) -> Filter:
    return Filter("gte", field, wire_value(value))


def lt(field: str, value: Value) -> Filter:
    return Filter("lt", field, wire_value(value))


def lte(field: str, value: Value) -> Filter:
    return Filter("lte", field, wire_value(value))


def in_(field: str, values: Collection[Value]) -> Filter:
    """Raises ValueError for no values, which Autotask refuses, and for more than it takes."""
    if not 0 < len(values) <= MOST_VALUES:
        raise ValueError(f"{field} in {len(values)} values: between 1 and {MOST_VALUES} can be asked for")
    return Filter("in", field, [wire_value(value) for value in values])


def exists(field: str) -> Filter:
    return Filter("exist", field)


def not_exists(field: str) -> Filter:
    return Filter("notExist", field)


def any_of(*filters: Filter) -> Filter:
    if not filters:
        raise ValueError("a group needs its conditions")
    return filters[0] if len(filters) == 1 else Filter("or", items=filters)


EVERYTHING: Final = Filter("gte", "id", 0)
"""A query without a condition is refused."""


def wire_value(value: Value | None) -> str | int | bool:
    """A value as Autotask compares it: moments in UTC to the millisecond (rounded down), days as midnight UTC.

    Raises ValueError for a moment without a time zone, and for None: Autotask refuses null.
    """
    if value is None:
        raise ValueError("Autotask compares with no null; ask for exists or not_exists")
    match value:
        case dt.datetime():
            if value.tzinfo is None:
                raise ValueError("a moment needs its time zone")
            moment = value.astimezone(dt.UTC)
            return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"
        case dt.date():
            return f"{value.isoformat()}T00:00:00Z"
        case Decimal():
            return int(value) if value == value.to_integral_value() else f"{value:f}"  # fractions go as texts
        case _:
            return value
