"""The set-up, step by step, from a new account to its first sync."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, cast

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from syncing.connect_views import AutotaskForm, keep_credentials
from syncing.mapping_kinds import KINDS
from syncing.mapping_table import mapping_table
from syncing.models import SyncSettings
from syncing.partner_lists import PartnerLists
from syncing.preview_page import causes_of
from syncing.settings_forms import SettingsForm
from syncing.setup_steps import (
    BOOKS,
    SetupSteps,
    begin_preview,
    proposed_sales_account,
    settle_books,
    setup_steps,
    start_syncing,
    suggestions,
)
from syncing.tasks import make_preview
from tenants.middleware import AccountRequest
from tenants.models import User
from tenants.permissions import Permission, requires


@require_GET
@requires(Permission.CHANGE_SETTINGS)
def setup(request: HttpRequest, slug: str) -> HttpResponse:
    """All steps with their ticks, and the one that is next."""
    account_id = cast(AccountRequest, request).account.id
    steps = setup_steps(account_id)
    form = _books_form(request, steps) if steps.done["autotask"] and steps.done["xero"] else None
    return _render(request, steps, form)


@require_POST
@requires(Permission.CONNECT)
def autotask(request: HttpRequest, slug: str) -> HttpResponse:
    """Try the credentials of the API user, and keep them where they work."""
    form = AutotaskForm(request.POST)
    if keep_credentials(request, form):
        return redirect("setup", slug=slug)
    steps = setup_steps(cast(AccountRequest, request).account.id)
    return _render(request, steps, None, HTTPStatus.BAD_REQUEST, autotask_form=form)


@require_POST
@requires(Permission.CHANGE_SETTINGS)
def books(request: HttpRequest, slug: str) -> HttpResponse:
    """Settle where the books go."""
    account = cast(AccountRequest, request).account
    steps = setup_steps(account.id)
    form = _books_form(request, steps, request.POST)
    if not form.is_valid():
        return _render(request, steps, form, HTTPStatus.BAD_REQUEST)
    mapped = settle_books(
        account, form.values, take_suggestions="take_suggestions" in request.POST, by=cast(User, request.user).email
    )
    if mapped:
        messages.success(request, f"{mapped} billing codes have their sales accounts.")
    return redirect("setup", slug=slug)


@require_POST
@requires(Permission.CHANGE_SETTINGS)
def preview(request: HttpRequest, slug: str) -> HttpResponse:
    """Look ahead at all that would be sent first."""
    account_id = cast(AccountRequest, request).account.id
    found = begin_preview(account_id)
    make_preview.delay(account_id=account_id, preview_id=found.id)
    return redirect("setup", slug=slug)


@require_POST
@requires(Permission.CHANGE_SETTINGS)
def start(request: HttpRequest, slug: str) -> HttpResponse:
    """Let the account go."""
    account = cast(AccountRequest, request).account
    done = setup_steps(account.id).done
    if not (done["autotask"] and done["xero"]):
        return redirect("setup", slug=slug)
    start_syncing(account, cast(User, request.user).email)
    messages.success(request, "The first sync is under way. From now on it runs by itself.")
    return redirect("overview", slug=slug)


def _books_form(request: HttpRequest, steps: SetupSteps, data: Any = None) -> SettingsForm:
    account = cast(AccountRequest, request).account
    lists = PartnerLists(account.id, anew=data is None and steps.current == "books")
    settings = SyncSettings.of_account(account.id)
    form = SettingsForm(BOOKS, account, settings, data, accounts=lists.sales_account_choices())
    if not settings.default_sales_account and not steps.done["books"]:
        form.initial["default_sales_account"] = proposed_sales_account(suggestions(account.id))
    return form


def _render(
    request: HttpRequest,
    steps: SetupSteps,
    form: SettingsForm | None,
    status: HTTPStatus = HTTPStatus.OK,
    autotask_form: AutotaskForm | None = None,
) -> HttpResponse:
    account = cast(AccountRequest, request).account
    context: dict[str, Any] = {
        "account": account,
        "steps": steps,
        "done": steps.done,
        "current": "books" if form is not None and form.errors else steps.current,
        "autotask_form": autotask_form or AutotaskForm(),
        "form": form,
        "causes": causes_of(steps.preview) if steps.preview else [],
    }
    if form is not None and context["current"] == "books":
        context["codes"] = suggestions(account.id)
        context["taxes"] = mapping_table(KINDS["tax-rates"], PartnerLists(account.id, anew=False))
    if steps.preview is not None:
        context["is_living"] = steps.preview.state in ("queued", "running")
        context["total"] = len(steps.preview.documents)
    part = "setup/_steps.html" if request.htmx else "setup/page.html"  # type: ignore[attr-defined]
    return render(request, part, context, status=status)
