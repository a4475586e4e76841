"""How a benchmark tells its figures: a table for people, one line of JSON for machines, and its exit code for both."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from decimal import Decimal


def report(title: str, rows: Sequence[Mapping[str, object]]) -> None:
    """Print the title, the rows as an aligned table under their own names, and one line of JSON.

    Numbers are right-aligned. A name that a row lacks stays empty in its place.
    """
    names = list(dict.fromkeys(name for row in rows for name in row))
    table = [names, *([_text(row.get(name)) for name in names] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    is_number = [all(isinstance(row.get(name), int | float | Decimal | None) for row in rows) for name in names]
    print(f"\n{title}")
    for line in table:
        cells = zip(line, widths, is_number, strict=True)
        print("  " + "  ".join(text.rjust(width) if right else text.ljust(width) for text, width, right in cells))
    print(json.dumps({"benchmark": title, "rows": [dict(row) for row in rows]}, default=str), flush=True)


def hold(bounds: Mapping[str, bool]) -> None:
    """End the benchmark with code 1, and say which, where one of its bounds does not hold."""
    missed = [what for what, holds in bounds.items() if not holds]
    if missed:
        raise SystemExit(f"Missed: {'; '.join(missed)}.")


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:,.4f}" if abs(value) < 1 else f"{value:,.1f}"
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)
