"""The partners' limits, kept by all workers together (syncing/limits.py)."""

import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack

import pytest
import redis
from pytest_django import Settings

from faults.problems import Transient
from syncing import limits
from syncing.autotask import transport as autotask
from syncing.limits import Call, autotask_call, xero_call
from syncing.xero import transport as xero

ORGANISATION = "5b5a1f5e-0000-4000-8000-000000000001"
OTHER = "5b5a1f5e-0000-4000-8000-000000000002"


def xero_calls(count: int, organisation: str = ORGANISATION) -> None:
    for _ in range(count):
        with xero_call(organisation):
            pass


def autotask_calls(count: int, entity: str = "Invoices") -> None:
    for _ in range(count):
        with autotask_call(14, "CODE", entity):
            pass


def refused(call: AbstractContextManager[Call]) -> Transient:
    with pytest.raises(Transient) as caught, call:
        pass
    return caught.value


def test_an_organisation_takes_as_many_calls_in_a_minute_as_its_limit_says() -> None:
    xero_calls(60)
    problem = refused(xero_call(ORGANISATION))
    assert problem.code == "rate-limited"
    assert problem.retry_after is not None
    assert 55 < problem.retry_after <= 62
    assert "60 calls a minute" in problem.detail


def test_one_organisation_at_its_limit_does_not_slow_another() -> None:
    xero_calls(60)
    xero_calls(1, OTHER)


def test_a_day_has_its_own_limit(settings: Settings) -> None:
    settings.XERO_LIMITS = {"day": 3}
    xero_calls(3)
    problem = refused(xero_call(ORGANISATION))
    assert "a day" in problem.detail
    assert problem.retry_after is not None
    assert problem.retry_after > 23 * 3600


def test_the_app_has_a_limit_over_all_organisations(settings: Settings) -> None:
    settings.XERO_LIMITS = {"app_minute": 2}
    xero_calls(1)
    xero_calls(1, OTHER)
    assert "this app" in refused(xero_call("another")).detail


def test_a_refused_call_is_not_counted_anywhere(settings: Settings, redis_client: redis.Redis) -> None:
    settings.XERO_LIMITS = {"app_minute": 1}
    xero_calls(1)
    for _ in range(5):
        refused(xero_call(ORGANISATION))
    counted = redis_client.hvals(f"limits:xero:{ORGANISATION}:minute")
    assert [int(value) for value in counted] == [1]


def test_a_call_that_has_left_the_window_is_forgotten(settings: Settings, redis_client: redis.Redis) -> None:
    settings.XERO_LIMITS = {"minute": 2}
    key = f"limits:xero:{ORGANISATION}:minute"
    now = int(redis_client.time()[0])
    redis_client.hset(key, mapping={str(now - 70): 50, str(now - 30): 1})
    xero_calls(1)
    refused(xero_call(ORGANISATION))
    assert str(now - 70).encode() not in redis_client.hkeys(key)


def test_no_more_than_five_calls_are_at_work_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "SLOT_WAIT_SECONDS", 0.1)
    with ExitStack() as at_work:
        for _ in range(5):
            at_work.enter_context(xero_call(ORGANISATION))
        problem = refused(xero_call(ORGANISATION))
    assert "5 calls at a time" in problem.detail
    assert problem.retry_after == limits.SLOT_RETRY_SECONDS
    xero_calls(1)


def test_a_call_waits_a_moment_for_a_slot_that_comes_free() -> None:
    at_work, may_end = threading.Barrier(6, timeout=30), threading.Event()

    def work() -> None:
        with xero_call(ORGANISATION):
            at_work.wait()
            may_end.wait()

    threads = [threading.Thread(target=work) for _ in range(5)]
    for thread in threads:
        thread.start()
    at_work.wait()
    threading.Timer(0.3, may_end.set).start()
    began = time.monotonic()
    xero_calls(1)
    assert 0.2 < time.monotonic() - began < limits.SLOT_WAIT_SECONDS
    for thread in threads:
        thread.join()


def test_the_slot_of_a_worker_that_died_comes_free_with_its_lease(
    redis_client: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "SLOT_WAIT_SECONDS", 0.1)
    slots = f"limits:xero:{ORGANISATION}:slots"
    now = int(redis_client.time()[0]) * 1000
    redis_client.zadd(slots, {f"alive {number}": now + 60_000 for number in range(4)})
    redis_client.zadd(slots, {"dead": now + 100_000})
    refused(xero_call(ORGANISATION))
    redis_client.zadd(slots, {"dead": now - 1})
    xero_calls(1)


