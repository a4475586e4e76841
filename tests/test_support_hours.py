"""When chat is open: 10:00 to 19:00 UTC+12, Monday to Friday."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.hours import CLOSES, OPENS, ZONE, chat_at

moments = st.datetimes(datetime(2020, 1, 1), datetime(2035, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - bounds are naive


def here(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZONE)


@pytest.mark.parametrize(
    ("now", "is_open", "changes_at"),
    [
        ("2026-05-04T10:00", True, "2026-05-04T19:00"),  # a Monday
        ("2026-05-04T09:59:59", False, "2026-05-04T10:00"),
        ("2026-05-04T18:59:59", True, "2026-05-04T19:00"),
        ("2026-05-04T19:00", False, "2026-05-05T10:00"),
        ("2026-05-08T19:00", False, "2026-05-11T10:00"),  # Friday evening
        ("2026-05-09T12:00", False, "2026-05-11T10:00"),
        ("2026-05-10T23:59", False, "2026-05-11T10:00"),
    ],
)
def test_the_hours(now: str, is_open: bool, changes_at: str) -> None:
    chat = chat_at(here(now))
    assert (chat.is_open, chat.changes_at) == (is_open, here(changes_at))


def test_the_weekday_is_that_of_our_zone() -> None:
    sunday_in_london = datetime(2026, 5, 3, 22, 30, tzinfo=UTC)
    assert chat_at(sunday_in_london).is_open


@given(now=moments)
def test_what_it_says_of_the_next_change_is_true(now: datetime) -> None:
    chat = chat_at(now)
    moment = timedelta(microseconds=1)
    assert chat.changes_at > now
    assert chat_at(chat.changes_at).is_open is not chat.is_open
    assert chat_at(chat.changes_at - moment).is_open is chat.is_open


@given(now=moments, hours=st.integers(-12, 14))
def test_it_does_not_matter_in_which_zone_one_asks(now: datetime, hours: int) -> None:
    assert chat_at(now.astimezone(timezone(timedelta(hours=hours)))) == chat_at(now)


@given(now=moments)
def test_open_means_within_the_hours_of_a_weekday(now: datetime) -> None:
    local = now.astimezone(ZONE)
    assert chat_at(now).is_open == (local.weekday() < 5 and OPENS <= local.time() < CLOSES)
