"""The page behind an invitation's link."""

from __future__ import annotations

from http import HTTPStatus
from typing import cast
from urllib.parse import urlencode

from allauth.account.adapter import get_adapter
from allauth.account.models import EmailAddress
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_http_methods

from tenants.memberships import InvitationRefusedError, accept_invitation, find_invitation, is_guest
from tenants.models import Invitation, Member, User


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@sensitive_variables("secret")
def invitation(request: HttpRequest, secret: str) -> HttpResponse:
    """What is offered, and how this reader can take it; or why nobody can any more."""
    found = find_invitation(secret)
    if found is None:
        return render(request, "people/invitation_closed.html", {"standing": "unknown"}, status=HTTPStatus.NOT_FOUND)
    if _is_member(request, found):
        if request.method != "POST":  # a double click on Join is no news
            messages.info(request, f"You are a member of {found.account.name} already.")
        return redirect("overview", slug=found.account.slug)
    standing = found.standing(timezone.now())
    if standing != Invitation.Standing.OPEN:
        context = {"standing": standing, "invitation": found}
        return render(request, "people/invitation_closed.html", context, status=HTTPStatus.GONE)
    if not request.user.is_authenticated:
        return _to_strangers(request, found)
    return _to_person(request, found, secret)


def _is_member(request: HttpRequest, found: Invitation) -> bool:
    if not request.user.is_authenticated:
        return False
    return Member.objects.filter(account_id=found.account_id, user=request.user).exists()


def _to_strangers(request: HttpRequest, found: Invitation) -> HttpResponse:
    """To the log-in of this address, or to a new one: who has the link has the mailbox, so it counts as confirmed."""
    has_login = (
        User.objects.filter(email=found.email).exists()
        or EmailAddress.objects.filter(email=found.email, verified=True).exists()
    )
    if not has_login:
        get_adapter().stash_verified_email(request, found.email)
    query = {"next": request.path, **({} if has_login else {"email": found.email})}
    way_in = reverse("account_login" if has_login else "account_signup") + "?" + urlencode(query)
    context = {"invitation": found, "has_login": has_login, "way_in": way_in}
    return render(request, "people/invitation.html", context)


@sensitive_variables("secret")
def _to_person(request: HttpRequest, found: Invitation, secret: str) -> HttpResponse:
    user = cast(User, request.user)
    if not is_guest(found, user):
        return render(request, "people/invitation_other.html", {"invitation": found}, status=HTTPStatus.FORBIDDEN)
    if request.method != "POST":
        return render(request, "people/invitation.html", {"invitation": found})
    try:
        member = accept_invitation(secret, user)
    except InvitationRefusedError as error:  # in another tab, a moment ago
        messages.error(request, str(error))
        return redirect("home")
    messages.success(request, f"Welcome to {found.account.name}. You are {member.role_in_words} here.")
    return redirect("overview", slug=found.account.slug)
