"""What the values in Autotask's answers mean. Each reader answers None for what it cannot read; none of them raises.

Numbers that have a fraction are Decimal from the start (`load`). Numbers that arrive as texts, and texts that arrive as
numbers, are read all the same.
"""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal, InvalidOperation
from typing import Any, Final

LARGEST_WHOLE: Final = 2**63 - 1
# Beyond this no amount is meant; a wrong one must not reach arithmetic that writes out each of its digits.
LARGEST_AMOUNT: Final = Decimal(10) ** 15
# Autotask keeps 4 decimals; a long tail of them is the noise of a binary number.
DECIMALS: Final = Decimal("1E-6")
# The longest text that Autotask takes has 8,000 characters.
LONGEST_TEXT: Final = 32_000
# .NET's and SQL Server's ways to say "no date" lie before this.
FIRST_YEAR: Final = 1900
# No sales tax is this high, so a number from here on is a percentage.
SMALLEST_PERCENTAGE: Final = Decimal("0.3")

YES: Final = frozenset({"true", "1", "yes"})
NO: Final = frozenset({"false", "0", "no"})


def load(body: bytes) -> Any:
    """The value of a JSON answer; numbers with a fraction as Decimal, and None for a number that no number type holds.

    Raises ValueError where the answer is no JSON, or is nested deeper than any answer of Autotask.
    """
    content = body.decode("utf-8-sig", "replace")
    try:
        return json.loads(content, parse_float=Decimal, parse_constant=_no_number)
    except json.JSONDecodeError:
        raise
    except (ValueError, ArithmeticError):  # a number of absurd length or exponent; read one by one, slowly
        return json.loads(content, parse_float=_decimal, parse_int=_whole, parse_constant=_no_number)
    except RecursionError:
        raise ValueError("nested too deeply") from None


def text(value: Any) -> str | None:
    """A text without the blanks around it and without what neither a database nor Xero takes (NUL, half characters)."""
    if type(value) is not str:
        return _written(value)
    clean = value[:LONGEST_TEXT].replace("\0", "")
    if not clean.isascii():
        clean = clean.encode("utf-8", "replace").decode()
    return clean.strip()


def whole(value: Any) -> int | None:
    """A whole number within 64 bits: an id, a picklist's value, an order."""
    if type(value) is not int:
        number = amount(value)
        if number is None or number != number.to_integral_value():
            return None
        value = int(number)
    return value if -LARGEST_WHOLE <= value <= LARGEST_WHOLE else None


def amount(value: Any) -> Decimal | None:
    """Money, a quantity or a rate, exactly as written, apart from binary noise. Prints without an exponent."""
    number = value if type(value) is Decimal else _number(value)
    if number is None or not number.is_finite():
        return None
    written = str(number)
    if len(written) > 15 or "E" in written:
        number = _within_bounds(number)
    return None if number is None else +number  # the plus takes the sign from a zero


def flag(value: Any) -> bool | None:
    """Yes or no: a boolean, 0 or 1, or their words."""
    if type(value) is bool:
        return value
    if type(value) is str:
        word = value.strip().lower()
        return True if word in YES else False if word in NO else None
    number = whole(value)
    return None if number is None else number != 0


def day(value: Any) -> dt.date | None:
    """The date of a date-only field. It is midnight UTC on the wire, and never converted to a local day."""
    if type(value) is not str:
        return None
    try:
        date = dt.date.fromisoformat(value.lstrip()[:10])
    except ValueError:
        return None
    return date if date.year >= FIRST_YEAR else None


def moment(value: Any) -> dt.datetime | None:
    """A moment, aware, in UTC. Autotask means UTC with and without a `Z`."""
    if type(value) is not str:
        return None
    try:
        read = dt.datetime.fromisoformat(value.strip())
        read = read.replace(tzinfo=dt.UTC) if read.tzinfo is None else read.astimezone(dt.UTC)
    except (ValueError, OverflowError):
        return None
    return read if read.year >= FIRST_YEAR else None


def user_defined(value: Any) -> dict[str, str] | None:
    """User-defined fields, `[{"name": …, "value": …}, …]`, by name; those without a value are left out."""
    if type(value) is not list:
        return None
    entries = [entry for entry in value if type(entry) is dict]
    named = [(text(entry.get("name")), text(entry.get("value"))) for entry in entries]
    return {name: content for name, content in named if name and content}


def tax_rate(value: Any) -> Decimal | None:
    """A tax rate as a fraction (0.15). The partner does not say whether its rates are fractions or percentages."""
    rate = amount(value)
    return rate / 100 if rate is not None and abs(rate) >= SMALLEST_PERCENTAGE else rate


def _written(value: Any) -> str | None:
    """A number as a text: an invoice number that is one arrives so."""
    if type(value) is int:
        return None if whole(value) is None else str(value)
    number = amount(value)
    return None if number is None else f"{number:f}"


def _within_bounds(number: Decimal) -> Decimal | None:
    if not -LARGEST_AMOUNT < number < LARGEST_AMOUNT:
        return None
    return number.quantize(DECIMALS)


def _number(value: Any) -> Decimal | None:
    """The number that another type holds."""
    if type(value) is int:
        return Decimal(value) if -LARGEST_WHOLE <= value <= LARGEST_WHOLE else None
    if type(value) is float or (type(value) is str and len(value) < 100):
        return _decimal(str(value).strip())
    return None


def _decimal(content: str) -> Decimal | None:
    try:
        return Decimal(content)
    except InvalidOperation:
        return None


def _whole(content: str) -> int | None:
    return int(content) if len(content) < 25 else None


def _no_number(_: str) -> None:
    """NaN and the infinities."""
