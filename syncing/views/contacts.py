"""The contact report: companies and contacts side by side, linked or made with one click, and by file."""

from __future__ import annotations

from http import HTTPStatus
from itertools import islice
from typing import Any, cast
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from faults.catalogue import KINDS as KINDS_OF_FAULTS
from faults.problems import SyncProblem
from syncing import mapping_files
from syncing.change_mappings import MappedMeanwhileError, change_mappings
from syncing.contact_creation import create_contact
from syncing.contact_links import ContactLinks, link_company
from syncing.contact_report import HEADER, MARKS, ReportRow, contact_report, csv_rows
from syncing.csv_export import csv_response
from syncing.mapping_files import BadFileError
from syncing.mapping_kinds import KINDS
from syncing.mapping_table import mapping_table
from syncing.models import SyncSettings
from syncing.partner_lists import PartnerLists
from syncing.partners import NotConnectedError, Partners, fed_organisation, open_partners
from syncing.xero.records import Contact
from tenants.middleware import AccountRequest
from tenants.models import User
from tenants.permissions import Permission, granted, requires

ROWS_TO_A_PAGE = 50
LONGEST_SEARCH = 100
MOST_FOUND = 20


@require_GET
@requires(Permission.SEE)
def report(request: HttpRequest, slug: str) -> HttpResponse:
    """All companies, those that need somebody first. Both sides are asked when it is opened; not to turn its pages."""
    return _render(request, PartnerLists(_account_id(request), anew=not request.GET))


@require_GET
@requires(Permission.SEE)
def export(request: HttpRequest, slug: str) -> HttpResponseBase:
    """The report as a file, which can be changed and given back."""
    account_id = _account_id(request)
    rows = contact_report(account_id, PartnerLists(account_id, anew=False))
    if rows is None:
        return redirect("contact-report", slug=slug)
    return csv_response(f"{slug}-contacts", HEADER, csv_rows(rows))


@require_POST
@requires(Permission.CHANGE_SETTINGS)
def take_file(request: HttpRequest, slug: str) -> HttpResponse:
    """Take the links of a file: all of them, or, where a line is wrong, none."""
    lists, organisation = PartnerLists(_account_id(request), anew=True), fed_organisation()
    if organisation is None:
        return redirect("contact-report", slug=slug)
    kind = ContactLinks(organisation, {contact.contact_id: contact.name for contact in lists.contacts or ()})
    table = mapping_table(kind, lists)
    try:
        wanted = mapping_files.read(kind, mapping_files.content_of(request.FILES.get("file")), table)
    except BadFileError as bad:
        return _render(request, lists, status=HTTPStatus.BAD_REQUEST, bad_file=bad)
    count = change_mappings(_account_id(request), kind, wanted, by=_person(request), names=table.names)
    messages.success(request, f"The file is taken: {count} of {len(wanted)} lines changed something.")
    return redirect("contact-report", slug=slug)


@require_GET
@requires(Permission.CHANGE_SETTINGS)
def choose(request: HttpRequest, slug: str, company_id: int) -> HttpResponse:
    """Xero's contacts of a name, to link one of them to a company."""
    text = request.GET.get("q", "")[:LONGEST_SEARCH].strip()
    row = _row(request, company_id)
    context: dict[str, Any] = {"company_id": company_id, "q": text, "row": row}
    try:
        context["found"] = _search(text) if text else (row.others if row else ())
    except NotConnectedError:
        return redirect("contact-report", slug=slug)
    except SyncProblem as problem:
        context["problem"] = _words(problem)
    return render(request, "contacts/choose.html", context)


@require_POST
@requires(Permission.CHANGE_SETTINGS)
def link(request: HttpRequest, slug: str, company_id: int) -> HttpResponse:
    """Bill a company as the contact that was chosen; without one, as what its rules find."""
    row = _row(request, company_id)
    try:
        partners = open_partners()
        contact = _chosen(partners, request.POST.get("contact", ""))
        link_company(
            partners.xero_connection,
            company_id,
            contact,
            by=_person(request),
            company=row.company.name if row else "",
            seen=request.POST.get("was"),
        )
    except (LookupError, NotConnectedError, MappedMeanwhileError, SyncProblem) as why:
        return _answer(request, company_id, f"Not linked. {_words(why)}", is_error=True)
    if contact is None:
        return _answer(request, company_id, "The link is removed.")
    return _answer(request, company_id, f"Billed as “{contact.name}” from the next invoice on.")


