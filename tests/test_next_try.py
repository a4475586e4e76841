"""When a run that a connection stopped is tried again."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from faults.problems import NeedsPerson, Transient
from syncing.schedule import next_try


def seconds_until(moment: datetime | None) -> float:
    assert moment is not None
    return (moment - timezone.now()) / timedelta(seconds=1)


@pytest.mark.parametrize(
    ("code", "wait", "preparation", "seconds"),
    [
        ("rate-limited", 40.0, 0.0, 40.0),
        ("rate-limited", 40.0, 4.0, 36.0),
        ("rate-limited", 2.0, 4.0, 0.0),
        ("autotask-threshold", 40.0, 4.0, 40.0),
    ],
)
def test_a_run_comes_back_to_a_limit_with_its_batch_prepared(
    code: str, wait: float, preparation: float, seconds: float
) -> None:
    moment = next_try(Transient(code, "Full.", "Xero", retry_after=wait), 0, preparation)

    assert seconds_until(moment) == pytest.approx(seconds, abs=0.5)


def test_a_partner_that_asks_for_a_long_wait_is_not_asked_sooner() -> None:
    moment = next_try(Transient("rate-limited", "The day is spent.", "Xero", retry_after=7200), 0, preparation=4.0)

    assert seconds_until(moment) >= 7199


def test_what_a_person_must_mend_has_no_next_try() -> None:
    assert next_try(NeedsPerson("xero-disconnected", "Signed out.", "Xero"), 0) is None
