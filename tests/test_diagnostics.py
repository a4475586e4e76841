"""The diagnostic mode: staff switch it on for an account, and see what goes over the wire, without the secrets."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from support.models import StaffAction
from syncing import diagnostics
from syncing.diagnostics import LONGEST_BODY, masked_body, masked_headers, secrets_of
from syncing.exchanges import Exchange
from syncing.models import Diagnosis, KeptExchange
from syncing.tasks import forget_old_exchanges
from tenants.models import Account, Role, XeroGrant
from tenants.scope import account_scope
from tests.connected import ConnectedAccount, connect
from tests.factories import make_account
from tests.pages import BACKEND, Pages, words
from tests.staff import Desk
from tests.world import item


def switch(desk: Desk, account: Account, action: str = "diagnose", reason: str = "Totals differ by a cent.") -> None:
    answer = desk.post(f"tenants/account/{account.id}/do/{action}/", reason=reason)
    assert answer.status_code == 302


def kept(account: Account) -> list[KeptExchange]:
    with account_scope(account.id):
        return list(KeptExchange.objects.order_by("id"))


def test_a_sync_is_kept_in_full_and_without_a_secret(connected: ConnectedAccount) -> None:
    desk = Desk()
    connected.autotask.bill(connected.pair.company_id, [item(rate="100.00", description="Firewall maintenance")])
    switch(desk, connected.account)
    run = connected.sync()

    exchanges = kept(connected.account)
    calls = run.counts["xero_calls"] + run.counts["autotask_calls"]
    assert len(exchanges) == calls
    assert {exchange.sync for exchange in exchanges} == {run.id}
    [write] = [exchange for exchange in exchanges if exchange.method == "PUT" and "/Invoices" in exchange.url]
    assert "Firewall maintenance" in write.body
    assert '"InvoiceID"' in write.answer
    assert write.status == 200
    assert write.headers["Authorization"] == diagnostics.MASK
    assert write.headers["Xero-Tenant-Id".lower()] == connected.xero.id

    everything = str([vars(exchange) for exchange in exchanges])
    grant = XeroGrant.objects.get()
    autotask = connected.autotask
    for secret in (
        grant.access_token,
        grant.refresh_token,
        autotask.secret,
        autotask.username,
        autotask.integration_code,
    ):
        assert str(secret) not in everything

    page = words(desk.get(f"tenants/account/{connected.account.id}/exchanges/"))
    assert "Xero PUT" in page
    assert "Firewall maintenance" in words(desk.get(f"tenants/account/{connected.account.id}/exchanges/{write.id}/"))


def test_a_refresh_of_the_tokens_is_kept_without_them(connected: ConnectedAccount) -> None:
    connected.autotask.bill(connected.pair.company_id)
    XeroGrant.objects.update(expires_at=timezone.now() - timedelta(minutes=1))
    before = XeroGrant.objects.get()
    with connected.scope():
        diagnostics.switch_on()
    connected.sync()
    after = XeroGrant.objects.get()
    [refresh] = [exchange for exchange in kept(connected.account) if "/connect/token" in exchange.url]
    assert f"refresh_token={diagnostics.MASK}" in refresh.body
    assert f'"access_token": "{diagnostics.MASK}"' in refresh.answer.replace('":"', '": "')
    for secret in (before.refresh_token, after.refresh_token, after.access_token):
        assert str(secret) not in refresh.body + refresh.answer


def test_only_the_account_that_is_looked_at_is_kept_and_not_before_or_after(connected: ConnectedAccount) -> None:
    world = connected.autotask.world
    desk, other = Desk(), connect(world, world.pair(xero={"users": ["another@demo-msp.example"]}))
    connected.sync()
    switch(desk, connected.account)
    other.sync()
    assert kept(connected.account) == kept(other.account) == []
    switch(desk, connected.account, "end-diagnosis", "Found it.")
    connected.sync()
    assert kept(connected.account) == []
    with connected.scope():
        told = list(StaffAction.objects.order_by("id").values_list("what", "reason"))
    assert told == [("diagnose_on", "Totals differ by a cent."), ("diagnose_off", "Found it.")]


def test_it_ends_by_itself_after_a_day(connected: ConnectedAccount) -> None:
    with connected.scope():
        assert diagnostics.switch_on() - timezone.now() <= timedelta(days=1)
        Diagnosis.objects.update(ends_at=timezone.now() - timedelta(seconds=1))
    connected.sync()
    assert kept(connected.account) == []


@pytest.mark.django_db
def test_it_wants_a_reason() -> None:
    account = make_account()
    switch(Desk(), account, reason="  ")
    with account_scope(account.id):
        assert diagnostics.ends_at() is None


def exchange_of(answer: bytes = b"{}") -> Exchange:
    return Exchange(
        partner="Xero", method="GET", url="https://api.xero.com/x", headers={}, body=b"", status=200, answer=answer
    )


@pytest.mark.django_db
def test_the_oldest_give_way_and_a_week_later_nothing_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(diagnostics, "MOST_KEPT", 3)
    account = make_account()
    with account_scope(account.id):
        diagnostics.switch_on()
        for number in range(5):
            diagnostics.keep(exchange_of(b'{"n": %d}' % number))
    assert [exchange.answer for exchange in kept(account)] == ['{"n": 2}', '{"n": 3}', '{"n": 4}']

    forget_old_exchanges()
    assert len(kept(account)) == 3
    with account_scope(account.id):
        long_ago = timezone.now() - timedelta(days=7, minutes=1)
        KeptExchange.objects.update(at=long_ago)
        Diagnosis.objects.update(ends_at=long_ago)
    forget_old_exchanges()
    assert kept(account) == []
    with account_scope(account.id):
        assert not Diagnosis.objects.exists()


@pytest.mark.django_db
def test_nobody_but_staff_with_a_second_factor_reads_it_and_each_look_is_kept() -> None:
    account = make_account()
    owner = Pages(account, Role.OWNER)
    with account_scope(account.id):
        diagnostics.keep(exchange_of())
    [exchange] = kept(account)
    half_staff = Client()
    owner.user.is_staff = True
    for person in (Client(), owner.client, half_staff):
        for path in ("", f"{exchange.id}/"):
            answer = person.get(f"/admin/tenants/account/{account.id}/exchanges/{path}")
            assert answer.status_code in (302, 403)
    desk = Desk()
    half_staff.force_login(desk.user, backend=BACKEND)
    assert half_staff.get(f"/admin/tenants/account/{account.id}/exchanges/").status_code == 302
    assert desk.get(f"tenants/account/{account.id}/exchanges/{exchange.id}/").status_code == 200
    assert desk.get(f"tenants/account/{make_account().id}/exchanges/{exchange.id}/").status_code == 404
    with account_scope(account.id):
        [action] = StaffAction.objects.all()
    assert (action.what, "an exchange with Xero" in action.subject) == ("viewed", True)


def test_secrets_are_masked_wherever_they_stand() -> None:
    headers = {
        "Authorization": "Bearer abcdef",
        "Secret": "s3cr3t",
        "Content-Type": "application/json",
        "Set-Cookie": "a=b",
    }
    assert masked_headers(headers) == {
        "Authorization": "…",
        "Secret": "…",
        "Content-Type": "application/json",
        "Set-Cookie": "…",
    }
    body = rb'{"access_token" : "one\"two", "note": "Secret s3cr3t of abcdef is wrong"}'
    assert masked_body(body, secrets_of(headers)) == '{"access_token" : "…", "note": "Secret … of … is wrong"}'
    assert masked_body(b"grant_type=x&code=abc&refresh_token=d", []) == "grant_type=x&code=…&refresh_token=…"


def test_a_large_body_and_one_that_is_no_text_are_kept_as_far_as_it_goes() -> None:
    text = masked_body(b"x" * (LONGEST_BODY + 5), [])
    assert text == "x" * LONGEST_BODY + f"\n… ({LONGEST_BODY + 5:,} bytes in all)"
    assert masked_body(b"%PDF\x00\xff", []) == "%PDF…�"
