"""A scheduled look at an account at rest: a call, a few queries and no run; and what makes a run of it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from faults import record
from faults.models import Fault
from faults.problems import NeedsPerson, Transient
from syncing import queue
from syncing.models import AccountHealth, Document, SyncRun, SyncState
from syncing.states import DocumentState
from syncing.tasks import sync_account
from tenants.models import Account, AutotaskConnection
from tests.connected import ConnectedAccount
from tests.world import item


@pytest.fixture
def at_rest(connected: ConnectedAccount) -> ConnectedAccount:
    """An account with a day's invoices in Xero."""
    connected.autotask.bill_many([{"companyID": connected.pair.company_id, "items": [item()]} for _ in range(20)])
    connected.sync()
    return connected


def runs(account: ConnectedAccount) -> int:
    with account.scope():
        return SyncRun.objects.count()


def finished_runs(account: ConnectedAccount) -> int:
    with account.scope():
        return SyncRun.objects.filter(state=SyncRun.State.FINISHED).count()


def poll(account: ConnectedAccount) -> list[str]:
    """One scheduled look; the partners that were called."""
    before = account.autotask.world.ledger().last_n
    sync_account(account_id=account.account.id)
    return [row["partner"] for row in account.autotask.world.ledger(since_n=before).requests]


def test_it_takes_one_call_six_queries_and_no_run(at_rest: ConnectedAccount) -> None:
    poll(at_rest)
    before = runs(at_rest)

    with CaptureQueriesContext(connection) as queries:
        calls = poll(at_rest)

    assert calls == ["autotask"]
    assert len(queries) <= 6
    assert runs(at_rest) == before


def test_it_is_noted_as_a_sync_that_finished(at_rest: ConnectedAccount) -> None:
    long_ago = timezone.now() - timedelta(hours=1)
    Account.objects.update(next_sync_at=None, watch_at=long_ago)
    with at_rest.scope():
        SyncState.objects.update(last_finished_at=long_ago)
        AccountHealth.objects.update(last_finished_at=long_ago)
        AutotaskConnection.objects.update(last_answered_at=long_ago)

    poll(at_rest)

    account = Account.objects.get()
    assert account.next_sync_at is not None
    assert account.watch_at is not None
    assert account.next_sync_at < account.watch_at > timezone.now()
    with at_rest.scope():
        assert SyncState.objects.get().last_finished_at > long_ago  # type: ignore[operator]
        assert AccountHealth.objects.get().last_finished_at > long_ago  # type: ignore[operator]
        assert AutotaskConnection.objects.get().last_answered_at > long_ago  # type: ignore[operator]


def test_a_moment_that_was_planned_sooner_stays(at_rest: ConnectedAccount) -> None:
    soon = timezone.now() + timedelta(seconds=20)
    Account.objects.update(next_sync_at=soon)

    poll(at_rest)

    assert Account.objects.get().next_sync_at == soon


def test_a_new_invoice_is_carried(at_rest: ConnectedAccount) -> None:
    invoice = at_rest.autotask.bill(at_rest.pair.company_id)

    calls = poll(at_rest)

    assert at_rest.document(invoice["id"]).state == DocumentState.SYNCED
    assert calls.count("autotask") <= 6
    assert calls.count("xero") <= 2


def test_an_invoice_that_was_voided_is_noted(at_rest: ConnectedAccount) -> None:
    document = at_rest.documents()[0]
    at_rest.autotask.void(document.autotask_id)

    poll(at_rest)

    assert at_rest.document(document.autotask_id).autotask_voided_at is not None


def ask_for_a_run(account: ConnectedAccount) -> None:
    SyncRun.objects.create(account=account.account, trigger=SyncRun.Trigger.PERSON)


def ask_for_a_document(account: ConnectedAccount) -> None:
    queue.ask_again(Document.objects.filter(id=Document.objects.earliest("id").id))


def let_a_retry_be_due(account: ConnectedAccount) -> None:
    first = Document.objects.filter(id=Document.objects.earliest("id").id)
    first.update(state=DocumentState.RETRYING, next_attempt_at=timezone.now() - timedelta(seconds=1))


def leave_a_document_in_flight(account: ConnectedAccount) -> None:
    Document.objects.filter(id=Document.objects.earliest("id").id).update(state=DocumentState.IN_FLIGHT, claimed_by=1)


def let_a_fault_be_due(account: ConnectedAccount) -> None:
    record.record([NeedsPerson("no-valid-contact", "There is none.", "Acme")])
    Fault.objects.update(next_look_at=timezone.now())


def let_a_partner_be_in_trouble(account: ConnectedAccount) -> None:
    record.record([Transient("xero-unreachable", "No answer.", "Xero")])


def let_the_sync_have_stopped(account: ConnectedAccount) -> None:
    record.record([NeedsPerson("sync-stopped", "No run finishes.", "")])


def let_a_run_have_been_stopped(account: ConnectedAccount) -> None:
    SyncState.objects.update(stops=1)


def let_a_day_pass(account: ConnectedAccount) -> None:
    SyncState.objects.update(walked_at=timezone.now() - timedelta(days=1, minutes=1))


def let_the_counts_be_old(account: ConnectedAccount) -> None:
    AccountHealth.objects.update(counted_at=timezone.now() - timedelta(hours=2))


def test_what_needs_a_run_gets_one(at_rest: ConnectedAccount) -> None:
    for happens in (
        ask_for_a_run,
        ask_for_a_document,
        let_a_retry_be_due,
        leave_a_document_in_flight,
        let_a_fault_be_due,
        let_a_partner_be_in_trouble,
        let_the_sync_have_stopped,
        let_a_run_have_been_stopped,
        let_a_day_pass,
        let_the_counts_be_old,
    ):
        with at_rest.scope():
            happens(at_rest)
        before = finished_runs(at_rest)

        poll(at_rest)

        assert finished_runs(at_rest) == before + 1, happens.__name__


def test_a_fault_that_is_not_due_leaves_the_account_at_rest(at_rest: ConnectedAccount) -> None:
    with at_rest.scope():
        let_a_fault_be_due(at_rest)
        look = timezone.now() + timedelta(seconds=40)
        Fault.objects.update(next_look_at=look)
    before = runs(at_rest)

    poll(at_rest)

    assert runs(at_rest) == before
    assert Account.objects.get().next_sync_at <= look  # type: ignore[operator]


def test_autotask_being_away_is_a_runs_to_tell(at_rest: ConnectedAccount) -> None:
    with at_rest.autotask.world.trouble("autotask", "outage"):
        poll(at_rest)

    with at_rest.scope():
        assert SyncRun.objects.latest("id").state == SyncRun.State.STOPPED
        assert Fault.objects.get().code == "service-unavailable"
