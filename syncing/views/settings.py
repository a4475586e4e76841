"""The settings pages, and the history of what was changed."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, cast

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods

from syncing.change_settings import ChangedMeanwhileError, Clash, change_settings, value_of
from syncing.models import SettingsChange, SyncSettings
from syncing.partner_lists import PartnerLists
from syncing.settings_forms import SettingsForm
from syncing.settings_history import in_sentences
from syncing.settings_pages import PAGES, SETTINGS, SettingsPage, in_words, page_named
from tenants.middleware import AccountRequest
from tenants.models import User
from tenants.permissions import Permission, granted, requires

CHANGES_TO_A_PAGE = 30


@require_GET
@requires(Permission.SEE)
def first_page(request: HttpRequest, slug: str) -> HttpResponse:
    """Where an address cut short leads."""
    return redirect("sync-settings", slug=slug)


@require_GET
@requires(Permission.SEE)
def overview(request: HttpRequest, slug: str) -> HttpResponse:
    """All settings as they are, page by page."""
    account = cast(AccountRequest, request).account
    settings = SyncSettings.of_account(account.id)
    groups = [
        {
            "page": page,
            "values": [
                {"label": setting.label, "words": in_words(setting.name, value_of(settings, account, setting.name))}
                for setting in page.settings
            ],
        }
        for page in PAGES
    ]
    return render(request, "settings/overview.html", {"groups": groups})


@require_http_methods(["GET", "POST"])
@requires(Permission.SEE, to_send=Permission.CHANGE_SETTINGS)
def page(request: HttpRequest, slug: str, page: str) -> HttpResponseBase:
    """One page of settings: shown to every member, saved for those who may."""
    found = page_named(page)
    if found is None:
        raise Http404
    if request.method == "POST":
        return _save(request, found)
    return _render(request, found, _form(request, found))


def _save(request: HttpRequest, found: SettingsPage) -> HttpResponse:
    account = cast(AccountRequest, request).account
    form = _form(request, found, request.POST)
    if not form.is_valid():
        return _render(request, found, form, status=HTTPStatus.BAD_REQUEST)
    try:
        change_settings(
            account, form.values, by=cast(User, request.user).email, seen_version=form.cleaned_data["version"]
        )
    except ChangedMeanwhileError as clash:
        return _ask_again(request, found, clash.clashes)
    messages.success(request, f"{found.title}: saved. The next sync goes by it.")
    return redirect("sync-settings-page", slug=account.slug, page=found.slug)


def _ask_again(request: HttpRequest, found: SettingsPage, clashes: list[Clash]) -> HttpResponse:
    """The form once more with what the person chose, and beside it what the other person had saved meanwhile."""
    account = cast(AccountRequest, request).account
    data = request.POST.copy()
    data["version"] = str(SyncSettings.of_account(account.id).version)
    shown = [
        {
            "label": SETTINGS[clash.name].label,
            "now": in_words(clash.name, clash.now),
            "by": clash.changed_by,
            "at": clash.changed_at,
        }
        for clash in clashes
    ]
    form = _form(request, found, data)
    return _render(request, found, form, clashes=shown, status=HTTPStatus.CONFLICT)


def _form(request: HttpRequest, found: SettingsPage, data: Any = None) -> SettingsForm:
    account = cast(AccountRequest, request).account
    lists = PartnerLists(account.id, anew=data is None)
    return SettingsForm(
        found,
        account,
        SyncSettings.of_account(account.id),
        data,
        accounts=lists.sales_account_choices() if "default_sales_account" in found.names else None,
        templates=lists.template_choices() if "skip_templates" in found.names else None,
    )


def _render(
    request: HttpRequest, found: SettingsPage, form: SettingsForm, *, status: HTTPStatus = HTTPStatus.OK, **context: Any
) -> HttpResponse:
    may_change = Permission.CHANGE_SETTINGS in granted(request)
    if not may_change:
        for field in form.fields.values():
            field.disabled = True
    shown = {"page": found, "pages": PAGES, "form": form, "may_change": may_change, **context}
    return render(request, "settings/page.html", shown, status=status)


@require_GET
@requires(Permission.SEE)
def history(request: HttpRequest, slug: str) -> HttpResponse:
    """What was changed in settings and mappings, by whom; newest first."""
    pages = Paginator(SettingsChange.objects.order_by("-id"), CHANGES_TO_A_PAGE)
    shown = pages.get_page(request.GET.get("page"))
    changes = [(change, in_sentences(change)) for change in shown.object_list]
    return render(request, "settings/history.html", {"changes": changes, "pages": shown})
