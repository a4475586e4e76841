"""Autotask's query language: checked as strictly, answered from the indexes.

https://ww1.autotask.net/help/DeveloperHelp/Content/APIs/REST/API_Calls/REST_Basic_Query_Calls.htm
https://ww1.autotask.net/help/DeveloperHelp/Content/APIs/REST/API_Calls/REST_Advanced_Query_Features.htm
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from .entities import Entity, Field
from .refusals import Refusal
from .tables import Row, Table, decimal, moment_text

MOST_RECORDS = 500
MOST_OR_CONDITIONS = 500
MOST_UDF_CONDITIONS = 1

Test = Callable[[Row], bool]

COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "eq": lambda have, want: have == want,
    "noteq": lambda have, want: have != want,
    "gt": lambda have, want: have > want,
    "gte": lambda have, want: have >= want,
    "lt": lambda have, want: have < want,
    "lte": lambda have, want: have <= want,
}
TEXT_OPERATORS: dict[str, Callable[[str, str], bool]] = {
    "beginswith": str.startswith,
    "endswith": str.endswith,
    "contains": lambda have, want: want in have,
}
OPERATORS = {*COMPARISONS, *TEXT_OPERATORS, "exist", "notexist", "in", "notin", "and", "or"}


@dataclass(frozen=True)
class Condition:
    """A checked part of a filter: a test, and a way to the few rows that can pass it (None: any row can)."""

    test: Test
    candidates: Callable[[Table], set[int] | None] = lambda _: None
    after_id: int = -1
    """No row with this id or a lower one passes."""


@dataclass
class Query:
    """One checked query body."""

    entity: Entity
    condition: Condition
    most: int
    include: list[str] | None
    """The fields asked for, in the entity's own spelling; None for all."""
    unknown_operators: list[str] = field(default_factory=list)

    def matches(self, table: Table, visible: Test, after: int = -1) -> Iterator[Row]:
        """The matching rows that may be seen, ascending by id, from beyond ``after``."""
        found = self.condition.candidates(table)
        start = max(after, self.condition.after_id)
        ids = _from(table.ids, start) if found is None else sorted(row_id for row_id in found if row_id > start)
        for row_id in ids:
            row = table.rows[row_id]
            if self.condition.test(row) and visible(row):
                yield row


def _from(ids: list[int], start: int) -> Iterator[int]:
    for position in range(bisect_right(ids, start), len(ids)):
        yield ids[position]


def parse(entity: Entity, udfs: Iterable[str], body: Any) -> Query:
    """The query of a request's body. Raises ``Refusal`` for what Autotask refuses."""
    if not isinstance(body, dict):
        raise Refusal("Invalid query syntax.")
    fields = {str(name).lower(): value for name, value in body.items()}
    conditions = fields.get("filter")
    if not isinstance(conditions, list) or not conditions:
        raise Refusal("Invalid query syntax. A filter is required.")
    reader = _Reader(entity, set(udfs))
    parts = reader.read_all(conditions, inside_or=False)
    if reader.or_conditions > MOST_OR_CONDITIONS:
        raise Refusal("Invalid query syntax. Queries are limited to 500 or fewer 'OR' conditions.")
    if reader.udf_conditions > MOST_UDF_CONDITIONS:
        raise Refusal("Invalid query syntax. Queries are limited to one user-defined field condition.")
    return Query(
        entity,
        _all_of(parts),
        _most(fields.get("maxrecords")),
        _include(entity, fields.get("includefields")),
        reader.unknown_operators,
    )


def _most(value: Any) -> int:
    if value is None:
        return MOST_RECORDS
    if isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= MOST_RECORDS:
        return int(value)
    raise Refusal(f"maxCountOfRecordsToReturn must be between 1 and {MOST_RECORDS}")


def _include(entity: Entity, names: Any) -> list[str] | None:
    if not names:
        return None
    if not isinstance(names, list):
        raise Refusal("Invalid query syntax. IncludeFields must be a list.")
    wanted = []
    for name in names:
        known = entity.by_name.get(str(name).lower())
        if known:
            wanted.append(known.name)
        elif entity.has_udfs and str(name).lower() == "userdefinedfields":
            wanted.append("userDefinedFields")
        else:
            raise _unknown_field(entity, name)
    return list(dict.fromkeys(wanted))


