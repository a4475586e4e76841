"""Calls to both partners for each invoice of a backfill, as it grows: invoices of ten lines, 200 companies.

Each size in an account of its own: the first month with an empty Xero, the second with all contacts known.
"""

from __future__ import annotations

import argparse
import math
from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING

from benchmarks.billing import add_companies, bill
from benchmarks.report import hold, report
from benchmarks.stage import Stage, stage

if TYPE_CHECKING:
    from tests.connected import ConnectedAccount

BACKFILLS = (100, 1000, 10_000)
COMPANIES = 200
AT_ONCE = 50
# What is needed at least: 50 documents to a Xero call; 500 rows to an Autotask page.
XERO_FLOOR, AUTOTASK_FLOOR = 0.02, 0.022
# Of these a tenth, or a fifth, more is allowed, and what a run asks for once: its lists, and the look for contacts.
MOST_XERO, XERO_ONCE = 0.022, 6
MOST_AUTOTASK, AUTOTASK_ONCE = 0.027, 15


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.calls", description=__doc__)
    parser.add_argument(
        "backfills", nargs="*", type=int, default=BACKFILLS, help="invoices; 100 1000 10000 if not given"
    )
    backfills = parser.parse_args().backfills
    with stage(limits=False) as here:
        measured = [each for invoices in backfills for each in _two_months(here, invoices)]
    report(f"Calls for each invoice, of {COMPANIES} companies, write-back off", [row for row, _ in measured])
    hold({f"{row['invoices']:,} invoices, {row['what']}": holds for row, holds in measured})


def _two_months(here: Stage, invoices: int) -> Iterator[tuple[dict[str, object], bool]]:
    account = here.connect()
    companies = add_companies(account, min(COMPANIES, invoices))
    for what, once in (("empty Xero", XERO_ONCE + math.ceil(len(companies) / AT_ONCE)), ("all contacts known", 0)):
        bill(account, companies, invoices)
        yield _backfill(here, account, invoices, what, MOST_XERO * invoices + once)


def _backfill(
    here: Stage, account: ConnectedAccount, invoices: int, what: str, most_xero: float
) -> tuple[dict[str, object], bool]:
    """The row of one month, and whether it keeps to its bounds; these are in calls."""
    before = here.world.ledger().last_n
    with here.measured() as used:
        run = account.sync()
    ledger = here.world.ledger(since_n=before)
    assert run.counts["created"] == invoices, run.counts
    assert not ledger.breaches, ledger.breaches
    calls = Counter(row["partner"] for row in ledger.requests)
    most_autotask = MOST_AUTOTASK * invoices + AUTOTASK_ONCE
    row = {
        "invoices": invoices,
        "what": what,
        "xero": calls["xero"],
        "xero each": calls["xero"] / invoices,
        "must be": f"≤ {most_xero / invoices:.3f}",
        "xero floor": XERO_FLOOR,
        "autotask": calls["autotask"],
        "autotask each": calls["autotask"] / invoices,
        "must be too": f"≤ {most_autotask / invoices:.3f}",
        "autotask floor": AUTOTASK_FLOOR,
        "sandbox %": round(100 * used.sandbox_share),
    }
    return row, calls["xero"] <= most_xero and calls["autotask"] <= most_autotask


if __name__ == "__main__":
    main()
