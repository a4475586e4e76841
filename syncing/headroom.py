"""How much of the partners' limits is left, as our own count has it (syncing/limits.py)."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass

import redis
from django.conf import settings

from syncing.limits import BUCKETS, DAY, HOUR, MINUTE, AutotaskLimits, XeroLimits

SECONDS = {"minute": MINUTE, "hour": HOUR, "day": DAY}


@dataclass(frozen=True)
class Headroom:
    """Calls left in a window. `subject` is Xero's id of an organisation, an Autotask database, or "app"."""

    partner: str
    subject: str
    window: str
    limit: int
    used: int

    @property
    def remaining(self) -> int:
        return max(self.limit - self.used, 0)


def read_headroom() -> Iterator[Headroom]:
    """Of every window in which a call was made lately. Raises redis.RedisError."""
    with redis.Redis.from_url(settings.REDIS_URL, socket_timeout=2, socket_connect_timeout=2) as server:
        # Windows are hashes; what a partner's refusal holds for a minute or a day is a string of a like name.
        found = (server.scan_iter(f"limits:*:{window}", count=1000, _type="hash") for window in SECONDS)
        keys = [key.decode() for of_window in found for key in of_window]
        with server.pipeline(transaction=False) as pipeline:
            for key in keys:
                pipeline.hgetall(key)
            for key, buckets in zip(keys, pipeline.execute(), strict=True):
                _, partner, subject, window = key.split(":")
                yield Headroom(partner, subject, window, _limit(partner, subject, window), _used(buckets, window))


def _limit(partner: str, subject: str, window: str) -> int:
    if partner == "autotask":
        return AutotaskLimits(**settings.AUTOTASK_LIMITS).hour
    limits = XeroLimits(**settings.XERO_LIMITS)
    if subject == "app":
        return limits.app_minute
    return limits.day if window == "day" else limits.minute


def _used(buckets: dict[bytes, bytes], window: str) -> int:
    """The calls of the buckets that are still in the window: each is a sixtieth of it."""
    first = time.time() * BUCKETS // SECONDS[window] - BUCKETS
    return sum(int(calls) for bucket, calls in buckets.items() if int(bucket) >= first)