def _unknown_field(entity: Entity, name: Any) -> Refusal:
    return Refusal(f"Unable to find {name} in the {entity.soap_name} Entity.")


class _Reader:
    """Reads the conditions of one query and counts what is limited."""

    def __init__(self, entity: Entity, udfs: set[str]) -> None:
        self.entity = entity
        self.udfs = {name.lower(): name for name in udfs}
        self.or_conditions = 0
        self.udf_conditions = 0
        self.unknown_operators: list[str] = []

    def read_all(self, conditions: Any, *, inside_or: bool) -> list[Condition]:
        if not isinstance(conditions, list):
            raise Refusal("Invalid query syntax. A group needs its items.")
        parts = [self._read(condition, inside_or=inside_or) for condition in conditions]
        return [part for part in parts if part is not None]

    def _read(self, condition: Any, *, inside_or: bool) -> Condition | None:
        if not isinstance(condition, dict):
            raise Refusal("Invalid query syntax.")
        words = {str(name).lower(): value for name, value in condition.items()}
        operator = str(words.get("op", "")).lower()
        if operator not in OPERATORS:
            self.unknown_operators.append(operator)  # Autotask drops such a condition without a word
            return None
        if operator in ("and", "or"):
            parts = self.read_all(words.get("items"), inside_or=inside_or or operator == "or")
            if not parts:
                return None
            return _any_of(parts) if operator == "or" else _all_of(parts)
        if inside_or and operator not in ("in", "notin"):
            self.or_conditions += 1
        return self._leaf(operator, words)

    def _leaf(self, operator: str, words: dict[str, Any]) -> Condition:
        name, value = words.get("field"), words.get("value")
        if words.get("udf"):
            return self._udf(operator, name, value)
        known = self.entity.by_name.get(str(name).lower())
        if known is None:
            raise _unknown_field(self.entity, name)
        if not known.queryable:
            raise Refusal(f"The field {known.name} of the {self.entity.soap_name} Entity cannot be queried.")
        if operator in ("exist", "notexist"):
            return _presence(known.name, wanted=operator == "exist")
        if operator in ("in", "notin"):
            return self._among(known, operator, value)
        wanted = _value(known, value)
        if operator in TEXT_OPERATORS:
            if known.type != "string":
                raise Refusal(f"The operator {operator} cannot be used with the field {known.name}.")
            return _text_test(known.name, TEXT_OPERATORS[operator], wanted)
        return _comparison(known, operator, wanted)

    def _among(self, known: Field, operator: str, values: Any) -> Condition:
        if not isinstance(values, list) or not values:
            raise Refusal(f"Invalid query syntax. The operator {operator} needs a list of values.")
        self.or_conditions += len(values)
        wanted = {_comparable(_value(known, value)) for value in values}
        name = known.name
        if operator == "notin":
            return Condition(lambda row: row[name] is not None and _comparable(row[name]) not in wanted)

        def candidates(table: Table) -> set[int] | None:
            if name == "id":
                return {int(row_id) for row_id in wanted if row_id in table.rows}
            return table.ids_with(name, wanted) if name in table.equal and known.type != "string" else None

        return Condition(lambda row: row[name] is not None and _comparable(row[name]) in wanted, candidates)

    def _udf(self, operator: str, name: Any, value: Any) -> Condition:
        self.udf_conditions += 1
        known = self.udfs.get(str(name).lower()) if self.entity.has_udfs else None
        if known is None:
            raise _unknown_field(self.entity, name)
        as_field = Field(known, "string", None, False, False, True, False, None)
        if operator in ("exist", "notexist"):
            inner = _presence(known, wanted=operator == "exist")
        elif operator in ("in", "notin"):
            inner = self._among(as_field, operator, value)
        elif operator in TEXT_OPERATORS:
            inner = _text_test(known, TEXT_OPERATORS[operator], _value(as_field, value))
        else:
            inner = _comparison(as_field, operator, _value(as_field, value))
        return Condition(lambda row: inner.test({known: udf_value(row, known)}))


