"""A partner that is down for several accounts is asked by one probe at a time; once it is back, all of them drain."""

from __future__ import annotations

import pytest
import redis
from django.db.models.functions import Now
from pytest_django import Settings

from faults.models import Fault
from syncing import runs
from syncing.models import Document, SyncRun
from syncing.outages import next_probe_in
from syncing.states import DocumentState
from tenants.models import XeroConnection, XeroGrant
from tests.connected import ConnectedAccount, connect
from tests.world import SandboxWorld

ACCOUNTS = 5
INVOICES = 2
ROUNDS = 2
LINES = {"xero": "limits:xero:outage", "autotask": "limits:autotask:outage"}


@pytest.fixture
def accounts(sandbox: SandboxWorld, transactional_db: None) -> list[ConnectedAccount]:
    pairs = [sandbox.pair(xero={"users": [f"owner-{number}@example.com"]}) for number in range(ACCOUNTS)]
    connected = [connect(sandbox, pair) for pair in pairs]
    for account in connected:
        for _ in range(INVOICES):
            account.autotask.bill(account.pair.company_id)
    return connected


def run_all(accounts: list[ConnectedAccount]) -> list[SyncRun]:
    """A scheduled run of each, with what waits for its time being due."""
    done = []
    for account in accounts:
        with account.scope():
            Document.objects.filter(state=DocumentState.RETRYING).update(next_attempt_at=Now())
            run = runs.run_now(account.account.id, SyncRun.Trigger.SCHEDULE)
        assert run is not None
        done.append(run)
    return done


def end_wait(client: redis.Redis, partner: str) -> None:
    """As if the time until the next probe had passed."""
    holds = [key for key in client.keys(f"{LINES[partner]}*") if key.endswith(b":hold")]
    assert holds
    client.delete(*holds)


@pytest.mark.parametrize("partner", ["xero", "autotask"])
def test_many_accounts_ask_a_partner_that_is_down_once_a_turn_and_all_drain_when_it_is_back(
    accounts: list[ConnectedAccount], sandbox: SandboxWorld, redis_client: redis.Redis, partner: str
) -> None:
    sandbox.add_trouble(partner, "outage")

    stopped = run_all(accounts)
    at_first = len(sandbox.ledger(partner).requests)
    again = run_all(accounts)

    assert {run.problem_code for run in stopped + again} == {"service-unavailable"}
    # Until it is seen that three accounts fail: the four lists of each from Xero, asked for at once, or one call.
    assert at_first <= (12 if partner == "xero" else 3)
    assert len(sandbox.ledger(partner).requests) == at_first

    for probes in range(1, ROUNDS + 1):
        end_wait(redis_client, partner)
        run_all(accounts)
        assert len(sandbox.ledger(partner).requests) == at_first + probes

    sandbox.remove_trouble()
    end_wait(redis_client, partner)
    run_all(accounts)
    run_all(accounts)

    assert [len(account.xero.invoices()) for account in accounts] == [INVOICES] * ACCOUNTS
    assert sandbox.ledger().breaches == []
    for account in accounts:
        with account.scope():
            assert not Fault.objects.exclude(state=Fault.State.RESOLVED).exists()


def test_an_account_that_fails_alone_stops_nobody_else(accounts: list[ConnectedAccount], sandbox: SandboxWorld) -> None:
    sick, *others = accounts
    for _ in range(4):
        sandbox.add_trouble("xero", "outage", times=1)
        assert run_all([sick])[0].problem_code == "service-unavailable"

    run_all(others)

    assert [len(account.xero.invoices()) for account in others] == [INVOICES] * len(others)


def test_the_waits_between_probes_grow_with_the_outage_up_to_the_interval(settings: Settings) -> None:
    settings.SYNC_BACKOFF_SECONDS, settings.SYNC_INTERVAL_SECONDS = (60, 120), 300
    assert [next_probe_in(lasted) for lasted in (0, 60, 130, 4000)] == [60, 60, 130, 300]


def test_the_account_that_probes_and_does_not_get_to_call_lets_another_one(
    accounts: list[ConnectedAccount], sandbox: SandboxWorld, redis_client: redis.Redis
) -> None:
    with sandbox.trouble("xero", "outage"):
        run_all(accounts)
    end_wait(redis_client, "xero")
    first, second = accounts[:2]
    with first.scope():
        grant_id = XeroConnection.objects.get().grant_id
    XeroGrant.objects.filter(id=grant_id).update(broken_at=Now(), expires_at=Now())

    run_all([first, second])
    run_all([second])

    assert first.xero.invoices() == []
    assert len(second.xero.invoices()) == INVOICES
