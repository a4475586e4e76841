"""The mappings' pages: their list, the table of each, and its files."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, cast

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from syncing import mapping_files
from syncing.change_mappings import MappedMeanwhileError, change_mappings
from syncing.csv_export import csv_response
from syncing.mapping_files import BadFileError
from syncing.mapping_kinds import KINDS, MappingKind
from syncing.mapping_table import MappingRow, MappingTable, mapping_table
from syncing.models import ContactLink
from syncing.partner_lists import PartnerLists
from tenants.middleware import AccountRequest
from tenants.models import User
from tenants.permissions import Permission, granted, requires

ROWS_TO_A_PAGE = 50


@require_GET
@requires(Permission.SEE)
def overview(request: HttpRequest, slug: str) -> HttpResponse:
    """What can be mapped, how much of it is, and how much of that is broken."""
    lists = PartnerLists(_account_id(request), anew=False)
    counts = {kind: kind.rows().count() for kind in KINDS.values()}
    kinds = [(kind, count, len(mapping_table(kind, lists).broken) if count else 0) for kind, count in counts.items()]
    return render(request, "mappings/overview.html", {"kinds": kinds, "links": ContactLink.objects.count()})


@require_http_methods(["GET", "POST"])
@requires(Permission.SEE, to_send=Permission.CHANGE_SETTINGS)
def page(request: HttpRequest, slug: str, kind: str) -> HttpResponseBase:
    """One table of mappings, with the lists of both partners as they are now."""
    found = _kind(kind)
    if request.method == "POST":
        return _save(request, found)
    lists = PartnerLists(_account_id(request), anew=True)
    return _render(request, found, mapping_table(found, lists), lists)


def _save(request: HttpRequest, kind: MappingKind) -> HttpResponse:
    """Save the rows that were changed on the page: `value:<key>`, where it is another than `was:<key>`."""
    lists = PartnerLists(_account_id(request), anew=False)
    table = mapping_table(kind, lists)
    names = [name for name in request.POST if name.startswith("value:")]
    given = {name.removeprefix("value:"): request.POST.get(name, "") for name in names}
    seen = {key: request.POST.get(f"was:{key}", "") for key in given}
    changes = {key: value for key, value in given.items() if value != seen[key]}
    errors = _errors(table, changes)
    if errors:
        return _render(request, kind, table, lists, chosen=given, errors=errors, status=HTTPStatus.BAD_REQUEST)
    try:
        count = change_mappings(_account_id(request), kind, changes, by=_person(request), seen=seen, names=table.names)
    except MappedMeanwhileError as clash:
        words = dict(table.choices or ())
        now = {key: words.get(value, value) or "nothing" for key, value in clash.now.items()}
        return _render(request, kind, table, lists, chosen=given, clashes=now, status=HTTPStatus.CONFLICT)
    messages.success(request, f"{kind.title}: {count} changed." if count else "Nothing was changed.")
    address = reverse("mapping", args=[cast(AccountRequest, request).account.slug, kind.slug])
    return redirect(f"{address}?page={request.GET.get('page', '1')}" if request.GET.get("page") else address)


def _errors(table: MappingTable, changes: dict[str, str]) -> dict[str, str]:
    """What is wrong with the changes, by key."""
    keys = {row.source.key for row in table.rows}
    values = {value for value, _ in table.choices or ()}
    errors = {}
    for key, value in changes.items():
        if key not in keys:
            errors[key] = "There is no such thing in Autotask."
        elif value and table.choices is None:
            errors[key] = "Xero gave no list to choose from. Nothing was saved; try again in a few minutes."
        elif value and value not in values:
            errors[key] = f"There is no {value[:60]} to choose in Xero, or it is no longer active."
    return errors


@require_POST
@requires(Permission.CHANGE_SETTINGS)
def take_suggestions(request: HttpRequest, slug: str, kind: str) -> HttpResponse:
    """Map all that is not mapped and may be meant for something that Xero has."""
    found = _kind(kind)
    table = mapping_table(found, PartnerLists(_account_id(request), anew=True))
    wanted = {row.source.key: row.source.suggestion for row in table.suggested}
    count = change_mappings(_account_id(request), found, wanted, by=_person(request), names=table.names)
    messages.success(request, f"{found.title}: {count} changed." if count else "Nothing was changed.")
    return redirect("mapping", slug=slug, kind=found.slug)


@require_GET
@requires(Permission.SEE)
def export(request: HttpRequest, slug: str, kind: str) -> HttpResponseBase:
    """The table as a file that can be changed and given back."""
    found = _kind(kind)
    table = mapping_table(found, PartnerLists(_account_id(request), anew=False))
    return csv_response(f"{slug}-{found.slug}", mapping_files.header(found), mapping_files.rows(found, table))


@require_POST
@requires(Permission.CHANGE_SETTINGS)
def take_file(request: HttpRequest, slug: str, kind: str) -> HttpResponse:
    """Take the mappings of a file: all of them, or, where a line is wrong, none."""
    found = _kind(kind)
    lists = PartnerLists(_account_id(request), anew=True)
    table = mapping_table(found, lists)
    try:
        wanted = mapping_files.read(found, mapping_files.content_of(request.FILES.get("file")), table)
    except BadFileError as bad:
        return _render(request, found, table, lists, bad_file=bad, status=HTTPStatus.BAD_REQUEST)
    count = change_mappings(_account_id(request), found, wanted, by=_person(request), names=table.names)
    messages.success(request, f"The file is taken: {count} of {len(wanted)} lines changed something.")
    return redirect("mapping", slug=slug, kind=found.slug)


def _render(
    request: HttpRequest,
    kind: MappingKind,
    table: MappingTable,
    lists: PartnerLists,
    *,
    chosen: dict[str, str] | None = None,
    errors: dict[str, str] | None = None,
    clashes: dict[str, str] | None = None,
    status: HTTPStatus = HTTPStatus.OK,
    **context: Any,
) -> HttpResponse:
    pages = Paginator(table.rows, ROWS_TO_A_PAGE).get_page(request.GET.get("page"))
    rows = [_shown(kind, row, chosen or {}, errors or {}, clashes or {}) for row in pages.object_list]
    shown = {
        "kind": kind,
        "kinds": KINDS.values(),
        "table": table,
        "rows": rows,
        "pages": pages,
        "problems": lists.problems,
        "may_change": Permission.CHANGE_SETTINGS in granted(request),
        "has_errors": bool(errors),
        "has_clashes": bool(clashes),
        **context,
    }
    return render(request, "mappings/table.html", shown, status=status)


def _shown(
    kind: MappingKind, row: MappingRow, chosen: dict[str, str], errors: dict[str, str], clashes: dict[str, str]
) -> dict[str, Any]:
    key = row.source.key
    return {
        "row": row,
        "chosen": chosen.get(key, row.value),
        "is_offered": row.state != "broken",
        "error": errors.get(key, ""),
        "clash": clashes.get(key, ""),
        "without": kind.without(row.source),
    }


def _kind(slug: str) -> MappingKind:
    if slug not in KINDS:
        raise Http404
    return KINDS[slug]


def _account_id(request: HttpRequest) -> int:
    return cast(AccountRequest, request).account.id


def _person(request: HttpRequest) -> str:
    return cast(User, request.user).email
