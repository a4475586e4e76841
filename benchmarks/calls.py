"""Calls to both partners for each invoice of a backfill: 1,000 invoices of ten lines, 200 companies, an empty Xero."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from benchmarks.billing import add_companies, bill
from benchmarks.report import report
from benchmarks.stage import Stage, stage

if TYPE_CHECKING:
    from tests.connected import ConnectedAccount

INVOICES = 1000
COMPANIES = 200
# What is needed at least: 50 documents to a Xero call; 500 rows to an Autotask page.
XERO_FLOOR, AUTOTASK_FLOOR = 0.02, 0.022
MOST_AUTOTASK = 0.042


def main() -> None:
    with stage(limits=False) as here:
        account = here.connect()
        companies = add_companies(account, COMPANIES)
        rows = []
        for what, most_xero in (("empty Xero", 0.032), ("all contacts known", 0.022)):
            bill(account, companies, INVOICES)
            rows.append(_backfill(here, account, what, most_xero))
    report(f"Calls for each invoice of {INVOICES:,}, of {COMPANIES} companies, write-back off", rows)


def _backfill(here: Stage, account: ConnectedAccount, what: str, most_xero: float) -> dict[str, object]:
    before = here.world.ledger().last_n
    with here.measured() as used:
        run = account.sync()
    ledger = here.world.ledger(since_n=before)
    assert run.counts["created"] == INVOICES, run.counts
    assert not ledger.breaches, ledger.breaches
    calls = Counter(row["partner"] for row in ledger.requests)
    return {
        "what": what,
        "xero": calls["xero"],
        "xero each": calls["xero"] / INVOICES,
        "must be": f"≤ {most_xero}",
        "xero floor": XERO_FLOOR,
        "autotask": calls["autotask"],
        "autotask each": calls["autotask"] / INVOICES,
        "must be too": f"≤ {MOST_AUTOTASK}",
        "autotask floor": AUTOTASK_FLOOR,
        "sandbox %": round(100 * used.sandbox_share),
    }


if __name__ == "__main__":
    main()
