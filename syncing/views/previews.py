"""Previews: what Xero would be sent, and every problem that would arise. Nothing of it is sent."""

from __future__ import annotations

from typing import Any, cast
from urllib.parse import urlencode

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_POST

from faults.problems import SyncProblem
from syncing import document_list, previews
from syncing.contact_report import RULES
from syncing.models import Document, Preview, PreviewedDocument
from syncing.partner_lists import PartnerLists
from syncing.partners import NotConnectedError, open_partners
from syncing.preview_page import MARKS, as_kept, causes_of, compared_lines, counted, left_out, names_in
from syncing.tasks import make_preview
from tenants.middleware import AccountRequest
from tenants.permissions import Permission, requires

ROWS_TO_A_PAGE = 50
MOST_SHOWN = 20


@require_GET
@requires(Permission.SEE)
def overview(request: HttpRequest, slug: str) -> HttpResponse:
    """The previews of the last days, and the button that makes another."""
    shown = Preview.objects.defer("documents", "causes").order_by("-id")[:MOST_SHOWN]
    return render(request, "previews/overview.html", {"previews": shown, "is_connected": _is_connected()})


@require_POST
@requires(Permission.SEE)
def start(request: HttpRequest, slug: str) -> HttpResponse:
    """A preview of the documents that were ticked, or of all that a list shows; else of all that is not in Xero yet."""
    account_id = cast(AccountRequest, request).account.id
    if not _is_connected():
        return redirect("connections", slug=slug)
    what = request.POST.get("what")
    ids = [int(given) for given in request.POST.getlist("document") if given.isdecimal() and len(given) < 19]
    if what == "all":
        preview = _preview_of(account_id, document_list.asked(request.GET).wanted.apply(Document.objects.all()))
    elif ids:
        preview = _preview_of(account_id, Document.objects.filter(id__in=ids))
    elif what == "ticked":
        messages.warning(request, "Tick the documents that are to be previewed.")
        return redirect("documents", slug=slug)
    else:
        preview = previews.new_preview_of_backlog(account_id)
    make_preview.delay(account_id=account_id, preview_id=preview.id)
    return redirect("preview", slug=slug, preview_id=preview.id)


def _preview_of(account_id: int, documents: QuerySet[Document]) -> Preview:
    return previews.new_preview(account_id, documents, previews.MOST_OF_BACKLOG)


@require_GET
@requires(Permission.SEE)
def page(request: HttpRequest, slug: str, preview_id: int) -> HttpResponse:
    """How far a preview is; at its end what to mend, and what would become of each document."""
    preview = get_object_or_404(Preview, id=preview_id)
    results = preview.results.select_related("document").defer("document__source", "document__sent", "source")
    action = request.GET.get("action", "")
    wanted = results.filter(action=action) if action in PreviewedDocument.Action.values else results
    pages = Paginator(wanted.order_by("id"), ROWS_TO_A_PAGE).get_page(request.GET.get("page"))
    counts = dict(preview.results.values_list("action").annotate(Count("id")))
    context: dict[str, Any] = {
        "preview": preview,
        "total": len(preview.documents),
        "is_living": preview.state in previews.LIVING,
        "counts": counted(counts),
        "action": action,
        "query": urlencode({"action": action}),
        "causes": causes_of(preview),
        "pages": pages,
        "rows": [(result, MARKS[PreviewedDocument.Action(result.action)]) for result in pages.object_list],
    }
    part = "previews/_preview.html" if request.htmx else "previews/page.html"  # type: ignore[attr-defined]
    return render(request, part, context)


@require_GET
@requires(Permission.SEE)
def document(request: HttpRequest, slug: str, preview_id: int, result_id: int) -> HttpResponse:
    """One document of a preview, line by line."""
    found = get_object_or_404(PreviewedDocument.objects.select_related("document"), id=result_id, preview=preview_id)
    return _document(request, found, preview_id)


@require_GET
@requires(Permission.SEE)
def document_now(request: HttpRequest, slug: str, document_id: int) -> HttpResponse:
    """The dry run of one document, made now and not kept."""
    found = get_object_or_404(Document.objects.defer("source", "sent"), id=document_id)
    try:
        result = previews.preview_one(cast(AccountRequest, request).account.id, found)
    except NotConnectedError:
        return redirect("connections", slug=slug)
    except SyncProblem as problem:
        return render(request, "previews/no_answer.html", {"document": found, "problem": problem})
    return _document(request, as_kept(result), None)


def _document(request: HttpRequest, result: PreviewedDocument, preview_id: int | None) -> HttpResponse:
    lists = PartnerLists(cast(AccountRequest, request).account.id, anew=False)
    context = {
        "result": result,
        "mark": MARKS[PreviewedDocument.Action(result.action)],
        "lines": compared_lines(result, names_in(lists)),
        "left_out": left_out(result),
        "found_by": RULES.get((result.contact or {}).get("rule") or "", ""),
        "preview_id": preview_id,
    }
    return render(request, "previews/document.html", context)


def _is_connected() -> bool:
    try:
        open_partners()
    except NotConnectedError:
        return False
    return True
