"""Circuit breaker: a partner that is down for several accounts in a row is asked by one probe at a time, for them all.

Each account's calls are refused meanwhile without being made (`syncing/limits.py` looks at the hold), and its run comes
again when the probe may have been answered. The first answer to anyone ends the outage, for all of them.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Final

import redis
from django.conf import settings

from tenants.scope import current_account_id

# So many accounts have to fail with no success between them: a single organisation may be away by itself.
SEVERAL: Final = 3
# What says that a partner is down, and not what it thinks of a call.
STATUSES: Final = (502, 503, 504)
CODES: Final = ("autotask-timeout", "service-unavailable", "xero-unreachable")
# Failures that are older than this have nothing to do with each other.
FORGOTTEN_SECONDS: Final = 900
LONGEST_SECONDS: Final = 86_400


@dataclass(frozen=True)
class Line:
    """The line to a partner that all its accounts share; `name` is the beginning of its keys in Redis."""

    name: str

    @property
    def failing(self) -> str:
        """The set of the accounts that failed since the last answer."""
        return f"{self.name}:failing"

    @property
    def down(self) -> str:
        """The hash that is there while the partner is down: `since` when, and the `code` of that."""
        return f"{self.name}:down"

    @property
    def hold(self) -> str:
        """The key that is there while no call is to be made: until the next probe, or while one is under way."""
        return f"{self.name}:hold"

    @property
    def keys(self) -> tuple[str, str, str]:
        return self.failing, self.down, self.hold


def note_failure(client: redis.Redis, line: Line, code: str) -> None:
    """A call of the current account failed. Raises redis.RedisError."""
    account_id = current_account_id()
    if account_id is None:
        return
    with client.pipeline() as pipeline:
        pipeline.sadd(line.failing, account_id)
        pipeline.expire(line.failing, FORGOTTEN_SECONDS)
        pipeline.scard(line.failing)
        pipeline.exists(line.down)
        _, _, accounts, is_down = pipeline.execute()
    if not is_down and accounts < SEVERAL:
        return
    client.hsetnx(line.down, "since", time.time())
    client.hsetnx(line.down, "code", code)
    client.expire(line.down, LONGEST_SECONDS)
    since = float(client.hget(line.down, "since") or time.time())
    client.set(line.hold, 1, px=int(1000 * next_probe_in(time.time() - since)))


def next_probe_in(lasted: float) -> float:
    """Seconds until the next probe of an outage that has `lasted` so many: as long again, within bounds."""
    return max(float(settings.SYNC_BACKOFF_SECONDS[0]), min(lasted, float(settings.SYNC_INTERVAL_SECONDS)))


def code_of(client: redis.Redis, line: Line) -> str:
    """The code of the failure that began the outage."""
    try:
        code = client.hget(line.down, "code")
    except redis.RedisError:
        code = None
    return code.decode() if isinstance(code, bytes) else "service-unavailable"
