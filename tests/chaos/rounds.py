"""A round: an account with work of every kind, runs that go wrong in chosen ways, and the lives after them."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import timedelta

import redis
from django.conf import settings
from django.db import connection
from django.db.models import F
from django.utils import timezone

from syncing.models import Delivery, Document, SyncState
from syncing.states import DocumentState
from tests.chaos.books import discrepancies
from tests.chaos.crew import KILLED, STOPPED, UNLIMITED_AUTOTASK, UNLIMITED_XERO, Crew
from tests.chaos.servers import killed_and_restarted
from tests.chaos.troubles import LATE, Trouble, in_force
from tests.chaos.work import Work
from tests.world import SandboxWorld

UNSETTLED = (DocumentState.WAITING, DocumentState.IN_FLIGHT, DocumentState.UNCERTAIN, DocumentState.RETRYING)
MOST_LIVES_AFTER = 8
PAST_THE_KEY = timedelta(minutes=7)


@dataclass(frozen=True)
class Kill:
    """A worker dies at the boundary, when it meets it for the `time`-th time.

    Or it `hangs` there until its lease has run out and a second worker has been at the account, and then goes on.
    """

    boundary: str
    time: int = 1
    hangs: bool = False

    def __str__(self) -> str:
        what = "outlives its lease" if self.hangs else "killed"
        return f"{what} at “{self.boundary}”" + (f" ({self.time})" if self.time > 1 else "")


@dataclass(frozen=True)
class Strike:
    """What else happens so many `seconds` after a run began; `name`: of STRIKES."""

    name: str
    seconds: float

    def __str__(self) -> str:
        return f"{self.name} after {self.seconds} s"


@dataclass(frozen=True)
class Life:
    """What goes wrong in one run. `late`: more than the six minutes of an Idempotency-Key pass before it begins."""

    kill: Kill | None = None
    trouble: Trouble | None = None
    strike: Strike | None = None
    late: bool = False

    def __str__(self) -> str:
        blows = " and ".join(str(blow) for blow in (self.trouble, self.kill, self.strike) if blow)
        return ("7 minutes later " if self.late else "") + (blows or "nothing")


@dataclass(frozen=True, kw_only=True)
class Round:
    """One life after the other, each with new work; then runs until all is settled. `late`: those begin late, too.

    `bills`: so many more in each life.
    """

    name: str
    seed: int
    numbering: str = "xero"
    lives: tuple[Life, ...] = ()
    late: bool = False
    bills: int = 0

    def __str__(self) -> str:
        return self.name


@dataclass
class Result:
    """How it ended. `missed`: the lives whose blow did not strike; `deaths` of workers; `runs` that it took."""

    wrong: list[str] = field(default_factory=list)
    missed: list[str] = field(default_factory=list)
    deaths: int = 0
    runs: int = 0


def play(round_: Round, world: SandboxWorld, crew: Crew) -> Result:
    """Play the round on an account of its own, and compare the books."""
    # What a dead worker has asked for is still at work here, when the next one comes.
    world.limits(xero={**UNLIMITED_XERO, "concurrent": 1000}, autotask={**UNLIMITED_AUTOTASK, "threads": 1000})
    work = Work.of_new_account(world, round_.seed, round_.numbering, days=len(round_.lives))
    crew.few_at_once = not round_.bills  # many are for several calls at once, of one large batch
    crew.warm_up(work.account.account.slug)
    result = Result()
    lingers = False
    for life in round_.lives:
        _pass_time(work, life.late, lingers)
        work.do_a_day(round_.bills)
        _live(work, crew, result, life)
        lingers = life.trouble is not None and life.trouble.lingers
    _pass_time(work, round_.late, lingers)
    _live(work, crew, result)
    lives = result.runs
    while _is_unsettled(work) and result.runs < lives + MOST_LIVES_AFTER:
        _pass_time(work, late=True)
        _live(work, crew, result)
    result.wrong += discrepancies(work.account)
    return result


def _live(work: Work, crew: Crew, result: Result, life: Life = Life()) -> None:
    result.runs += 1
    if life.trouble is not None and life.trouble.call == "token refreshed":
        work.let_the_token_end()
    slug = work.account.account.slug
    with in_force(life.trouble, work.account.autotask.world) as struck:
        worker = _start(slug, crew, life.kill)
        if life.strike is not None:
            time.sleep(life.strike.seconds)
            STRIKES[life.strike.name](work, crew, result)
        status = crew.wait(worker)
        if status == STOPPED:
            _let_the_lease_run_out(work, crew, result)
            crew.go_on(worker)
            crew.wait(worker)
    if status == KILLED:
        result.deaths += 1
    elif life.kill is not None and status != STOPPED:
        result.missed.append(str(life))
    if life.trouble is not None and not struck.yes:
        result.missed.append(str(life))
    if status > 0 and life.strike is None:
        result.wrong.append(f"a worker ended with {status}: {crew.said()}")


def _start(slug: str, crew: Crew, kill: Kill | None) -> int:
    return crew.start(slug, kill.boundary, kill.time, stops=kill.hangs) if kill else crew.start(slug)


# ---- strikes


def _cut_off_postgresql(work: Work, crew: Crew, result: Result) -> None:
    others = "backend_type = 'client backend' AND datname = current_database() AND pid <> pg_backend_pid()"
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {others}")  # noqa: S608


def _empty_redis(work: Work, crew: Crew, result: Result) -> None:
    with redis.Redis.from_url(settings.REDIS_URL) as client:
        client.flushdb()
        client.client_kill_filter(_type="normal", skipme=True)


def _kill_postgresql(work: Work, crew: Crew, result: Result) -> None:
    connection.close()
    killed_and_restarted("postgres")


def _kill_redis(work: Work, crew: Crew, result: Result) -> None:
    killed_and_restarted("redis")


def _let_the_lease_run_out(work: Work, crew: Crew, result: Result) -> None:
    """A second worker takes the account over, while the first, which only was slow, works on."""
    _pass_time(work)
    result.runs += 1
    crew.sync(work.account.account.slug)


STRIKES = {
    "all connections to PostgreSQL cut": _cut_off_postgresql,
    "Redis emptied, its connections cut": _empty_redis,
    "its lease over, a second worker": _let_the_lease_run_out,
    "PostgreSQL killed": _kill_postgresql,
    "Redis killed": _kill_redis,
}


# ---- time


def _pass_time(work: Work, late: bool = False, lingers: bool = False) -> None:
    """What time does: leases run out, calls of the dead too, Xero forgets its keys, what waits becomes due.

    Nobody sleeps, but for what `lingers`: it lands before Xero's clock is moved on. Later than six minutes no key
    protects.
    """
    passed = PAST_THE_KEY if late else timedelta()
    if late and lingers:
        time.sleep(LATE)
    if late:
        work.account.autotask.world.advance_clock(passed.total_seconds())
    _free_the_slots()
    past = timezone.now() - timedelta(seconds=1)
    with work.account.scope():
        SyncState.objects.filter(lease_expires_at__isnull=False).update(lease_expires_at=past)
        Delivery.objects.update(first_sent_at=F("first_sent_at") - passed)
        Document.objects.filter(state=DocumentState.RETRYING).update(next_attempt_at=past)


def _free_the_slots() -> None:
    """A killed worker gives none of its calls' slots back; they run out sooner than its lease."""
    with redis.Redis.from_url(settings.REDIS_URL) as client:
        for key in client.scan_iter("limits:*:slots*"):
            client.delete(key)


def _is_unsettled(work: Work) -> bool:
    with work.account.scope():
        return Document.objects.filter(state__in=UNSETTLED).exists()
