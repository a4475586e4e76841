"""A document's page, and what a person does with it: re-sync, overwrite, skip, send again."""

from __future__ import annotations

import uuid
from typing import Any, cast

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from faults.problems import SyncProblem
from syncing import links, on_demand
from syncing.document_page import DocumentPage, document_page
from syncing.in_xero import read_edits
from syncing.models import Document
from tenants.middleware import AccountRequest
from tenants.models import Account, AutotaskConnection, User
from tenants.permissions import Permission, granted, requires
from tenants.scope import account_scope

BUSY = "It is being sent at this moment. Look again when that is done."
NOT_SKIPPED = "It cannot be skipped: it is on its way, or in Xero and waits for nothing."


class SkipForm(forms.Form):
    reason = forms.CharField(
        label="Reason", max_length=500, help_text="For the next one who wonders. It stands on this page and in the log."
    )


@require_safe
@login_required
def find_document(request: HttpRequest, document_uuid: uuid.UUID) -> HttpResponse:
    """The link that invoices carry in Xero: to the document's page, whichever of the person's accounts has it."""
    for account in Account.objects.filter(members__user=cast(User, request.user)).order_by("id"):
        with account_scope(account.id):
            found = Document.objects.filter(uuid=document_uuid).values_list("id", flat=True).first()
        if found is not None:
            return redirect("document", slug=account.slug, document_id=found)
    raise Http404


@require_safe
@never_cache
@requires(Permission.SEE)
def show(request: HttpRequest, slug: str, document_id: int) -> HttpResponse:
    """Both sides, line by line, every attempt, and what to do."""
    return _page(request, document_id)


@require_POST
@requires(Permission.RESYNC)
def resync(request: HttpRequest, slug: str, document_id: int) -> HttpResponse:
    """Carry it again now. What a person edited in Xero is asked about first."""
    page = _read(document_id)
    if page.was_edited:
        return _redirect(request, "document-overwrite", slug, document_id)
    if not on_demand.resync(_account(request).id, Document.objects.filter(id=document_id)):
        messages.warning(request, BUSY)
    return _answer(request, slug, document_id)


@require_http_methods(["GET", "POST"])
@never_cache
@requires(Permission.RESYNC)
def overwrite(request: HttpRequest, slug: str, document_id: int) -> HttpResponse:
    """What was edited in Xero, and whether it is to be overwritten with what Autotask says."""
    page = _read(document_id)
    if not page.was_edited:
        return redirect("document", slug=slug, document_id=document_id)
    if request.method == "POST":
        on_demand.resync(_account(request).id, Document.objects.filter(id=document_id), overwrite=True)
        return redirect("document", slug=slug, document_id=document_id)
    context: dict[str, Any] = _context(request, page)
    try:
        context["edits"] = read_edits(page.document)
    except SyncProblem as problem:
        context["unread"] = problem.detail or "Xero does not answer at the moment."
    return render(request, "documents/overwrite.html", context)


@require_POST
@requires(Permission.SKIP)
def skip(request: HttpRequest, slug: str, document_id: int) -> HttpResponse:
    """Leave it out, or in Xero as it is, for a reason that a person gives."""
    get_object_or_404(Document.objects.only("id"), id=document_id)
    form = SkipForm(request.POST)
    if not form.is_valid():
        return _page(request, document_id, form)
    chosen = Document.objects.filter(id=document_id)
    if not on_demand.skip(_account(request).id, chosen, form.cleaned_data["reason"]).total:
        messages.warning(request, NOT_SKIPPED)
    return redirect("document", slug=slug, document_id=document_id)


@require_http_methods(["GET", "POST"])
@requires(Permission.RESYNC)
def send_again(request: HttpRequest, slug: str, document_id: int) -> HttpResponse:
    """Whether it is to go to Xero as a new document, where the old one is gone for good."""
    page = _read(document_id)
    if not page.why_send_again:
        return redirect("document", slug=slug, document_id=document_id)
    if request.method == "POST":
        on_demand.send_again(_account(request).id, document_id, cast(User, request.user).email)
        return redirect("document", slug=slug, document_id=document_id)
    return render(request, "documents/send_again.html", _context(request, page))


def _read(document_id: int) -> DocumentPage:
    try:
        return document_page(document_id)
    except Document.DoesNotExist:
        raise Http404 from None


def _page(request: HttpRequest, document_id: int, form: SkipForm | None = None) -> HttpResponse:
    context = _context(request, _read(document_id)) | {"skip_form": form or SkipForm()}
    is_part = request.htmx and not form  # type: ignore[attr-defined]
    return render(request, "documents/_document.html" if is_part else "documents/page.html", context)


def _context(request: HttpRequest, page: DocumentPage) -> dict[str, Any]:
    connection = AutotaskConnection.objects.only("web_url").first()
    allowed = granted(request)
    return {
        "account": _account(request),
        "page": page,
        "document": page.document,
        "in_autotask": links.in_autotask(page.document, connection),
        "in_xero": links.in_xero(page.document),
        "may_resync": Permission.RESYNC in allowed,
        "may_skip": Permission.SKIP in allowed,
    }


def _answer(request: HttpRequest, slug: str, document_id: int) -> HttpResponse:
    """The part that changed, to a page that asked by itself; else the whole page."""
    if request.htmx:  # type: ignore[attr-defined]
        return _page(request, document_id)
    return redirect("document", slug=slug, document_id=document_id)


def _redirect(request: HttpRequest, name: str, slug: str, document_id: int) -> HttpResponse:
    response = redirect(name, slug=slug, document_id=document_id)
    if request.htmx:  # type: ignore[attr-defined]
        return HttpResponse(headers={"HX-Redirect": response.url})
    return response


def _account(request: HttpRequest) -> Account:
    return cast(AccountRequest, request).account
