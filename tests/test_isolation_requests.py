"""Requests and tasks: who gets into which account's scope, and how long it lasts."""

from collections.abc import Iterator
from typing import Any

import pytest
from celery import shared_task
from django.contrib.auth.models import AnonymousUser
from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse, StreamingHttpResponse
from django.test import Client
from django.urls import include, path

from tenants.api_tokens import create_token, revoke_token
from tenants.middleware import AccountRequest
from tenants.models import Account, ApiToken, Feature, Role, User
from tenants.permissions import Permission, granted, requires
from tenants.scope import account_scope, current_account_id
from tenants.tasks import AccountTask
from tests.factories import make_account, make_member, make_user

pytestmark = [pytest.mark.django_db, pytest.mark.urls(__name__)]


def where(request: AccountRequest, slug: str = "") -> HttpResponse:
    return JsonResponse({"scope": current_account_id(), "features": Feature.objects.count(), "user": str(request.user)})


def stream(request: HttpRequest, slug: str) -> StreamingHttpResponse:
    def rows() -> Iterator[str]:
        for feature in Feature.objects.all():
            yield f"{feature.name} {current_account_id()}\n"

    return StreamingHttpResponse(rows())


def fail(request: HttpRequest, slug: str) -> HttpResponse:
    raise ValueError("a bug")


@requires(Permission.RESYNC)
def resync(request: HttpRequest, slug: str = "") -> HttpResponse:
    return HttpResponse("done")


urlpatterns = [
    path("", where),
    path("accounts/", include("allauth.urls")),
    path("a/<slug:slug>/", where),
    path("a/<slug:slug>/stream", stream),
    path("a/<slug:slug>/fail", fail),
    path("a/<slug:slug>/resync", resync),
    path("api/v1/where", where),
    path("api/v1/resync", resync),
    path("", include("tenants.urls")),
]


@pytest.fixture
def account() -> Account:
    account = make_account()
    with account_scope(account.id):
        Feature.objects.create(name="kept", reason="a test", changed_by="staff@example.com")
    return account


@pytest.fixture
def member_client(account: Account, client: Client) -> Client:
    client.force_login(make_member(account, Role.STANDARD).user)
    return client


def session_account() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT coalesce(current_setting('cloud_depot.account_id', true), '')")
        return str(cursor.fetchone()[0])


def test_a_member_is_in_the_scope_of_the_account(account: Account, member_client: Client) -> None:
    answer = member_client.get(f"/a/{account.slug}/").json()
    assert (answer["scope"], answer["features"]) == (account.id, 1)
    assert session_account() == ""


def test_a_stranger_gets_the_404_of_an_account_that_is_not_there(account: Account, client: Client) -> None:
    client.force_login(make_user())
    assert client.get(f"/a/{account.slug}/").status_code == 404
    assert client.get("/a/nowhere/").status_code == 404


def test_a_member_of_another_account_gets_404(account: Account, client: Client) -> None:
    client.force_login(make_member(make_account()).user)
    assert client.get(f"/a/{account.slug}/").status_code == 404


def test_staff_are_strangers_too(account: Account, client: Client) -> None:
    client.force_login(make_user(is_staff=True, is_superuser=True))
    assert client.get(f"/a/{account.slug}/").status_code == 404


def test_who_was_removed_is_out_with_the_next_request(account: Account, client: Client) -> None:
    member = make_member(account)
    client.force_login(member.user)
    assert client.get(f"/a/{account.slug}/").status_code == 200
    member.delete()
    assert client.get(f"/a/{account.slug}/").status_code == 404


@pytest.mark.parametrize("slug", ["real", "nowhere"])
def test_no_one_is_sent_to_the_log_in_and_learns_nothing(account: Account, client: Client, slug: str) -> None:
    Account.objects.filter(id=account.id).update(slug="real")
    response = client.get(f"/a/{slug}/?page=2")
    assert (response.status_code, response["Location"]) == (302, f"/accounts/login/?next=/a/{slug}/%3Fpage%3D2")


def test_pages_outside_an_account_have_no_scope(account: Account, member_client: Client) -> None:
    assert member_client.get("/").json()["scope"] is None


def test_a_streamed_response_keeps_the_scope_until_it_is_sent(account: Account, member_client: Client) -> None:
    response = member_client.get(f"/a/{account.slug}/stream")
    assert current_account_id() is None
    assert b"".join(response) == f"kept {account.id}\n".encode()
    assert (current_account_id(), session_account()) == (None, "")


