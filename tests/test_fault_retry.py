"""How long until the next try, and when it is a person's turn."""

import random
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import Settings

from faults.retry import gives_up, next_wait

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)


class Middle:
    """Jitter that does nothing."""

    def uniform(self, a: float, b: float, /) -> float:
        return (a + b) / 2


@pytest.mark.parametrize(("tries", "minutes"), [(0, 1), (1, 2), (2, 5), (3, 15), (4, 30), (5, 60), (6, 60), (500, 60)])
def test_waits_grow_to_an_hour_and_stay_there(tries: int, minutes: int) -> None:
    assert next_wait(tries, rng=Middle()) == minutes * 60


def test_an_operator_can_shorten_the_waits(settings: Settings) -> None:
    settings.SYNC_BACKOFF_SECONDS = (1, 3)
    assert [next_wait(tries, rng=Middle()) for tries in range(4)] == [1, 3, 3, 3]


@given(st.integers(0, 50), st.integers())
def test_waits_differ_by_a_fifth_at_most(tries: int, seed: int) -> None:
    wait = next_wait(tries, rng=Middle())
    assert 0.8 * wait <= next_wait(tries, rng=random.Random(seed)) <= 1.2 * wait


@given(st.floats(min_value=0.001, max_value=86_400), st.integers())
def test_what_a_partner_asks_for_goes_first_and_is_never_undercut(retry_after: float, seed: int) -> None:
    wait = next_wait(5, retry_after, random.Random(seed))
    assert retry_after <= wait <= retry_after + 30


@pytest.mark.parametrize("retry_after", [0, -5, float("nan")])
def test_nonsense_from_a_partner_counts_for_nothing(retry_after: float) -> None:
    assert next_wait(0, retry_after, Middle()) == 60


@pytest.mark.parametrize("retry_after", [10_000_000, float("inf")])
def test_no_partner_makes_us_wait_for_more_than_a_day(retry_after: float) -> None:
    assert next_wait(0, retry_after, Middle()) <= 86_400 + 30


def test_after_24_hours_it_is_a_persons_turn() -> None:
    assert not gives_up(NOON, NOON + timedelta(hours=24, seconds=-1))
    assert gives_up(NOON, NOON + timedelta(hours=24))
