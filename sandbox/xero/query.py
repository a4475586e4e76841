"""Lists: ``where``, ``order``, ``page``, ``IDs`` and ``If-Modified-Since``, as the Accounting API reads them.

https://developer.xero.com/documentation/api/accounting/requests-and-responses
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Generic, TypeVar

from aiohttp import web

from . import refusals
from .wire import Row, Unreadable, as_bool, as_id

T = TypeVar("T")
Get = Callable[[T], Any]
Test = Callable[[T], bool]

_TOKEN = re.compile(
    r"""\s*(?:(?P<text>"(?:[^"\\]|\\.)*")|(?P<number>-?\d+(?:\.\d+)?)"""
    r"""|(?P<word>[A-Za-z_][\w.]*)|(?P<sign>==|!=|<>|>=|<=|&&|\|\||[=<>(),!]))""",
    re.VERBOSE,
)
_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "==": operator.eq,
    "=": operator.eq,
    "!=": operator.ne,
    "<>": operator.ne,
    ">": operator.gt,
    "<": operator.lt,
    ">=": operator.ge,
    "<=": operator.le,
}
_METHODS: dict[str, Callable[[str, str], bool]] = {
    "StartsWith": str.startswith,
    "EndsWith": str.endswith,
    "Contains": str.__contains__,
}


@dataclass(frozen=True)
class Page(Generic[T]):
    """The rows of one answer, and its ``pagination`` where the list is paged."""

    rows: list[T]
    pagination: Row | None


def where(text: str, fields: Mapping[str, Get[T]]) -> Test[T]:
    """The condition of a ``where`` over these fields. Raises the 400 that Xero gives for what it cannot read."""
    return _Where(text, fields).parse()


class _Where(Generic[T]):
    """A recursive descent over: or, and, brackets, comparison, ``Field.StartsWith("…")``."""

    def __init__(self, text: str, fields: Mapping[str, Get[T]]) -> None:
        self.fields = fields
        self.tokens = self._split(text)
        self.at = 0

    def parse(self) -> Test[T]:
        test = self._any()
        if self.at < len(self.tokens):
            raise refusals.bad_query("Syntax error")
        return test

    @staticmethod
    def _split(text: str) -> list[tuple[str, str]]:
        tokens, at, end = [], 0, len(text.rstrip())
        while at < end:
            match = _TOKEN.match(text, at)
            if not match:
                raise refusals.bad_query(f"Syntax error '{text[at]}'")
            tokens.append((str(match.lastgroup), match[str(match.lastgroup)]))
            at = match.end()
        return tokens

    def _peek(self) -> str:
        return self.tokens[self.at][1] if self.at < len(self.tokens) else ""

    def _next(self) -> tuple[str, str]:
        if self.at >= len(self.tokens):
            raise refusals.bad_query("Expression expected")
        self.at += 1
        return self.tokens[self.at - 1]

    def _expect(self, sign: str) -> None:
        if self._next()[1] != sign:
            raise refusals.bad_query(f"'{sign}' expected")

    def _any(self) -> Test[T]:
        tests = [self._all()]
        while self._peek().upper() in ("OR", "||"):
            self._next()
            tests.append(self._all())
        return tests[0] if len(tests) == 1 else lambda row: any(test(row) for test in tests)

    def _all(self) -> Test[T]:
        tests = [self._one()]
        while self._peek().upper() in ("AND", "&&"):
            self._next()
            tests.append(self._one())
        return tests[0] if len(tests) == 1 else lambda row: all(test(row) for test in tests)

    def _one(self) -> Test[T]:
        if self._peek() == "(":
            self._next()
            test = self._any()
            self._expect(")")
            return test
        kind, name = self._next()
        if kind != "word":
            raise refusals.bad_query("Expression expected")
        head, _, method = name.rpartition(".")
        if method in _METHODS and self._peek() == "(":
            return self._method(self._field(head), _METHODS[method])
        get = self._field(name)
        kind, sign = self._next()
        if sign not in _COMPARE:
            raise refusals.bad_query("Expression of type 'Boolean' expected")
        return _comparison(get, _COMPARE[sign], self._value())

    def _method(self, get: Get[T], method: Callable[[str, str], bool]) -> Test[T]:
        self._expect("(")
        value = str(self._value())
        self._expect(")")
        return lambda row: method(str(get(row) or ""), value)

    def _field(self, name: str) -> Get[T]:
        if name not in self.fields:
            raise refusals.bad_query(f"No property or field '{name}' exists")
        return self.fields[name]

    def _value(self) -> Any:
        kind, value = self._next()
        if kind == "text":
            return re.sub(r"\\(.)", r"\1", value[1:-1])
        if kind == "number":
            return float(value)
        if value in ("true", "false"):
            return value == "true"
        if value == "null":
            return None
        if value in ("DateTime", "Guid", "guid"):
            return self._call(value)
        raise refusals.bad_query(f"Unknown identifier '{value}'")

    def _call(self, name: str) -> Any:
        arguments: list[str] = []
        self._expect("(")
        while self._peek() != ")":
            arguments.append(self._next()[1])
            if self._peek() == ",":
                self._next()
        self._expect(")")
        try:
            if name == "DateTime":
                return date(*(int(part) for part in arguments[:3]))
            return as_id(arguments[0].strip('"'))
        except (ValueError, TypeError, IndexError):
            raise refusals.bad_query(f"No applicable constructor exists in type '{name}'") from None


