"""API tokens: made, found by what a request carries, and revoked.

A token is 256 random bits, so that a plain SHA-256 of it is as good as a slow hash, and can be looked up.
"""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta

from django.db.models import Q
from django.utils import timezone

from tenants.models import Account, ApiToken, User

PREFIX = "cd_"  # lets secret scanners recognise one


def create_token(account: Account, name: str, scope: str, created_by: User | None) -> tuple[ApiToken, str]:
    """A new token, and its secret. This is the only time that the secret can be shown."""
    secret = PREFIX + secrets.token_urlsafe(32)
    token = ApiToken.objects.create(
        account=account, name=name, scope=scope, created_by=created_by, digest=digest(secret), beginning=secret[:8]
    )
    return token, secret


def find_token(secret: str) -> ApiToken | None:
    """The token with this secret, with its account; None where there is none or it was revoked. Notes its use."""
    token = ApiToken.objects.select_related("account").filter(digest=digest(secret), revoked_at__isnull=True).first()
    if token is not None:
        _note_use(token)
    return token


def revoke_token(token: ApiToken) -> None:
    ApiToken.objects.filter(id=token.id, revoked_at=None).update(revoked_at=timezone.now())


def digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def _note_use(token: ApiToken) -> None:
    """At most one write a minute, however busy the token is."""
    now = timezone.now()
    not_lately = Q(last_used_at=None) | Q(last_used_at__lt=now - timedelta(minutes=1))
    if token.last_used_at is None or token.last_used_at < now - timedelta(minutes=1):
        ApiToken.objects.filter(not_lately, id=token.id).update(last_used_at=now)
