"""What the engine itself takes, without limits or latency: invoices a second for each core, and memory, as they grow.

Counted in processor time of our process, PostgreSQL and Redis, so that neither the sandbox nor the machine's other
work is measured with it.
"""

from __future__ import annotations

import argparse
from itertools import pairwise
from typing import Any

from django.db import connection

from benchmarks.billing import LINES, add_companies, bill
from benchmarks.report import hold, report
from benchmarks.stage import Stage, stage

BACKLOGS = (100, 1000, 10_000)
COMPANIES = 200
# What a run costs once weighs on a small backlog: the speed is asked of the large ones.
AT_LEAST, ASKED_FROM = 300, 10_000
MOST_MEMORY = 150
# An invoice of a larger backlog costs no more than one of a smaller; this much the measuring itself wavers.
MOST_GROWTH = 1.1


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.throughput", description=__doc__)
    parser.add_argument("backlogs", nargs="*", type=int, default=BACKLOGS, help="invoices; 100 1000 10000 if not given")
    backlogs = parser.parse_args().backlogs
    with stage(limits=False) as here:
        _carry(here, 1)  # warms up
        _settle_in()
        rows = [_carry(here, backlog) for backlog in sorted(backlogs)]
    report(f"The engine alone: invoices of {LINES} lines, {COMPANIES} companies, an account each", rows)
    hold(
        {
            f"{AT_LEAST} a second for each core": all(
                row["a second for each core"] >= AT_LEAST for row in rows if row["invoices"] >= ASKED_FROM
            ),
            f"{MOST_MEMORY} MB": all(row["memory MB"] <= MOST_MEMORY for row in rows),
            "cost of an invoice as the backlog grows": all(
                large["ms each"] <= MOST_GROWTH * small["ms each"] for small, large in pairwise(rows)
            ),
        }
    )


def _settle_in() -> None:
    """This process is as a worker is that has just started."""
    from cloud_depot.celery import settle_in

    settle_in()


def _carry(here: Stage, backlog: int) -> dict[str, Any]:
    account = here.connect()
    bill(account, add_companies(account, min(COMPANIES, backlog)), backlog)
    # As a worker's first: one that has seen an empty table keeps its plans for one until PostgreSQL has analysed it.
    connection.close()
    with here.measured() as used:
        run = account.sync()
    assert run.counts["created"] == backlog, run.counts
    return {
        "invoices": backlog,
        "a second for each core": round(backlog / used.engine),
        "at least": AT_LEAST if backlog >= ASKED_FROM else None,
        "ms each": 1000 * used.engine / backlog,
        "memory MB": round(used.memory),
        "at most": MOST_MEMORY,
        **used.as_row(),
    }


if __name__ == "__main__":
    main()
