"""Autotask's query language in words (syncing/autotask/query.py)."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest

from syncing.autotask.query import Filter, any_of, eq, exists, gt, gte, in_, lt, lte, not_exists


@pytest.mark.parametrize(
    ("condition", "written"),
    [
        (eq("isVoided", False), {"op": "eq", "field": "isVoided", "value": False}),
        (eq("XeroSync", "No", udf=True), {"op": "eq", "field": "XeroSync", "value": "No", "udf": True}),
        (gt("id", 1200), {"op": "gt", "field": "id", "value": 1200}),
        (lt("invoiceTotal", Decimal("10.50")), {"op": "lt", "field": "invoiceTotal", "value": "10.50"}),
        (lte("invoiceTotal", Decimal("10.00")), {"op": "lte", "field": "invoiceTotal", "value": 10}),
        (
            gte("invoiceDateTime", date(2026, 1, 5)),
            {"op": "gte", "field": "invoiceDateTime", "value": "2026-01-05T00:00:00Z"},
        ),
        (in_("invoiceID", [1, 2]), {"op": "in", "field": "invoiceID", "value": [1, 2]}),
        (exists("webServiceDate"), {"op": "exist", "field": "webServiceDate"}),
        (not_exists("webServiceDate"), {"op": "notExist", "field": "webServiceDate"}),
    ],
)
def test_a_condition_is_written_as_autotask_reads_it(condition: Filter, written: dict[str, Any]) -> None:
    assert condition.as_json() == written


def test_a_group_holds_conditions() -> None:
    group = any_of(gt("id", 5), exists("voidedDate"))
    assert group.as_json() == {
        "op": "or",
        "items": [{"op": "gt", "field": "id", "value": 5}, {"op": "exist", "field": "voidedDate"}],
    }


def test_a_group_of_one_is_that_one() -> None:
    assert any_of(gt("id", 5)) == gt("id", 5)


def test_a_moment_goes_in_utc_and_never_later_than_it_is() -> None:
    there = datetime(2026, 1, 5, 12, 30, 15, 999_999, tzinfo=timezone(timedelta(hours=13)))
    assert gte("createDateTime", there).value == "2026-01-04T23:30:15.999Z"
    assert gte("createDateTime", there.astimezone(UTC)) == gte("createDateTime", there)


@pytest.mark.parametrize(
    "write",
    [
        any_of,
        lambda: in_("id", []),
        lambda: in_("id", range(501)),
        lambda: eq("id", None),  # type: ignore[arg-type]
        lambda: gt("createDateTime", datetime(2026, 1, 5)),  # noqa: DTZ001
    ],
)
def test_what_autotask_refuses_is_not_written(write: Callable[[], Filter]) -> None:
    with pytest.raises(ValueError, match=r"."):
        write()
