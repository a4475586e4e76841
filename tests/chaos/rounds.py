"""A round: an account with work of every kind, a run that goes wrong in a chosen way, and the lives after it."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from typing import Any

import redis
from django.conf import settings
from django.db import connection
from django.db.models import F
from django.utils import timezone

from syncing.models import Delivery, Document, SyncState
from syncing.states import DocumentState
from tests.chaos.books import discrepancies
from tests.chaos.crew import KILLED, Crew
from tests.connected import ConnectedAccount, connect
from tests.world import SandboxWorld, item

UNSETTLED = (DocumentState.WAITING, DocumentState.IN_FLIGHT, DocumentState.UNCERTAIN, DocumentState.RETRYING)
MOST_LIVES = 8
PAST_THE_KEY = timedelta(minutes=7)
# What may happen to the writes of a run, each as the sandbox's trouble. 2 times: the try, and its repetition.
TROUBLES: dict[str, dict[str, Any]] = {
    "connection cut before Xero wrote": {"kind": "drop_before", "times": 2},
    "connection cut after Xero wrote": {"kind": "drop_after", "times": 2},
    "answer later than the time-out": {"kind": "slow", "seconds": 0.8, "times": 2},
    "write later than the time-out": {"kind": "late", "seconds": 0.8, "times": 2},
    "an error of Xero's own": {"kind": "status", "status": 503, "times": 1},
    "an error of Xero's own, after it wrote": {"kind": "status_after", "status": 500, "times": 1},
}
WRITES = ("updates", "invoices", "credit notes")


@dataclass(frozen=True, kw_only=True)
class Round:
    """What goes wrong. `kills`: in each life the boundary to die at, and at which time of meeting it.

    `trouble` meets the writes of the first life that are `struck`. `cut`: PostgreSQL or Redis drops all its connections
    so many seconds after the first life began; Redis forgets everything. `long_crash`: it outlasts Xero's 6 minutes.
    """

    seed: int = 1
    numbering: str = "xero"
    kills: tuple[tuple[str, int], ...] = ()
    trouble: str | None = None
    struck: str = "invoices"
    cut: tuple[str, float] | None = None
    long_crash: bool = False

    def __str__(self) -> str:
        deaths = " and ".join(f"killed at “{name}” ({times})" for name, times in self.kills)
        trouble = f"{self.trouble} ({self.struck})" if self.trouble else ""
        cut = f"{self.cut[0]} cuts its connections after {self.cut[1]} s" if self.cut else ""
        length = "longer than six minutes" if self.long_crash else ""
        return f"seed {self.seed}, numbers: {self.numbering}; " + ", ".join(
            filter(None, (trouble, deaths, cut, length))
        )


@dataclass
class Result:
    """How it ended. `deaths`: how many of the kills struck; `lives`: the runs that it took until all was settled."""

    wrong: list[str] = field(default_factory=list)
    deaths: int = 0
    lives: int = 0


def play(round_: Round, world: SandboxWorld, crew: Crew) -> Result:
    """Play the round on an account of its own, and compare the books."""
    account = _account_with_work(round_, world)
    result = Result()
    with _trouble(round_, world):
        _live(account, crew, result, round_.kills[0] if round_.kills else None, round_.cut)
    if round_.trouble and round_.trouble.startswith("write later"):
        time.sleep(1)  # it lands before Xero's clock is moved past the six minutes; later than that no key protects
    for kill in round_.kills[1:]:
        _pass_time(account, PAST_THE_KEY if round_.long_crash else timedelta())
        _live(account, crew, result, kill)
    _pass_time(account, PAST_THE_KEY if round_.long_crash else timedelta())
    _live(account, crew, result)
    while _is_unsettled(account) and result.lives < MOST_LIVES:
        _pass_time(account, PAST_THE_KEY)
        _live(account, crew, result)
    result.wrong += discrepancies(account)
    return result


def _account_with_work(round_: Round, world: SandboxWorld) -> ConnectedAccount:
    """One invoice and one credit note in Xero, changed since; and new ones, some for companies that Xero lacks."""
    chance = random.Random(round_.seed)
    account = connect(world)
    account.change_settings(numbering=round_.numbering, write_back_number=round_.numbering == "xero")
    companies = [account.pair.company_id, account.autotask.add_company("Kauri Dental")]
    known = [_bill(account, chance, companies[0], sign) for sign in (1, -1)]
    account.sync()
    for autotask_id in known:
        _change(account, autotask_id, _amount(chance))
    account.ask_again(*known)
    for company_id in companies:
        for sign in (1, 1, -1):
            _bill(account, chance, company_id, sign)
    return account


def _bill(account: ConnectedAccount, chance: random.Random, company_id: int, sign: int) -> int:
    lines = [item(sign * _amount(chance)) for _ in range(chance.randint(1, 3))]
    return int(account.autotask.bill(company_id, lines)["id"])


def _amount(chance: random.Random) -> Decimal:
    return Decimal(chance.randint(100, 99_999)) / 100


def _change(account: ConnectedAccount, autotask_id: int, amount: Decimal) -> None:
    """Another line price than before, and totals to fit, as un-posting and posting again leaves them."""
    first, *others = account.autotask.items(autotask_id)
    total = amount if first["totalAmount"] > 0 else -amount
    tax = (total * Decimal("0.15")).quantize(Decimal("0.0001"))
    account.autotask.patch("BillingItems", first["id"], rate=total, totalAmount=total, taxDollars=tax)
    lines = [(total, tax)] + [(each["totalAmount"], each["taxDollars"]) for each in others]
    invoice = account.autotask.invoice(autotask_id)
    old_total, old_tax = first["totalAmount"], first["taxDollars"]
    is_gross = invoice["invoiceTotal"] != old_total + sum(each["totalAmount"] for each in others)
    account.autotask.patch(
        "Invoices",
        autotask_id,
        invoiceTotal=invoice["invoiceTotal"] - old_total + total + ((tax - old_tax) if is_gross else 0),
        totalTaxValue=sum(tax for _, tax in lines),
    )


@contextmanager
def _trouble(round_: Round, world: SandboxWorld) -> Iterator[None]:
    if round_.trouble is None:
        yield
        return
    path = "/CreditNotes" if round_.struck == "credit notes" else "/Invoices"
    method = "POST" if round_.struck == "updates" else "PUT"
    with world.trouble("xero", path=path, method=method, **TROUBLES[round_.trouble]):
        yield


def _live(
    account: ConnectedAccount,
    crew: Crew,
    result: Result,
    kill: tuple[str, int] | None = None,
    cut: tuple[str, float] | None = None,
) -> None:
    result.lives += 1
    worker = crew.start(account.account.slug, *(kill or ()))
    if cut is not None:
        time.sleep(cut[1])
        _cut_connections(cut[0])
    status = crew.wait(worker)
    if kill is not None and status == KILLED:
        result.deaths += 1
    elif status != 0 and cut is None:
        result.wrong.append(f"a worker ended with {status}: {crew.said()}")


def _cut_connections(server: str) -> None:
    if server == "Redis":
        with redis.Redis.from_url(settings.REDIS_URL) as client:
            client.flushall()
            client.client_kill_filter(_type="normal", skipme=True)
        return
    others = "datname = current_database() AND pid <> pg_backend_pid()"
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {others}")  # noqa: S608


def _pass_time(account: ConnectedAccount, passed: timedelta) -> None:
    """What time does: leases run out, Xero forgets its keys, what waits becomes due. Nobody sleeps."""
    if passed:
        account.autotask.world.advance_clock(passed.total_seconds())
    past = timezone.now() - timedelta(seconds=1)
    with account.scope():
        SyncState.objects.filter(lease_expires_at__isnull=False).update(lease_expires_at=past)
        Delivery.objects.update(first_sent_at=F("first_sent_at") - passed)
        Document.objects.filter(state=DocumentState.RETRYING).update(next_attempt_at=past)


def _is_unsettled(account: ConnectedAccount) -> bool:
    with account.scope():
        return Document.objects.filter(state__in=UNSETTLED).exists()
