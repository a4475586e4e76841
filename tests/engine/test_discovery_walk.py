"""The walk over the whole look-back: in turns like all else, and anew when a person wants it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from faults.models import Fault
from syncing import runs, stopping
from syncing.discover import discover
from syncing.models import BrandingMapping, Document, SyncRun, SyncState
from syncing.partners import open_partners
from syncing.states import DocumentState
from tests.connected import ConnectedAccount

PAGE = 500


def walk(connected: ConnectedAccount, seconds: float) -> SyncState:
    """A turn of a discovery, and how far it led."""
    with connected.scope():
        state, _ = SyncState.objects.get_or_create(account=connected.account)
        discover(open_partners().autotask, state, 30, seconds=seconds).rest.result()
        return SyncState.objects.get()


@pytest.fixture
def many(connected: ConnectedAccount) -> ConnectedAccount:
    bill = {"companyID": connected.pair.company_id, "items": [{"rate": "100"}]}
    connected.autotask.bill_many([bill] * (2 * PAGE + 10))
    return connected


def test_a_walk_whose_turn_is_over_goes_on_from_its_place(many: ConnectedAccount) -> None:
    state = walk(many, seconds=0)
    assert (state.walked_at, len(many.documents())) == (None, 2 * PAGE)
    assert state.walk_place == many.documents()[-1].autotask_id
    before = many.autotask.world.ledger().last_n

    state = walk(many, seconds=0)

    assert state.walk_place is None
    assert state.walked_at is not None
    assert len(many.documents()) == 2 * PAGE + 10
    assert len(many.autotask.world.ledger(since_n=before).requests) == 1


def test_a_process_that_is_to_stop_ends_the_walk_at_the_next_page(
    many: ConnectedAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stopping, "_asked", bytearray([1]))

    many.sync()

    with many.scope():
        assert SyncState.objects.get().walk_place is not None
        assert Document.objects.count() == 2 * PAGE


def test_a_run_of_a_persons_finds_what_the_api_user_sees_only_now(connected: ConnectedAccount) -> None:
    connected.sync()
    made = (timezone.now() - timedelta(days=3)).isoformat()
    hidden = connected.autotask.bill(connected.pair.company_id, createDateTime=made)
    with connected.scope():
        SyncState.objects.update(cursor=hidden["id"] + 1)  # passed by while the API user did not see it
    connected.sync()
    assert connected.documents() == []

    with connected.scope():
        runs.run_now(connected.account.id, SyncRun.Trigger.PERSON)

    assert [document.autotask_id for document in connected.documents()] == [hidden["id"]]


def test_a_persons_walk_that_was_cut_is_ended_by_the_next_run_and_then_the_account_rests(
    many: ConnectedAccount,
) -> None:
    walk(many, seconds=3600)
    with many.scope():
        Document.objects.update(state=DocumentState.SKIPPED, skipped_reason="Billed elsewhere.")
        runs.run_now(many.account.id, SyncRun.Trigger.PERSON, seconds=0)
        assert SyncState.objects.get().walk_place is not None
    many.account.refresh_from_db()
    assert many.account.next_sync_at <= timezone.now()

    with many.scope():
        runs.run_now(many.account.id, SyncRun.Trigger.SCHEDULE, seconds=0)

        assert SyncState.objects.get().walk_place is None
    many.account.refresh_from_db()
    assert many.account.next_sync_at > timezone.now() + timedelta(minutes=1)


def test_a_list_that_xero_refuses_is_xeros_trouble_wherever_it_is_read(connected: ConnectedAccount) -> None:
    connected.autotask.bill(connected.pair.company_id)
    with connected.scope():
        BrandingMapping.objects.create(account=connected.account, template_id=1, theme_id="0" * 32)

    with connected.autotask.world.trouble("xero", "outage", method="GET", path="/BrandingThemes"):
        connected.sync()

    with connected.scope():
        [fault] = Fault.objects.all()
    assert (fault.code, fault.subject) == ("service-unavailable", "Xero")