@pytest.mark.django_db(transaction=True)
def test_a_streamed_response_that_is_broken_off_leaves_the_scope(account: Account, member_client: Client) -> None:
    response = member_client.get(f"/a/{account.slug}/stream")
    assert isinstance(response, StreamingHttpResponse)
    next(iter(response))
    response.close()
    assert (current_account_id(), session_account()) == (None, "")


def test_a_bug_in_a_view_leaves_the_scope(account: Account, member_client: Client) -> None:
    member_client.raise_request_exception = False
    assert member_client.get(f"/a/{account.slug}/fail").status_code == 500
    assert (current_account_id(), session_account()) == (None, "")


def test_a_token_opens_its_own_account_in_the_api(account: Account, client: Client) -> None:
    _, secret = create_token(account, "test", ApiToken.Scope.READ, None)
    answer = client.get("/api/v1/where", headers={"Authorization": f"Token {secret}"}).json()
    assert (answer["scope"], answer["features"]) == (account.id, 1)


@pytest.mark.parametrize("header", ["", "Token", "Token wrong", "Bearer {}", "Token {} more", "Token {}x"])
def test_a_bad_token_opens_nothing(account: Account, client: Client, header: str) -> None:
    _, secret = create_token(account, "test", ApiToken.Scope.READ, None)
    answer = client.get("/api/v1/where", headers={"Authorization": header.format(secret)}).json()
    assert (answer["scope"], answer["features"]) == (None, 0)


def test_a_revoked_token_opens_nothing(account: Account, client: Client) -> None:
    token, secret = create_token(account, "test", ApiToken.Scope.READ, None)
    revoke_token(token)
    assert client.get("/api/v1/where", headers={"Authorization": f"Token {secret}"}).json()["scope"] is None


def test_a_log_in_opens_nothing_in_the_api_and_a_token_no_page(account: Account, member_client: Client) -> None:
    assert member_client.get("/api/v1/where").json()["scope"] is None
    _, secret = create_token(account, "test", ApiToken.Scope.WRITE, None)
    assert Client().get(f"/a/{account.slug}/", headers={"Authorization": f"Token {secret}"}).status_code == 302


@pytest.mark.parametrize(
    ("role", "status"), [(Role.OWNER, 200), (Role.ADMINISTRATOR, 200), (Role.STANDARD, 200), (Role.VIEWER, 403)]
)
def test_a_view_obeys_the_table_of_roles(account: Account, client: Client, role: str, status: int) -> None:
    client.force_login(make_member(account, role).user)
    assert client.post(f"/a/{account.slug}/resync").status_code == status


@pytest.mark.parametrize(("scope", "status"), [(ApiToken.Scope.WRITE, 200), (ApiToken.Scope.READ, 403)])
def test_the_api_obeys_the_same_table(account: Account, client: Client, scope: str, status: int) -> None:
    _, secret = create_token(account, "test", scope, None)
    assert client.post("/api/v1/resync", headers={"Authorization": f"Token {secret}"}).status_code == status


def test_outside_an_account_nothing_is_granted(rf: Any) -> None:
    request = rf.get("/")
    request.user = AnonymousUser()
    assert granted(request) == frozenset()


def test_a_person_may_be_in_several_accounts_with_different_roles(account: Account, client: Client) -> None:
    user: User = make_user()
    other = make_account()
    make_member(account, Role.VIEWER, user)
    make_member(other, Role.OWNER, user)
    client.force_login(user)
    assert client.post(f"/a/{account.slug}/resync").status_code == 403
    assert client.post(f"/a/{other.slug}/resync").status_code == 200


@shared_task(base=AccountTask)
def look(*, account_id: int, feature_id: int) -> list[Any]:
    return [current_account_id(), Feature.objects.filter(id=feature_id).count()]


def feature_of(account: Account) -> int:
    with account_scope(account.id):
        return Feature.objects.get().id


def test_a_task_runs_in_the_scope_of_its_account(account: Account) -> None:
    feature_id = feature_of(account)
    assert look.apply(kwargs={"account_id": account.id, "feature_id": feature_id}).get() == [account.id, 1]
    assert (current_account_id(), session_account()) == (None, "")


def test_a_tasks_arguments_cannot_reach_into_another_account(account: Account) -> None:
    feature_id = feature_of(account)
    other = make_account()
    assert look.apply(kwargs={"account_id": other.id, "feature_id": feature_id}).get() == [other.id, 0]


def test_a_task_without_an_account_does_not_run() -> None:
    with pytest.raises(TypeError, match="account_id"):
        look.apply(kwargs={"feature_id": 1}).get()
