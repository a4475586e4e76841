"""Bytes that leave Xero for each synced invoice: the echo of what is created. Nothing is read back or fetched twice.

The first month has the organisation's lists and the contacts to learn besides; from then on the echo is all.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from benchmarks.billing import LINES, add_companies, bill
from benchmarks.report import hold, report
from benchmarks.stage import stage
from tests.world import Ledger, Row

INVOICES = 1000
COMPANIES = 200
MONTHS = ("first month, empty Xero", "second month")


def main() -> None:
    with stage(limits=False) as here:
        account = here.connect()
        companies = add_companies(account, COMPANIES)
        rows: list[dict[str, object]] = []
        bounds: dict[str, bool] = {}
        for month in MONTHS:
            bill(account, companies, INVOICES)
            before = here.world.ledger().last_n
            with here.measured() as used:
                account.sync()
            ledger = here.world.ledger("xero", since_n=before)
            _check_nothing_is_fetched_twice(ledger.requests)
            sums, echo = _sums(ledger.requests), _bytes_of_echoes(ledger)
            rows += _by_endpoint(month, ledger.requests)
            rows.append(
                {
                    "month": month,
                    "call": "all",
                    **sums,
                    "the echo alone": round(echo / INVOICES, 1),
                    "sandbox %": round(100 * used.sandbox_share),
                }
            )
            bounds[f"the echo alone in the {month}"] = sums["bytes from Xero"] <= echo or month == MONTHS[0]
    report(f"Bytes from Xero for {INVOICES:,} invoices of {LINES} lines, before compression", rows)
    hold(bounds)


def _bytes_of_echoes(ledger: Ledger) -> int:
    """What Xero told of the invoices that were created, as it was told: no write can do without."""
    created = ledger.created("Invoices")
    assert len(created) == INVOICES, len(created)
    numbers = {write["n"] for write in created}
    return sum(row["bytes_out"] for row in ledger.requests if row["n"] in numbers)


def _by_endpoint(month: str, requests: list[Row]) -> list[dict[str, object]]:
    by_endpoint: dict[str, list[Row]] = defaultdict(list)
    for row in requests:
        by_endpoint[f"{row['method']} {row['path'].removeprefix('/api.xro/2.0/')}"].append(row)
    return [{"month": month, "call": call, **_sums(made)} for call, made in by_endpoint.items()]


def _sums(requests: list[Row]) -> dict[str, Any]:
    received = sum(row["bytes_out"] for row in requests)
    return {
        "calls": len(requests),
        "bytes sent": sum(row["bytes_in"] for row in requests),
        "bytes from Xero": received,
        "for each invoice": round(received / INVOICES, 1),
    }


def _check_nothing_is_fetched_twice(requests: list[Row]) -> None:
    reads = [(row["path"], row["query"]) for row in requests if row["method"] == "GET"]
    assert len(reads) == len(set(reads)), "something was fetched twice"
    assert not any("Invoices" in path for path, _ in reads), "an invoice was read back"


if __name__ == "__main__":
    main()
