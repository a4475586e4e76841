"""Two at once: whatever is asked for twice, or outlives its lease, is done once."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from faults.problems import NeedsPerson
from syncing import deliver, engine, on_demand, queue, runs, schedule
from syncing.lease import LeaseLostError, take_lease
from syncing.models import Delivery, Document, SyncRun, SyncState
from syncing.settle import settle, stuck
from syncing.states import DocumentState
from syncing.uncertain import resolve_uncertain
from tenants.models import Account
from tests.connected import ConnectedAccount


def new_run(connected: ConnectedAccount) -> SyncRun:
    return SyncRun.objects.create(account=connected.account, trigger=SyncRun.Trigger.COMMAND)


def let_the_lease_run_out() -> None:
    SyncState.objects.update(lease_expires_at=timezone.now() - timedelta(seconds=1))


def test_a_second_run_leaves_the_account_to_the_first(connected: ConnectedAccount) -> None:
    connected.autotask.bill(connected.pair.company_id)
    with connected.scope():
        assert take_lease(new_run(connected))

        assert runs.run_now(connected.account.id, SyncRun.Trigger.SCHEDULE) is None

    assert connected.xero.documents() == []
    assert connected.documents() == []


def test_a_run_whose_task_came_twice_is_done_once(connected: ConnectedAccount) -> None:
    connected.autotask.bill(connected.pair.company_id)
    with connected.scope():
        run = new_run(connected)
        again = SyncRun.objects.get(id=run.id)
        assert engine.sync(run)
        before = connected.autotask.world.ledger().last_n

        assert not engine.sync(again)

    assert connected.autotask.world.ledger().last_n == before
    assert len(connected.xero.documents()) == 1


def test_two_clicks_on_a_document_are_one_run(connected: ConnectedAccount) -> None:
    connected.autotask.bill(connected.pair.company_id)
    connected.sync()
    with connected.scope():
        for _ in range(2):
            on_demand.resync(connected.account.id, Document.objects.all())

        assert SyncRun.objects.filter(state=SyncRun.State.QUEUED).count() == 1
    connected.sync()
    assert len(connected.xero.documents()) == 1


def test_a_run_that_outlived_its_lease_settles_nothing(connected: ConnectedAccount) -> None:
    connected.autotask.bill(connected.pair.company_id)
    connected.sync()
    connected.ask_again(*[document.autotask_id for document in connected.documents()])
    with connected.scope():
        slow = new_run(connected)
        assert take_lease(slow)
        assert engine._begin(slow)
        claimed = queue.claim(slow)
        let_the_lease_run_out()

    connected.sync()

    with connected.scope():
        problem = NeedsPerson("no-valid-contact", "", "Acme Ltd")
        assert settle(slow, [stuck(document, [problem]) for document in claimed]) == set()
    assert [document.state for document in connected.documents()] == [DocumentState.SYNCED]


def test_a_run_that_outlived_its_lease_sends_nothing(connected: ConnectedAccount) -> None:
    with connected.scope():
        slow = new_run(connected)
        assert take_lease(slow)
        let_the_lease_run_out()
    connected.sync()
    with connected.scope():
        stages = engine._Stages(slow, engine.open_partners())

        with pytest.raises(LeaseLostError):
            deliver._open_delivery(stages.side, "Invoices", "PUT", [])

        assert not Delivery.objects.exists()


def test_beat_running_twice_asks_for_each_account_once(connected: ConnectedAccount) -> None:
    Account.objects.update(next_sync_at=timezone.now() - timedelta(seconds=1))
    first = schedule.take_due_accounts()

    assert next(first) == connected.account.id
    assert list(schedule.take_due_accounts()) == []


def test_what_is_uncertain_without_an_open_delivery_is_not_forgotten(connected: ConnectedAccount) -> None:
    connected.autotask.bill(connected.pair.company_id)
    connected.sync()
    with connected.scope():
        Document.objects.update(state=DocumentState.UNCERTAIN, claimed_by=None)

    connected.sync()

    assert [document.state for document in connected.documents()] == [DocumentState.SYNCED]
    assert len(connected.xero.documents()) == 1


def test_a_write_that_hung_past_the_life_of_its_key_is_not_sent(connected: ConnectedAccount) -> None:
    connected.autotask.bill(connected.pair.company_id)
    with connected.autotask.world.trouble("xero", "drop_before", method="PUT", path="/Invoices"):
        connected.sync()
    with connected.scope():
        Delivery.objects.update(first_sent_at=timezone.now() - deliver.REPLAYABLE_FOR)
        delivery = Delivery.objects.get()
        stages = engine._Stages(new_run(connected), engine.open_partners())
        calls = stages.partners.xero.calls

        with pytest.raises(deliver.NoAnswer):
            deliver.send(stages.partners.xero, delivery)

        assert stages.partners.xero.calls == calls
        resolve_uncertain(stages.side)
        assert Document.objects.get().state == DocumentState.UNCERTAIN
