"""The partners' rate limits, shared by every worker through Redis. Nobody sleeps on a limit: a call over it is refused.

    with xero_call(organisation_id) as call:
        answer = …
        call.observe(answer.status, answer.headers)

Xero (https://developer.xero.com/documentation/oauth2/limits): 5 calls at a time, 60 a minute and 5,000 a day for each
organisation, 10,000 a minute for the app. Autotask: 3 calls at a time for each integration code and entity, 10,000 in
any hour for the database; from half of that on, each minute gets a sixtieth of the other half.

Calls are counted in sixtieths of their window and forgotten one sixtieth late, so that the partner's own windows,
which begin when they like, are never overrun. Who meets a full window is told when a quarter of it is free again; of
the app's, which all organisations share, when what is free is enough for those who met it before, and for itself. What
a partner says (429, ``Retry-After``, ``X-…-Remaining: 0``) counts beside that, and the longest wait of all is what is
told. A call at work holds a slot under a lease: the slot of a worker that died comes free by itself. A partner that is
down is asked by one probe at a time (`syncing/outages.py`). The settings XERO_LIMITS and AUTOTASK_LIMITS change the
figures.
"""

from __future__ import annotations

import hashlib
import logging
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Final, Protocol

import redis
from django.conf import settings
from redis.commands.core import Script

from faults.problems import Transient
from syncing import outages
from syncing.outages import Line

logger = logging.getLogger(__name__)

MINUTE, HOUR, DAY = 60, 3600, 86400
# Longer than any call may take: 5 seconds to connect, 60 to the first word of the answer, 150 for the whole of it, and
# 60 for its last piece. Whatever else it waits for, a token for one, it waits for before it takes its slot.
LEASE_SECONDS = 300
# A slot is free again within a call's time, so it is worth a moment; a window is not.
SLOT_WAIT_SECONDS = 1.5
SLOT_RETRY_SECONDS = 5.0
REDIS_RETRY_SECONDS = 30.0
BUCKETS: Final = 60


@dataclass(frozen=True)
class XeroLimits:
    """Calls: for each organisation a minute, a day and at one time; for the app a minute."""

    minute: int = 60
    day: int = 5000
    concurrent: int = 5
    app_minute: int = 10_000


@dataclass(frozen=True)
class AutotaskLimits:
    """Calls: for each database in any hour; for each integration code and entity at one time."""

    hour: int = 10_000
    threads: int = 3


@dataclass(frozen=True)
class Window:
    """At most `limit` calls in any `seconds`. `eases`: from half of the limit on, spread the other half evenly.

    `share`, of a window that many share: how many calls are worth coming for to one of them; the others have as many.
    """

    key: str
    limit: int
    seconds: int
    words: str
    eases: bool = False
    share: int = 0


@dataclass(frozen=True)
class Quota:
    """All limits of one call. `holds` are keys, with their words, that a partner's refusal sets for a while.

    `waiter` is who waits in the `queue` for a window that is shared.
    """

    code: str
    subject: str
    line: Line
    waiter: str
    queue: str
    slots: str
    slot_limit: int
    slot_words: str
    windows: tuple[Window, ...]
    holds: Mapping[str, str] = field(default_factory=dict)

    def exceeded(self, words: str, retry_after: float) -> Transient:
        return Transient(self.code, words, self.subject, retry_after=retry_after)

    def is_down(self, retry_after: float) -> Transient:
        words = f"{self.subject} does not answer at the moment. One call at a time asks whether it is back."
        code = outages.code_of(_redis(settings.REDIS_URL), self.line)
        return Transient(code, words, self.subject, retry_after=retry_after)

    @property
    def words(self) -> list[str]:
        """What each window says where it is full, and then each hold."""
        return [*(window.words for window in self.windows), *self.holds.values()]


@dataclass
class Taken:
    """A place that a call has. `frees_in`: for each window the seconds until its oldest call leaves it.

    `is_answered` is told by whoever makes the call: whether the partner is up.
    """

    frees_in: list[float]
    is_answered: bool | None = None


def xero_at_once() -> int:
    """How many calls Xero takes at a time for an organisation."""
    return XeroLimits(**settings.XERO_LIMITS).concurrent


