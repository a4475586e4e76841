"""What hangs on a contact or a document: history notes, attachments, the PDF, the e-mail, the online invoice.

https://developer.xero.com/documentation/api/accounting/historyandnotes
https://developer.xero.com/documentation/api/accounting/attachments
"""

from __future__ import annotations

import mimetypes
from collections.abc import Callable

from aiohttp import web

from . import ledgers, refusals
from .answers import answer
from .documents import CREDIT_NOTE, INVOICE, Document, Kind
from .guard import Call
from .query import flag
from .wire import Row, as_text, new_id
from .writing import Invalid, elements, write_each

LONGEST_NOTE = 2500
MOST_ATTACHMENTS = 10
_FORBIDDEN = frozenset('<>:"/\\|?*+\0')
_PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj 2 0 obj<</Type/Pages/Kids[]/Count 0>>endobj\n%%EOF\n"

Find = Callable[[Call], str]


def of_documents(kind: Kind) -> Find:
    """Finds the document of an address; gives its id."""
    return lambda call: ledgers.named(call, kind).id


def of_contacts(call: Call) -> str:
    """Finds the contact of an address; gives its id."""
    contact = call.organisation.contacts.get(call.path("id").lower())
    if contact is None:
        raise refusals.not_found()
    return contact.id


class Papers:
    """The handlers for one kind of thing."""

    def __init__(self, plural: str, find: Find) -> None:
        self.plural = plural
        self.find = find

    def get_history(self, call: Call) -> web.Response:
        """``GET …/History``, newest first."""
        return answer(call, "HistoryRecords", reversed(call.organisation.history[self.find(call)]))

    def put_history(self, call: Call) -> web.Response:
        """``PUT …/History``: notes that stay for good."""
        owner = self.find(call)

        def write(row: Row) -> Row:
            details = as_text(row.get("Details") or "")
            if not details or len(details) > LONGEST_NOTE:
                raise Invalid([f"The Details field must be between 1 and {LONGEST_NOTE} characters."], row)
            now = call.world.clock.now()
            note = {"Changes": "Note", "DateUTCString": f"{now:%Y-%m-%dT%H:%M:%S}", "DateUTC": now}
            note |= {"User": "System Generated", "Details": details}
            call.organisation.history[owner].append(note)
            call.wrote(f"{self.plural}/History", owner, None, "created", row)
            return dict(note)

        return write_each(call, "HistoryRecords", elements(call, "HistoryRecords"), write, "HasErrors")

    def get_attachments(self, call: Call) -> web.Response:
        """``GET …/Attachments``."""
        return answer(call, "Attachments", [about for about, _ in self._attachments(call).values()])

    def get_attachment(self, call: Call) -> web.Response:
        """``GET …/Attachments/{FileName or AttachmentID}``: the file itself."""
        key = call.path("file")
        for about, content in self._attachments(call).values():
            if key in (about["FileName"], about["AttachmentID"]):
                return web.Response(body=content, content_type=about["MimeType"])
        raise refusals.not_found()

    def put_attachment(self, call: Call) -> web.Response:
        """``PUT`` and ``POST …/Attachments/{FileName}``: raw bytes; the same name replaces."""
        owner, name = self.find(call), call.path("file")
        kept = call.organisation.attachments[owner]
        if not name or set(name) & _FORBIDDEN:
            raise refusals.invalid_request("The file name contains invalid characters.")
        if not call.body:
            raise refusals.invalid_request("The file is empty.")
        if len(kept) >= MOST_ATTACHMENTS and name not in kept:
            raise refusals.invalid_request(f"A maximum of {MOST_ATTACHMENTS} attachments is allowed.")
        about = {
            "AttachmentID": new_id(),
            "FileName": name,
            "Url": f"https://api.xero.com{call.request.path}",
            "MimeType": mimetypes.guess_type(name)[0] or "application/octet-stream",
            "ContentLength": len(call.body),
            "IncludeOnline": flag(call.query, "IncludeOnline"),
        }
        kept[name] = (about, call.body)
        for documents in call.organisation.documents.values():
            if owner in documents:
                documents[owner].has_attachments = True
        call.wrote(f"{self.plural}/Attachments", owner, name, "created", about)
        return answer(call, "Attachments", [about])

    def _attachments(self, call: Call) -> dict[str, tuple[Row, bytes]]:
        return call.organisation.attachments[self.find(call)]


def document_or_pdf(kind: Kind, as_json: Callable[[Call], web.Response]) -> Callable[[Call], web.Response]:
    """``GET`` of one document: with ``Accept: application/pdf`` its print."""

    def show(call: Call) -> web.Response:
        if "/pdf" not in call.request.headers.get("Accept", ""):
            return as_json(call)
        ledgers.named(call, kind)
        return web.Response(body=_PDF, content_type="application/pdf")

    return show


def email(call: Call) -> web.Response:
    """``POST /Invoices/{id}/Email``: 204; only an approved sales invoice of a contact with an address."""
    document: Document = ledgers.named(call, INVOICE)
    if document.type != INVOICE.sale or document.status not in ("SUBMITTED", "AUTHORISED", "PAID"):
        raise refusals.invalid_request("Invoice not of valid status for modification")
    if not document.contact.data.get("EmailAddress"):
        raise refusals.invalid_request("The contact must have an email address.")
    document.sent = True
    document.updated_at = call.world.clock.now()
    call.wrote("Invoices/Email", document.id, document.number, "created", {})
    return web.Response(status=204)


def online_invoice(call: Call) -> web.Response:
    """``GET /Invoices/{id}/OnlineInvoice``."""
    document = ledgers.named(call, INVOICE)
    url = f"https://in.xero.com/{document.id.replace('-', '')}"
    return answer(call, "OnlineInvoices", [{"OnlineInvoiceUrl": url}])


INVOICE_PAPERS = Papers(INVOICE.plural, of_documents(INVOICE))
CREDIT_NOTE_PAPERS = Papers(CREDIT_NOTE.plural, of_documents(CREDIT_NOTE))
CONTACT_PAPERS = Papers("Contacts", of_contacts)
