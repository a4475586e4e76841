"""What is stuck goes on without a click once its cause has cleared; and the look at it costs little."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db.models.functions import Now
from django.utils import timezone

from faults.models import Fault
from syncing import runs
from syncing.models import Attempt, Document, SyncRun
from syncing.states import DocumentState
from tenants.models import Account
from tests.connected import ConnectedAccount


def scheduled_run(connected: ConnectedAccount) -> SyncRun:
    with connected.scope():
        run = runs.run_now(connected.account.id, SyncRun.Trigger.SCHEDULE)
    assert run is not None
    return run


def when_the_look_is_due(connected: ConnectedAccount) -> SyncRun:
    with connected.scope():
        Fault.objects.update(next_look_at=Now())
    return scheduled_run(connected)


def states(connected: ConnectedAccount) -> set[str]:
    return {document.state for document in connected.documents()}


def living(connected: ConnectedAccount) -> list[Fault]:
    with connected.scope():
        return list(Fault.objects.filter(state__in=[Fault.State.OPEN, Fault.State.RETRYING]))


@pytest.fixture
def stuck(connected: ConnectedAccount) -> ConnectedAccount:
    """Five invoices in a currency that Xero does not have."""
    company = connected.autotask.add_company("Cascade Inc.", currency="USD")
    for _ in range(5):
        connected.autotask.bill(company)
    connected.sync()
    assert states(connected) == {DocumentState.FAULTED}
    return connected


def test_all_of_it_arrives_with_the_next_look(stuck: ConnectedAccount) -> None:
    stuck.xero.add_currency("USD")

    when_the_look_is_due(stuck)

    assert states(stuck) == {DocumentState.SYNCED}
    assert living(stuck) == []
    assert len(stuck.xero.invoices()) == 5


def test_until_then_a_scheduled_run_asks_nothing_about_it(stuck: ConnectedAccount) -> None:
    before = stuck.autotask.world.ledger().last_n

    scheduled_run(stuck)

    assert len(stuck.autotask.world.ledger(since_n=before).requests) == 1


def test_a_sync_that_a_person_asks_for_looks_at_once(stuck: ConnectedAccount) -> None:
    stuck.xero.add_currency("USD")

    stuck.sync()

    assert states(stuck) == {DocumentState.SYNCED}


def test_one_that_a_person_sends_again_takes_the_others_along(stuck: ConnectedAccount) -> None:
    stuck.xero.add_currency("USD")
    stuck.ask_again(stuck.documents()[0].autotask_id)

    stuck.sync()

    assert states(stuck) == {DocumentState.SYNCED}


def test_a_look_in_vain_backs_off_and_leaves_no_line_in_the_history(stuck: ConnectedAccount) -> None:
    waits = []
    for _ in range(3):
        when_the_look_is_due(stuck)
        [fault] = living(stuck)
        assert fault.next_look_at is not None
        waits.append(fault.next_look_at - timezone.now())

    assert waits == sorted(waits)
    assert waits[0] > timedelta(minutes=25)
    assert states(stuck) == {DocumentState.FAULTED}
    assert not fault.regressed
    with stuck.scope():
        assert Attempt.objects.count() == 5


def test_a_document_that_waits_for_two_causes_goes_with_the_last(connected: ConnectedAccount) -> None:
    company = connected.autotask.add_company("Cascade Inc.", currency="USD", email="not-an-address")
    invoice = connected.autotask.bill(company)["id"]
    connected.sync()
    assert connected.codes(invoice) == {"currency-not-subscribed", "invalid-email"}

    connected.xero.add_currency("USD")
    when_the_look_is_due(connected)
    assert connected.codes(invoice) == {"invalid-email"}

    [contact] = connected.autotask.contacts(company)
    connected.autotask.patch("Contacts", contact["id"], emailAddress="ada@cascade.example")
    when_the_look_is_due(connected)

    assert connected.document(invoice).state == DocumentState.SYNCED
    assert living(connected) == []


def test_an_outage_is_a_persons_turn_after_a_day_and_still_ends_by_itself(connected: ConnectedAccount) -> None:
    for _ in range(4):
        connected.autotask.bill(connected.pair.company_id)
    with connected.autotask.world.trouble("xero", "outage"):
        connected.sync()
        with connected.scope():
            Fault.objects.update(opened_at=timezone.now() - timedelta(hours=25))
            Document.objects.update(next_attempt_at=Now())
        connected.sync()
        [fault] = living(connected)
        assert fault.state == Fault.State.OPEN
        assert states(connected) == {DocumentState.FAULTED}

    when_the_look_is_due(connected)

    assert states(connected) == {DocumentState.SYNCED}
    assert living(connected) == []


def test_an_incident_does_not_end_because_of_a_document_that_never_reached_xero(connected: ConnectedAccount) -> None:
    connected.autotask.bill(connected.pair.company_id)
    connected.sync()
    connected.autotask.bill(connected.pair.company_id)
    with connected.autotask.world.trouble("xero", "status", status=503, method="PUT", path="/Invoices"):
        connected.sync()
        assert [fault.code for fault in living(connected)] == ["service-unavailable"]
        connected.autotask.bill(connected.pair.company_id, [])  # to be skipped
        scheduled_run(connected)

        assert [fault.code for fault in living(connected)] == ["service-unavailable"]


def test_where_only_a_person_can_help_runs_do_not_follow_each_other_at_once(connected: ConnectedAccount) -> None:
    connected.autotask.bill(connected.pair.company_id)
    connected.xero.disconnect()
    connected.sync()

    scheduled_run(connected)

    next_sync_at = Account.objects.get(id=connected.account.id).next_sync_at
    assert next_sync_at is not None
    assert next_sync_at - timezone.now() > timedelta(minutes=4)