def autotask_at_once() -> int:
    """How many calls Autotask takes at a time for each entity."""
    return AutotaskLimits(**settings.AUTOTASK_LIMITS).threads


class Call(Protocol):
    """A call that may be made now."""

    def observe(self, status: int, headers: Mapping[str, str]) -> None:
        """Tell what the partner answered, so that its limits are obeyed by every worker."""


@contextmanager
def xero_call(organisation_id: str) -> Iterator[Call]:
    """A call to this organisation, counted. Raises Transient("rate-limited", retry_after=…) where it must wait."""
    limits = XeroLimits(**settings.XERO_LIMITS)
    one = f"limits:xero:{organisation_id}"
    quota = Quota(
        code="rate-limited",
        subject="Xero",
        line=Line("limits:xero:outage"),
        waiter=organisation_id,
        queue="limits:xero:app:queue",
        slots=f"{one}:slots",
        slot_limit=limits.concurrent,
        slot_words=f"Xero takes {limits.concurrent} calls at a time for an organisation; all are at work.",
        windows=(
            Window(f"{one}:minute", limits.minute, MINUTE, f"Xero takes {limits.minute} calls a minute."),
            Window(f"{one}:day", limits.day, DAY, f"Xero takes {limits.day:,} calls a day."),
            Window(
                "limits:xero:app:minute",
                limits.app_minute,
                MINUTE,
                "Xero's limit for this app is reached.",
                share=max(limits.minute // 4, 1),
            ),
        ),
        holds={
            f"{one}:hold:minute": "Xero takes no more calls for this organisation in this minute.",
            f"{one}:hold:day": "Xero takes no more calls for this organisation today.",
            "limits:xero:app:hold": "Xero takes no more calls of this app in this minute.",
        },
    )
    with _taken(quota) as taken:
        yield _XeroCall(organisation_id, taken)


@contextmanager
def autotask_call(database_id: int | str, integration_code: str, entity: str, host: str = "") -> Iterator[Call]:
    """A call to this entity, counted. Raises Transient("autotask-threshold", retry_after=…) where it must wait.

    `host` is that of the zone, which may be down by itself.
    """
    limits = AutotaskLimits(**settings.AUTOTASK_LIMITS)
    database = f"limits:autotask:{database_id}"
    integration = f"{database}:{hashlib.sha256(integration_code.encode()).hexdigest()[:16]}"
    quota = Quota(
        code="autotask-threshold",
        subject="Autotask",
        line=Line(f"limits:autotask:outage:{host}"),
        waiter=str(database_id),
        queue=f"{database}:queue",
        slots=f"{integration}:slots:{entity.lower()}",
        slot_limit=limits.threads,
        slot_words=f"Autotask takes {limits.threads} calls at a time to {entity}; all are at work.",
        windows=(
            Window(f"{database}:hour", limits.hour, HOUR, f"Autotask takes {limits.hour:,} calls an hour.", eases=True),
        ),
        holds={f"{database}:hold": "Autotask takes no more calls for now."},
    )
    with _taken(quota) as taken:
        yield _AutotaskCall(f"{database}:hold", taken)


@dataclass(frozen=True)
class _XeroCall:
    organisation_id: str
    taken: Taken

    def observe(self, status: int, headers: Mapping[str, str]) -> None:
        self.taken.is_answered = status not in outages.STATUSES
        one = f"limits:xero:{self.organisation_id}:hold"
        if status == 429:
            limit = headers.get("X-Rate-Limit-Problem", "").lower()
            if limit.startswith("app"):
                _hold("limits:xero:app:hold", retry_after(headers, MINUTE))
            elif limit.startswith("conc"):
                _hold(f"{one}:minute", retry_after(headers, SLOT_RETRY_SECONDS))
            else:
                name = "day" if limit.startswith("da") else "minute"
                _hold(f"{one}:{name}", retry_after(headers, MINUTE))
            return
        if headers.get("X-MinLimit-Remaining") == "0":
            _hold(f"{one}:minute", self.taken.frees_in[0])
        if headers.get("X-DayLimit-Remaining") == "0":
            _hold(f"{one}:day", min(self.taken.frees_in[1], HOUR))
        if headers.get("X-AppMinLimit-Remaining") == "0":
            _hold("limits:xero:app:hold", self.taken.frees_in[2])


@dataclass(frozen=True)
class _AutotaskCall:
    hold_key: str
    taken: Taken

    def observe(self, status: int, headers: Mapping[str, str]) -> None:
        self.taken.is_answered = status not in outages.STATUSES
        if status == 429:
            _hold(self.hold_key, retry_after(headers, MINUTE))


def retry_after(headers: Mapping[str, str], default: float) -> float:
    """The seconds of a ``Retry-After``, at least 1; `default` where there is none, or a date."""
    value = headers.get("Retry-After", "").strip()
    return max(float(value), 1.0) if value.isdecimal() else default


@contextmanager
def _taken(quota: Quota) -> Iterator[Taken]:
    """Take a slot and a place in each window, and tell afterwards whether the partner is up."""
    member = uuid.uuid4().hex
    taken = Taken(_take(quota, member))
    try:
        yield taken
    except Transient as problem:
        taken.is_answered = False if problem.code in outages.CODES else None
        _note_end(quota, member, taken, problem.code)
        raise
    except BaseException:
        _note_end(quota, member, taken)
        raise
    _note_end(quota, member, taken)


def _take(quota: Quota, member: str) -> list[float]:
    """For each window the seconds until its oldest call leaves it. Raises Transient where the call must wait."""
    give_up_at = time.monotonic() + SLOT_WAIT_SECONDS
    while True:
        verdict, milliseconds, which, *frees_in = _acquire(quota, member)
        if verdict == b"taken":
            return [each / 1000 for each in frees_in]
        if verdict == b"wait":
            words = quota.words
            if which > len(words):
                raise quota.is_down(milliseconds / 1000)
            raise quota.exceeded(words[which - 1], milliseconds / 1000)
        if time.monotonic() > give_up_at:
            raise quota.exceeded(quota.slot_words, SLOT_RETRY_SECONDS)
        time.sleep(0.05)


def _acquire(quota: Quota, member: str) -> list[Any]:
    keys = [
        quota.slots,
        quota.line.down,
        quota.queue,
        *(window.key for window in quota.windows),
        *quota.holds,
        quota.line.hold,
    ]
    arguments: list[Any] = [len(quota.windows), quota.slot_limit, LEASE_SECONDS * 1000, member, quota.waiter]
    for window in quota.windows:
        arguments += [window.limit, window.seconds * 1000 // BUCKETS, int(window.eases), window.share]
    try:
        answer: list[Any] = _acquire_script(settings.REDIS_URL)(keys=keys, args=arguments)
    except redis.RedisError as error:
        raise Transient(
            "rate-limited",
            f"The count of calls to {quota.subject} cannot be read, so none is made ({type(error).__name__} of Redis).",
            quota.subject,
            retry_after=REDIS_RETRY_SECONDS,
        ) from error
    return answer


def _note_end(quota: Quota, member: str, taken: Taken, code: str = "service-unavailable") -> None:
    """Give the slot back, and note whether the partner is up.

    Where Redis is away the call's answer still counts, and the lease runs out by itself.
    """
    client = _redis(settings.REDIS_URL)
    try:
        with client.pipeline(transaction=False) as pipeline:
            pipeline.zrem(quota.slots, member)
            if taken.is_answered:
                pipeline.delete(*quota.line.keys)
            elif taken.is_answered is None:  # it was not made at all: were it the probe, another one is
                pipeline.delete(quota.line.hold)
            pipeline.execute()
        if taken.is_answered is False:
            outages.note_failure(client, quota.line, code)
    except redis.RedisError:
        logger.warning("A call's slot was not given back; its lease runs out within %s seconds.", LEASE_SECONDS)


def _hold(key: str, seconds: float) -> None:
    """Refuse the calls that look at this key, for a while. Where Redis is away, no call is made anyway."""
    try:
        _redis(settings.REDIS_URL).set(key, 1, px=max(int(seconds * 1000), 1))
    except redis.RedisError:
        logger.warning("A limit that a partner told of was not noted.")


@cache
def _redis(url: str) -> redis.Redis:
    """This process's connections."""
    return redis.Redis.from_url(url, socket_timeout=5, socket_connect_timeout=5, health_check_interval=30)


@cache
def _acquire_script(url: str) -> Script:
    return _redis(url).register_script(Path(__file__).with_suffix(".lua").read_text())
