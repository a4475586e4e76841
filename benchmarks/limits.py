"""Limits small enough to bind: 20 accounts, four worker processes; no breach, and hardly longer than they ask for.

The sandbox counts what breaks its limits. The bound is what a perfect sender would need who knew all its calls before:
all that a minute allows in that minute's first moment, for each organisation and for the app, and no latency at all.
"""

from __future__ import annotations

import argparse
import math
from collections import Counter
from datetime import datetime
from typing import TYPE_CHECKING

from benchmarks.crew import crew, make_due, wait_until
from benchmarks.report import hold, report
from benchmarks.stage import Stage, stage

if TYPE_CHECKING:
    from tests.connected import ConnectedAccount
    from tests.world import Row

MINUTE, CONCURRENT, APP_MINUTE = 6, 2, 110
AUTOTASK_HOUR, THREADS = 1000, 1
MOST_TIMES = 1.15
SANDBOX = {
    "--xero-minute": MINUTE,
    "--xero-concurrent": CONCURRENT,
    "--xero-app-minute": APP_MINUTE,
    "--autotask-hour": AUTOTASK_HOUR,
    "--autotask-threads": THREADS,
}
LIMITS = {
    "XERO_LIMITS": f"minute={MINUTE},concurrent={CONCURRENT},app_minute={APP_MINUTE}",
    "AUTOTASK_LIMITS": f"hour={AUTOTASK_HOUR},threads={THREADS}",
}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.limits", description=__doc__)
    parser.add_argument("--accounts", type=int, default=20)
    parser.add_argument("--workers", type=int, default=4, help="worker processes")
    parser.add_argument("--invoices", type=int, default=300, help="of each account, one line each")
    wanted = parser.parse_args()
    options = [str(part) for pair in SANDBOX.items() for part in pair]
    with stage(sandbox=options, environment=LIMITS) as here:
        accounts = [_account(here, number, wanted.invoices) for number in range(wanted.accounts)]
        with crew(here.folder, wanted.workers), here.measured() as used:
            make_due(accounts)
            everything = wanted.accounts * wanted.invoices
            if not wait_until(lambda: _arrived(here) >= everything, 900, every=2):
                raise SystemExit(f"Only {_arrived(here):,} of {everything:,} invoices have arrived.")
        ledger = here.world.ledger()
    calls = [row for row in ledger.requests if row["partner"] == "xero"]
    seconds, bound = _span(calls), _bound(calls)
    row = {
        "accounts": wanted.accounts,
        "workers": wanted.workers,
        "invoices": everything,
        "xero calls": len(calls),
        "autotask calls": len(ledger.requests) - len(calls),
        "breaches": len(ledger.breaches),
        "seconds of calls": seconds,
        "limits allow": bound,
        "times": seconds / bound,
        "at most": MOST_TIMES,
    }
    xero = f"Xero {MINUTE} a minute, {CONCURRENT} at a time, {APP_MINUTE} a minute for the app"
    title = f"{xero}; Autotask {AUTOTASK_HOUR:,} an hour, {THREADS} at a time"
    report(title, [{**row, **used.as_row()}])
    hold({"no breach": not ledger.breaches, f"{MOST_TIMES} times the bound": seconds <= MOST_TIMES * bound})


def _account(here: Stage, number: int, invoices: int) -> ConnectedAccount:
    pair = here.world.pair(xero={"users": [f"owner-{number}@example.com"]})
    pair.autotask.bill_many([{"companyID": pair.company_id, "items": [{"rate": "100"}]} for _ in range(invoices)])
    return here.connect(pair)


def _arrived(here: Stage) -> int:
    return len(here.world.ledger("xero").created("Invoices"))


def _span(calls: list[Row]) -> float:
    moments = [datetime.fromisoformat(row["at"]) for row in calls]
    return (max(moments) - min(moments)).total_seconds()


def _bound(calls: list[Row]) -> float:
    """Seconds between the first call and the last that the limits of a minute ask for at least."""
    most = max(Counter(row["organisation"] for row in calls).values())
    minutes = max(math.ceil(most / MINUTE), math.ceil(len(calls) / APP_MINUTE)) - 1
    return 60.0 * minutes


if __name__ == "__main__":
    main()
