"""A number that Autotask does not take is the trouble of that invoice alone, and is shown on it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db.models.functions import Now
from django.utils import timezone

from faults.models import Fault, FaultEvent
from syncing.models import Attempt, Document, SyncRun
from syncing.states import DocumentState
from syncing.tasks import sync_account
from tests.connected import ConnectedAccount

LOCKED = '{"errors":["Invoice is locked."]}'


@pytest.fixture
def numbered(connected: ConnectedAccount) -> ConnectedAccount:
    """An account that has Xero's numbers written back to Autotask, and three new invoices."""
    connected.change_settings(write_back_number=True)
    for _ in range(3):
        connected.autotask.bill(connected.pair.company_id)
    return connected


def refuse_one(account: ConnectedAccount, status: int = 500, body: str = LOCKED) -> None:
    account.autotask.world.add_trouble(
        "autotask", "status", method="PATCH", path="/Invoices", status=status, times=1, body=body
    )


def keep_nothing(account: ConnectedAccount) -> None:
    """As Autotask does where the API user may not change it: it says yes, and changes nothing."""
    refuse_one(account, 200, '{"itemId": 1}')


def have_their_number(account: ConnectedAccount) -> list[bool]:
    """Of each invoice, whether Autotask knows it by its number in Xero."""
    return [
        account.autotask.invoice(document.autotask_id)["invoiceNumber"] == document.xero_number
        for document in account.documents()
    ]


def faults(account: ConnectedAccount) -> list[tuple[str, str, str]]:
    with account.scope():
        return list(Fault.objects.values_list("code", "subject", "state"))


def first_id(account: ConnectedAccount) -> int:
    return account.documents()[0].autotask_id


@pytest.mark.parametrize(("refuse", "code"), [(refuse_one, "unexpected"), (keep_nothing, "autotask-not-permitted")])
def test_one_that_is_refused_stops_neither_the_others_nor_the_run(
    numbered: ConnectedAccount, refuse: Callable[[ConnectedAccount], None], code: str
) -> None:
    refuse(numbered)

    run = numbered.sync()

    assert run.state == SyncRun.State.FINISHED
    assert have_their_number(numbered) == [False, True, True]
    first = first_id(numbered)
    assert faults(numbered) == [(code, f"invoice {first}", "open")]
    assert numbered.codes(first) == {code}
    assert numbered.document(first).state == DocumentState.SYNCED


def test_polls_leave_it_alone_and_find_the_account_at_rest(numbered: ConnectedAccount) -> None:
    keep_nothing(numbered)
    numbered.sync()
    before = numbered.autotask.world.ledger().last_n

    for _ in range(2):
        sync_account(account_id=numbered.account.id)

    calls = numbered.autotask.world.ledger(since_n=before).requests
    assert [(call["method"], call["partner"]) for call in calls] == [("POST", "autotask")] * 2
    with numbered.scope():
        assert [event.what for event in FaultEvent.objects.all()] == ["opened"]
        assert SyncRun.objects.count() == 1


def test_it_is_over_once_autotask_takes_the_number_however_late(numbered: ConnectedAccount) -> None:
    keep_nothing(numbered)
    numbered.sync()
    first = first_id(numbered)
    with numbered.scope():
        Document.objects.update(synced_at=timezone.now() - timedelta(days=3))
        Fault.objects.update(next_look_at=Now())

    sync_account(account_id=numbered.account.id)

    assert have_their_number(numbered) == [True, True, True]
    assert faults(numbered) == [("autotask-not-permitted", f"invoice {first}", "resolved")]
    assert numbered.codes(first) == set()
    assert numbered.document(first).next_attempt_at is None


def test_a_look_that_is_refused_again_is_no_news(numbered: ConnectedAccount) -> None:
    keep_nothing(numbered)
    numbered.sync()
    keep_nothing(numbered)
    with numbered.scope():
        Fault.objects.update(next_look_at=Now())

    sync_account(account_id=numbered.account.id)

    first = first_id(numbered)
    assert numbered.codes(first) == {"autotask-not-permitted"}
    with numbered.scope():
        assert [event.what for event in FaultEvent.objects.all()] == ["opened"]
        told = Attempt.objects.filter(document__autotask_id=first).order_by("id").values_list("outcome", flat=True)
        assert list(told) == ["created", "faulted"]


def test_a_re_sync_tries_it_again(numbered: ConnectedAccount) -> None:
    refuse_one(numbered)
    numbered.sync()
    first = first_id(numbered)

    numbered.ask_again(first)
    numbered.sync()

    assert have_their_number(numbered) == [True, True, True]
    assert faults(numbered) == [("unexpected", f"invoice {first}", "resolved")]
    assert numbered.codes(first) == set()


def test_a_void_of_it_is_still_carried_over_and_ends_the_fault(numbered: ConnectedAccount) -> None:
    numbered.change_settings(void_sync=True)
    refuse_one(numbered)
    numbered.sync()
    first = first_id(numbered)

    numbered.autotask.void(first)
    numbered.sync()

    assert numbered.document(first).state == DocumentState.VOIDED
    assert faults(numbered) == [("unexpected", f"invoice {first}", "resolved")]


@pytest.mark.parametrize(("status", "code"), [(401, "autotask-login-refused"), (503, "service-unavailable")])
def test_a_refused_log_in_or_an_outage_stops_the_run(numbered: ConnectedAccount, status: int, code: str) -> None:
    refuse_one(numbered, status, "")

    run = numbered.sync()

    assert (run.state, run.problem_code) == (SyncRun.State.STOPPED, code)
    assert have_their_number(numbered) == [False, False, False]
