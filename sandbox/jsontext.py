"""JSON as the partners write it: money comes in as ``Decimal`` and goes out as a bare number, its digits kept."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from json.encoder import encode_basestring_ascii
from typing import Any


def loads(text: bytes | str) -> Any:
    """Parse JSON; numbers with a fraction become ``Decimal``. Raises ``ValueError`` on bad JSON."""
    return json.loads(text, parse_float=Decimal)


def encoder(dates: Callable[[date], str], moments: Callable[[datetime], str]) -> Callable[[Any], str]:
    """A fast JSON writer of plain values, dicts and lists, with the given text for dates and for moments.

    A table from type to writer, since the standard library's ``default`` hook cannot write a ``Decimal`` as a number.
    """
    quote = encode_basestring_ascii
    writers: dict[type, Callable[[Any], str]] = {
        str: quote,
        int: int.__repr__,
        float: float.__repr__,
        bool: lambda value: "true" if value else "false",
        type(None): lambda _: "null",
        Decimal: lambda value: format(value, "f"),
        date: lambda value: quote(dates(value)),
        datetime: lambda value: quote(moments(value)),
    }

    def write_dict(value: dict[str, Any]) -> str:
        return "{" + ",".join([quote(key) + ":" + writers[type(item)](item) for key, item in value.items()]) + "}"

    def write_list(value: list[Any] | tuple[Any, ...]) -> str:
        return "[" + ",".join([writers[type(item)](item) for item in value]) + "]"

    writers[dict] = write_dict
    writers[list] = writers[tuple] = write_list
    return lambda value: writers[type(value)](value)


dumps = encoder(dates=date.isoformat, moments=datetime.isoformat)
"""JSON text with ISO 8601 dates and moments: the control API's form."""
