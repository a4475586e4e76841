"""While a batch is delivered the next one is found and prepared, and several calls are under way; each arrives once."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.db.models import F
from django.db.models.functions import Now
from pytest_django import Settings

from faults.models import Fault
from syncing import queue
from syncing.models import Delivery, Document, SyncRun
from syncing.states import DocumentState
from tests.connected import ConnectedAccount

INVOICES = 330
LONG = 510


@pytest.fixture
def backlog(connected: ConnectedAccount, monkeypatch: pytest.MonkeyPatch) -> ConnectedAccount:
    """Three batches, the first ones of three calls each."""
    monkeypatch.setattr(queue, "CLAIMED_AT_ONCE", 150)
    companies = [connected.pair.company_id, connected.autotask.add_company("Kauri Dental")]
    items = [{"rate": "100", "quantity": 1}]
    connected.autotask.bill_many([{"companyID": companies[number % 2], "items": items} for number in range(INVOICES)])
    return connected


def states(connected: ConnectedAccount) -> dict[str, int]:
    found: dict[str, int] = {}
    for document in connected.documents():
        found[document.state] = found.get(document.state, 0) + 1
    return found


def test_a_backlog_arrives_once_within_the_concurrent_calls_of_both_partners(backlog: ConnectedAccount) -> None:
    world = backlog.autotask.world
    world.add_trouble("xero", "slow", seconds=0.2, method="PUT", path="/Invoices")
    world.add_trouble("autotask", "slow", seconds=0.1)

    run = backlog.sync()

    assert run.state == SyncRun.State.FINISHED
    assert run.counts["created"] == INVOICES
    assert len({row["Url"] for row in backlog.xero.invoices()}) == INVOICES
    ledger = world.ledger()
    assert ledger.breaches == []
    writes = ledger.calls("PUT", "/Invoices")
    starts = sorted(row["at"] for row in writes)
    assert len(writes) == 7
    assert run.counts["xero_calls"] == len(world.ledger("xero").requests)
    gathered = [row["at"] for row in ledger.calls("POST", "/BillingItems/query")]
    assert any(starts[0] < moment < starts[-1] for moment in gathered)


@pytest.mark.parametrize("kind", ["drop_before", "drop_after", "outage"])
def test_trouble_with_one_call_leaves_what_the_others_wrote(backlog: ConnectedAccount, kind: str) -> None:
    world = backlog.autotask.world
    times = 1 if kind == "outage" else 4  # two calls of three, and their repetitions
    with world.trouble("xero", kind, method="PUT", path="/Invoices", skip=1, times=times):
        run = backlog.sync()
    assert run.state == SyncRun.State.STOPPED
    assert 50 <= len(backlog.xero.invoices()) <= 150
    with backlog.scope():
        assert not Delivery.objects.filter(state=Delivery.State.SETTLED, body__isnull=False).exists()

    world.advance_clock(420)
    with backlog.scope():
        Delivery.objects.update(first_sent_at=F("first_sent_at") - timedelta(minutes=7))
        Document.objects.filter(state=DocumentState.RETRYING).update(next_attempt_at=Now())
    for _ in range(3):
        backlog.sync()

    assert states(backlog) == {DocumentState.SYNCED: INVOICES}
    assert len(backlog.xero.invoices()) == INVOICES
    with backlog.scope():
        assert not Fault.objects.exclude(state=Fault.State.RESOLVED).exists()


def test_one_document_that_xero_refuses_does_not_hold_up_the_others_on_their_way(backlog: ConnectedAccount) -> None:
    world = backlog.autotask.world
    world.add_trouble(
        "xero", "status", method="PUT", path="/Invoices", status=400, skip=2, times=1, body='{"Message": "No."}'
    )

    backlog.sync()

    assert states(backlog) == {DocumentState.SYNCED: INVOICES}


def test_a_limit_met_in_the_middle_gives_back_what_was_gathered_ahead(
    backlog: ConnectedAccount, settings: Settings
) -> None:
    settings.XERO_LIMITS = {"minute": 9}

    run = backlog.sync()

    assert run.problem_code == "rate-limited"
    arrived = len(backlog.xero.invoices())
    assert states(backlog) == {DocumentState.SYNCED: arrived, DocumentState.WAITING: INVOICES - arrived}
    assert backlog.autotask.world.ledger().breaches == []


def test_a_run_is_back_as_much_before_a_limit_frees_itself_as_a_batch_takes_to_prepare(
    backlog: ConnectedAccount, settings: Settings
) -> None:
    """Whatever is still being prepared when the limit is met."""
    settings.XERO_LIMITS = {"minute": 9}
    world = backlog.autotask.world
    world.add_trouble("autotask", "slow", seconds=3, method="POST", path="/BillingItems/query", skip=1)

    run = backlog.sync()

    assert run.problem_code == "rate-limited"
    first_call = datetime.fromisoformat(world.ledger("xero").requests[0]["at"])
    again_at = type(backlog.account).objects.get().next_sync_at
    assert again_at is not None
    assert first_call + timedelta(seconds=56) < again_at < first_call + timedelta(seconds=60)


@pytest.fixture
def long_backlog(connected: ConnectedAccount) -> ConnectedAccount:
    """More than one page of a discovery."""
    items = [{"rate": "100", "quantity": 1}]
    connected.autotask.bill_many([{"companyID": connected.pair.company_id, "items": items} for _ in range(LONG)])
    return connected


def test_the_first_invoices_arrive_while_further_pages_are_being_discovered(long_backlog: ConnectedAccount) -> None:
    world = long_backlog.autotask.world
    world.add_trouble("autotask", "slow", seconds=3, method="POST", path="/Invoices/query", skip=1, times=1)

    run = long_backlog.sync()

    assert run.state == SyncRun.State.FINISHED
    assert (run.counts["new"], run.counts["created"]) == (LONG, LONG)
    first_write, *_ = world.ledger().calls("PUT", "/Invoices")
    _, second_page = world.ledger().calls("POST", "/Invoices/query")
    answered = datetime.fromisoformat(second_page["at"]) + timedelta(seconds=3)
    assert datetime.fromisoformat(first_write["at"]) < answered


def test_a_discovery_that_breaks_off_is_taken_up_again(long_backlog: ConnectedAccount) -> None:
    world = long_backlog.autotask.world
    with world.trouble("autotask", "outage", method="POST", path="/Invoices/query", skip=1, times=1):
        run = long_backlog.sync()
    assert (run.state, run.problem_code) == (SyncRun.State.STOPPED, "service-unavailable")

    run = long_backlog.sync()

    assert run.state == SyncRun.State.FINISHED
    assert states(long_backlog) == {DocumentState.SYNCED: LONG}
    assert len(long_backlog.xero.invoices()) == LONG
