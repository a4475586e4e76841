"""The same 1,000 invoices by a naive flow and by our engine: calls, time under the limits, and what a kill leaves.

Both are killed (SIGKILL) once half of the invoices are in Xero, and started again. The waits for Xero's limits are
passed on the sandbox's clock, and counted.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from benchmarks.billing import add_companies, bill
from benchmarks.report import hold, report
from benchmarks.stage import Stage, stage

if TYPE_CHECKING:
    from tests.connected import ConnectedAccount

INVOICES = 1000
COMPANIES = 200
WORDS = {"none": "begins anew", "seen": "remembers what it was handed", "done": "notes each when it is through"}


def main() -> None:
    with stage() as here:
        of_engine = _of_engine(here)
        rows = [_of_flow(here, memory) for memory in WORDS]
        rows[0] |= _whole_run(here, _flow(_flow_account(here, "none")[1]))
        rows.append(of_engine)
    report(f"{INVOICES:,} invoices of {COMPANIES} companies, limits on; killed half way, and started again", rows)
    hold(
        {
            "none doubled, none lost": (of_engine["doubled"], of_engine["lost"]) == (0, 0),
            "fewer calls than the flow": of_engine["xero calls"] < rows[0]["xero calls"],
            "quicker than the flow": of_engine["seconds"] < rows[0]["seconds"],
        }
    )


def _of_flow(here: Stage, memory: str) -> dict[str, Any]:
    account, given = _flow_account(here, memory)
    _kill_half_way(account, _flow(given))
    subprocess.run(_flow(given), check=True, stdout=subprocess.DEVNULL)
    return {"how": f"naive flow that {WORDS[memory]}", **_left(account)}


def _flow(given: dict[str, object]) -> list[str]:
    return [sys.executable, "-m", "benchmarks.naive_flow", json.dumps(given)]


def _of_engine(here: Stage) -> dict[str, Any]:
    account = _account(here)
    command = [sys.executable, "manage.py", "sync", account.account.slug]
    whole = _whole_run(here, command)
    account = _account(here)
    command = [sys.executable, "manage.py", "sync", account.account.slug]
    _kill_half_way(account, command)
    _let_seven_minutes_pass(account)
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return {"how": "our engine", **whole, **_left(account)}


def _account(here: Stage) -> ConnectedAccount:
    account = here.connect()
    bill(account, add_companies(account, COMPANIES), INVOICES)
    return account


def _flow_account(here: Stage, memory: str) -> tuple[ConnectedAccount, dict[str, object]]:
    account = _account(here)
    token = account.xero.grant()["access_token"]
    headers = {"Authorization": f"Bearer {token}", "xero-tenant-id": account.xero.id, "Accept": "application/json"}
    given = {
        "base_url": here.world.base_url,
        "autotask_url": account.autotask.zone_url,
        "autotask_headers": account.autotask.headers,
        "xero_headers": headers,
        "grant": {
            "path": f"/xero/organisations/{account.xero.id}/grant",
            "body": {"client_id": account.xero.client_id, "user": account.xero.user},
        },
        "memory": memory,
        "memory_file": str(here.folder / f"memory-{account.account.id}.json"),
    }
    return account, given


def _whole_run(here: Stage, command: Sequence[str]) -> dict[str, Any]:
    before = here.world.ledger().last_n
    with here.measured() as used:
        said = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()[-1]
    calls = Counter(row["partner"] for row in here.world.ledger(since_n=before).requests)
    waited = float(json.loads(said).get("waited", 0))
    return {
        "xero calls": calls["xero"],
        "autotask calls": calls["autotask"],
        "seconds": round(used.seconds + waited),
        "of them waited": round(waited),
        "sandbox %": round(100 * used.sandbox_share),
    }


def _kill_half_way(account: ConnectedAccount, command: Sequence[str]) -> None:
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=os.environ) as process:
        while process.poll() is None and len(account.xero.invoices()) < INVOICES / 2:
            time.sleep(0.2)
        assert process.poll() is None, "it ended before it could be killed"
        process.kill()


def _let_seven_minutes_pass(account: ConnectedAccount) -> None:
    """The dead run's lease runs out, and Xero forgets its keys: what the next run finds when it comes by itself."""
    from django.db.models import F
    from django.utils import timezone

    from syncing.models import Delivery, SyncState

    passed = timedelta(minutes=7)
    account.autotask.world.advance_clock(passed.total_seconds())
    with account.scope():
        SyncState.objects.update(lease_expires_at=timezone.now())
        Delivery.objects.update(first_sent_at=F("first_sent_at") - passed)


def _left(account: ConnectedAccount) -> dict[str, Any]:
    """What both books say in the end."""
    billed = {row["id"] for row in account.autotask.rows("Invoices")}
    carried = Counter(_autotask_id(account, row) for row in account.xero.invoices())
    return {
        "doubled": sum(count - 1 for count in carried.values()),
        "lost": len(billed - carried.keys()),
    }


def _autotask_id(account: ConnectedAccount, row: dict[str, object]) -> int:
    """Which invoice it is: the flow names it in the reference, we in the address of our page."""
    from syncing.marker import marked_uuid
    from syncing.models import Document

    marked = marked_uuid(row)
    if marked is None:
        return int(str(row["Reference"]))
    with account.scope():
        return int(Document.objects.values_list("autotask_id", flat=True).get(uuid=marked))


if __name__ == "__main__":
    main()
