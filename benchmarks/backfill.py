"""A backfill with real latency and all limits on: how near it comes to the time that these allow.

The bound is a perfect sender's, found by playing its calls: discovery page after page, as each page of ids depends on
the one before; the lines of 50 invoices as soon as these are known, three questions at a time; each write as soon as
its invoices are known whole, five at a time, and no more than 60 calls in any minute. It works in no time itself.
"""

from __future__ import annotations

import argparse
import heapq
import math
from collections import Counter
from datetime import datetime

from benchmarks.billing import LINES, add_companies, bill
from benchmarks.crew import crew, make_due, wait_until
from benchmarks.report import hold, report
from benchmarks.stage import Stage, stage

INVOICES, COMPANIES = 5000, 200
AUTOTASK_SECONDS, XERO_SECONDS = 0.4, 0.6
XERO_MINUTE, XERO_AT_ONCE, AUTOTASK_AT_ONCE = 60, 5, 3
PAGE, CALL = 500, 50
MOST_TIMES = 1.2


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.backfill", description=__doc__)
    parser.add_argument("--invoices", type=int, default=INVOICES, help=f"of {LINES} lines")
    parser.add_argument("--workers", type=int, default=2, help="worker processes")
    wanted = parser.parse_args()
    with stage() as here:
        account = here.connect()
        bill(account, add_companies(account, COMPANIES), wanted.invoices)
        for partner, seconds in (("autotask", AUTOTASK_SECONDS), ("xero", XERO_SECONDS)):
            here.world.add_trouble(partner, "slow", seconds=seconds)
        with crew(here.folder, wanted.workers), here.measured() as used:
            make_due([account])
            if not wait_until(lambda: _arrived(here) >= wanted.invoices, 900):
                raise SystemExit(f"Only {_arrived(here):,} of {wanted.invoices:,} invoices have arrived.")
        ledger = here.world.ledger()
    began = min(datetime.fromisoformat(row["at"]) for row in ledger.requests)
    ended = max(datetime.fromisoformat(row["at"]) for row in ledger.created("Invoices"))
    calls = Counter(row["partner"] for row in ledger.requests)
    others = calls["xero"] - math.ceil(wanted.invoices / CALL)
    seconds, bound = (ended - began).total_seconds() + XERO_SECONDS, perfect_seconds(wanted.invoices, others)
    row = {
        "invoices": wanted.invoices,
        "xero calls": calls["xero"],
        "autotask calls": calls["autotask"],
        "breaches": len(ledger.breaches),
        "took s": seconds,
        "limits and latency allow s": bound,
        "times": seconds / bound,
        "at most": MOST_TIMES,
    }
    report("Backfill: Autotask 0.4 s, Xero 0.6 s a call, all limits on", [{**row, **used.as_row()}])
    hold({"no breach": not ledger.breaches, f"{MOST_TIMES} times the bound": seconds <= MOST_TIMES * bound})


def _arrived(here: Stage) -> int:
    return len(here.world.ledger("xero").created("Invoices"))


def perfect_seconds(invoices: int, other_calls: int) -> float:
    """Seconds until the last invoice is in Xero. `other_calls` to Xero (lists, contacts) are made first of all."""
    pages = [AUTOTASK_SECONDS * (1 + number // PAGE) for number in range(0, invoices, CALL)]  # when it is discovered
    known = _play(pages, AUTOTASK_SECONDS * CALL * LINES / PAGE, AUTOTASK_AT_ONCE)
    return max(_play([0.0] * other_calls + known, XERO_SECONDS, XERO_AT_ONCE, XERO_MINUTE))


def _play(ready: list[float], seconds: float, at_once: int, a_minute: int | None = None) -> list[float]:
    """When each call ends: it starts as soon as it is ready, there is a place for it, and the minute allows it."""
    free = [0.0] * at_once
    starts: list[float] = []
    ends: list[float] = []
    for moment in ready:
        start = max(moment, heapq.heappop(free))
        if a_minute and len(starts) >= a_minute:
            start = max(start, starts[-a_minute] + 60)
        starts.append(start)
        ends.append(start + seconds)
        heapq.heappush(free, start + seconds)
    return ends


if __name__ == "__main__":
    main()
