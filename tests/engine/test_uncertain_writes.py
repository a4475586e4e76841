"""Writes to Xero that were never answered end as one document, or as none that is sent again."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db.models import F
from django.utils import timezone

from faults.models import Fault
from faults.words import why
from syncing.models import Delivery, Document
from syncing.states import DocumentState
from tenants.connections import mark_disconnected
from tenants.models import Account, XeroConnection
from tests.connected import ConnectedAccount, connect
from tests.world import XeroOrganisation, item

ENDPOINTS = {"invoice": ("100.00", "Invoices"), "credit note": ("-100.00", "CreditNotes")}


@pytest.fixture(params=list(ENDPOINTS))
def billed(connected: ConnectedAccount, request: pytest.FixtureRequest) -> tuple[int, str]:
    """An invoice, and one that becomes a credit note: its Autotask id and Xero's endpoint."""
    rate, endpoint = ENDPOINTS[request.param]
    return connected.autotask.bill(connected.pair.company_id, [item(rate)])["id"], endpoint


def six_minutes_later(connected: ConnectedAccount) -> None:
    """Xero has forgotten the key: its clock goes on, and so does the age of what we sent."""
    past = timedelta(minutes=7)
    connected.autotask.world.advance_clock(past.total_seconds())
    with connected.scope():
        Delivery.objects.update(first_sent_at=F("first_sent_at") - past)
        Document.objects.update(next_attempt_at=None)


def test_an_answer_lost_once_is_replayed_at_once_with_the_same_key(
    connected: ConnectedAccount, billed: tuple[int, str]
) -> None:
    autotask_id, endpoint = billed
    with connected.autotask.world.trouble("xero", "drop_after", method="PUT", path=endpoint, times=1):
        connected.sync()

    assert connected.document(autotask_id).state == DocumentState.SYNCED
    assert len(connected.xero.documents()) == 1
    puts = connected.autotask.world.ledger("xero").calls("PUT", f"/{endpoint}")
    assert len(puts) == 2
    assert puts[0]["idempotency_key"] == puts[1]["idempotency_key"]


def test_what_stays_unanswered_is_uncertain_and_replayed_by_the_next_run(
    connected: ConnectedAccount, billed: tuple[int, str]
) -> None:
    autotask_id, endpoint = billed
    with connected.autotask.world.trouble("xero", "drop_after", method="PUT", path=endpoint):
        connected.sync()
    assert connected.document(autotask_id).state == DocumentState.UNCERTAIN

    connected.sync()

    assert connected.document(autotask_id).state == DocumentState.SYNCED
    assert len(connected.xero.documents()) == 1


def test_after_six_minutes_it_is_looked_up_and_found(connected: ConnectedAccount, billed: tuple[int, str]) -> None:
    autotask_id, endpoint = billed
    with connected.autotask.world.trouble("xero", "drop_after", method="PUT", path=endpoint):
        connected.sync()
    six_minutes_later(connected)

    connected.sync()

    document = connected.document(autotask_id)
    assert document.state == DocumentState.SYNCED
    [arrived] = connected.xero.documents()
    assert str(document.xero_id) == (arrived.get("InvoiceID") or arrived.get("CreditNoteID"))


@pytest.mark.parametrize("trouble", [{"kind": "drop_before"}, {"kind": "status", "status": 503}])
def test_after_six_minutes_what_is_surely_absent_is_sent_under_a_new_key(
    connected: ConnectedAccount, billed: tuple[int, str], trouble: dict[str, object]
) -> None:
    autotask_id, endpoint = billed
    with connected.autotask.world.trouble("xero", method="PUT", path=endpoint, **trouble):
        connected.sync()
    assert connected.xero.documents() == []
    assert connected.document(autotask_id).state == DocumentState.UNCERTAIN
    six_minutes_later(connected)

    connected.sync()

    assert connected.document(autotask_id).state == DocumentState.SYNCED
    assert len(connected.xero.documents()) == 1
    with connected.scope():
        assert Delivery.objects.values("idempotency_key").distinct().count() == 2


def test_an_error_of_xeros_own_is_not_replayed_while_its_key_may_remember_it(
    connected: ConnectedAccount, billed: tuple[int, str]
) -> None:
    autotask_id, endpoint = billed
    with connected.autotask.world.trouble("xero", "status", status=500, method="PUT", path=endpoint):
        connected.sync()

    connected.sync()

    assert connected.document(autotask_id).state == DocumentState.UNCERTAIN
    assert len(connected.autotask.world.ledger("xero").calls("PUT", f"/{endpoint}")) == 1


def test_the_body_of_a_delivery_is_erased_once_it_is_settled(connected: ConnectedAccount) -> None:
    connected.autotask.bill(connected.pair.company_id)

    connected.sync()

    with connected.scope():
        [delivery] = Delivery.objects.all()
    assert delivery.state == Delivery.State.SETTLED
    assert delivery.body is None


def feed_another_organisation(connected: ConnectedAccount) -> XeroOrganisation:
    """As disconnecting Xero and connecting another organisation does."""
    world = connected.autotask.world
    other = connect(world, world.pair(xero={"users": ["owner@other.example"]}))
    with other.scope():
        new = XeroConnection.objects.get()
    with connected.scope():
        mark_disconnected(XeroConnection.objects.get())
        new.pk, new.account = None, connected.account
        new.save(force_insert=True)
    return other.xero


def test_what_an_organisation_that_was_left_never_answered_is_a_persons_turn(connected: ConnectedAccount) -> None:
    autotask_id = connected.autotask.bill(connected.pair.company_id)["id"]
    with connected.autotask.world.trouble("xero", "drop_after", method="PUT", path="/Invoices"):
        connected.sync()
    organisation = feed_another_organisation(connected)
    connected.sync()
    assert connected.document(autotask_id).state == DocumentState.UNCERTAIN
    six_minutes_later(connected)

    connected.sync()
    connected.sync()

    assert connected.document(autotask_id).state == DocumentState.FAULTED
    with connected.scope():
        fault = Fault.objects.get(code="unexpected")
        assert connected.xero.name in fault.detail
        assert connected.xero.name in why(fault)
        assert not Delivery.objects.filter(state=Delivery.State.OPEN).exists()
        assert Account.objects.get(id=connected.account.id).next_sync_at > timezone.now() + timedelta(seconds=30)
    assert organisation.documents() == []

    connected.ask_again(autotask_id)
    connected.sync()

    assert len(organisation.documents()) == 1
