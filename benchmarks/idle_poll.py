"""The look at an account at rest, which is what workers do most: calls, queries and processor time of each.

The task runs as a worker runs it, in this process and over a connection that stays open.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from benchmarks.billing import add_companies, bill
from benchmarks.report import hold, report
from benchmarks.stage import Stage, stage

POLLS = 200
# An account of this size makes so many invoices on a busy day; the look finds them again each time.
INVOICES_OF_A_DAY = (0, 20, 200)
MOST_QUERIES, MOST_MILLISECONDS = 6, 10


def main() -> None:
    with stage(limits=False) as here:
        rows = [_poll(here, invoices) for invoices in INVOICES_OF_A_DAY]
    report(f"A look at an account at rest, the mean of {POLLS}", rows)
    hold(
        {
            "one call to Autotask and none to Xero": all(
                (row["autotask calls"], row["xero calls"]) == (1, 0) for row in rows
            ),
            f"{MOST_QUERIES} queries": all(row["queries"] <= MOST_QUERIES for row in rows),
            f"{MOST_MILLISECONDS} ms of our processor time": all(
                row["ms of our cpu"] <= MOST_MILLISECONDS for row in rows
            ),
        }
    )


def _poll(here: Stage, invoices: int) -> dict[str, Any]:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    from syncing.tasks import sync_account

    account = here.connect()
    bill(account, add_companies(account, 1), invoices)
    account.sync()
    sync_account(account_id=account.account.id)
    before = here.world.ledger().last_n
    with CaptureQueriesContext(connection) as queries:
        sync_account(account_id=account.account.id)
    calls = Counter(row["partner"] for row in here.world.ledger(since_n=before).requests)
    with here.measured() as used:
        for _ in range(POLLS):
            sync_account(account_id=account.account.id)
    return {
        "found again": invoices,
        "autotask calls": calls["autotask"],
        "xero calls": calls["xero"],
        "queries": len(queries),
        "at most": MOST_QUERIES,
        "ms of our cpu": 1000 * used.cpu["ours"] / POLLS,
        "at most ms": MOST_MILLISECONDS,
        "ms of postgres": 1000 * used.cpu["postgres"] / POLLS,
        "ms by the clock": 1000 * used.seconds / POLLS,
        "sandbox %": round(100 * used.sandbox_share),
        "load": round(used.load, 1),
    }


if __name__ == "__main__":
    main()
