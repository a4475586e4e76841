"""A person of our staff at work: logged in with a second factor, on the desk."""

from __future__ import annotations

import time
from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, generate_totp_secret, hotp_value
from django.http import HttpResponse
from django.test import Client

from tenants.models import User
from tests.factories import make_user

PASSWORD = "a long enough pass phrase"


def make_staff(email: str = "", *, second_factor: bool = True, **fields: Any) -> tuple[User, str]:
    """A person of the staff and the secret of their second factor, empty without one. The password is PASSWORD."""
    user = make_user(email, password=PASSWORD, is_staff=True, **fields)
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    secret = generate_totp_secret() if second_factor else ""
    if secret:
        TOTP.activate(user, secret)
    return user, secret


def code_of(secret: str, steps: int = 0) -> str:
    """What the authenticator app shows now, or so many steps of 30 seconds from now."""
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30 + steps))


class Desk:
    """The desk as a person of the staff sees it. Paths begin below `/admin/`."""

    def __init__(self, user: User | None = None, secret: str = "") -> None:
        if user is None:
            user, secret = make_staff()
        self.user = user
        self.client = Client()
        self.client.post("/accounts/login/", {"login": user.email, "password": PASSWORD})
        self.client.post("/accounts/2fa/authenticate/", {"code": code_of(secret)})

    def get(self, path: str = "", **query: Any) -> HttpResponse:
        return self.client.get(f"/admin/{path}", query)

    def post(self, path: str, **form: Any) -> HttpResponse:
        return self.client.post(f"/admin/{path}", form)
