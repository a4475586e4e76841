"""Whether a person has shown a second factor in this very session. A log-in alone does not tell: it may be older."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import cast

from allauth.account.authentication import get_authentication_records
from allauth.mfa.models import Authenticator
from django.http import HttpRequest

from tenants.models import User

# A working day; then the code is asked for once more.
LASTS = timedelta(hours=12)
# Recovery codes stand in for a lost device, and are no factor without one.
FACTORS = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)


def has_one(user: User) -> bool:
    """Whether the person has set one up."""
    return bool(Authenticator.objects.filter(user_id=user.pk, type__in=FACTORS).exists())


def was_shown(request: HttpRequest) -> bool:
    """Whether whoever is logged in has shown theirs in this session, and not too long ago."""
    user = cast(User, request.user)
    since = time.time() - LASTS.total_seconds()
    shown = [each for each in get_authentication_records(request, user) if each["method"] == "mfa"]
    return any(each["at"] > since for each in shown) and has_one(user)


def is_staff_at_work(request: HttpRequest) -> bool:
    """Whether the request is of an active person of our staff who has shown a second factor."""
    user = request.user
    return bool(user.is_authenticated and user.is_active and user.is_staff and was_shown(request))