def test_a_slot_is_kept_for_as_long_as_the_slowest_call_takes() -> None:
    connect, read = autotask.TIMEOUTS
    assert connect + read + autotask.LONGEST_ANSWER_SECONDS + read < limits.LEASE_SECONDS
    times = xero.TIMEOUT
    assert times.connect_timeout + times.read_timeout + xero.LONGEST_ANSWER_SECONDS + read < limits.LEASE_SECONDS


def test_a_slot_is_given_back_when_the_call_fails() -> None:
    for _ in range(6):
        with pytest.raises(ZeroDivisionError), xero_call(ORGANISATION):
            raise ZeroDivisionError


def answered(status: int, headers: dict[str, str], organisation: str = ORGANISATION) -> None:
    with xero_call(organisation) as call:
        call.observe(status, headers)


def test_a_refusal_by_xero_holds_all_workers_for_as_long_as_it_says() -> None:
    answered(429, {"X-Rate-Limit-Problem": "minute", "Retry-After": "17"})
    problem = refused(xero_call(ORGANISATION))
    assert problem.retry_after == pytest.approx(17, abs=1)
    xero_calls(1, OTHER)


def test_a_day_that_is_used_up_stays_so_when_a_late_answer_speaks_of_the_minute() -> None:
    with xero_call(ORGANISATION) as early, xero_call(ORGANISATION) as late:
        early.observe(429, {"X-Rate-Limit-Problem": "Day", "Retry-After": "66975"})
        late.observe(429, {"X-Rate-Limit-Problem": "minute", "Retry-After": "5"})
    problem = refused(xero_call(ORGANISATION))
    assert problem.retry_after == pytest.approx(66975, abs=5)
    assert "today" in problem.detail


def test_a_refusal_for_the_app_holds_every_organisation() -> None:
    answered(429, {"X-Rate-Limit-Problem": "appminute"})
    assert "this app" in refused(xero_call(OTHER)).detail


def test_a_refusal_for_too_many_at_a_time_holds_for_a_moment_only() -> None:
    answered(429, {"X-Rate-Limit-Problem": "concurrent"})
    assert refused(xero_call(ORGANISATION)).retry_after == pytest.approx(limits.SLOT_RETRY_SECONDS, abs=1)


@pytest.mark.parametrize(
    ("headers", "everyone"), [({"X-MinLimit-Remaining": "0"}, False), ({"X-AppMinLimit-Remaining": "0"}, True)]
)
def test_nothing_is_sent_once_xero_says_that_nothing_remains(headers: dict[str, str], everyone: bool) -> None:
    answered(200, headers)
    wait = refused(xero_call(ORGANISATION)).retry_after
    assert wait is not None
    assert 50 < wait <= 62
    if everyone:
        refused(xero_call(OTHER))
    else:
        xero_calls(1, OTHER)


def test_autotask_takes_three_calls_at_a_time_to_each_entity(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "SLOT_WAIT_SECONDS", 0.1)
    with ExitStack() as at_work:
        for _ in range(3):
            at_work.enter_context(autotask_call(14, "CODE", "Invoices"))
        problem = refused(autotask_call(14, "CODE", "invoices"))
        autotask_calls(1, "BillingItems")
        with autotask_call(14, "ANOTHER CODE", "Invoices"), autotask_call(15, "CODE", "Invoices"):
            pass
    assert problem.code == "autotask-threshold"


def test_autotask_is_spared_from_half_of_its_hourly_threshold_on(settings: Settings) -> None:
    settings.AUTOTASK_LIMITS = {"hour": 240}
    autotask_calls(120)  # half of the hour at once, and from there on two in each minute
    with pytest.raises(Transient) as caught:
        autotask_calls(5)
    assert caught.value.code == "autotask-threshold"
    assert caught.value.retry_after is not None
    assert caught.value.retry_after <= 60


def test_the_threshold_of_autotask_is_shared_by_all_its_integrations(settings: Settings) -> None:
    settings.AUTOTASK_LIMITS = {"hour": 4}
    autotask_calls(1)
    with autotask_call(14, "ANOTHER CODE", "Companies"):
        pass
    refused(autotask_call(14, "CODE", "Invoices"))


def test_the_integration_code_is_not_readable_in_redis(redis_client: redis.Redis) -> None:
    with autotask_call(14, "VERYSECRETCODE", "Invoices"):
        names = redis_client.keys("*")
    assert names
    assert not any(b"SECRET" in name.upper() for name in names)