@require_POST
@requires(Permission.CHANGE_SETTINGS)
def create(request: HttpRequest, slug: str, company_id: int) -> HttpResponse:
    """Make the contact of a company in Xero."""
    try:
        contact = create_contact(open_partners(), company_id, by=_person(request))
    except (LookupError, NotConnectedError, SyncProblem) as why:
        return _answer(request, company_id, f"Not created. {_words(why)}", is_error=True)
    return _answer(request, company_id, f"“{contact.name}” is created in Xero.")


def _search(text: str) -> list[Contact]:
    found = open_partners().xero.contacts(search_term=text)
    return list(islice((contact for contact in found if contact.is_active), MOST_FOUND))


def _chosen(partners: Partners, contact_id: str) -> Contact | None:
    """The contact of this id as Xero has it now; None for none. Raises LookupError where it cannot be billed."""
    if not contact_id:
        return None
    try:
        wanted = str(UUID(contact_id))
    except ValueError:
        raise LookupError("Choose one of Xero’s contacts.") from None
    contact = next(iter(partners.xero.contacts_by_ids([wanted])), None)
    if contact is None or not contact.is_active:
        raise LookupError("This contact is archived in Xero, or gone.")
    return contact


def _row(request: HttpRequest, company_id: int) -> ReportRow | None:
    rows = contact_report(_account_id(request), PartnerLists(_account_id(request), anew=False))
    return next((row for row in rows or () if row.company.id == company_id), None)


def _answer(request: HttpRequest, company_id: int, says: str, *, is_error: bool = False) -> HttpResponse:
    """The row that changed, to a page that asked by itself; else the list, narrowed to the company."""
    row = _row(request, company_id)
    if request.htmx and row is not None:  # type: ignore[attr-defined]
        shown = {"row": row, "says": says, "is_error": is_error, **_allowed(request)}
        return render(request, "contacts/_row.html", shown)
    (messages.error if is_error else messages.success)(request, says)
    address = reverse("contact-report", args=[cast(AccountRequest, request).account.slug])
    return redirect(f"{address}?{urlencode({'q': row.company.name})}" if row else address)


def _render(
    request: HttpRequest, lists: PartnerLists, status: HTTPStatus = HTTPStatus.OK, **context: Any
) -> HttpResponse:
    state, text = request.GET.get("state", ""), request.GET.get("q", "")[:LONGEST_SEARCH].strip()
    rows = contact_report(_account_id(request), lists)
    shown = [row for row in rows or () if state in ("", row.state) and text.casefold() in row.company.name.casefold()]
    counts = {name: sum(row.state == name for row in rows or ()) for name in MARKS}
    context |= {
        "rows": rows,
        "kinds": KINDS.values(),
        "is_connected": _is_connected(),
        "problems": lists.problems,
        "counts": [(name, word, counts[name]) for name, (_, word) in MARKS.items() if counts[name]],
        "state": state,
        "q": text,
        "query": urlencode({"state": state, "q": text}),
        "pages": Paginator(shown, ROWS_TO_A_PAGE).get_page(request.GET.get("page")),
        **_allowed(request),
    }
    return render(request, "contacts/report.html", context, status=status)


def _allowed(request: HttpRequest) -> dict[str, Any]:
    return {
        "may_change": Permission.CHANGE_SETTINGS in granted(request),
        "creates": SyncSettings.of_account(_account_id(request)).create_contacts,
    }


def _is_connected() -> bool:
    try:
        open_partners()
    except NotConnectedError:
        return False
    return True


def _words(why: Exception) -> str:
    if isinstance(why, SyncProblem):
        return f"{KINDS_OF_FAULTS[why.code].title}. {why.detail}" if why.code in KINDS_OF_FAULTS else why.detail
    if isinstance(why, MappedMeanwhileError):
        return "Somebody else changed it meanwhile: look at what it is now."
    if isinstance(why, NotConnectedError):
        return "Connect Autotask and Xero first."
    return str(why.args[0])


def _account_id(request: HttpRequest) -> int:
    return cast(AccountRequest, request).account.id


def _person(request: HttpRequest) -> str:
    return cast(User, request.user).email
