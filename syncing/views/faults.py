"""The faults of an account: their list, the page of each, and what a person does about one."""

from __future__ import annotations

from typing import Any, cast

from django import forms
from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from faults import record
from faults.catalogue import KINDS
from faults.models import Fault
from syncing import on_demand
from syncing.fault_case import read_case
from syncing.fault_list import OVER, FaultFilter, list_faults
from syncing.models import Document
from syncing.resync_watch import watch, watched
from tenants.middleware import AccountRequest
from tenants.models import User
from tenants.permissions import Permission, granted, requires

LONGEST_REASON = 500


class FilterForm(forms.Form):
    """What the list is asked for. What makes no sense is left out."""

    state = forms.ChoiceField(choices=Fault.State.choices, required=False)
    code = forms.ChoiceField(choices=[(code, kind.title) for code, kind in KINDS.items()], required=False)
    q = forms.CharField(max_length=200, required=False)


class ReasonForm(forms.Form):
    reason = forms.CharField(
        max_length=LONGEST_REASON,
        error_messages={"required": "Say why, for the next one who wonders."},
    )


@require_safe
@requires(Permission.SEE)
def fault_list(request: HttpRequest, slug: str) -> HttpResponse:
    """What needs someone, what mends itself, and, where asked for, what is over."""
    form = FilterForm(request.GET)
    form.is_valid()
    asked = form.cleaned_data
    wanted = FaultFilter(state=asked.get("state", ""), code=asked.get("code", ""), text=asked.get("q", ""))
    account = cast(AccountRequest, request).account
    context = {
        "account": account,
        "wanted": wanted,
        "page": list_faults(account, wanted, before=request.GET.get("before", ""), after=request.GET.get("after", "")),
        "states": Fault.State.choices,
        "kinds": KINDS.values(),
    }
    only_results = request.htmx and not request.htmx.boosted  # type: ignore[attr-defined]
    return render(request, "faults/_list.html" if only_results else "faults/list.html", context)


@require_safe
@requires(Permission.SEE)
def fault_page(request: HttpRequest, slug: str, fault_id: int) -> HttpResponse:
    """One fault, from top to bottom as a person thinks."""
    return _show(request, fault_id)


def _show(request: HttpRequest, fault_id: int, status: int = 200, **more: Any) -> HttpResponse:
    account = cast(AccountRequest, request).account
    case = read_case(
        account,
        get_object_or_404(Fault, id=fault_id),
        before=request.GET.get("before", ""),
        after=request.GET.get("after", ""),
    )
    allowed = granted(request)
    context = {
        "account": account,
        "case": case,
        "fault": case.fault,
        "facts": case.facts,
        "watched": watched(account.id, request.GET.get("watch", "")),
        "may_resync": Permission.RESYNC in allowed,
        "may_skip": Permission.SKIP in allowed,
        "may_connect": Permission.CONNECT in allowed,
        "may_change_settings": Permission.CHANGE_SETTINGS in allowed,
        **more,
    }
    return render(request, "faults/page.html", context, status=status)


@require_safe
@requires(Permission.SEE)
def progress(request: HttpRequest, slug: str, fault_id: int, token: str) -> HttpResponse:
    """What became of the documents so far. It asks again by itself while they move; at the end the page looks again."""
    account = cast(AccountRequest, request).account
    fault = get_object_or_404(Fault.objects.defer("evidence"), id=fault_id)
    seen = watched(account.id, token)
    answer = render(request, "faults/_progress.html", {"account": account, "fault": fault, "watched": seen})
    if seen is None or not seen.is_live:
        answer["HX-Trigger"] = "documents-settled"
    return answer


@require_POST
@requires(Permission.RESYNC)
def resync(request: HttpRequest, slug: str, fault_id: int) -> HttpResponse:
    """Carry its documents again: all, or those that are ticked. Behind an outage, a run looks whether it is over."""
    account = cast(AccountRequest, request).account
    fault = get_object_or_404(Fault.objects.defer("evidence"), id=fault_id)
    chosen = _chosen(request, fault)
    ids = list(chosen.values_list("id", flat=True))
    asked = on_demand.resync(account.id, chosen, overwrite="overwrite" in request.POST)
    page = reverse("fault", args=[slug, fault.id])
    if asked:
        record.note_resync(fault.id, by=_who(request), note=f"{asked:,} document{'' if asked == 1 else 's'}")
        return redirect(f"{page}?watch={watch(account.id, ids)}")
    if ids:
        messages.info(request, "They are being sent at this moment, or are voided. Look again when that is done.")
    elif fault.state in OVER:
        messages.info(request, "Nothing waits behind this fault any more.")
    else:
        on_demand.request_run(account.id)
        record.note_resync(fault.id, by=_who(request), note="A run looks whether it is over.")
        messages.info(request, "A run has been asked for: it looks whether this is over.")
    return redirect(page)


@require_POST
@requires(Permission.SKIP)
def skip(request: HttpRequest, slug: str, fault_id: int) -> HttpResponse:
    """Leave its documents out, or in Xero as they are, all or those that are ticked, for a reason."""
    account = cast(AccountRequest, request).account
    fault = get_object_or_404(Fault.objects.defer("evidence"), id=fault_id)
    form = ReasonForm(request.POST)
    chosen = _chosen(request, fault)
    if not form.is_valid():
        return _show(request, fault_id, status=400, skip_form=form)
    total = chosen.count()
    skipped = on_demand.skip(account.id, chosen, form.cleaned_data["reason"])
    if skipped.left_out:
        messages.success(request, f"{_documents(skipped.left_out)} skipped.")
    if skipped.left_in_xero:
        messages.success(request, f"{_documents(skipped.left_in_xero)} left in Xero as before.")
    if total > skipped.total:
        messages.warning(request, f"{total - skipped.total:,} could not be skipped: on the way to Xero.")
    if not total:
        messages.info(request, "No document was chosen.")
    return redirect("fault", slug=slug, fault_id=fault.id)


@require_POST
@requires(Permission.SKIP)
def ignore(request: HttpRequest, slug: str, fault_id: int) -> HttpResponse:
    """Put it aside for a reason. It opens again if its cause returns."""
    form = ReasonForm(request.POST)
    fault = get_object_or_404(Fault.objects.defer("evidence"), id=fault_id)
    if not form.is_valid():
        return _show(request, fault_id, status=400, ignore_form=form)
    if record.ignore(fault.id, reason=form.cleaned_data["reason"], by=_who(request)):
        messages.success(request, "The fault is ignored. It opens again if its cause returns.")
    else:
        messages.info(request, f"It is {fault.get_state_display().lower()} already.")
    return redirect("fault", slug=slug, fault_id=fault.id)


def _chosen(request: HttpRequest, fault: Fault) -> QuerySet[Document]:
    """The documents behind the fault that the form ticks; all of them where it ticks none."""
    behind = Document.objects.filter(blockers__fault=fault)
    ticked = request.POST.getlist("document")
    if not ticked:
        return behind
    return behind.filter(id__in=[int(text) for text in ticked if text.isascii() and text.isdigit() and len(text) < 19])


def _documents(count: int) -> str:
    return f"{count:,} document{' is' if count == 1 else 's are'}"


def _who(request: HttpRequest) -> str:
    return cast(User, request.user).email
