"""`manage.py sync` carries everything that is ready, in its own process."""

from __future__ import annotations

import json
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from syncing import runs
from syncing.models import SyncRun, SyncState
from syncing.states import DocumentState
from tenants.models import Account
from tests.connected import ConnectedAccount


def sync_command(account: Account) -> dict[str, object]:
    out = StringIO()
    call_command("sync", account.slug, stdout=out, stderr=StringIO())
    summary: dict[str, object] = json.loads(out.getvalue().splitlines()[-1])
    return summary


def test_its_last_line_tells_what_was_done(connected: ConnectedAccount) -> None:
    connected.autotask.bill(connected.pair.company_id)

    summary = sync_command(connected.account)

    assert summary["state"] == "finished"
    assert summary["documents"] == {"synced": 1}


def test_a_paused_account_is_synced_when_somebody_asks(connected: ConnectedAccount) -> None:
    Account.objects.update(paused=True)
    connected.autotask.bill(connected.pair.company_id)

    assert sync_command(connected.account)["documents"] == {"synced": 1}


def test_it_waits_for_a_limit_that_passes_soon_and_goes_on(connected: ConnectedAccount) -> None:
    connected.autotask.bill(connected.pair.company_id)
    connected.autotask.world.add_trouble("xero", "rate_limit", seconds=1, path="/Invoices", times=1)

    assert sync_command(connected.account)["documents"] == {"synced": 1}


def test_it_does_not_disturb_a_run_that_is_at_work(connected: ConnectedAccount) -> None:
    connected.sync()
    with connected.scope():
        SyncState.objects.update(lease_run_id=1, lease_expires_at=timezone.now() + timedelta(minutes=1))

    with pytest.raises(CommandError, match="Another run"):
        sync_command(connected.account)


@pytest.mark.django_db
def test_an_unknown_account_is_said_so() -> None:
    with pytest.raises(CommandError, match="no account"):
        call_command("sync", "nobody")


def test_a_run_whose_time_is_over_leaves_the_rest_to_the_next(connected: ConnectedAccount) -> None:
    connected.autotask.bill(connected.pair.company_id)

    with connected.scope():
        runs.run_now(connected.account.id, SyncRun.Trigger.SCHEDULE, seconds=0)

    assert [document.state for document in connected.documents()] == [DocumentState.WAITING]
    connected.account.refresh_from_db()
    assert connected.account.next_sync_at is not None
    connected.sync()
    assert [document.state for document in connected.documents()] == [DocumentState.SYNCED]
