"""An owner deletes the account: it ends for everyone at once, nothing of it is left, and nobody else notices."""

from __future__ import annotations

import pytest
from django.core import mail
from django.db import connection

from syncing import account_closing, tasks
from syncing.lease import take_lease
from syncing.models import SyncRun
from tenants.api_tokens import find_token
from tenants.models import Account, ApiToken, ClosedAccount, Invitation, Member, Role, XeroConnection, XeroGrant
from tenants.scope import account_scope
from tests.api import Api
from tests.factories import make_member
from tests.one_of_everything import Everything, one_of_everything, state_of
from tests.pages import Pages, words
from tests.staff import Desk
from tests.world import SandboxWorld

pytestmark = pytest.mark.django_db

DELETE = "settings/account/delete"


@pytest.fixture
def everything(sandbox: SandboxWorld) -> Everything:
    return one_of_everything(sandbox)


@pytest.fixture
def owner(everything: Everything) -> Pages:
    return Pages(everything.account)


def rows_left(account: Account) -> dict[str, int]:
    """The rows that name the account, in every table of the database that can."""
    left = {}
    with account_scope(account.id), connection.cursor() as cursor:
        cursor.execute(
            "SELECT table_name FROM information_schema.columns WHERE column_name = 'account_id'"
            " AND table_schema = 'public' ORDER BY 1"
        )
        for (table,) in cursor.fetchall():
            cursor.execute(f'SELECT count(*) FROM "{table}" WHERE account_id = %s', [account.id])  # noqa: S608
            [count] = cursor.fetchone()
            if count:
                left[table] = count
    return left


def test_nothing_of_it_is_left_and_another_account_is_as_it_was(
    everything: Everything, owner: Pages, sandbox: SandboxWorld
) -> None:
    other = one_of_everything(sandbox, sandbox.pair(xero={"users": ["other@demo-msp.example"]}))
    before = state_of(other.account)
    assert len(rows_left(everything.account)) > 10

    answer = owner.client.post(f"/a/{everything.account.slug}/{DELETE}", {"name": everything.account.name}, follow=True)
    assert "is deleted." in words(answer)
    tasks.empty_account(account_id=everything.account.id)

    assert rows_left(everything.account) == {}
    assert not Account.objects.filter(id=everything.account.id).exists()
    assert state_of(other.account) == before
    assert XeroGrant.objects.count() == 1  # the other account's


def test_it_ends_for_everyone_at_once_before_any_row_is_removed(everything: Everything, owner: Pages) -> None:
    member = Pages(everything.account, Role.STANDARD)
    api = Api(everything.account)
    owner.post(DELETE, name=everything.account.name)
    assert member.get("").status_code == 404
    assert owner.get("").status_code == 404
    assert find_token(api.secret) is None
    assert not Invitation.objects.filter(account=everything.account).exists()
    assert not ApiToken.objects.filter(account=everything.account).exists()
    assert Account.objects.get(id=everything.account.id).paused


def test_xero_is_told_and_its_tokens_are_forgotten(everything: Everything, owner: Pages, sandbox: SandboxWorld) -> None:
    with account_scope(everything.account.id):
        link = XeroConnection.objects.get().connection_id
    owner.post(DELETE, name=everything.account.name)
    assert [call["path"] for call in sandbox.ledger("xero").calls("DELETE")] == [f"/connections/{link}"]
    tasks.empty_account(account_id=everything.account.id)
    assert not XeroGrant.objects.exists()


def test_the_owners_get_an_email_and_staff_keep_a_line(everything: Everything, owner: Pages) -> None:
    other_owner = make_member(everything.account).user
    viewer = make_member(everything.account, Role.VIEWER).user
    mail.outbox.clear()
    owner.post(DELETE, name=everything.account.name)
    told = {address for message in mail.outbox for address in message.to}
    assert {owner.user.email, other_owner.email} <= told
    assert viewer.email not in told
    assert mail.outbox[0].subject == f"{everything.account.name} on Cloud Depot is deleted"
    kept = ClosedAccount.objects.get()
    assert (kept.number, kept.slug, kept.closed_by) == (
        everything.account.id,
        everything.account.slug,
        owner.user.email,
    )
    assert kept.emptied_at is None
    assert "Being emptied" in words(Desk().get("tenants/closedaccount/"))
    tasks.empty_account(account_id=everything.account.id)
    kept.refresh_from_db()
    assert kept.emptied_at is not None


@pytest.mark.parametrize("name", ["", "Account", "another name"])
def test_without_the_accounts_name_nothing_happens(everything: Everything, owner: Pages, name: str) -> None:
    before = state_of(everything.account)
    assert owner.post(DELETE, name=name).status_code == 400
    assert state_of(everything.account) == before


def test_while_a_sync_runs_it_is_not_deleted(everything: Everything, owner: Pages) -> None:
    with account_scope(everything.account.id):
        run = SyncRun.objects.create(trigger=SyncRun.Trigger.SCHEDULE, state=SyncRun.State.RUNNING)
        assert take_lease(run)
    before = state_of(everything.account)
    answer = owner.post(DELETE, name=everything.account.name)
    assert answer.status_code == 409
    assert "A sync is running at this moment." in words(answer)
    assert state_of(everything.account) == before


def test_while_xero_does_not_answer_it_is_not_deleted(
    everything: Everything, owner: Pages, sandbox: SandboxWorld
) -> None:
    with sandbox.trouble("xero", "status", status=503, method="DELETE"):
        answer = owner.post(DELETE, name=everything.account.name)
    assert answer.status_code == 409
    assert "Xero does not answer" in words(answer)
    assert Member.objects.filter(account=everything.account).exists()
    assert owner.post(DELETE, name=everything.account.name).status_code == 302


def test_only_an_owner_deletes_it(everything: Everything) -> None:
    administrator = Pages(everything.account, Role.ADMINISTRATOR)
    assert administrator.get(DELETE).status_code == 403
    assert administrator.post(DELETE, name=everything.account.name).status_code == 403
    assert "Delete the account" not in words(administrator.get("settings/account/"))


def test_an_emptying_that_was_lost_is_done_later_and_twice_does_no_harm(everything: Everything, owner: Pages) -> None:
    owner.post(DELETE, name=everything.account.name)
    assert account_closing.accounts_to_empty() == [everything.account.id]
    for _ in range(2):
        tasks.empty_account(account_id=everything.account.id)
    assert account_closing.accounts_to_empty() == []


def test_an_account_that_nobody_closed_is_not_emptied(everything: Everything) -> None:
    before = state_of(everything.account)
    tasks.empty_account(account_id=everything.account.id)
    assert state_of(everything.account) == before


def test_a_large_account_is_emptied_a_piece_at_a_time(
    everything: Everything, owner: Pages, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(account_closing, "ROWS_AT_ONCE", 1)
    owner.post(DELETE, name=everything.account.name)
    tasks.empty_account(account_id=everything.account.id)
    assert rows_left(everything.account) == {}
