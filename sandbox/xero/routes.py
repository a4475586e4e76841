"""Every address of the Accounting API, with the scopes that open it."""

from __future__ import annotations

from aiohttp import web

from . import contacts, papers, payments, refusals, settings
from .documents import CREDIT_NOTE, INVOICE
from .guard import LARGEST_FILE, LARGEST_JSON, Call, Guard, Handle
from .ledgers import Ledgers

ROOT = "/api.xro/2.0"

READ_INVOICES = "accounting.invoices accounting.invoices.read accounting.transactions accounting.transactions.read"
WRITE_INVOICES = "accounting.invoices accounting.transactions"
READ_CONTACTS = "accounting.contacts accounting.contacts.read"
WRITE_CONTACTS = "accounting.contacts"
READ_SETTINGS = "accounting.settings accounting.settings.read"
WRITE_SETTINGS = "accounting.settings"
READ_PAYMENTS = "accounting.payments accounting.payments.read accounting.transactions accounting.transactions.read"
WRITE_PAYMENTS = "accounting.payments accounting.transactions"
READ_FILES = "accounting.attachments accounting.attachments.read"
WRITE_FILES = "accounting.attachments"

Route = tuple[str, str, str, Handle]


def _of_kind(plural: str, ledgers: Ledgers, of_papers: papers.Papers) -> list[Route]:
    one = papers.document_or_pdf(ledgers.kind, ledgers.get_one)
    return [
        ("GET", f"/{plural}", READ_INVOICES, ledgers.get_many),
        ("PUT", f"/{plural}", WRITE_INVOICES, ledgers.put),
        ("POST", f"/{plural}", WRITE_INVOICES, ledgers.post),
        ("GET", f"/{plural}/{{id}}", READ_INVOICES, one),
        ("POST", f"/{plural}/{{id}}", WRITE_INVOICES, ledgers.post_one),
        *_papers(plural, of_papers, READ_INVOICES, WRITE_INVOICES),
    ]


def _papers(plural: str, of_papers: papers.Papers, read: str, write: str) -> list[Route]:
    return [
        ("GET", f"/{plural}/{{id}}/History", read, of_papers.get_history),
        ("PUT", f"/{plural}/{{id}}/History", write, of_papers.put_history),
        ("GET", f"/{plural}/{{id}}/Attachments", READ_FILES, of_papers.get_attachments),
        ("GET", f"/{plural}/{{id}}/Attachments/{{file}}", READ_FILES, of_papers.get_attachment),
        ("PUT", f"/{plural}/{{id}}/Attachments/{{file}}", WRITE_FILES, of_papers.put_attachment),
        ("POST", f"/{plural}/{{id}}/Attachments/{{file}}", WRITE_FILES, of_papers.put_attachment),
    ]


ROUTES: list[Route] = [
    ("GET", "/Organisation", READ_SETTINGS, settings.get_organisation),
    ("GET", "/Organisation/Actions", READ_SETTINGS, settings.get_actions),
    ("GET", "/Accounts", READ_SETTINGS, settings.get_accounts),
    ("GET", "/Accounts/{id}", READ_SETTINGS, settings.get_account),
    ("GET", "/TaxRates", READ_SETTINGS, settings.get_tax_rates),
    ("GET", "/Currencies", READ_SETTINGS, settings.get_currencies),
    ("PUT", "/Currencies", WRITE_SETTINGS, settings.put_currency),
    ("GET", "/Items", f"{READ_SETTINGS} {READ_INVOICES}", settings.get_items),
    ("GET", "/Items/{id}", f"{READ_SETTINGS} {READ_INVOICES}", settings.get_item),
    ("PUT", "/Items", f"{WRITE_SETTINGS} {WRITE_INVOICES}", settings.put_items),
    ("POST", "/Items", f"{WRITE_SETTINGS} {WRITE_INVOICES}", settings.post_items),
    ("GET", "/TrackingCategories", READ_SETTINGS, settings.get_tracking_categories),
    ("GET", "/TrackingCategories/{id}", READ_SETTINGS, settings.get_tracking_category),
    ("GET", "/BrandingThemes", READ_SETTINGS, settings.get_branding_themes),
    ("GET", "/Contacts", READ_CONTACTS, contacts.get_many),
    ("PUT", "/Contacts", WRITE_CONTACTS, contacts.put),
    ("POST", "/Contacts", WRITE_CONTACTS, contacts.post),
    ("GET", "/Contacts/{id}", READ_CONTACTS, contacts.get_one),
    ("POST", "/Contacts/{id}", WRITE_CONTACTS, contacts.post_one),
    *_papers("Contacts", papers.CONTACT_PAPERS, READ_CONTACTS, WRITE_CONTACTS),
    *_of_kind("Invoices", Ledgers(INVOICE), papers.INVOICE_PAPERS),
    ("POST", "/Invoices/{id}/Email", WRITE_INVOICES, papers.email),
    ("GET", "/Invoices/{id}/OnlineInvoice", READ_INVOICES, papers.online_invoice),
    *_of_kind("CreditNotes", Ledgers(CREDIT_NOTE), papers.CREDIT_NOTE_PAPERS),
    ("GET", "/CreditNotes/{id}/Allocations", READ_INVOICES, payments.get_allocations),
    ("PUT", "/CreditNotes/{id}/Allocations", WRITE_INVOICES, payments.put_allocations),
    ("DELETE", "/CreditNotes/{id}/Allocations/{allocation}", WRITE_INVOICES, payments.delete_allocation),
    ("GET", "/Payments", READ_PAYMENTS, payments.get_many),
    ("PUT", "/Payments", WRITE_PAYMENTS, payments.create),
    ("POST", "/Payments", WRITE_PAYMENTS, payments.create),
    ("GET", "/Payments/{id}", READ_PAYMENTS, payments.get_one),
    ("POST", "/Payments/{id}", WRITE_PAYMENTS, payments.delete),
]


def add_api(app: web.Application, guard: Guard) -> None:
    """Add them, and the 404 or 501 for everything else below the root."""
    known = {path for _, path, _, _ in ROUTES}
    for method, path, scopes, handle in ROUTES:
        largest = LARGEST_FILE if "/Attachments/" in path else LARGEST_JSON
        handler = guard.guarded(frozenset(scopes.split()), handle, largest=largest)
        app.router.add_route(method, ROOT + path, handler)
    anyone = frozenset(" ".join(scopes for _, _, scopes, _ in ROUTES).split())
    for path in known:
        app.router.add_route("*", ROOT + path, guard.guarded(anyone, _no_such_method))
    app.router.add_route("*", ROOT + "/{anything:.*}", guard.guarded(anyone, _nothing_here))


def _no_such_method(_: Call) -> web.Response:
    raise refusals.not_implemented()


def _nothing_here(_: Call) -> web.Response:
    raise refusals.not_found()
