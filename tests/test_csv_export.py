"""CSV files that no spreadsheet takes for more than text."""

import datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncing.csv_export import FORMULA_BEGINS, cell, csv_response


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1"])
def test_a_text_that_a_spreadsheet_would_compute_is_marked_as_text(text: str) -> None:
    assert cell(text) == f"'{text}"


@given(st.text())
def test_no_text_begins_as_a_formula(text: str) -> None:
    assert not str(cell(text)).startswith(FORMULA_BEGINS)


def test_numbers_and_days_stay_what_they_are_and_times_are_in_utc() -> None:
    moment = datetime.datetime(2026, 5, 4, 12, tzinfo=datetime.timezone(datetime.timedelta(hours=12)))
    assert [cell(value) for value in (Decimal("-5.00"), 7, datetime.date(2026, 5, 4), None)] == [
        Decimal("-5.00"),
        7,
        datetime.date(2026, 5, 4),
        "",
    ]
    assert cell(moment) == "2026-05-04 00:00:00+00:00"


def test_rows_leave_one_by_one() -> None:
    taken = []

    def rows():  # type: ignore[no-untyped-def]
        for number in (1, 2):
            taken.append(number)
            yield (number, "a,b")

    response = csv_response("list", ("Number", "Text"), rows())
    lines = iter(response.streaming_content)
    assert next(lines).decode() == "\ufeffNumber,Text\r\n"
    assert taken == []
    assert next(lines).decode() == '1,"a,b"\r\n'
    assert taken == [1]
