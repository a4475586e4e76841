"""An account as such: making one, and what it is called."""

from __future__ import annotations

from http import HTTPStatus
from typing import cast

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from tenants.accounts import accounts_of, create_account
from tenants.forms import AccountForm, NewAccountForm
from tenants.middleware import AccountRequest
from tenants.models import Account, Invitation, User
from tenants.permissions import Permission, granted, requires


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def new_account(request: HttpRequest) -> HttpResponse:
    """A new account, whose owner is the person who makes it."""
    user = cast(User, request.user)
    form = NewAccountForm(request.POST or None, initial={"your_name": user.name, "time_zone": user.time_zone})
    if form.is_valid():
        return redirect("overview", slug=_make(user, form).slug)
    context = {
        "form": form,
        "is_first": not accounts_of(user).exists(),
        "invitations": Invitation.objects.select_related("account").filter(
            email=user.email, accepted_at=None, revoked_at=None, expires_at__gt=timezone.now()
        ),
    }
    return render(request, "people/new_account.html", context, status=_status(form))


@transaction.atomic
def _make(user: User, form: NewAccountForm) -> Account:
    account = create_account(form.cleaned_data["name"], user, paused=True)
    account.time_zone = user.time_zone = form.cleaned_data["time_zone"]
    account.save(update_fields=["time_zone"])
    user.name = form.cleaned_data["your_name"] or user.name
    user.save(update_fields=["name", "time_zone"])
    return account


@require_safe
@requires(Permission.SEE)
def account_settings(request: HttpRequest, slug: str) -> HttpResponse:
    """The account's name and time zone; a form for those who may change them."""
    return _settings_page(request, AccountForm(instance=cast(AccountRequest, request).account))


@require_POST
@requires(Permission.CHANGE_SETTINGS)
def change_account(request: HttpRequest, slug: str) -> HttpResponse:
    account = cast(AccountRequest, request).account
    form = AccountForm(request.POST, instance=Account.objects.get(id=account.id))
    if not form.is_valid():
        return _settings_page(request, form)
    form.save()
    messages.success(request, "Saved.")
    return redirect("account-settings", slug=slug)


def _settings_page(request: HttpRequest, form: AccountForm) -> HttpResponse:
    context = {
        "account": cast(AccountRequest, request).account,
        "form": form,
        "may_change": Permission.CHANGE_SETTINGS in granted(request),
        "may_export": Permission.EXPORT in granted(request),
        "may_delete": Permission.DELETE_ACCOUNT in granted(request),
    }
    return render(request, "people/account_settings.html", context, status=_status(form))


def _status(form: NewAccountForm | AccountForm) -> HTTPStatus:
    return HTTPStatus.BAD_REQUEST if form.errors else HTTPStatus.OK
