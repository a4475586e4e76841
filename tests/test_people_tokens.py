"""The API tokens page."""

import re

import pytest
from django.test import Client

from tenants.api_tokens import create_token
from tenants.models import ApiToken, Role
from tests.factories import make_account
from tests.pages import Pages, words

pytestmark = pytest.mark.django_db


@pytest.fixture
def pages() -> Pages:
    return Pages(make_account("Acme"), Role.ADMINISTRATOR)


def make(pages: Pages, scope: str = "read") -> str:
    answer = pages.post("settings/tokens/", name="Reports", scope=scope)
    found = re.search(r'value="(cd_[^"]+)"', answer.content.decode())
    assert found
    assert "no-store" in answer["Cache-Control"]
    return found[1]


@pytest.mark.parametrize(("scope", "may_sync"), [("read", False), ("write", True)])
def test_a_token_is_shown_once_and_may_what_its_scope_says(pages: Pages, scope: str, may_sync: bool) -> None:
    secret = make(pages, scope)
    assert secret not in pages.get("settings/tokens/").content.decode()
    api = {"Authorization": f"Token {secret}"}
    assert Client().get("/api/v1/account", headers=api).json()["slug"] == pages.account.slug
    assert (Client().post("/api/v1/syncs", headers=api).status_code == 403) is not may_sync
    assert ApiToken.objects.get().created_by == pages.user


def test_a_revoked_token_is_refused_from_then_on(pages: Pages) -> None:
    secret = make(pages)
    token = ApiToken.objects.get()
    page = f"settings/tokens/{token.id}/revoke"
    assert "Revoke “Reports”?" in words(pages.get(page))
    pages.post(page)
    pages.post(page)
    assert Client().get("/api/v1/account", headers={"Authorization": f"Token {secret}"}).status_code == 401
    assert "There is none." in words(pages.get("settings/tokens/"))


@pytest.mark.parametrize("form", [{"name": ""}, {"scope": "all"}, {"name": "x" * 101}, {"scope": ""}])
def test_a_token_that_cannot_be_is_refused_beside_its_field(pages: Pages, form: dict[str, str]) -> None:
    answer = pages.post("settings/tokens/", **{"name": "Reports", "scope": "read", **form})
    assert answer.status_code == 400
    assert "errorlist" in answer.content.decode()
    assert not ApiToken.objects.exists()


def test_tokens_of_another_account_are_not_there(pages: Pages) -> None:
    token, _ = create_token(make_account(), "theirs", ApiToken.Scope.READ, None)
    assert "theirs" not in words(pages.get("settings/tokens/"))
    assert pages.post(f"settings/tokens/{token.id}/revoke").status_code == 404
    token.refresh_from_db()
    assert token.revoked_at is None
