"""The rows of one entity in one database, with the indexes that make queries quick.

A row is a dict with every field of its entity (null where nothing is known), datetimes as ISO text in UTC with
milliseconds and ``Z``, fractions as ``Decimal``. A key that begins with ``_`` is the sandbox's own and never leaves it.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from .entities import Entity, Field

Row = dict[str, Any]

EQUAL_INDEXES = {
    "Invoices": ("companyID", "batchID", "invoiceNumber"),
    "BillingItems": ("invoiceID", "companyID", "contractID"),
    "Contacts": ("companyID",),
    "CompanyLocations": ("companyID",),
    "OrganizationalResources": ("resourceID", "organizationalLevelAssociationID"),
}
ORDER_INDEXES = {"Invoices": ("createDateTime", "voidedDate", "invoiceDateTime")}

FIRST_ID = {"Companies": 175, "Invoices": 1001, "BillingItems": 26001, "Contacts": 30682901, "BillingCodes": 29683501}


def moment_text(value: Any) -> str | None:
    """A date, datetime or ISO text as Autotask writes it, in UTC; None where it is none of them."""
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            return None
    if isinstance(value, date) and not isinstance(value, datetime):
        value = datetime(value.year, value.month, value.day, tzinfo=UTC)
    if not isinstance(value, datetime):
        return None
    moment = value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"


def decimal(value: Any) -> Decimal | None:
    """A number or its text as a Decimal; None where it is neither."""
    if isinstance(value, bool) or not isinstance(value, int | float | str | Decimal):
        return None
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


class Table:
    """The rows of one entity in one database, by id, with the indexes that make queries quick."""

    def __init__(self, entity: Entity) -> None:
        self.entity = entity
        self.rows: dict[int, Row] = {}
        self.ids: list[int] = []
        self.equal: dict[str, dict[Any, dict[int, None]]] = {name: {} for name in EQUAL_INDEXES.get(entity.name, ())}
        self.ordered: dict[str, list[tuple[str, int]]] = {name: [] for name in ORDER_INDEXES.get(entity.name, ())}
        self._next_id = FIRST_ID.get(entity.name, 1)

    def new_id(self) -> int:
        """An id that is not taken."""
        self._next_id += 1
        return self._next_id - 1

    def insert(self, fields: Mapping[str, Any]) -> Row:
        """Add a row; it gets an id where it has none. Nothing is checked, so that broken data can be made too."""
        row: Row = dict.fromkeys(field.name for field in self.entity.fields)
        if self.entity.has_udfs:
            row["userDefinedFields"] = []
        row.update(self._tidied(fields))
        if row["id"] is None:
            row["id"] = self.new_id()
        row_id = row["id"] = int(row["id"])
        if row_id in self.rows:
            raise ValueError(f"{self.entity.name} {row_id} exists")
        self._next_id = max(self._next_id, row_id + 1)
        self.rows[row_id] = row
        insort(self.ids, row_id)
        self._index(row)
        return row

    def change(self, row_id: int, fields: Mapping[str, Any]) -> Row:
        """Change a row, unchecked. Raises ``LookupError`` for an unknown id."""
        row = self.rows[row_id]
        self._unindex(row)
        row.update({name: value for name, value in self._tidied(fields).items() if name != "id"})
        self._index(row)
        return row

    def delete(self, row_id: int) -> None:
        """Remove a row. Raises ``LookupError`` for an unknown id."""
        self._unindex(self.rows.pop(row_id))
        del self.ids[bisect_left(self.ids, row_id)]

    def where(self, **equal: Any) -> list[Row]:
        """The rows with these values, in the order of their ids."""
        name, value = next(iter(equal.items()))
        ids: Iterable[int] = sorted(self.equal[name].get(value, ())) if name in self.equal else self.ids
        return [self.rows[i] for i in ids if all(self.rows[i].get(name) == value for name, value in equal.items())]

    def ids_with(self, name: str, values: Iterable[Any]) -> set[int]:
        """The ids of the rows that have one of these values in an equality-indexed field."""
        index = self.equal[name]
        return {row_id for value in values for row_id in index.get(value, ())}

    def ids_between(self, name: str, low: str | None, high: str | None) -> set[int]:
        """The ids of the rows whose order-indexed field lies in this closed range."""
        index = self.ordered[name]
        start = 0 if low is None else bisect_left(index, (low, 0))
        end = len(index) if high is None else bisect_right(index, (high, 1 << 62))
        return {row_id for _, row_id in index[start:end]}

    def _tidied(self, fields: Mapping[str, Any]) -> Row:
        known = self.entity.by_name
        tidy: Row = {}
        for name, value in fields.items():
            field = known.get(name.lower())
            tidy[field.name if field else name] = _stored(field, value) if field else value
        return tidy

    def _index(self, row: Row) -> None:
        for name, index in self.equal.items():
            if _hashable(row[name]):
                index.setdefault(row[name], {})[row["id"]] = None
        for name, order in self.ordered.items():
            if isinstance(row[name], str):
                insort(order, (row[name], row["id"]))

    def _unindex(self, row: Row) -> None:
        for name, index in self.equal.items():
            if _hashable(row[name]):
                index.get(row[name], {}).pop(row["id"], None)
        for name, order in self.ordered.items():
            if isinstance(row[name], str):
                order.remove((row[name], row["id"]))


def _hashable(value: Any) -> bool:
    return value is None or isinstance(value, int | str | Decimal)


def _stored(field: Field, value: Any) -> Any:
    """The value as rows keep it; what does not fit the field's type stays as it came."""
    if field.type == "datetime":
        return moment_text(value) or value
    if field.type == "double":
        number = decimal(value)
        return value if number is None else number
    return value
