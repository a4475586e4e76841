"""The overview: the first steps, where the account stands, and Sync now."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from syncing.models import SyncRun, SyncState
from syncing.states import DocumentState
from tenants.models import Account, AutotaskConnection, Role, XeroConnection
from tenants.scope import account_scope
from tests.connected import ConnectedAccount
from tests.documents import in_xero, make_document, make_documents, stop
from tests.factories import make_account, make_grant, make_member
from tests.queries import queries_of
from tests.world import item

HTMX = {"HX-Request": "true"}


@pytest.fixture
def account(db: None) -> Account:
    return make_account()


@pytest.fixture
def scope(account: Account) -> Iterator[None]:
    with account_scope(account.id):
        yield


@pytest.fixture
def member(client: Client, account: Account) -> Client:
    client.force_login(make_member(account).user)
    return client


def overview(client: Client, account: Account) -> str:
    answer = client.get(f"/a/{account.slug}/")
    assert answer.status_code == 200
    return answer.content.decode()


def connect_autotask() -> None:
    AutotaskConnection.objects.create(
        username="api@msp.example", secret="s", state="connected", web_url="https://ww1.autotask.net/"
    )


def connect_xero() -> None:
    XeroConnection.objects.create(
        grant=make_grant(email="ana@msp.example"),
        organisation_id="11111111-1111-1111-1111-111111111111",
        name="Harbour Ltd",
        connected_at=timezone.now(),
        last_answered_at=timezone.now(),
    )


def finished_run(**fields: object) -> SyncRun:
    values = {"trigger": "schedule", "state": "finished", "finished_at": timezone.now(), "counts": {"created": 3}}
    return SyncRun.objects.create(**values | fields)


def test_an_empty_account_is_led_from_step_to_step(member: Client, account: Account, scope: None) -> None:
    assert member.get(f"/a/{account.slug}/")["Location"] == f"/a/{account.slug}/setup/"
    connect_autotask()
    shown = overview(member, account)
    assert ">Connect Autotask</a>" not in shown
    assert ">Connect Xero</a>" in shown
    assert "Sync now" not in shown
    connect_xero()
    assert "Sync now" in overview(member, account)


def test_who_may_not_connect_is_told_who_does(client: Client, account: Account) -> None:
    client.force_login(make_member(account, Role.VIEWER).user)
    shown = overview(client, account)
    assert "An owner or an administrator of this account connects" in shown
    assert 'class="button primary"' not in shown


def test_the_overview_tells_where_the_account_stands(member: Client, account: Account, scope: None) -> None:
    connect_autotask()
    connect_xero()
    finished_run()
    make_document(1, **in_xero())
    make_document(2, state=DocumentState.WAITING)
    fault = stop(make_document(3), "currency-not-subscribed", "GBP")
    shown = overview(member, account)
    assert "3 into Xero" in shown
    assert "not subscribed to this currency" in shown
    assert "1 invoice" in shown
    assert f"documents/?fault={fault.id}" in shown
    assert "Documents of the last 30 days: 1 In Xero, 1 On the way, 1 Needs attention, 0 Skipped or voided." in shown
    assert "Signed in by" in shown
    assert "ana@msp.example" in shown


def test_more_faults_than_it_lists_are_no_secret(member: Client, account: Account, scope: None) -> None:
    finished_run()
    documents = make_documents(6)
    for code, document in zip(["200", "210", "220", "230", "240", "250"], documents, strict=True):
        stop(document, "account-code-invalid", code)
    shown = overview(member, account)
    assert "The 5 seen last." in shown
    assert shown.count("Account code 2") == 5


def test_an_account_that_is_paused_says_so(member: Client, account: Account, scope: None) -> None:
    finished_run()
    Account.objects.filter(id=account.id).update(paused=True)
    assert "Paused: no sync runs by itself." in overview(member, account)


def test_no_next_sync_is_promised_while_a_connection_waits_for_a_person(
    member: Client, account: Account, scope: None
) -> None:
    Account.objects.filter(id=account.id).update(next_sync_at=timezone.now())
    finished_run(problem_code="autotask-threshold")
    assert "Next sync" in overview(member, account)
    finished_run(problem_code="autotask-login-refused")
    shown = overview(member, account)
    assert "It goes on by itself once the connection is good again." in shown
    assert "Next sync" not in shown


def test_the_number_of_queries_does_not_grow_with_the_documents(member: Client, account: Account, scope: None) -> None:
    finished_run()
    counted = []
    for entity, count in (("invoice", 10), ("purchase_order", 1000)):
        make_documents(count, entity=entity)
        stop(make_document(90_000 + count), "duplicate-number", entity)
        counted.append(queries_of(lambda: overview(member, account)))
    assert counted[0] == counted[1] < 30


def test_a_double_click_on_sync_now_is_one_run(member: Client, account: Account, scope: None) -> None:
    finished_run()
    answers = [member.post(f"/a/{account.slug}/sync", headers=HTMX).content.decode() for _ in range(2)]
    assert SyncRun.objects.filter(state="queued").count() == 1
    assert SyncRun.objects.count() == 2
    for answer in answers:
        assert "Queued" in answer
        assert 'hx-trigger="every 1s"' in answer


def test_sync_now_during_a_run_watches_that_run(member: Client, account: Account, scope: None) -> None:
    run = SyncRun.objects.create(trigger="schedule", state="running", started_at=timezone.now())
    SyncState.objects.create(lease_run_id=run.id, lease_expires_at=timezone.now() + timedelta(minutes=5))
    make_document(state=DocumentState.IN_FLIGHT, claimed_by=run.id)
    answer = member.post(f"/a/{account.slug}/sync", headers=HTMX).content.decode()
    assert SyncRun.objects.count() == 1
    assert "1 to go" in answer


def test_a_run_that_died_with_its_worker_is_not_watched(member: Client, account: Account, scope: None) -> None:
    run = SyncRun.objects.create(trigger="schedule", state="running", started_at=timezone.now())
    SyncState.objects.create(lease_run_id=run.id, lease_expires_at=timezone.now() - timedelta(minutes=1))
    shown = overview(member, account)
    assert "Broke off" in shown
    assert "every 1s" not in shown


def test_the_watching_ends_with_the_run(connected: ConnectedAccount, client: Client) -> None:
    client.force_login(make_member(connected.account).user)
    connected.autotask.bill(connected.pair.company_id, [item("100.00")])
    client.post(f"/a/{connected.account.slug}/sync")
    with connected.scope():
        run = SyncRun.objects.get()
    address = f"/a/{connected.account.slug}/runs/{run.id}/progress"
    assert "every 1s" in client.get(address, headers=HTMX).content.decode()
    connected.sync()
    answer = client.get(address, headers=HTMX)
    assert "every 1s" not in answer.content.decode()
    assert "1 into Xero" in answer.content.decode()
    assert answer["HX-Trigger"] == "run-ended"


def test_progress_takes_any_figure_from_the_address(member: Client, account: Account, scope: None) -> None:
    run = finished_run()
    for text in ("", "x", "-1", "9" * 50):
        assert member.get(f"/a/{account.slug}/runs/{run.id}/progress", {"of": text}).status_code == 200


def test_a_run_of_another_account_is_not_there(member: Client, account: Account) -> None:
    with account_scope(make_account().id):
        run = finished_run()
    assert member.get(f"/a/{account.slug}/runs/{run.id}/progress").status_code == 404
