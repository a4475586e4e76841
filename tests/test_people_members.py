"""Members: what each may do, changing roles, leaving and removing, and what ends with it at once."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils.html import escape

from tenants.api_tokens import create_token, find_token
from tenants.models import Account, ApiToken, Member, Role
from tenants.permissions import ROLE_PERMISSIONS, Permission
from tests.factories import make_account, make_member, make_user
from tests.pages import BACKEND, Pages, words

pytestmark = pytest.mark.django_db


@pytest.fixture
def account() -> Account:
    return make_account("Acme")


@pytest.fixture
def owner(account: Account) -> Pages:
    return Pages(account, Role.OWNER)


def test_everyone_sees_who_is_here_and_what_each_may_do(account: Account, owner: Pages) -> None:
    viewer = Pages(account, Role.VIEWER)
    page = words(viewer.get("settings/members/"))
    assert owner.user.email in page
    assert all(escape(permission.value) in page for permission in Permission)
    assert page.count('aria-label="yes"') == sum(len(permissions) for permissions in ROLE_PERMISSIONS.values())
    assert "Invite somebody" not in page
    assert "Invite somebody" in words(owner.get("settings/members/"))


def test_a_role_holds_from_the_next_request(account: Account, owner: Pages) -> None:
    other = Pages(account, Role.VIEWER)
    member = Member.objects.get(user=other.user)
    assert other.get("settings/tokens/").status_code == 403
    owner.post(f"settings/members/{member.id}/role", role=Role.ADMINISTRATOR)
    assert other.get("settings/tokens/").status_code == 200


@pytest.mark.parametrize(
    ("role", "may_write"), [(Role.VIEWER, False), (Role.STANDARD, False), (Role.ADMINISTRATOR, True)]
)
def test_a_token_may_not_do_what_its_maker_may_not_do_any_more(
    account: Account, owner: Pages, role: str, may_write: bool
) -> None:
    other = Pages(account, Role.OWNER)
    _, secret = create_token(account, "theirs", ApiToken.Scope.WRITE, other.user)
    api = Client(headers={"Authorization": f"Token {secret}"})

    owner.post(f"settings/members/{Member.objects.get(user=other.user).id}/role", role=role)

    assert api.get("/api/v1/settings").status_code == 200
    answer = api.patch("/api/v1/settings", {"due_days": 3}, content_type="application/json")
    assert answer.status_code == (200 if may_write else 403)


@pytest.mark.parametrize("role", ["god", "", "OWNER"])
def test_a_role_that_is_none_changes_nothing(account: Account, owner: Pages, role: str) -> None:
    member = make_member(account, Role.VIEWER)
    assert owner.post(f"settings/members/{member.id}/role", role=role).status_code == 302
    member.refresh_from_db()
    assert member.role == Role.VIEWER


def test_the_last_owner_neither_steps_down_nor_leaves(account: Account, owner: Pages) -> None:
    member = Member.objects.get(user=owner.user)
    for path, form in ((f"settings/members/{member.id}/role", {"role": Role.VIEWER}), ("settings/members/leave", {})):
        owner.post(path, **form)
        assert "keeps at least one owner" in words(owner.get("settings/members/"))
    member.refresh_from_db()
    assert member.role == Role.OWNER


def test_removing_asks_first_and_then_ends_their_sessions_and_tokens_here(account: Account, owner: Pages) -> None:
    other = Pages(account, Role.ADMINISTRATOR)
    member = Member.objects.get(user=other.user)
    _, secret = create_token(account, "theirs", ApiToken.Scope.WRITE, other.user)
    api = {"Authorization": f"Token {secret}"}
    assert other.get("faults/").status_code == 200
    assert Client().get("/api/v1/account", headers=api).status_code == 200

    assert f"Remove {other.user.email}?" in words(owner.get(f"settings/members/{member.id}/remove"))
    assert other.get("faults/").status_code == 200
    owner.post(f"settings/members/{member.id}/remove")

    assert find_token(secret) is None
    assert Client().get("/api/v1/account", headers=api).status_code == 401
    assert other.get("").status_code == 302  # their only account: logged out
    assert other.client.get("/profile/").status_code == 302


def test_who_has_another_account_stays_logged_in_there(account: Account, owner: Pages) -> None:
    other = Pages(account, Role.STANDARD)
    elsewhere = make_member(make_account("Bolt"), Role.OWNER, other.user)
    _, secret = create_token(elsewhere.account, "there", ApiToken.Scope.READ, other.user)
    owner.post(f"settings/members/{Member.objects.get(user=other.user, account=account).id}/remove")
    assert other.get("").status_code == 404
    assert other.client.get(f"/a/{elsewhere.account.slug}/faults/").status_code == 200
    assert find_token(secret) is not None


def test_who_leaves_their_last_account_is_logged_out_and_may_come_back(account: Account, owner: Pages) -> None:
    other = Pages(account, Role.VIEWER)
    elsewhere = Client()
    elsewhere.force_login(other.user, backend=BACKEND)
    assert elsewhere.get("/profile/").status_code == 200
    assert "It is your only account" in words(other.get("settings/members/leave"))
    answer = other.client.post(f"/a/{account.slug}/settings/members/leave", follow=True)
    assert "You have left Acme." in words(answer)
    assert elsewhere.get("/profile/").status_code == 302
    other.client.force_login(other.user, backend=BACKEND)
    assert other.client.get("/")["Location"] == "/accounts/new/"


def test_who_leaves_one_of_two_accounts_goes_on_in_the_other(account: Account, owner: Pages) -> None:
    other = Pages(account, Role.VIEWER)
    make_member(make_account("Bolt"), Role.OWNER, other.user)
    answer = other.client.post(f"/a/{account.slug}/settings/members/leave", follow=True)
    assert "You have left Acme." in words(answer)
    assert "Bolt" in words(answer)


def test_removing_oneself_is_leaving(account: Account, owner: Pages) -> None:
    member = Member.objects.get(user=owner.user)
    answer = owner.post(f"settings/members/{member.id}/remove")
    assert answer["Location"] == f"/a/{account.slug}/settings/members/leave"
    assert Member.objects.filter(id=member.id).exists()


def test_a_member_of_another_account_is_not_there(owner: Pages) -> None:
    stranger = make_member(make_account(), Role.VIEWER)
    for path in (f"settings/members/{stranger.id}/role", f"settings/members/{stranger.id}/remove"):
        assert owner.post(path, role=Role.OWNER).status_code == 404
    stranger.refresh_from_db()
    assert stranger.role == Role.VIEWER


def test_the_number_of_queries_does_not_grow_with_the_members(account: Account, owner: Pages) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            owner.get("settings/members/")
        return len(captured)

    owner.get("settings/members/")  # makes the session known
    few = queries()
    for _ in range(20):
        make_member(account, Role.VIEWER, make_user())
    assert queries() == few
