"""A member's browser, without the browser: requests to the pages of one account."""

from __future__ import annotations

from html import unescape
from typing import Any

from django.http import HttpResponse
from django.test import Client

from tenants.models import Account, Role, User
from tests.factories import make_member

BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


class Pages:
    """The pages of `account` as a member of it sees them. Paths begin below `/a/<slug>/`."""

    def __init__(self, account: Account, role: str = Role.OWNER) -> None:
        self.account = account
        self.user: User = make_member(account, role).user
        self.client = Client()
        self.client.force_login(self.user, backend=BACKEND)

    def get(self, path: str, **query: Any) -> HttpResponse:
        return self.client.get(f"/a/{self.account.slug}/{path}", query)

    def post(self, path: str, **form: Any) -> HttpResponse:
        return self.client.post(f"/a/{self.account.slug}/{path}", form)


def words(answer: HttpResponse) -> str:
    """The page, with its white space made even and its entities resolved."""
    return " ".join(unescape(answer.content.decode()).split())
