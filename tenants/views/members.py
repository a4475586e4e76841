"""The members of an account: who they are, what each may do, and how they come and go."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from http import HTTPStatus
from typing import cast

from django.contrib import messages
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from tenants.accounts import accounts_of
from tenants.forms import InvitationForm, RoleForm
from tenants.invitation_mail import send_invitation
from tenants.memberships import (
    InvitationRefusedError,
    LastOwnerError,
    change_role,
    invite,
    remove_member,
    revoke_invitation,
)
from tenants.middleware import AccountRequest
from tenants.models import Account, Invitation, Member, Role, User
from tenants.permissions import ROLE_PERMISSIONS, Permission, granted, requires

LAST_OWNER = "An account keeps at least one owner. Make somebody else an owner first."


@dataclass(frozen=True)
class RightsRow:
    """One permission, and whether each role has it, in the order of `Role`."""

    permission: Permission
    roles: tuple[tuple[str, bool], ...]


@require_safe
@requires(Permission.SEE)
def members(request: HttpRequest, slug: str) -> HttpResponse:
    return _page(request, InvitationForm())


def _page(request: HttpRequest, form: InvitationForm) -> HttpResponse:
    account = cast(AccountRequest, request).account
    may_manage = Permission.MANAGE_MEMBERS in granted(request)
    context = {
        "account": account,
        "form": form,
        "members": Member.objects.filter(account=account).select_related("user").order_by("user__email"),
        "invitations": _unanswered(account) if may_manage else (),
        "now": timezone.now(),
        "roles": Role,
        "rights": tuple(_rights()),
        "may_manage": may_manage,
    }
    return render(request, "people/members.html", context, status=HTTPStatus.BAD_REQUEST if form.errors else None)


def _unanswered(account: Account) -> list[Invitation]:
    unanswered = Invitation.objects.filter(account=account, accepted_at=None, revoked_at=None)
    return list(unanswered.select_related("invited_by").order_by("email"))


def _rights() -> Iterator[RightsRow]:
    for permission in Permission:
        roles = ((role.label, permission in ROLE_PERMISSIONS[role]) for role in Role)
        yield RightsRow(permission, tuple(roles))


@require_POST
@requires(Permission.MANAGE_MEMBERS)
def invite_member(request: HttpRequest, slug: str) -> HttpResponse:
    form = InvitationForm(request.POST)
    if form.is_valid():
        try:
            _invite(request, form.cleaned_data["email"], form.cleaned_data["role"])
        except InvitationRefusedError as error:
            form.add_error("email", str(error))
        else:
            return redirect("members", slug=slug)
    return _page(request, form)


@require_POST
@requires(Permission.MANAGE_MEMBERS)
def resend_invitation(request: HttpRequest, slug: str, invitation_id: int) -> HttpResponse:
    """A new link to the same address; the one before it ends."""
    invitation = _invitation(request, invitation_id)
    try:
        _invite(request, invitation.email, invitation.role)
    except InvitationRefusedError as error:
        messages.error(request, str(error))
    return redirect("members", slug=slug)


def _invite(request: HttpRequest, email: str, role: str) -> None:
    account = cast(AccountRequest, request).account
    invitation, secret = invite(account, email, role, cast(User, request.user))
    if send_invitation(invitation, secret):
        messages.success(request, f"We have sent an invitation to {invitation.email}.")
    else:
        messages.error(request, f"The e-mail to {invitation.email} could not be sent. Send it again in a few minutes.")


@require_POST
@requires(Permission.MANAGE_MEMBERS)
def withdraw_invitation(request: HttpRequest, slug: str, invitation_id: int) -> HttpResponse:
    invitation = _invitation(request, invitation_id)
    revoke_invitation(invitation)
    messages.success(request, f"The invitation of {invitation.email} is withdrawn.")
    return redirect("members", slug=slug)


def _invitation(request: HttpRequest, invitation_id: int) -> Invitation:
    account = cast(AccountRequest, request).account
    return get_object_or_404(Invitation, id=invitation_id, account=account, accepted_at=None, revoked_at=None)


@require_POST
@requires(Permission.MANAGE_MEMBERS)
def set_role(request: HttpRequest, slug: str, member_id: int) -> HttpResponse:
    member = _member(request, member_id)
    form = RoleForm(request.POST)
    if not form.is_valid():
        messages.error(request, "Choose one of the roles.")
        return redirect("members", slug=slug)
    try:
        member = change_role(member, form.cleaned_data["role"])
    except LastOwnerError:
        messages.error(request, LAST_OWNER)
    else:
        messages.success(request, f"{member.user.get_full_name()} is now {member.role_in_words}.")
    return redirect("members", slug=slug)


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.MANAGE_MEMBERS)
def remove(request: HttpRequest, slug: str, member_id: int) -> HttpResponse:
    """Asks first, and says what ends with it."""
    member = _member(request, member_id)
    if member == cast(AccountRequest, request).member:
        return redirect("leave-account", slug=slug)
    if request.method != "POST":
        return render(request, "people/remove_member.html", {"account": member.account, "member": member})
    try:
        remove_member(member)
    except LastOwnerError:
        messages.error(request, LAST_OWNER)
    else:
        messages.success(request, f"{member.user.get_full_name()} is no longer a member.")
    return redirect("members", slug=slug)


def _member(request: HttpRequest, member_id: int) -> Member:
    account = cast(AccountRequest, request).account
    return get_object_or_404(Member.objects.select_related("user", "account"), id=member_id, account=account)


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.SEE)
def leave(request: HttpRequest, slug: str) -> HttpResponse:
    """Asks first. Who leaves their last account is logged out; their log-in stays good for a new one."""
    member = cast(Member, cast(AccountRequest, request).member)
    user = cast(User, request.user)
    if request.method != "POST":
        is_last = not accounts_of(user).exclude(id=member.account_id).exists()
        return render(request, "people/leave_account.html", {"account": member.account, "is_last": is_last})
    try:
        remove_member(member)
    except LastOwnerError:
        messages.error(request, LAST_OWNER)
        return redirect("members", slug=slug)
    if not user.is_staff and not accounts_of(user).exists():
        logout(request)
    messages.success(request, f"You have left {member.account.name}.")
    return redirect("home")
