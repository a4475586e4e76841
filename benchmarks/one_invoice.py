"""One new invoice in an account that is otherwise idle, and how soon after a click on Re-sync a document is in Xero."""

from __future__ import annotations

import statistics
import time
from typing import TYPE_CHECKING

from benchmarks.billing import add_companies, bill
from benchmarks.crew import crew, wait_until
from benchmarks.report import report
from benchmarks.stage import Stage, stage

if TYPE_CHECKING:
    from tests.connected import ConnectedAccount

CLICKS = 100
PATIENCE = 30
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
        rows = [_one(here, account, companies[0], "of a company billed before")]
        rows.append(_one(here, account, account.autotask.add_company("A new company"), "of a new company"))
        report("One new invoice in an account at rest", rows)
        report("From the click on Re-sync to the document in Xero, latency off", [_clicks(here)])


def _one(here: Stage, account: ConnectedAccount, company: int, what: str) -> dict[str, object]:
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
        "at most": 2,
        "autotask calls": sum(partner == "autotask" for partner, _ in calls),
        "at most ": 6,
        "calls": ", ".join(call for _, call in calls),
        "sandbox %": round(100 * used.sandbox_share),
    }


def _clicks(here: Stage) -> dict[str, object]:
    """Documents stuck for a cause each; the cause is mended and the button clicked, one after the other."""
    account = here.connect()
    companies = [account.autotask.add_company(f"Company {number}", email="no address") for number in range(CLICKS)]
    bill(account, companies, CLICKS)
    account.sync()
    stuck = account.documents()
    with crew(here.folder, workers=1), here.measured() as used:
        waits = sorted(
            _click(account, company, document.id) for company, document in zip(companies, stuck, strict=True)
        )
    return {
        "clicks": CLICKS,
        "median s": statistics.median(waits),
        "p95 s": waits[int(CLICKS * 0.95)],
        "at most s": 1,
        "longest s": waits[-1],
        "sandbox %": round(100 * used.sandbox_share),
        "load": round(used.load, 1),
    }


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
