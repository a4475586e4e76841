"""Counters for /metrics, added up in Redis by every process: calls and bytes by partner, runs, and what they came to.

They only grow, and begin again at 0 where Redis lost its data, which Prometheus' `rate` allows for. Counting is never
worth failing for: where Redis is away, the work goes on uncounted.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Final

import redis
from django.conf import settings

from syncing.models import SyncRun

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Counter:
    """What is counted, and the labels that tell its series apart. An account is labelled by its id here."""

    name: str
    words: str
    labels: tuple[str, ...]

    @property
    def key(self) -> str:
        return f"metrics:{self.name}"


@dataclass(frozen=True)
class Addition:
    """So much more in one series of a counter; `values` are those of its labels."""

    counter: Counter
    values: tuple[str | int, ...]
    amount: float = 1


CALLS: Final = Counter(
    "partner_calls", "Requests made to a partner, by how they were answered.", ("partner", "account", "answer")
)
BYTES: Final = Counter(
    "partner_bytes", "Bytes of bodies, unpacked, sent to and received from a partner.", ("partner", "account", "way")
)
RUNS: Final = Counter("sync_runs", "Runs that ended, by how.", ("outcome",))
RUN_BUCKETS: Final = Counter("sync_duration_bucket", "Runs that took no longer than `le` seconds.", ("le",))
RUN_SECONDS: Final = Counter("sync_duration_sum", "Seconds that runs took.", ())
OUTCOMES: Final = Counter(
    "document_outcomes", "Tries to carry a document, by what became of them.", ("account", "outcome")
)
# Upper ends of the buckets of a run's duration, in seconds.
BUCKETS: Final = (0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 900)


def add(*additions: Addition) -> None:
    """Add them up, in one round trip."""
    try:
        with _redis(settings.REDIS_URL).pipeline(transaction=False) as pipeline:
            for each in additions:
                pipeline.hincrbyfloat(each.counter.key, json.dumps(each.values), each.amount)
            pipeline.execute()
    except redis.RedisError as error:
        logger.warning("Something was not counted (%s of Redis).", type(error).__name__)


def read(counter: Counter) -> Iterator[tuple[list[str], float]]:
    """Each series: the values of the labels, and the count. Raises redis.RedisError."""
    for field, amount in _redis(settings.REDIS_URL).hgetall(counter.key).items():
        yield [str(value) for value in json.loads(field)], float(amount)


def run_ended(run: SyncRun, documents: Mapping[str, int]) -> None:
    """Count a run that has finished or was stopped; `documents` are its tries by what became of them."""
    seconds = (run.finished_at - run.started_at).total_seconds() if run.finished_at and run.started_at else 0.0
    edges = [f"{edge:g}" for edge in BUCKETS if seconds <= edge]
    add(
        Addition(RUNS, (run.state,)),
        Addition(RUN_SECONDS, (), seconds),
        *(Addition(RUN_BUCKETS, (edge,)) for edge in [*edges, "+Inf"]),
        *(Addition(OUTCOMES, (run.account_id, name), count) for name, count in documents.items()),
    )


@cache
def _redis(url: str) -> redis.Redis:
    """This process's connections."""
    return redis.Redis.from_url(url, socket_timeout=2, socket_connect_timeout=2, health_check_interval=30)
