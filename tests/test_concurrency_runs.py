"""Two at once: whatever is asked for twice, or outlives its lease, is done once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from threading import Barrier
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.utils import timezone

from faults.problems import NeedsPerson, SyncProblem
from syncing import deliver, engine, on_demand, queue, runs, schedule
from syncing.lease import LeaseLostError, take_lease
from syncing.models import Delivery, Document, SyncRun, SyncState
from syncing.settle import close_delivery, settle, stuck
from syncing.states import DocumentState
from syncing.uncertain import resolve_uncertain
from syncing.xero.client import XeroClient
from syncing.xero.oauth import GrantTokens
from syncing.xero.records import Row
from tenants.models import Account, XeroConnection, XeroGrant
from tests.connected import ConnectedAccount
from tests.factories import make_account
from tests.world import item


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


def test_what_may_have_been_sent_is_not_given_back(connected: ConnectedAccount) -> None:
    connected.autotask.bill(connected.pair.company_id)
    with connected.autotask.world.trouble("xero", "drop_before", method="PUT", path="/Invoices"):
        connected.sync()
    with connected.scope():
        run = new_run(connected)
        Document.objects.update(state=DocumentState.IN_FLIGHT, claimed_by=run.id)

        assert queue.give_back(run) == 0

        Delivery.objects.update(state=Delivery.State.SETTLED)
        assert queue.give_back(run) == 1


def test_beat_running_twice_asks_for_each_account_once(connected: ConnectedAccount) -> None:
    others = {make_account().id, make_account().id}
    Account.objects.update(next_sync_at=timezone.now() - timedelta(seconds=1))
    first = schedule.take_due_accounts()
    taken = next(first)  # the first has read that all three are due, and has taken one of them

    second = set(schedule.take_due_accounts())

    assert second == others | {connected.account.id} - {taken}
    assert list(first) == []


def test_clicks_at_the_same_moment_are_one_run(connected: ConnectedAccount) -> None:
    connected.autotask.bill(connected.pair.company_id)
    connected.sync()
    clicks = Barrier(4)

    def click() -> None:
        try:
            with connected.scope():
                clicks.wait()
                on_demand.resync(connected.account.id, Document.objects.all())
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as people:
        for answer in [people.submit(click) for _ in range(4)]:
            answer.result()

    with connected.scope():
        assert SyncRun.objects.filter(state=SyncRun.State.QUEUED).count() == 1
    connected.sync()
    assert len(connected.xero.documents()) == 1


def test_workers_at_the_same_moment_carry_an_account_once(connected: ConnectedAccount) -> None:
    connected.autotask.bill_many([{"companyID": connected.pair.company_id, "items": [item()]} for _ in range(3)])
    starts = Barrier(4)

    def work() -> SyncRun | None:
        try:
            with connected.scope():
                starts.wait()
                return runs.run_now(connected.account.id, SyncRun.Trigger.SCHEDULE)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as workers:
        done = [answer.result() for answer in [workers.submit(work) for _ in range(4)]]

    assert any(done)
    assert len(connected.xero.documents()) == 3
    with connected.scope():
        assert SyncRun.objects.exclude(state=SyncRun.State.FINISHED).count() == 0


@contextmanager
def database_away(begins: str, ends: str) -> Iterator[None]:
    """No statement arrives from the one that has `begins` in it to the one that has `ends`."""
    away = False

    def unless_away(execute: Any, sql: str, parameters: Any, many: bool, context: Any) -> Any:
        nonlocal away
        away = (away or begins in sql) and ends not in sql
        if away:
            raise OperationalError("The server closed the connection.")
        return execute(sql, parameters, many, context)

    with connection.execute_wrapper(unless_away), pytest.raises(OperationalError):
        yield


@pytest.mark.parametrize(
    ("begins", "ends"),
    [
        ('UPDATE "syncing_syncstate"', "never"),  # no lease could be taken
        ('INSERT INTO "syncing_document"', "set_config"),  # it is back when the run ends, on a new connection
        ('INSERT INTO "syncing_delivery"', "SELECT"),  # it is back at once
    ],
)
def test_a_run_from_which_the_database_went_away_ends_and_the_next_goes_on(
    connected: ConnectedAccount, begins: str, ends: str
) -> None:
    connected.autotask.bill(connected.pair.company_id)
    with connected.scope():
        with database_away(begins, ends):
            runs.run_now(connected.account.id, SyncRun.Trigger.SCHEDULE)

        assert not SyncRun.objects.filter(state=SyncRun.State.RUNNING).exists()
    connected.sync()
    assert len(connected.xero.documents()) == 1
    assert [document.state for document in connected.documents()] == [DocumentState.SYNCED]


def test_whoever_dies_taking_a_dead_runs_lease_leaves_it_to_the_next(connected: ConnectedAccount) -> None:
    with connected.scope():
        dead = new_run(connected)
        assert take_lease(dead)
        SyncRun.objects.update(state=SyncRun.State.RUNNING)
        let_the_lease_run_out()
        with database_away('UPDATE "syncing_syncrun"', "never"):
            runs.run_now(connected.account.id, SyncRun.Trigger.SCHEDULE)

    connected.sync()

    with connected.scope():
        assert not SyncRun.objects.filter(state=SyncRun.State.RUNNING).exists()


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
        stages = engine._Stages(take_over(connected), engine.open_partners())
        calls = stages.partners.xero.calls

        with pytest.raises(deliver.NoAnswer):
            deliver.send(stages.partners.xero, delivery)

        assert stages.partners.xero.calls == calls
        resolve_uncertain(stages.side)
        assert Document.objects.get().state == DocumentState.UNCERTAIN


class SlowClient(XeroClient):
    """Xero, where a look-up takes so long that something else happens meanwhile."""

    def __init__(self, client: XeroClient, meanwhile: Callable[[], None]) -> None:
        super().__init__(client.organisation_id, client._tokens)
        self.meanwhile = meanwhile

    def invoices_by_app_since(self, since: datetime) -> list[Row]:
        found = super().invoices_by_app_since(since)
        self.meanwhile()
        return found


def leave_unanswered(connected: ConnectedAccount, writes: int = 1) -> None:
    """So many invoices that Xero has, each by a write of its own that was never answered, and whose key is dead."""
    bills = [{"companyID": connected.pair.company_id, "items": [item()]} for _ in range(writes)]
    connected.autotask.bill_many(bills)
    with connected.autotask.world.trouble("xero", "drop_after", method="PUT", path="/Invoices"):
        connected.sync()
    past = timedelta(minutes=7)
    connected.autotask.world.advance_clock(past.total_seconds())
    with connected.scope():
        Delivery.objects.update(first_sent_at=timezone.now() - past)


def take_over(connected: ConnectedAccount) -> SyncRun:
    """A run that finds the lease of the one before it over."""
    run = new_run(connected)
    let_the_lease_run_out()
    assert take_lease(run)
    assert engine._begin(run)
    queue.recover_from_dead_runs(run)
    return run


def test_a_run_that_outlived_its_lease_ends_no_write_that_another_is_looking_up(connected: ConnectedAccount) -> None:
    leave_unanswered(connected)
    with connected.scope():
        slow = take_over(connected)
        side = engine._Stages(slow, engine.open_partners()).side

        def meanwhile() -> None:
            other = replace(side, run=take_over(connected))
            with connected.autotask.world.trouble("xero", "status", status=503), pytest.raises(SyncProblem):
                resolve_uncertain(other)

        with pytest.raises(LeaseLostError):
            resolve_uncertain(replace(side, client=SlowClient(side.client, meanwhile)))
        assert [delivery.state for delivery in Delivery.objects.all()] == [Delivery.State.OPEN]
        let_the_lease_run_out()

    connected.sync()

    assert [document.state for document in connected.documents()] == [DocumentState.SYNCED]
    assert len(connected.xero.documents()) == 1


def test_the_lease_is_renewed_for_each_write_that_is_looked_up(
    connected: ConnectedAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deliver, "MOST_DOCUMENTS", 1)
    leave_unanswered(connected, writes=3)
    left: list[timedelta] = []
    with connected.scope():
        side = engine._Stages(take_over(connected), engine.open_partners()).side

        def meanwhile() -> None:
            state = SyncState.objects.get()
            assert state.lease_expires_at is not None
            left.append(state.lease_expires_at - timezone.now())
            SyncState.objects.update(lease_expires_at=timezone.now() + timedelta(seconds=1))

        resolve_uncertain(replace(side, client=SlowClient(side.client, meanwhile)))

    assert len(left) == 3
    assert min(left) > timedelta(minutes=4)


def test_a_run_that_outlived_its_lease_does_not_end_a_write_for_its_refusal(connected: ConnectedAccount) -> None:
    leave_unanswered(connected)
    with connected.scope():
        slow = take_over(connected)
        [delivery] = Delivery.objects.all()
        take_over(connected)

        with pytest.raises(LeaseLostError):
            close_delivery(slow, delivery, Delivery.State.REFUSED)

        assert Delivery.objects.get().state == Delivery.State.OPEN


class SlowTokens(GrantTokens):
    """Tokens of which one takes so long that Xero forgets the keys of what was sent before: the first, or the second
    where the first is `rejected`."""

    def __init__(self, grant: XeroGrant, *, rejected: bool) -> None:
        super().__init__(grant)
        self.rejected = rejected

    def access_token(self, rejected: str | None = None) -> str:
        token = super().access_token(rejected)
        if self.rejected == (rejected is not None):
            Delivery.objects.update(first_sent_at=timezone.now() - deliver.REPLAYABLE_FOR)
        return token


@pytest.mark.parametrize("rejected", [False, True])
def test_a_write_that_waited_for_a_token_past_the_life_of_its_key_is_not_sent(
    connected: ConnectedAccount, rejected: bool
) -> None:
    connected.autotask.bill(connected.pair.company_id)
    world = connected.autotask.world
    with world.trouble("xero", "drop_before", method="PUT", path="/Invoices"):
        connected.sync()
    before = world.ledger().last_n
    if rejected:
        world.add_trouble("xero", "expire_tokens", method="PUT", path="/Invoices", times=1)
    with connected.scope():
        organisation = XeroConnection.objects.get()
        tokens = SlowTokens(organisation.grant, rejected=rejected)
        client = XeroClient(str(organisation.organisation_id), tokens)

        with pytest.raises(deliver.NoAnswer):
            deliver.send(client, Delivery.objects.get())

    sent = world.ledger(since_n=before).calls("PUT", "/Invoices")
    assert [call["status"] for call in sent] == ([401] if rejected else [])
    assert connected.xero.documents() == []
