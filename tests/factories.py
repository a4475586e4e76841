"""Rows that many tests begin with. Rows of an account are made in its scope."""

from __future__ import annotations

import uuid
from datetime import timedelta
from itertools import count
from typing import Any

from django.utils import timezone

from tenants.models import Account, Member, Role, User, XeroGrant

_numbers = count(1)


def make_user(email: str = "", **fields: Any) -> User:
    return User.objects.create_user(email or f"person{next(_numbers)}@example.com", **fields)


def make_account(name: str = "") -> Account:
    number = next(_numbers)
    return Account.objects.create(name=name or f"Account {number}", slug=f"account-{number}")


def make_member(account: Account, role: str = Role.OWNER, user: User | None = None) -> Member:
    return Member.objects.create(account=account, user=user or make_user(), role=role)


def make_grant(**fields: Any) -> XeroGrant:
    tokens = {"access_token": "an access token", "refresh_token": "a refresh token"}
    values = {"xero_user_id": uuid.uuid4(), "expires_at": timezone.now() + timedelta(minutes=30), **tokens, **fields}
    return XeroGrant.objects.create(**values)
