"""Xero's JSON: dates as ``/Date(ms+0000)/``, money as bare numbers, and how what a client sends is read.

https://developer.xero.com/documentation/api/accounting/requests-and-responses
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from functools import lru_cache
from typing import Any
from uuid import UUID, uuid4

from sandbox.jsontext import encoder

Row = dict[str, Any]

NO_ID = "00000000-0000-0000-0000-000000000000"
ZERO = Decimal("0.00")
CENT = Decimal("0.01")
UNIT = Decimal("0.0001")
LARGEST_NUMBER = Decimal(10**12)  # so that a product of two still has room for its decimals
_EPOCH = date(1970, 1, 1)
_MS_DATE = re.compile(r"^/Date\((-?\d+)([+-]\d{4})?\)/$")


@lru_cache(maxsize=4096)
def ms_date(day: date) -> str:
    """A date as Xero writes it: midnight UTC in milliseconds."""
    return f"/Date({(day - _EPOCH).days * 86_400_000}+0000)/"


def ms_moment(moment: datetime) -> str:
    """A moment as Xero writes it."""
    return f"/Date({int(moment.timestamp() * 1000)}+0000)/"


dumps = encoder(dates=ms_date, moments=ms_moment)


class Unreadable(ValueError):  # noqa: N818
    """A value that cannot be what its field must be; the whole request is refused for it."""


def as_date(value: Any) -> date:
    """A date from ``YYYY-MM-DD``, an ISO moment or ``/Date(ms)/``. Raises ``Unreadable``."""
    if not isinstance(value, str):
        raise Unreadable(f"Could not convert {type(value).__name__} to DateTime: {value}.")
    if match := _MS_DATE.match(value):
        return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=int(match[1]))).date()
    try:
        return date.fromisoformat(value[:10]) if value[10:11] in ("", "T") else _not_a_date(value)
    except ValueError:
        return _not_a_date(value)


def _not_a_date(value: str) -> date:
    raise Unreadable(f"Could not convert string to DateTime: {value}.")


def as_decimal(value: Any) -> Decimal:
    """A number, also from a text that is one. Raises ``Unreadable``."""
    if isinstance(value, bool) or not isinstance(value, Decimal | int | str | float):
        raise Unreadable(f"Could not convert {type(value).__name__} to Decimal: {value}.")
    try:
        number = value if isinstance(value, Decimal) else Decimal(str(value).strip())
    except InvalidOperation:
        raise Unreadable(f"Could not convert string to decimal: {value}.") from None
    if not number.is_finite() or abs(number) > LARGEST_NUMBER:
        raise Unreadable("Value was either too large or too small for a Decimal.")
    return number


def as_bool(value: Any) -> bool:
    """A yes or no from JSON or from a query (the official clients send ``True``). Raises ``Unreadable``."""
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in ("true", "false"):
        return value.lower() == "true"
    raise Unreadable(f"Could not convert to Boolean: {value}.")


def as_text(value: Any) -> str:
    """A text; numbers are taken as they are written. Raises ``Unreadable`` for lists and objects."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise Unreadable(f"Could not convert {type(value).__name__} to String.")
    return str(value)


def as_id(value: Any) -> str:
    """An id, lower case, with hyphens. Raises ``Unreadable``."""
    try:
        return str(UUID(str(value)))
    except ValueError:
        raise Unreadable(f"Could not convert string to Guid: {value}.") from None


def rows_of(value: Any) -> list[Row]:
    """A list of objects. Raises ``Unreadable``."""
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise Unreadable("Could not convert to a list of objects.")
    return value


def new_id() -> str:
    """A fresh id."""
    return str(uuid4())


def cents(amount: Decimal) -> Decimal:
    """Rounded to 2 decimals, halves up."""
    return amount.quantize(CENT, ROUND_HALF_UP) + 0  # no -0.00


def units(amount: Decimal, places: int) -> Decimal:
    """A unit price, rounded to the 2 or 4 decimals that ``unitdp`` asks for."""
    return amount.quantize(UNIT if places == 4 else CENT, ROUND_HALF_UP)


def iso(day: date) -> str:
    """The twin text of a date: ``DateString``, ``DueDateString``."""
    return f"{day.isoformat()}T00:00:00"


def messages(texts: list[str]) -> list[Row]:
    """``ValidationErrors`` and ``Warnings`` of these texts."""
    return [{"Message": text} for text in texts]
