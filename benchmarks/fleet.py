"""A fleet: 2,000 accounts, each polled every 5 minutes, 1 in 20 with a new invoice, with the partners' latency.

Two processors are to carry it with half their time to spare, and no account is to be later than 30 seconds. A part of
the 5 minutes is measured; the accounts' turns are spread evenly over them, as they are in production. Where setting up
so many accounts takes too long, `--accounts 500 --interval 75` asks for as many polls a second of fewer accounts.
"""

from __future__ import annotations

import argparse
import random
import time
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from benchmarks.crew import crew
from benchmarks.report import hold, report
from benchmarks.stage import Stage, stage

if TYPE_CHECKING:
    from tests.connected import ConnectedAccount
    from tests.world import Row

ACCOUNTS = 2000
INTERVAL = 300
SECONDS = 150
ONE_IN = 20
AUTOTASK_SECONDS, XERO_SECONDS = 0.4, 0.6
PROCESSORS = 2
MOST_OF_THEM, LATEST = 0.5, 30.0


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.fleet", description=__doc__)
    parser.add_argument("--accounts", type=int, default=ACCOUNTS)
    parser.add_argument("--interval", type=int, default=INTERVAL, help="seconds between two polls of an account")
    parser.add_argument("--seconds", type=int, default=SECONDS, help="how long is measured")
    parser.add_argument("--workers", type=int, default=8, help="worker processes; they mostly wait for the partners")
    wanted = parser.parse_args()
    with stage(environment={"SYNC_INTERVAL_SECONDS": str(wanted.interval)}) as here:
        accounts = _accounts(here, wanted.accounts)
        _have_been_running(accounts)
        for partner, seconds in (("autotask", AUTOTASK_SECONDS), ("xero", XERO_SECONDS)):
            here.world.add_trouble(partner, "slow", seconds=seconds)
        before = here.world.ledger().last_n
        with crew(here.folder, wanted.workers):
            billed = _bill_some(accounts)
            due = _spread(accounts, wanted.interval)
            with here.measured() as used:
                time.sleep(wanted.seconds)
            ledger = here.world.ledger(since_n=before)
            lateness = _lateness(accounts, due, ledger.requests)
    share = used.engine / (used.seconds * PROCESSORS)
    polls = len(lateness) / used.seconds
    row = {
        "accounts": wanted.accounts,
        "polls a second": polls,
        "with invoices": billed,
        "invoices arrived": len(ledger.created("Invoices")),
        "calls": len(ledger.requests),
        "breaches": len(ledger.breaches),
        "latest s": max(lateness),
        "at most": LATEST,
        "of two processors": share,
        "at most ": MOST_OF_THEM,
        "cpu ms a poll": 1000 * used.engine / len(lateness),
        "accounts at 5 minutes that half of two carry": int(polls * INTERVAL * MOST_OF_THEM / share),
    }
    title = f"A fleet polled every {wanted.interval} s, for {wanted.seconds} s, {wanted.workers} workers"
    report(title, [{**row, **used.as_row()}])
    hold(
        {
            "no breach": not ledger.breaches,
            f"{MOST_OF_THEM} of two processors": share <= MOST_OF_THEM,
            f"no account later than {LATEST} s": max(lateness) <= LATEST,
        }
    )


def _accounts(here: Stage, count: int) -> list[ConnectedAccount]:
    """Each with an Autotask database, a Xero organisation and a Xero user of its own."""
    return [here.connect(here.world.pair(xero={"users": [f"owner-{number}@example.com"]})) for number in range(count)]


def _have_been_running(accounts: Sequence[ConnectedAccount]) -> None:
    """A first run of each: its look-back is walked, and its reference lists are cached."""
    from syncing.models import SyncState

    first = accounts[0]
    first.autotask.bill(first.pair.company_id)
    first.sync()
    with first.scope():
        kept = _kept_lists()
        state = SyncState.objects.get()
    for account in accounts[1:]:
        with account.scope():
            _take_over(account, kept, state)


def _kept_lists() -> list[tuple[str, Any]]:
    from syncing.models import ReferenceData

    return list(ReferenceData.objects.values_list("name", "payload"))


def _take_over(account: ConnectedAccount, kept: list[tuple[str, Any]], state: Any) -> None:
    """What a first run would have left; the lists are alike, as all databases of the sandbox are."""
    from django.utils import timezone

    from syncing import health
    from syncing.models import ReferenceData, SyncState

    now = timezone.now()
    ReferenceData.objects.bulk_create(
        ReferenceData(account_id=account.account.id, name=name, payload=payload, fetched_at=now)
        for name, payload in kept
    )
    SyncState.objects.create(
        account_id=account.account.id, cursor=0, walked_at=now, total_is=state.total_is, last_finished_at=now
    )
    health.refresh(account.account.id)


def _bill_some(accounts: Sequence[ConnectedAccount]) -> int:
    chosen = random.Random(1).sample(list(accounts), max(1, len(accounts) // ONE_IN))
    for account in chosen:
        account.autotask.bill(account.pair.company_id)
    return len(chosen)


def _spread(accounts: Sequence[ConnectedAccount], interval: int) -> dict[int, datetime]:
    """The turn of each, by account id: evenly over the interval, from now on."""
    from django.utils import timezone

    from tenants.models import Account

    now = timezone.now() + timedelta(seconds=2)
    due = {
        account.account.id: now + timedelta(seconds=interval * place / len(accounts))
        for place, account in enumerate(accounts)
    }
    rows = [Account(id=account_id, next_sync_at=moment) for account_id, moment in due.items()]
    Account.objects.bulk_update(rows, ["next_sync_at"], batch_size=500)
    return due


def _lateness(accounts: Sequence[ConnectedAccount], due: dict[int, datetime], calls: Sequence[Row]) -> list[float]:
    """Seconds from each account's turn to its first call to Autotask, or until now; of those whose turn has come."""
    from django.utils import timezone

    now = timezone.now()
    asked: dict[int, list[datetime]] = defaultdict(list)
    for row in calls:
        if row["partner"] == "autotask":
            asked[row["database"]].append(datetime.fromisoformat(row["at"]))
    late = []
    for account in accounts:
        turn = due[account.account.id]
        first = min((moment for moment in asked[account.autotask.id] if moment >= turn), default=now)
        if turn <= now:
            late.append((first - turn).total_seconds())
    return late


if __name__ == "__main__":
    main()
