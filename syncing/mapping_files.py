"""Mappings as CSV files: written so that a spreadsheet is safe with them, and read however a spreadsheet saves them."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.core.files.uploadedfile import UploadedFile

from syncing.csv_export import FORMULA_BEGINS
from syncing.mapping_kinds import MappingKind
from syncing.mapping_table import MappingTable

MOST_BYTES: Final = 5_000_000
MOST_ROWS: Final = 20_000
MOST_ERRORS: Final = 50
SEPARATORS: Final = ",;\t"


@dataclass(frozen=True)
class LineError:
    """What is wrong in a line of a file; 1 is the header."""

    line: int
    says: str


class BadFileError(Exception):
    """The file cannot be taken. Nothing of it was saved. `more` errors are not listed."""

    def __init__(self, errors: Sequence[LineError]) -> None:
        super().__init__("; ".join(f"line {error.line}: {error.says}" for error in errors[:3]))
        self.errors = list(errors[:MOST_ERRORS])
        self.more = max(len(errors) - MOST_ERRORS, 0)


def header(kind: MappingKind) -> list[str]:
    return [*kind.key_columns, "name", *kind.value_columns, "mapped_to"]


def rows(kind: MappingKind, table: MappingTable) -> Iterator[list[Any]]:
    """One line for each row of the table; the names are for people and are not read again."""
    for row in table.rows:
        key = row.source.key.split("/") if len(kind.key_columns) > 1 else [row.source.key]
        values = row.value.split("/") if row.value else [""] * len(kind.value_columns)
        name = ", ".join(filter(None, (row.source.group, row.source.name)))
        yield [*key, name, *values, row.value_name]


def content_of(uploaded: UploadedFile | None) -> bytes:
    """What a person uploaded. Raises BadFileError where that is nothing, or too much."""
    if uploaded is None or uploaded.size is None or uploaded.size > MOST_BYTES:
        raise BadFileError([LineError(1, f"Choose a CSV file of {MOST_BYTES // 1_000_000} MB at most.")])
    return bytes(uploaded.read())


def read(kind: MappingKind, content: bytes, table: MappingTable) -> dict[str, str]:
    """The mappings in a file: values by keys, "" where the file says nothing of a key. Raises BadFileError.

    The names in it do not count, nor does the order of its columns. Each line is held against what there is to map, and
    to choose from, apart from what stands already.
    """
    if table.choices is None:
        raise BadFileError([LineError(1, "Xero gave no list to hold it against. Try again in a few minutes.")])
    lines = list(_lines(content))
    places = _places(kind, lines[0][1])
    known = {row.source.key: row.value for row in table.rows}
    values = {value for value, _ in table.choices}
    found: dict[str, str] = {}
    first: dict[str, int] = {}
    errors: list[LineError] = []
    for number, cells in lines[1:]:
        if not any(cells):
            continue
        key = "/".join(_cell(cells, places[name]) for name in kind.key_columns)
        parts = [_cell(cells, places[name]) for name in kind.value_columns]
        value = "/".join(parts) if any(parts) else ""
        says = _why_not(kind, key, value, known, values) or (
            f"This is line {first[key]} again." if key in first else ""
        )
        if says:
            errors.append(LineError(number, says))
            continue
        found[key], first[key] = value, number
    if errors:
        raise BadFileError(errors)
    return found


def _why_not(kind: MappingKind, key: str, value: str, known: dict[str, str], values: Iterable[str]) -> str:
    """What is wrong with a line; "" where nothing is."""
    try:
        kind.columns_of_key(key)
        if value:
            kind.columns_of_value(value)
    except ValueError as error:
        return f"{kind.source_title} {key}: {error}"
    if key not in known:
        return f"{kind.source_title} {key} is not in Autotask."
    if value and value != known[key] and value not in values:
        return f"{kind.target_title} {value} is not in Xero, or no longer active."
    return ""


def _lines(content: bytes) -> Iterator[tuple[int, list[str]]]:
    """The lines that are not empty, with their numbers."""
    text = _decoded(content)
    beginning = text.partition("\n")[0]
    separator = max(SEPARATORS, key=beginning.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    count = 0
    try:
        for cells in reader:
            count += 1
            if count > MOST_ROWS + 1:
                raise BadFileError([LineError(count, f"The file has more than {MOST_ROWS:,} lines.")])
            yield reader.line_num, [cell.strip() for cell in cells]
    except csv.Error as error:
        raise BadFileError([LineError(reader.line_num, f"It is no CSV: {error}.")]) from None
    if not count:
        raise BadFileError([LineError(1, "The file is empty.")])


def _decoded(content: bytes) -> str:
    """UTF-8, with or without its mark; or UTF-16 with one; or what old spreadsheets write."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content.decode("utf-16", "replace")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", "replace")


def _places(kind: MappingKind, names: Sequence[str]) -> dict[str, int]:
    """Where each column is."""
    places = {name.lower(): place for place, name in enumerate(names)}
    needed = (*kind.key_columns, *kind.value_columns)
    missing = [name for name in needed if name not in places]
    if missing:
        raise BadFileError([LineError(1, f"It has no column {', '.join(missing)}. Export the list to see its form.")])
    return {name: places[name] for name in needed}


def _cell(cells: Sequence[str], place: int) -> str:
    """A cell, without the apostrophe that keeps a spreadsheet from taking it for a formula."""
    cell = cells[place] if place < len(cells) else ""
    return cell[1:] if cell.startswith("'") and cell[1:].startswith(FORMULA_BEGINS) else cell
