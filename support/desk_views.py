"""The desk's own pages: one account, one request, and what staff do from them. Reached through support/admin.py only,
which lets in staff with a second factor, in the system scope."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from faults.models import Fault
from support import answers, desk, visits
from support.desk_account import read_account
from support.models import SupportRequest
from syncing.fault_case import service_adjustments_would_help
from tenants.features import FeatureName, enabled_features
from tenants.models import Account, User
from tenants.scope import account_scope

LONGEST_REASON = 2000
WHY = {"required": "Say why: the account’s owner can read it."}
MISMATCHES_SHOWN = 20


class ReasonForm(forms.Form):
    reason = forms.CharField(max_length=LONGEST_REASON, error_messages=WHY)


class SyncForm(forms.Form):
    reason = forms.CharField(max_length=LONGEST_REASON, required=False)


class FeatureForm(ReasonForm):
    feature = forms.ChoiceField(choices=[(name.value, name.value) for name in FeatureName])
    enabled = forms.TypedChoiceField(choices=[("on", "on"), ("off", "off")], coerce=lambda value: value == "on")


class SettleForm(ReasonForm):
    decision = forms.ChoiceField(choices=[(name, name) for name in ("approve", "decline", "answer")])


@require_safe
def account_page(request: HttpRequest, account_id: str, site: Mapping[str, Any]) -> HttpResponse:
    """One account: how it is, why, and what staff can do about it."""
    return _show_account(request, _account(account_id), site)


def _show_account(
    request: HttpRequest, account: Account, site: Mapping[str, Any], status: int = 200, **more: Any
) -> HttpResponse:
    with account_scope(account.id):
        context = {**site, "title": account.name, "account": account, "desk": read_account(account), **more}
        return render(request, "admin/desk/account.html", context, status=status)


@require_POST
def act(request: HttpRequest, account_id: int, action: str) -> HttpResponse:
    """Pause, resume, sync now, switch a feature, or look at the account as its members see it."""
    account = _account(account_id)
    kind = _FORMS.get(action)
    if kind is None:
        raise Http404
    form = kind(request.POST)
    if not form.is_valid():
        for error in (text for texts in form.errors.values() for text in texts):
            messages.error(request, str(error))
        return redirect("admin:tenants_account_change", account.id)
    by, asked = cast(User, request.user), form.cleaned_data
    if action == "visit":
        visits.begin(request, account, asked["reason"])
        return redirect("overview", slug=account.slug)
    messages.success(request, _do(action, account, by, asked))
    return redirect("admin:tenants_account_change", account.id)


_FORMS: dict[str, type[forms.Form]] = {
    "pause": ReasonForm,
    "resume": ReasonForm,
    "sync": SyncForm,
    "feature": FeatureForm,
    "diagnose": ReasonForm,
    "end-diagnosis": ReasonForm,
    "visit": ReasonForm,
}


def _do(action: str, account: Account, by: User, asked: Mapping[str, Any]) -> str:
    """Do it, and say so."""
    if action == "pause":
        desk.pause(account, by=by, reason=asked["reason"])
        return "The sync is paused."
    if action == "resume":
        desk.resume(account, by=by, reason=asked["reason"])
        return "The sync goes on, at once."
    if action == "sync":
        desk.sync_now(account, by=by, reason=asked["reason"])
        return "A sync was asked for."
    if action == "diagnose":
        ends_at = desk.diagnose(account, by=by, reason=asked["reason"])
        return f"Exchanges with the partners are kept until {ends_at:%d %b %H:%M} UTC."
    if action == "end-diagnosis":
        desk.end_diagnosis(account, by=by, reason=asked["reason"])
        return "Exchanges with the partners are kept no more."
    carried = desk.switch(account, asked["feature"], enabled=asked["enabled"], by=by, reason=asked["reason"])
    return f"Turned {'on' if asked['enabled'] else 'off'}.{_carried(carried)}"


@require_POST
def end_visit(request: HttpRequest) -> HttpResponse:
    """Stop looking at an account, and go back to its page on the desk."""
    visit = visits.present(request)
    visits.end(request)
    return redirect("admin:tenants_account_change", visit.account_id) if visit else redirect("admin:index")


@require_safe
def request_page(request: HttpRequest, request_id: str, site: Mapping[str, Any]) -> HttpResponse:
    """One request, with the evidence of then and what is so now."""
    asked = _request(request_id)
    with account_scope(asked.account_id):
        mismatches = list(
            Fault.objects.filter(code="amounts-do-not-match", state=Fault.State.OPEN).order_by("-last_seen")[
                :MISMATCHES_SHOWN
            ]
        )
        context = {
            **site,
            "title": asked.get_kind_display(),
            "asked": asked,
            "account": asked.account,
            "facts": asked.context.get("evidence") or {},
            "mismatches": [(fault, service_adjustments_would_help(fault)) for fault in mismatches],
            "is_on": enabled_features()[FeatureName.SERVICE_ADJUSTMENTS],
        }
        return render(request, "admin/desk/request.html", context)


@require_POST
def settle(request: HttpRequest, request_id: int) -> HttpResponse:
    """Approve, decline or answer a request."""
    asked = _request(request_id)
    form = SettleForm(request.POST)
    page = redirect("admin:support_supportrequest_change", asked.id)
    if not form.is_valid():
        messages.error(request, "Say why: the customer reads it in the e-mail.")
        return page
    try:
        said = _settle(asked, form.cleaned_data["decision"], cast(User, request.user), form.cleaned_data["reason"])
    except answers.SettledAlreadyError:
        messages.warning(request, "Somebody else settled this meanwhile. Nothing was done.")
        return page
    except ValueError as error:
        messages.error(request, str(error))
        return page
    messages.success(request, said)
    return page


def _settle(asked: SupportRequest, decision: str, by: User, reason: str) -> str:
    """Settle it, and say so. Raises what support/answers.py raises."""
    if decision == "approve":
        carried = answers.approve(asked, by=by, reason=reason)
        return f"Approved: service adjustment support is on.{_carried(carried)} The customer gets an e-mail."
    if decision == "decline":
        answers.decline(asked, by=by, reason=reason)
        return "Declined. The customer gets an e-mail."
    answers.answer(asked, by=by, text=reason)
    return "Answered. The customer gets an e-mail."


def _carried(count: int) -> str:
    return f" {count:,} document{' is' if count == 1 else 's are'} sent again." if count else ""


def _account(account_id: str | int) -> Account:
    return get_object_or_404(Account, id=_number(account_id))


def _request(request_id: str | int) -> SupportRequest:
    return get_object_or_404(SupportRequest.objects.select_related("account"), id=_number(request_id))


def _number(text: str | int) -> int:
    """An id out of an address; admin addresses take any text."""
    text = str(text)
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise Http404
    return int(text)
