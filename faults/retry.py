"""When a transient problem is tried again, and when it is a person's turn. Pure, apart from reading the settings."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from typing import Protocol

from django.conf import settings

GIVES_UP_AFTER = timedelta(hours=24)
LONGEST_WAIT = GIVES_UP_AFTER.total_seconds()
# Waits are spread by a fifth either way, so that what failed together does not return together.
JITTER = 0.2


class Random(Protocol):
    """What is needed of `random.Random`."""

    def uniform(self, a: float, b: float, /) -> float: ...


def next_wait(tries: int, retry_after: float | None = None, rng: Random = random) -> float:
    """Seconds until the next try, after `tries` failures before this one.

    A partner's Retry-After (seconds) goes first, is never undercut, and counts for at most a day. Without one the waits
    of SYNC_BACKOFF_SECONDS are gone through, and the last of them repeats.
    """
    if retry_after is not None and retry_after > 0:
        wait = min(retry_after, LONGEST_WAIT)
        return wait + rng.uniform(0, min(wait * JITTER, 30))
    waits: tuple[int, ...] = settings.SYNC_BACKOFF_SECONDS
    wait = waits[min(max(tries, 0), len(waits) - 1)]
    return wait * rng.uniform(1 - JITTER, 1 + JITTER)


def next_look(looks: int, rng: Random = random) -> float:
    """Seconds until the next look whether the cause of an open fault has cleared, after `looks` before this one."""
    waits: tuple[int, ...] = settings.SYNC_RELEASE_CHECK_SECONDS
    return waits[min(max(looks, 0), len(waits) - 1)] * rng.uniform(1, 1 + JITTER)


def gives_up(first_failed_at: datetime, now: datetime) -> bool:
    """Whether a problem that has stood since `first_failed_at` is a person's turn."""
    return now - first_failed_at >= GIVES_UP_AFTER