def _comparison(get: Get[T], compare: Callable[[Any, Any], bool], value: Any) -> Test[T]:
    def test(row: T) -> bool:
        found = get(row)
        if isinstance(found, datetime) and isinstance(value, date):
            found = found.date()
        try:
            return compare(found, value)
        except TypeError:
            return False

    return test


def modified_since(request: web.Request) -> datetime | None:
    """``If-Modified-Since``, in the ISO form that the official clients send or as HTTP dates are. Naive means UTC."""
    text = request.headers.get("If-Modified-Since")
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        try:
            moment = parsedate_to_datetime(text)
        except ValueError:
            raise refusals.bad_query("If-Modified-Since is not a date") from None
    return moment.replace(tzinfo=moment.tzinfo or UTC, microsecond=0)


def listed(query: Mapping[str, str], name: str) -> list[str]:
    """A comma-separated parameter; empty where it is absent."""
    return [part.strip() for part in query.get(name, "").split(",") if part.strip()]


def ids(query: Mapping[str, str], name: str) -> list[str]:
    """A comma-separated parameter of ids."""
    return [as_id(part) for part in listed(query, name)]


def flag(query: Mapping[str, str], name: str, default: bool = False) -> bool:
    """A yes or no parameter."""
    return as_bool(query[name]) if name in query else default


def places(query: Mapping[str, str]) -> int:
    """``unitdp``: 2 or 4 decimals of unit prices."""
    return 4 if query.get("unitdp") == "4" else 2


def ordered(
    rows: Iterable[T], text: str | None, fields: Mapping[str, Get[T]], default: str = "UpdatedDateUTC"
) -> list[T]:
    """The rows by ``order``, e.g. ``Date DESC``; by their last change where none is given."""
    name, _, direction = (text or default).strip().partition(" ")
    if name not in fields:
        raise refusals.bad_query(f"No property or field '{name}' exists")
    get = fields[name]

    def key(row: T) -> tuple[bool, Any]:
        value = get(row)
        return (value is not None, value if value is not None else 0)

    return sorted(rows, key=key, reverse=direction.strip().upper().startswith("DESC"))


def paged(rows: list[T], query: Mapping[str, str]) -> Page[T]:
    """One page where the client asks for pages, 1 to 1000 rows, else everything."""
    if "page" not in query and "pageSize" not in query:
        return Page(rows, None)
    try:
        number, size = int(query.get("page", 1)), int(query.get("pageSize", 100))
    except ValueError:
        raise Unreadable("Could not convert page to Int32.") from None
    number, size = max(1, number), min(1000, max(1, size))
    pages = -(-len(rows) // size)
    pagination = {"page": number, "pageSize": size, "pageCount": pages, "itemCount": len(rows)}
    return Page(rows[(number - 1) * size : number * size], pagination)
