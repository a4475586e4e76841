"""Remedies at hand: what a fault's page mends with one click, and then carries the documents again."""

from __future__ import annotations

from typing import cast
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from faults import record
from faults.models import Fault
from faults.problems import NeedsReconnect, SyncProblem, Transient
from syncing import fault_remedies, on_demand
from syncing.consents import Errand, begin_consent
from syncing.models import Document
from syncing.partners import fed_organisation
from syncing.resync_watch import watch
from syncing.xero import oauth
from tenants.middleware import AccountRequest
from tenants.models import User
from tenants.permissions import Permission, requires

LONGEST_SEARCH = 100
NOT_CONNECTED = "Xero is not connected."


class ContactSearch(forms.Form):
    q = forms.CharField(max_length=LONGEST_SEARCH, required=False)


class ContactChoice(forms.Form):
    contact = forms.UUIDField()


@require_POST
@requires(Permission.CHANGE_SETTINGS)
def add_currency(request: HttpRequest, slug: str, fault_id: int) -> HttpResponse:
    """Add the currency in Xero, and carry what waits for it. Where Xero has not allowed that yet, ask it to."""
    fault = get_object_or_404(Fault, id=fault_id)
    code = fault_remedies.missing_currency(fault)
    connection = fed_organisation()
    if not code or connection is None:
        messages.warning(request, NOT_CONNECTED if code else "This fault names no currency that could be added.")
        return redirect("fault", slug=slug, fault_id=fault_id)
    if not fault_remedies.may_change_settings(connection):
        return _ask_xero(request, fault_id)
    try:
        fault_remedies.add_currency(connection, code)
    except NeedsReconnect as problem:
        if problem.code == "xero-permission":
            return _ask_xero(request, fault_id)
        return _told(request, slug, fault_id, problem)
    except SyncProblem as problem:
        return _told(request, slug, fault_id, problem)
    messages.success(request, f"{code} is added in {connection.name}.")
    return _carry(request, slug, fault, f"{code} was added in Xero.")


@require_safe
@requires(Permission.CHANGE_SETTINGS)
def find_contacts(request: HttpRequest, slug: str, fault_id: int) -> HttpResponse:
    """The Xero contacts that a search finds, for the page that asks."""
    fault = get_object_or_404(Fault, id=fault_id)
    form = ContactSearch(request.GET)
    text = form.cleaned_data["q"].strip() if form.is_valid() else ""
    connection = fed_organisation()
    context = {"account": cast(AccountRequest, request).account, "fault": fault, "text": text}
    if text and connection is not None:
        try:
            context["contacts"] = fault_remedies.find_contacts(connection, text)
        except SyncProblem as problem:
            context["problem"] = _in_words(problem)
    return render(request, "faults/remedies/_contacts.html", context)


@require_POST
@requires(Permission.CHANGE_SETTINGS)
def choose_contact(request: HttpRequest, slug: str, fault_id: int) -> HttpResponse:
    """Bill the company as this Xero contact from now on, and carry what waits."""
    fault = get_object_or_404(Fault, id=fault_id)
    form = ContactChoice(request.POST)
    company_id, connection = fault.evidence.get("company_id"), fed_organisation()
    if not form.is_valid() or not isinstance(company_id, int) or connection is None:
        messages.warning(request, NOT_CONNECTED if connection is None else "Choose a contact from the list.")
        return redirect("fault", slug=slug, fault_id=fault_id)
    company = str(fault.evidence.get("company") or "The company")
    by, contact_id = cast(User, request.user).email, cast(UUID, form.cleaned_data["contact"])
    try:
        contact = fault_remedies.choose_contact(connection, company_id, contact_id, company=company, by=by)
    except SyncProblem as problem:
        return _told(request, slug, fault_id, problem)
    messages.success(request, f"{company} is billed as “{contact.name}” in Xero from now on.")
    return _carry(request, slug, fault, f"Billed as “{contact.name}” in Xero.")


def _ask_xero(request: HttpRequest, fault_id: int) -> HttpResponse:
    """To Xero's consent page for the wider permission, which only who may connect brings back."""
    state = begin_consent(request.session, Errand(cast(AccountRequest, request).account.id, fault_id))
    return redirect(oauth.authorize_url(state, change_settings=True))


def _carry(request: HttpRequest, slug: str, fault: Fault, note: str) -> HttpResponse:
    """The cause is mended: all that waits behind the fault goes again, and the page watches."""
    account = cast(AccountRequest, request).account
    behind = Document.objects.filter(blockers__fault=fault)
    ids = list(behind.values_list("id", flat=True))
    record.note_resync(fault.id, by=cast(User, request.user).email, note=note)
    page = reverse("fault", args=[slug, fault.id])
    if on_demand.resync(account.id, behind):
        return redirect(f"{page}?watch={watch(account.id, ids)}")
    return redirect(page)


def _told(request: HttpRequest, slug: str, fault_id: int, problem: SyncProblem) -> HttpResponse:
    messages.error(request, _in_words(problem))
    return redirect("fault", slug=slug, fault_id=fault_id)


def _in_words(problem: SyncProblem) -> str:
    if isinstance(problem, Transient):
        return "Xero does not answer at the moment. Nothing was changed; try again in a few minutes."
    if isinstance(problem, NeedsReconnect):
        return "Xero does not let Cloud Depot in. Reconnect it under Settings → Connections."
    return problem.detail or "Xero refused it."
