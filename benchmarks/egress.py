"""Bytes that leave Xero for each synced invoice: the echo of what is created. Nothing is read back or fetched twice."""

from __future__ import annotations

from collections import defaultdict

from benchmarks.billing import LINES, add_companies, bill
from benchmarks.report import report
from benchmarks.stage import stage
from tests.world import Row

INVOICES = 1000
COMPANIES = 200


def main() -> None:
    with stage(limits=False) as here:
        account = here.connect()
        companies = add_companies(account, COMPANIES)
        rows: list[dict[str, object]] = []
        for month in ("first month, empty Xero", "second month"):
            bill(account, companies, INVOICES)
            before = here.world.ledger().last_n
            with here.measured() as used:
                account.sync()
            requests = here.world.ledger("xero", since_n=before).requests
            _check_nothing_is_fetched_twice(requests)
            rows += _by_endpoint(month, requests)
            rows.append(
                {"month": month, "call": "all", **_sums(requests), "sandbox %": round(100 * used.sandbox_share)}
            )
    report(f"Bytes from Xero for {INVOICES:,} invoices of {LINES} lines, before compression", rows)


def _by_endpoint(month: str, requests: list[Row]) -> list[dict[str, object]]:
    by_endpoint: dict[str, list[Row]] = defaultdict(list)
    for row in requests:
        by_endpoint[f"{row['method']} {row['path'].removeprefix('/api.xro/2.0/')}"].append(row)
    return [{"month": month, "call": call, **_sums(made)} for call, made in by_endpoint.items()]


def _sums(requests: list[Row]) -> dict[str, object]:
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
