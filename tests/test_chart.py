"""The overview's chart."""

import datetime

import pytest

from syncing.chart import HEIGHT, draw, scale_of

DAYS = [datetime.date(2026, 5, day) for day in (1, 2, 3)]


@pytest.mark.parametrize(("highest", "scale"), [(0, 2), (1, 2), (3, 4), (10, 10), (11, 20), (99, 100), (396, 400)])
def test_the_scale_holds_the_highest_day_and_has_a_whole_half(highest: int, scale: int) -> None:
    assert scale_of(highest) == scale
    assert scale % 2 == 0


def test_what_became_of_a_days_documents_stands_one_above_the_other() -> None:
    chart = draw(DAYS, {DAYS[1]: {"synced": 3, "stuck": 1}})
    empty, bar, _ = chart.bars
    assert (empty.blocks, chart.top, bar.counts) == ((), 4, (3, 0, 1, 0))
    assert [(block.part.name, block.y, block.height) for block in bar.blocks] == [("synced", 25, 75), ("stuck", 0, 25)]
    assert sum(block.height for block in bar.blocks) == HEIGHT


def test_the_chart_reads_without_being_seen() -> None:
    chart = draw(DAYS, {DAYS[0]: {"synced": 2}, DAYS[2]: {"synced": 1, "waiting": 1}})
    assert chart.words == (
        "Documents of the last 3 days: 3 In Xero, 1 On the way, 0 Needs attention, 0 Skipped or voided."
    )
    assert [bar.words for bar in chart.bars] == ["1 May: 2 In Xero", "2 May: none", "3 May: 1 In Xero, 1 On the way"]


def test_days_without_documents_make_an_empty_chart() -> None:
    assert draw(DAYS, {}).is_empty
