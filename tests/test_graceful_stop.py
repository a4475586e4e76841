"""A process that is asked to stop ends with the call that it is at, and gives back what it did not send."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import pytest
from django.conf import settings
from django.db import connection

from syncing.models import SyncRun, SyncState
from syncing.tasks import sync_account
from tests.connected import ConnectedAccount
from tests.world import CLIENT_ID, CLIENT_SECRET, REPOSITORY, SandboxWorld, item

WORKER = ("-m", "celery", "-A", "cloud_depot", "worker", "--concurrency", "1", "--loglevel", "INFO")


def environment(world: SandboxWorld) -> dict[str, str]:
    """This test's database, Redis and sandbox."""
    database = connection.settings_dict
    address = f"{database['HOST']}:{database['PORT']}/{database['NAME']}"
    partners = ("XERO_LOGIN_URL", "XERO_IDENTITY_URL", "XERO_API_URL", "AUTOTASK_ZONE_URL")
    return {
        **os.environ,
        "DATABASE_URL": f"postgres://{database['USER']}:{quote(database['PASSWORD'], safe='')}@{address}",
        "REDIS_URL": settings.REDIS_URL,
        **dict.fromkeys(partners, world.base_url),
        "AUTOTASK_HOST_PATTERN": "^localhost$",
        "XERO_CLIENT_ID": CLIENT_ID,
        "XERO_CLIENT_SECRET": CLIENT_SECRET,
    }


def wait_until(happened: Callable[[], bool], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.mark.parametrize("kind", ["worker", "command"])
def test_sigterm_in_the_middle_of_a_backlog(connected: ConnectedAccount, tmp_path: Path, kind: str) -> None:
    """Of six calls five are made at once and answered late, and the process is asked to stop meanwhile."""
    connected.autotask.bill_many(
        [{"companyID": connected.pair.company_id, "items": [item(rate="100.00")]} for _ in range(270)]
    )
    world = connected.autotask.world
    world.add_trouble("xero", "slow", method="PUT", path="/Invoices", seconds=3, times=5)
    arguments = WORKER if kind == "worker" else ("manage.py", "sync", connected.account.slug)

    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, *arguments], cwd=REPOSITORY, env=environment(world), stdout=log, stderr=log
        )
        try:
            if kind == "worker":
                sync_account.delay(account_id=connected.account.id)
            wait_until(lambda: len(connected.xero.invoices()) == 250)
            process.send_signal(signal.SIGTERM)
            assert process.wait(30) == 0, (tmp_path / "log").read_text()
        finally:
            process.kill()

    assert Counter(document.state for document in connected.documents()) == {"synced": 250, "waiting": 20}
    with connected.scope():
        assert SyncState.objects.get().lease_run_id is None
        assert SyncRun.objects.get().state == SyncRun.State.FINISHED
    connected.sync()
    assert {document.state for document in connected.documents()} == {"synced"}
    assert len(connected.xero.invoices()) == 270
