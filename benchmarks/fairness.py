"""Fairness: what a backlog of 50,000 invoices of one account means for a new invoice of another.

Both have their limits and Xero's and Autotask's latency. Each of the small account's invoices is billed while the big
one's backlog is being carried; its account is due at that moment. Told is how long it takes to Xero, and how long the
same took before there was a backlog.
"""

from __future__ import annotations

import argparse
import time
from typing import TYPE_CHECKING

from benchmarks.crew import crew, make_due, wait_until
from benchmarks.report import hold, report
from benchmarks.stage import Stage, stage

if TYPE_CHECKING:
    from tests.connected import ConnectedAccount

BACKLOG = 50_000
LATENCY = "200"
MOST_SECONDS = 60.0
AT_ONCE = 2000


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.fairness", description=__doc__)
    parser.add_argument("--backlog", type=int, default=BACKLOG)
    parser.add_argument("--invoices", type=int, default=6, help="of the other account, one after the other")
    parser.add_argument("--workers", type=int, default=1, help="worker processes: one alone is the hardest case")
    wanted = parser.parse_args()
    with stage(sandbox=("--latency", LATENCY)) as here:
        big, small = _account(here, "big"), _account(here, "small")
        with crew(here.folder, wanted.workers), here.measured() as used:
            alone = [_seconds_to_xero(small) for _ in range(2)]
            for start in range(0, wanted.backlog, AT_ONCE):
                _bill(big, min(AT_ONCE, wanted.backlog - start))
            make_due([big])
            wait_until(lambda: bool(big.xero.invoices()), 120)
            beside = [_seconds_to_xero(small) for _ in range(wanted.invoices)]
            left = wanted.backlog - len(here.world.ledger("xero", organisation=big.xero.id).created("Invoices"))
        breaches = len(here.world.ledger().breaches)
    row = {
        "workers": wanted.workers,
        "backlog": wanted.backlog,
        "alone s": max(alone),
        "beside it, median s": sorted(beside)[len(beside) // 2],
        "longest s": max(beside),
        "delayed by s": max(beside) - min(alone),
        "at most": MOST_SECONDS,
        "backlog left": left,
        "breaches": breaches,
    }
    report("A new invoice beside another account's backlog", [{**row, **used.as_row()}])
    hold(
        {
            "no breach": breaches == 0,
            "a backlog until the end": left > 0,
            f"{MOST_SECONDS} s of delay": row["delayed by s"] <= MOST_SECONDS,
        }
    )


def _account(here: Stage, name: str) -> ConnectedAccount:
    return here.connect(here.world.pair(xero={"users": [f"{name}@example.com"]}))


def _bill(account: ConnectedAccount, invoices: int) -> None:
    bill = {"companyID": account.pair.company_id, "items": [{"rate": "100"}]}
    account.autotask.bill_many([bill] * invoices)


def _seconds_to_xero(account: ConnectedAccount) -> float:
    before = len(account.xero.invoices())
    wait_until(lambda: _is_at_rest(account), 300, every=0.1)  # its last run would plan the next one over ours
    _bill(account, 1)
    make_due([account])
    began = time.monotonic()
    if not wait_until(lambda: len(account.xero.invoices()) > before, 300, every=0.1):
        raise SystemExit("The new invoice has not arrived within five minutes.")
    return time.monotonic() - began


def _is_at_rest(account: ConnectedAccount) -> bool:
    from syncing.models import SyncState

    with account.scope():
        return not SyncState.objects.filter(lease_run_id__isnull=False).exists()


if __name__ == "__main__":
    main()