def udf_value(row: Row, name: str) -> Any:
    """The value of a user-defined field in a row; None where it has none."""
    return next((entry["value"] for entry in row.get("userDefinedFields") or () if entry["name"] == name), None)


def _value(known: Field, value: Any) -> Any:
    """The value to compare a field with, in the form that rows keep. Raises ``Refusal`` for one of the wrong kind."""
    if value is None:
        raise Refusal(f"Invalid query syntax. The value for {known.name} cannot be null.")
    if known.type == "boolean":
        if not isinstance(value, bool):
            raise Refusal(f"String '{value}' was not recognized as a valid Boolean.")
        return value
    if isinstance(value, bool | dict | list):
        shown = str(value).lower()
        raise Refusal(f"Unexpected character encountered while parsing value: {shown[0]}. Path '{known.name}'.")
    if known.type == "string":
        return str(value)
    if known.type == "datetime":
        moment = moment_text(value)
        if moment is None:
            raise Refusal("Conversion failed when converting date and/or time from character string.")
        return moment
    return _number(known, value)


def _number(known: Field, value: Any) -> int | Decimal:
    number = decimal(value)
    if number is None:
        raise Refusal(f"Conversion failed when converting varchar value '{value}' to data type {_sql_type(known)}.")
    if known.type == "double":
        return number
    if number != number.to_integral_value():
        raise Refusal(f"Conversion failed when converting varchar value '{value}' to data type {_sql_type(known)}.")
    return int(number)


def _sql_type(known: Field) -> str:
    return {"integer": "int", "long": "bigint"}.get(known.type, "numeric")


def _comparable(value: Any) -> Any:
    """Text is compared without regard to case, as the partner's database does."""
    return value.casefold() if isinstance(value, str) else value


def _presence(name: str, *, wanted: bool) -> Condition:
    return Condition(lambda row: (row[name] is not None) == wanted)


def _text_test(name: str, compare: Callable[[str, str], bool], wanted: str) -> Condition:
    folded = wanted.casefold()
    return Condition(lambda row: isinstance(row[name], str) and compare(row[name].casefold(), folded))


def _comparison(known: Field, operator: str, wanted: Any) -> Condition:
    name, compare, folded = known.name, COMPARISONS[operator], _comparable(wanted)

    def test(row: Row) -> bool:
        have = row[name]
        if have is None:  # as in SQL: nothing compares with null, not even by noteq
            return False
        try:
            return compare(_comparable(have), folded)
        except TypeError:
            return False

    def candidates(table: Table) -> set[int] | None:
        if operator == "eq" and name == "id":
            return {wanted} if wanted in table.rows else set()
        if operator == "eq" and name in table.equal and known.type != "string":
            return table.ids_with(name, [wanted])
        if name == "id" and operator in ("gt", "gte"):
            return None  # `after_id` says it without a copy
        if name in table.ordered and operator in ("gt", "gte"):
            return table.ids_between(name, wanted, None)
        if name in table.ordered and operator in ("lt", "lte"):
            return table.ids_between(name, None, wanted)
        return None

    after = {"gt": wanted, "gte": wanted - 1}.get(operator, -1) if name == "id" else -1
    return Condition(test, candidates, after)


def _all_of(parts: list[Condition]) -> Condition:
    if len(parts) == 1:
        return parts[0]

    def candidates(table: Table) -> set[int] | None:
        found = [ids for part in parts if (ids := part.candidates(table)) is not None]
        return min(found, key=len) if found else None

    tests = [part.test for part in parts]
    return Condition(
        lambda row: all(test(row) for test in tests), candidates, max((part.after_id for part in parts), default=-1)
    )


def _any_of(parts: list[Condition]) -> Condition:
    def candidates(table: Table) -> set[int] | None:
        union: set[int] = set()
        for part in parts:
            ids = part.candidates(table)
            if ids is None and part.after_id >= 0:
                ids = set(table.ids[bisect_left(table.ids, part.after_id + 1) :])
            if ids is None:
                return None
            union |= ids
        return union

    tests = [part.test for part in parts]
    return Condition(lambda row: any(test(row) for test in tests), candidates, min(part.after_id for part in parts))