def test_a_refusal_by_autotask_holds_its_database() -> None:
    with autotask_call(14, "CODE", "Invoices") as call:
        call.observe(429, {"Retry-After": "Wed, 21 Oct 2026 07:28:00 GMT"})
    assert refused(autotask_call(14, "ANOTHER CODE", "Companies")).retry_after == pytest.approx(60, abs=1)


@pytest.mark.parametrize("call", [lambda: xero_call(ORGANISATION), lambda: autotask_call(14, "CODE", "Invoices")])
def test_without_redis_no_call_is_made(call: Callable[[], AbstractContextManager[Call]], settings: Settings) -> None:
    settings.REDIS_URL = "redis://localhost:1/0"
    problem = refused(call())
    assert problem.retry_after == limits.REDIS_RETRY_SECONDS
    assert "Redis" in problem.detail


def test_an_answer_counts_although_redis_went_away_meanwhile(settings: Settings) -> None:
    with xero_call(ORGANISATION) as call:
        settings.REDIS_URL = "redis://localhost:1/0"
        call.observe(200, {"X-MinLimit-Remaining": "0"})


def test_many_workers_together_stay_within_the_minute(settings: Settings) -> None:
    settings.XERO_LIMITS = {"minute": 40}
    made, turned_away = [], []

    def worker() -> None:
        for _ in range(10):
            try:
                with xero_call(ORGANISATION):
                    made.append(1)
            except Transient:
                turned_away.append(1)

    threads = [threading.Thread(target=worker) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(made), len(turned_away)) == (40, 40)


def test_who_meets_a_full_window_comes_again_when_a_quarter_of_it_is_free(
    settings: Settings, redis_client: redis.Redis
) -> None:
    settings.XERO_LIMITS = {"minute": 8}
    now = int(redis_client.time()[0])
    redis_client.hset(f"limits:xero:{ORGANISATION}:minute", mapping={str(now - 40): 1, str(now - 20): 1, str(now): 6})
    assert refused(xero_call(ORGANISATION)).retry_after == pytest.approx(41, abs=1.5)


def test_organisations_that_wait_for_the_app_come_again_in_the_order_in_which_they_met_its_limit(
    settings: Settings, redis_client: redis.Redis
) -> None:
    """Each when as many calls are free as those before it and it itself will want: 2 of the 8 of its own minute."""
    settings.XERO_LIMITS = {"minute": 8, "app_minute": 6}
    now = int(redis_client.time()[0])
    made = {str(now - 50): 1, str(now - 40): 1, str(now - 30): 2, str(now - 20): 2}
    redis_client.hset("limits:xero:app:minute", mapping=made)

    waits = [refused(xero_call(each)).retry_after for each in ("a", "b", "a", "c", "d")]

    assert waits == [pytest.approx(wait, abs=1.5) for wait in (21, 31, 21, 41, 41)]


def test_an_organisation_that_got_its_call_has_left_the_queue(settings: Settings, redis_client: redis.Redis) -> None:
    settings.XERO_LIMITS = {"minute": 4, "app_minute": 2}
    xero_calls(2, OTHER)
    first = refused(xero_call(ORGANISATION)).retry_after
    redis_client.delete("limits:xero:app:minute")
    xero_calls(1)
    now = int(redis_client.time()[0])
    redis_client.hset("limits:xero:app:minute", mapping={str(now - 50): 1, str(now): 1})

    assert first == pytest.approx(61, abs=1.5)
    assert refused(xero_call("another")).retry_after == pytest.approx(11, abs=1.5)


def test_an_app_that_has_no_call_left_is_asked_again_when_its_oldest_one_leaves_the_window(
    redis_client: redis.Redis,
) -> None:
    now = int(redis_client.time()[0])
    redis_client.hset("limits:xero:app:minute", mapping={str(now - 40): 1})
    answered(200, {"X-AppMinLimit-Remaining": "0"})
    assert refused(xero_call(OTHER)).retry_after == pytest.approx(21, abs=1.5)


def test_the_longest_of_all_waits_is_told(settings: Settings, redis_client: redis.Redis) -> None:
    settings.XERO_LIMITS = {"minute": 3, "day": 3}
    xero_calls(2)
    answered(200, {"X-MinLimit-Remaining": "0", "X-DayLimit-Remaining": "0"})
    problem = refused(xero_call(ORGANISATION))
    assert "3 calls a day" in problem.detail
    assert problem.retry_after is not None
    assert problem.retry_after > 23 * 3600


def test_a_day_that_xero_calls_used_up_is_not_tried_within_the_hour() -> None:
    answered(200, {"X-DayLimit-Remaining": "0"})
    assert refused(xero_call(ORGANISATION)).retry_after == pytest.approx(3600, abs=2)
