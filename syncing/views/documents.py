"""The list of documents, its file, and re-sync of many."""

from __future__ import annotations

from typing import cast

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from faults.models import Fault
from syncing import document_list, on_demand
from syncing.csv_export import csv_response
from syncing.keyset import page_of
from syncing.models import Document
from syncing.states import DocumentState
from tenants.middleware import AccountRequest
from tenants.permissions import Permission, granted, requires

MOST_SELECTED = 1000


@require_safe
@requires(Permission.SEE)
def documents(request: HttpRequest, slug: str) -> HttpResponse:
    """Newest first; what is asked for stands in the address, so that a list can be kept and sent."""
    asked = document_list.asked(request.GET)
    page = page_of(
        document_list.listed(asked.wanted),
        asked.wanted.order,
        before=request.GET.get("before", ""),
        after=request.GET.get("after", ""),
    )
    context = {
        "account": cast(AccountRequest, request).account,
        "asked": asked,
        "form": asked.form,
        "page": page,
        "count": document_list.count(asked.wanted, page),
        "may_resync": Permission.RESYNC in granted(request),
    }
    if request.htmx:  # type: ignore[attr-defined]
        return render(request, "documents/_list.html", context)
    context |= {
        "states": DocumentState.choices,
        "faults": document_list.faults_to_choose(asked.wanted.fault),
        "fault": _fault(asked.wanted.fault),
    }
    return render(request, "documents/list.html", context)


def _fault(fault: int | str | None) -> Fault | None:
    """The one fault that the list is narrowed to, where it is one and not a kind."""
    return Fault.objects.filter(id=fault).first() if isinstance(fault, int) else None


@require_safe
@requires(Permission.SEE)
def export(request: HttpRequest, slug: str) -> HttpResponseBase:
    """What the list shows, all of it, as a CSV file."""
    wanted = document_list.asked(request.GET).wanted
    return csv_response(f"{slug}-documents", document_list.CSV_HEADER, document_list.csv_rows(wanted))


@require_http_methods(["GET", "POST"])
@requires(Permission.RESYNC)
def resync(request: HttpRequest, slug: str) -> HttpResponse:
    """Carry the ticked documents again at once; all of a list after a page that says how many these are."""
    account = cast(AccountRequest, request).account
    asked = document_list.asked(request.GET)
    ids = [int(text) for text in request.POST.getlist("document")[:MOST_SELECTED] if _is_id(text)]
    back = f"{reverse('documents', args=[slug])}?{asked.query}"
    if request.method == "POST" and request.POST.get("what") == "ticked" and not ids:
        messages.warning(request, "Tick the documents that are to be carried again.")
        return redirect(back)
    chosen = Document.objects.filter(id__in=ids) if ids else asked.wanted.apply(Document.objects.all())
    if request.method == "POST":
        count = on_demand.resync(account.id, chosen)
        messages.success(request, _told(count))
        return redirect(back)
    context = {"account": account, "asked": asked, "count": chosen.count(), "back": back}
    return render(request, "documents/resync.html", context)


def _told(count: int) -> str:
    if not count:
        return "None of them can be carried again at this moment: they are being sent, or are voided."
    return f"{count:,} document{'' if count == 1 else 's'} will be carried again now."


def _is_id(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 19
