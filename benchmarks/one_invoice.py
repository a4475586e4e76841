"""One new invoice in an account that is otherwise idle, and how soon after a click on Re-sync a document is in Xero."""

from __future__ import annotations

import statistics
import time
from typing import TYPE_CHECKING, Any

from benchmarks.billing import add_companies, bill
from benchmarks.crew import crew, wait_until
from benchmarks.report import hold, report
from benchmarks.stage import Stage, stage

if TYPE_CHECKING:
    from tests.connected import ConnectedAccount

CLICKS = 100
PATIENCE = 30
MOST_AUTOTASK, MOST_SECONDS = 6, 1
# What is kept between runs, and may not be asked for again.
REFERENCE = (
    *("Organisation", "Accounts", "TaxRates", "Currencies"),
    *("BillingCodes", "Taxes", "TaxRegions", "TaxCategories", "Countries", "Currencies"),
)


def main() -> None:
    with stage(limits=False) as here:
        account = here.connect()
        companies = add_companies(account, 20)
        bill(account, companies, 200)
        account.sync()
        known = _one(here, account, companies[0], "of a company billed before", most_xero=2)
        new = _one(here, account, account.autotask.add_company("A new company"), "of a new company", most_xero=4)
        report("One new invoice in an account at rest", [known, new])
        clicks, slow_one = _clicks(here)
        report("From the click on Re-sync to the document in Xero, latency off", [clicks])
    hold(
        {
            "calls for an invoice of a company billed before": _keeps_to_its_bounds(known),
            "calls for an invoice of a new company": _keeps_to_its_bounds(new),
            "p95 of the clicks": slow_one <= MOST_SECONDS,
        }
    )


def _keeps_to_its_bounds(row: dict[str, Any]) -> bool:
    return bool(row["xero calls"] <= row["at most"] and row["autotask calls"] <= row["at most "])


def _one(here: Stage, account: ConnectedAccount, company: int, what: str, *, most_xero: int) -> dict[str, Any]:
    from syncing.tasks import sync_account

    sync_account(account_id=account.account.id)
    bill(account, [company], 1, first=1000 + company)
    before = here.world.ledger().last_n
    with here.measured() as used:
        sync_account(account_id=account.account.id)
    requests = here.world.ledger(since_n=before).requests
    calls = [(row["partner"], f"{row['method']} {row['path'].rpartition('0/')[2]}") for row in requests]
    assert not [call for _, call in calls if call.startswith(REFERENCE) or call.split()[1].startswith(REFERENCE)], calls
    return {
        "invoice": what,
        "xero calls": sum(partner == "xero" for partner, _ in calls),
        "at most": most_xero,
        "autotask calls": sum(partner == "autotask" for partner, _ in calls),
        "at most ": MOST_AUTOTASK,
        "calls": ", ".join(call for _, call in calls),
        "sandbox %": round(100 * used.sandbox_share),
    }


def _clicks(here: Stage) -> tuple[dict[str, Any], float]:
    """Documents stuck for a cause each; the cause is mended and the button clicked, one after the other.

    The row, and the 95th percentile in seconds.
    """
    account = here.connect()
    companies = [account.autotask.add_company(f"Company {number}", email="no address") for number in range(CLICKS)]
    bill(account, companies, CLICKS)
    account.sync()
    stuck = account.documents()
    with crew(here.folder, workers=1), here.measured() as used:
        waits = sorted(
            _click(account, company, document.id) for company, document in zip(companies, stuck, strict=True)
        )
    slow_one = waits[int(CLICKS * 0.95)]
    row = {
        "clicks": CLICKS,
        "median s": statistics.median(waits),
        "p95 s": slow_one,
        "at most s": MOST_SECONDS,
        "longest s": waits[-1],
        "sandbox %": round(100 * used.sandbox_share),
        "load": round(used.load, 1),
    }
    return row, slow_one


def _click(account: ConnectedAccount, company: int, document_id: int) -> float:
    """Seconds until the document had arrived."""
    from syncing import on_demand, progress
    from syncing.models import Document

    contact = account.autotask.contacts(company)[0]
    account.autotask.patch("Contacts", contact["id"], emailAddress="accounts@acme.example")
    with account.scope():
        document = Document.objects.filter(id=document_id)
        assert document.get().synced_at is None
        clicked = time.time()
        on_demand.resync(account.account.id, document)
        assert wait_until(lambda: document.get().synced_at is not None, PATIENCE, every=0.02)
        arrived = document.get().synced_at
        assert arrived is not None
        assert wait_until(lambda: progress.live_run() is None, PATIENCE, every=0.02)
    return arrived.timestamp() - clicked


if __name__ == "__main__":
    main()
