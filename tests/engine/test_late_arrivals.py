"""A write that Xero carries out after it was looked for in vain: it is there twice, and a person settles it."""

from __future__ import annotations

import time
from datetime import timedelta

import pytest
import urllib3
from django.db.models import F

from syncing import poll
from syncing.models import Delivery
from syncing.states import DocumentState
from syncing.xero import transport
from tests.connected import ConnectedAccount
from tests.world import Row

PATIENCE = 0.3
LATE = 3.0


@pytest.fixture
def sent_twice(connected: ConnectedAccount, monkeypatch: pytest.MonkeyPatch) -> ConnectedAccount:
    """An invoice whose first write Xero carries out when the second one has arrived."""
    connected.autotask.bill(connected.pair.company_id)
    monkeypatch.setattr(transport, "TIMEOUT", urllib3.Timeout(connect=5, read=PATIENCE))
    world = connected.autotask.world
    with world.trouble("xero", "late", seconds=LATE, method="PUT", path="/Invoices", times=2):
        connected.sync()
        sent = time.monotonic()
    monkeypatch.undo()
    later(connected, timedelta(minutes=7))
    world.advance_clock(420)
    connected.sync()
    assert len(invoices(connected)) == 1
    time.sleep(max(sent + LATE - time.monotonic(), 0) + 0.2)
    assert len(invoices(connected)) == 2
    return connected


def later(connected: ConnectedAccount, passed: timedelta) -> None:
    with connected.scope():
        Delivery.objects.update(first_sent_at=F("first_sent_at") - passed)


def invoices(connected: ConnectedAccount) -> list[Row]:
    return [row for row in connected.xero.invoices() if row["Status"] not in ("DELETED", "VOIDED")]


def test_an_hour_later_it_is_found_and_waits_for_a_person(sent_twice: ConnectedAccount) -> None:
    [document] = sent_twice.documents()
    assert document.state == DocumentState.SYNCED
    later(sent_twice, timedelta(hours=1))
    with sent_twice.scope():
        assert not poll.finds_nothing(sent_twice.account.id)

    sent_twice.sync()

    [document] = sent_twice.documents()
    assert document.state == DocumentState.FAULTED
    assert sent_twice.codes(document.autotask_id) == {"sent-twice"}
    assert len(invoices(sent_twice)) == 2


@pytest.mark.parametrize("voided", ["ours", "other"])
def test_once_a_person_has_voided_either_the_other_is_the_document(sent_twice: ConnectedAccount, voided: str) -> None:
    later(sent_twice, timedelta(hours=1))
    sent_twice.sync()
    [document] = sent_twice.documents()
    ours = str(document.xero_id)
    [other] = {row["InvoiceID"] for row in invoices(sent_twice)} - {ours}
    gone, stays = (ours, other) if voided == "ours" else (other, ours)
    sent_twice.ask_again(document.autotask_id)
    sent_twice.sync()
    assert sent_twice.codes(document.autotask_id) == {"sent-twice"}

    sent_twice.xero.patch("Invoices", gone, Status="DELETED")
    sent_twice.ask_again(document.autotask_id)
    sent_twice.sync()

    [document] = sent_twice.documents()
    assert (document.state, str(document.xero_id)) == (DocumentState.SYNCED, stays)
    assert sent_twice.codes(document.autotask_id) == set()
    assert [row["InvoiceID"] for row in invoices(sent_twice)] == [stays]


def test_where_nothing_came_late_it_is_looked_for_once(connected: ConnectedAccount) -> None:
    connected.autotask.bill(connected.pair.company_id)
    world = connected.autotask.world
    with world.trouble("xero", "drop_before", method="PUT", path="/Invoices"):
        connected.sync()
    later(connected, timedelta(minutes=7))
    world.advance_clock(420)
    connected.sync()
    later(connected, timedelta(hours=1))
    before = world.ledger().last_n

    connected.sync()
    connected.sync()

    looks = [row for row in world.ledger(since_n=before).requests if "createdByMyApp" in row["query"]]
    assert len(looks) == 1
    assert {document.state for document in connected.documents()} == {DocumentState.SYNCED}
