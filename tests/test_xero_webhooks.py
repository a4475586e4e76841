"""Xero's events: signed ones bring a look at what is stuck forward, others are refused, and none does harm."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import uuid
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from faults.models import Fault
from faults.problems import NeedsPerson
from faults.record import record
from syncing import runs
from syncing.models import SyncRun
from tenants.models import Account, XeroConnection
from tenants.scope import account_scope
from tests.connected import ConnectedAccount
from tests.factories import make_account, make_grant

pytestmark = pytest.mark.django_db

KEY = "the webhook key of the app"


@pytest.fixture(autouse=True)
def _key(settings: Settings) -> None:
    settings.XERO_WEBHOOK_KEY = KEY


def sign(body: bytes, key: str = KEY) -> str:
    return base64.b64encode(hmac.new(key.encode(), body, hashlib.sha256).digest()).decode()


def send(content: Any, signature: str | None = None) -> HttpResponse:
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    # As Xero comes: without a session, and without a CSRF token.
    return Client(enforce_csrf_checks=True).post(
        "/hooks/xero/",
        data=body,
        content_type="application/json",
        headers={"x-xero-signature": sign(body) if signature is None else signature},
    )


def event(organisation_id: Any, category: str = "CONTACT") -> dict[str, Any]:
    return {
        "resourceId": str(uuid.uuid4()),
        "tenantId": str(organisation_id),
        "tenantType": "ORGANISATION",
        "eventCategory": category,
        "eventType": "UPDATE",
        "eventDateUtc": "2026-11-24T01:15:39.902",
    }


def told(*events: dict[str, Any]) -> dict[str, Any]:
    return {"events": list(events), "firstEventSequence": 1, "lastEventSequence": len(events), "entropy": "S0M3"}


@pytest.fixture
def account() -> Account:
    """An account with a fault that is looked at in an hour."""
    account = make_account()
    Account.objects.filter(id=account.id).update(next_sync_at=in_an_hour())
    with account_scope(account.id):
        XeroConnection.objects.create(grant=make_grant(), organisation_id=uuid.uuid4(), connected_at=timezone.now())
        record([NeedsPerson("no-valid-contact", "", "Acme")])
        Fault.objects.update(next_look_at=in_an_hour())
    return account


def in_an_hour() -> datetime:
    return timezone.now() + timedelta(hours=1)


def organisation(account: Account) -> uuid.UUID:
    with account_scope(account.id):
        return XeroConnection.objects.get().organisation_id


def waits(account: Account) -> tuple[float, float]:
    """Seconds until the fault is looked at, and until the account's run."""
    account.refresh_from_db()
    assert account.next_sync_at is not None
    with account_scope(account.id):
        look = Fault.objects.get().next_look_at
    assert look is not None
    return (look - timezone.now()).total_seconds(), (account.next_sync_at - timezone.now()).total_seconds()


def test_the_intent_to_receive_is_answered_as_xero_demands() -> None:
    body = {"events": [], "firstEventSequence": 0, "lastEventSequence": 0, "entropy": "ABCDEFG"}
    right, wrong = send(body), send(body, sign(json.dumps(body).encode(), "another key"))
    assert (right.status_code, right.content, right.cookies) == (200, b"", {})
    assert (wrong.status_code, wrong.content, wrong.cookies) == (401, b"", {})


@pytest.mark.parametrize("signature", ["", "nonsense", "ñ", "=" * 44])
def test_what_is_not_signed_changes_nothing(account: Account, signature: str) -> None:
    assert send(told(event(organisation(account))), signature).status_code == 401
    assert min(waits(account)) > 3500


def test_without_a_key_nothing_is_believed(settings: Settings) -> None:
    settings.XERO_WEBHOOK_KEY = ""
    assert send(told(), sign(json.dumps(told()).encode(), "")).status_code == 401


def test_an_event_brings_the_look_at_what_is_stuck_forward(account: Account) -> None:
    assert send(told(event(organisation(account)))).status_code == 200
    assert max(waits(account)) <= 0


def test_a_replay_and_a_busy_organisation_do_no_more(account: Account) -> None:
    for _ in range(3):
        send(told(*[event(organisation(account)) for _ in range(50)]))
    with account_scope(account.id):
        Fault.objects.update(next_look_at=in_an_hour())
    Account.objects.filter(id=account.id).update(next_sync_at=in_an_hour())
    send(told(event(organisation(account))))
    look, run = waits(account)
    assert 290 < look <= 300
    assert 290 < run <= 300


def test_where_nothing_is_stuck_or_the_account_is_paused_no_run_is_brought_forward(account: Account) -> None:
    Account.objects.filter(id=account.id).update(paused=True)
    send(told(event(organisation(account))))
    assert waits(account)[1] > 3500
    Account.objects.filter(id=account.id).update(paused=False)
    cache.clear()
    with account_scope(account.id):
        Fault.objects.update(state=Fault.State.RESOLVED)
    send(told(event(organisation(account))))
    assert waits(account)[1] > 3500


def test_an_event_of_another_kind_or_of_a_stranger_is_passed_over(account: Account) -> None:
    stranger = make_account()
    assert send(told(event(organisation(account), "SUBSCRIPTION"), event(uuid.uuid4()))).status_code == 200
    assert min(waits(account)) > 3500
    assert stranger.next_sync_at is None


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"null",
        b'{"events": 7}',
        b'{"events": [7]}',
        b'{"events": [{"tenantId": "x"}]}',
        b"\xff",
        b"[" * 9999,
    ],
)
def test_a_signed_body_that_says_nothing_is_taken_all_the_same(body: bytes) -> None:
    """Anything but 200 makes Xero send it again for a day, and then end the subscription."""
    assert send(body).status_code == 200


def test_a_body_too_large_is_not_read() -> None:
    assert send(b" " * 1_000_001).status_code == 413
    assert Client().get("/hooks/xero/").status_code == 405


def test_what_was_mended_in_xero_arrives_without_a_click(connected: ConnectedAccount) -> None:
    """A person puts Xero in order, Xero tells us of what they did, and the next run delivers."""
    company = connected.autotask.add_company("Cascade Inc.", currency="USD")
    connected.autotask.bill(company)
    connected.sync()
    assert [document.state for document in connected.documents()] == ["faulted"]
    connected.xero.add_currency("USD")

    send(told(event(connected.xero.id)))

    with connected.scope():
        runs.run_now(connected.account.id, SyncRun.Trigger.SCHEDULE)
    assert [document.state for document in connected.documents()] == ["synced"]
