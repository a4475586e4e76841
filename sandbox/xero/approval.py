"""The rules by which an invoice or a credit note is created or changed, and what is said where it may not be.

The texts are Xero's own; see the pages named in ``documents.py``.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import NoReturn
from urllib.parse import urlsplit

from . import contacts, lines
from .chart import PER_DOLLAR
from .contacts import Contact
from .documents import INVOICE, MOVES, OPEN, Document, Kind, keep
from .guard import Call
from .query import places
from .state import Organisation
from .wire import (
    NO_ID,
    ZERO,
    Row,
    Unreadable,
    as_bool,
    as_date,
    as_decimal,
    as_id,
    as_text,
    iso,
    messages,
    new_id,
    rows_of,
)
from .writing import Invalid

LONGEST_NUMBER = LONGEST_REFERENCE = 255
LINE_AMOUNT_TYPES = ("Exclusive", "Inclusive", "NoTax")
STATUSES = ("DRAFT", "SUBMITTED", "DELETED", "AUTHORISED", "PAID", "VOIDED")

LOCKED = "This document cannot be edited as it has a payment or credit note allocated to it."
DATE_LOCKED = "Date cannot be changed on an invoice that has payment or credit notes allocated to it."
NO_CONTACT = "A Contact must be specified for this type of transaction"
CONTACT_ARCHIVED = (
    "The contact with the specified contact details has been archived. "
    "The contact must be un-archived before creating new invoices or credit notes."
)
NO_DUE_DATE = "Due date cannot be empty."
NO_DUE_DATE_YET = "The document DueDate field must be specified"
NO_LINES = "One or more line items must be specified"
NEGATIVE_TOTAL = "The Total for this document must be greater than or equal to zero."
APPROVAL_LIMIT = "You have reached the limit of invoices you can approve"

# What the official clients add to a contact that is named by its id alone.
_ONLY_NAMES = frozenset({"ContactID", "HasAttachments", "HasValidationErrors"})


def find(organisation: Organisation, kind: Kind, posted: Row) -> Document | None:
    """Which document a posted element means: by its id, or by its number among the sales documents.

    Raises ``Invalid`` for an id that is unknown.
    """
    if posted.get(kind.id_field) and (document_id := as_id(posted[kind.id_field])) != NO_ID:
        document = organisation.documents[kind.plural].get(document_id)
        if document is None:
            unknown = "An existing Credit Note with the specified CreditNoteID could not be found"
            if kind.is_invoice:
                unknown = "The document with the supplied id was not found for this endpoint."
            raise Invalid([unknown], posted)
        return document
    number = as_text(posted.get(kind.number_field) or "")
    if number and posted.get("Type", kind.sale) == kind.sale:
        return organisation.numbers[kind.plural].get(number.lower())
    return None


def write(call: Call, kind: Kind, posted: Row, existing: Document | None) -> Row:
    """Create a document, or change the existing one; as it is echoed. Raises ``Invalid``."""
    draft = Draft(call, kind, posted, existing)
    document = draft.save()
    action = "updated" if existing else "created"
    call.wrote(kind.plural, document.id, document.number, action, posted)
    echo = document.show(places=draft.places, contact=True)
    if draft.lines and draft.lines.warnings:
        echo["Warnings"] = messages(draft.lines.warnings)
    return echo


class Draft:
    """One posted element on its way to a document: everything is read and judged before anything is written."""

    def __init__(self, call: Call, kind: Kind, posted: Row, existing: Document | None) -> None:
        self.call = call
        self.organisation = call.organisation
        self.kind = kind
        self.posted = posted
        self.existing = existing
        self.places = places(call.query)
        self.faults: list[str] = []
        self.contact: Contact | None = None
        self.lines: lines.Lines | None = None
        self.type = as_text(posted.get("Type") or (existing.type if existing else ""))
        self.status = as_text(posted.get("Status") or (existing.status if existing else "DRAFT"))
        today = self.organisation.today(call.world.clock)
        self.issued_on = self._date("Date") or (existing.issued_on if existing else today)
        self.due_on = self._date("DueDate") or (existing.due_on if existing else None)
        self.number = as_text(posted.get(kind.number_field) or (existing.number if existing else ""))
        self.currency = as_text(posted.get("CurrencyCode") or (existing.currency if existing else "")).upper()
        self.line_amount_types = as_text(
            posted.get("LineAmountTypes") or (existing.line_amount_types if existing else "Exclusive")
        )

    @property
    def is_approved(self) -> bool:
        return self.status in ("SUBMITTED", "AUTHORISED", "PAID")

    # Judging

    def judge(self) -> None:
        """Find every fault. Raises ``Invalid`` at once where the document cannot change at all."""
        if self.status not in STATUSES:
            raise Unreadable(f"Could not convert string to Status: {self.status}.")
        if self.line_amount_types not in LINE_AMOUNT_TYPES:
            raise Unreadable(f"Could not convert string to LineAmountTypes: {self.line_amount_types}.")
        if self.existing:
            self._may_change(self.existing)
        elif self.status not in OPEN:
            self._refuse([f"{self.kind.label} not of valid status for creation"])
        if self.type not in (self.kind.sale, self.kind.purchase):
            self.faults.append(f"The document Type '{self.type}' is not valid for this endpoint.")
        self._judge_contact()
        self._judge_dates()
        self._judge_number()
        self._judge_details()
        self._judge_lines()
        self._judge_approval()

    def _may_change(self, document: Document) -> None:
        wrong_status = f"{self.kind.label} not of valid status for modification"
        if document.is_locked:
            if set(self.posted) <= {self.kind.id_field, "SentToContact"}:
                return
            faults = [LOCKED]
            if self.issued_on != document.issued_on:
                faults.append(DATE_LOCKED)
            if self.posted.get("Status") and self.status != document.status:
                faults.append(
                    f"The status {self.status} cannot be applied to the invoice "
                    "because it has payment or Credit notes allocated to it."
                )
            self._refuse([*faults, wrong_status] if document.status == "PAID" else faults)
        if self.status not in MOVES.get(document.status, ()):
            self._refuse([wrong_status])
        for name, day in self._locks():
            if document.issued_on <= day:
                self._refuse([f"The document cannot be edited as it is currently dated before the {name} lock date"])

    def _judge_contact(self) -> None:
        """Whom it is for; a contact that is not there yet is made when the document is saved."""
        posted = self.posted.get("Contact")
        if posted is None and self.existing:
            self.contact = self.existing.contact
        elif not isinstance(posted, dict):
            self.faults.append(NO_CONTACT)
        else:
            try:
                self.contact = contacts.find(self.organisation, posted)
            except Invalid as why:
                self.faults += why.texts
        leaves = self.status in ("VOIDED", "DELETED")
        if self.contact and self.contact.status == "ARCHIVED" and not leaves:
            self.faults.append(CONTACT_ARCHIVED)

    def _judge_dates(self) -> None:
        for name, day in self._locks():
            if self.issued_on <= day:
                self.faults.append(
                    f"The document date cannot be before the {name} lock date, currently set at {day:%d %B %Y}"
                )
        if self.kind.is_invoice and self.is_approved and self.due_on is None:
            self.faults.append(NO_DUE_DATE if self.status == "AUTHORISED" else NO_DUE_DATE_YET)

    def _locks(self) -> list[tuple[str, date]]:
        organisation = self.organisation
        dates = (("end of year", organisation.end_of_year_lock_date), ("period", organisation.period_lock_date))
        return [(name, day) for name, day in dates if day]

    def _judge_number(self) -> None:
        if len(self.number) > LONGEST_NUMBER:
            self.faults.append(f"The {self.kind.number_field} field must not exceed {LONGEST_NUMBER} characters.")
        if self.type == self.kind.sale and self.number:
            holder = self.organisation.numbers[self.kind.plural].get(self.number.lower())
            if holder is not None and holder is not self.existing:
                self.faults.append(f"{self.kind.label} # must be unique.")

    def _judge_details(self) -> None:
        if not self.currency:
            default = self.contact.data.get("DefaultCurrency") if self.contact else None
            self.currency = default or self.organisation.base_currency
        if self.currency not in self.organisation.currencies:
            self.faults.append(f"Organisation is not subscribed to currency {self.currency}")
        theme = self.posted.get("BrandingThemeID")
        if theme and as_id(theme) not in {row["BrandingThemeID"] for row in self.organisation.branding_themes}:
            self.faults.append("Branding theme must be valid.")
        if len(as_text(self.posted.get("Reference") or "")) > LONGEST_REFERENCE:
            self.faults.append(f"The Reference field must not exceed {LONGEST_REFERENCE} characters.")
        url = as_text(self.posted.get("Url") or "")
        if url and not (urlsplit(url).scheme in ("http", "https") and urlsplit(url).netloc):
            self.faults.append("The Url field must be a valid address.")

    def _judge_lines(self) -> None:
        posted, places_ = self.posted.get("LineItems"), self.places
        if posted is None and self.existing:
            if not self._changes_lines(self.existing):
                return
            posted, places_ = self._lines_again(self.existing), 4
        if not posted:
            self.faults.append(NO_LINES)
            return
        setting = lines.Setting(self.organisation, self.type, self.status, self.line_amount_types, places_)
        old = self.existing.lines if self.existing else []
        self.lines = lines.read(setting, rows_of(posted), old)
        self.faults += self.lines.faults
        if self.totals()[2] < 0:
            self.faults.append(NEGATIVE_TOTAL)

    def _changes_lines(self, document: Document) -> bool:
        """Whether lines that are not posted again must be judged again: more is asked of an approved document."""
        newly_approved = self.is_approved and self.status != document.status
        return newly_approved or self.line_amount_types != document.line_amount_types

    def _lines_again(self, document: Document) -> list[Row]:
        if self.line_amount_types == document.line_amount_types:
            return document.lines
        return [{name: value for name, value in line.items() if name != "TaxAmount"} for line in document.lines]

    def _judge_approval(self) -> None:
        newly = self.status == "AUTHORISED" and (self.existing is None or self.existing.status != "AUTHORISED")
        if newly and self.type == INVOICE.sale and self.organisation.approvals_left is not None:
            if self.organisation.approvals_left <= 0:
                self.faults.append(APPROVAL_LIMIT)
            elif not self.faults:
                self.organisation.approvals_left -= 1

    def totals(self) -> tuple[Decimal, Decimal, Decimal]:
        """SubTotal, TotalTax and Total of the lines that were read."""
        sums = self.lines
        if sums is None:
            return ZERO, ZERO, ZERO
        if self.line_amount_types == "Inclusive":
            return sums.net - sums.tax, sums.tax, sums.net
        return sums.net, sums.tax, sums.net + sums.tax

    # Saving

    def save(self) -> Document:
        """Judge, and write what is good. Raises ``Invalid``."""
        self.judge()
        if self.faults:
            self._refuse(self.faults)
        contact = self._saved_contact()
        document = self.existing or self._new(contact)
        document.contact = contact
        self._renumber(document)
        self._fill(document)
        document.updated_at = self.call.world.clock.now()
        document.settle(document.issued_on)
        return document

    def _saved_contact(self) -> Contact:
        """The contact, made or changed by what was posted with it: other fields than its id are written to it."""
        posted = self.posted.get("Contact") or {}
        try:
            if self.contact is None:
                return contacts.create(self.call, posted)
            written = set(posted) - _ONLY_NAMES
            same = all(posted[name] == self.contact.data.get(name) for name in written)
            if written and not same:
                return contacts.update(self.call, self.contact, {"ContactPersons": [], **posted})
        except Invalid as why:
            self._refuse(why.texts)
        return self.contact

    def _new(self, contact: Contact) -> Document:
        now = self.call.world.clock.now()
        document = Document(self.kind, new_id(), self.type, contact, self.issued_on, self.currency, now)
        document.created_by = self.call.token.client_id or None
        if not self.number and self.type == self.kind.sale:
            self.number = self.organisation.next_number(self.kind.prefix, self.organisation.numbers[self.kind.plural])
        document.number = self.number
        keep(self.organisation, document)
        return document

    def _renumber(self, document: Document) -> None:
        numbers = self.organisation.numbers[self.kind.plural]
        if document.type == self.kind.sale and document.number != self.number:
            numbers.pop(document.number.lower(), None)
            numbers[self.number.lower()] = document
        document.number = self.number

    def _fill(self, document: Document) -> None:
        posted = self.posted
        document.status, document.issued_on, document.due_on = self.status, self.issued_on, self.due_on
        document.line_amount_types = self.line_amount_types
        if document.currency != self.currency or document is not self.existing:
            document.currency, document.currency_rate = self.currency, self._rate()
        if "CurrencyRate" in posted and posted["CurrencyRate"] is not None:
            document.currency_rate = as_decimal(posted["CurrencyRate"])
        if "Reference" in posted and document.type != INVOICE.purchase:
            document.reference = as_text(posted["Reference"] or "")
        if "Url" in posted and self.kind.is_invoice:
            document.url = as_text(posted["Url"] or "") or None
        if posted.get("BrandingThemeID"):
            document.branding_theme_id = as_id(posted["BrandingThemeID"])
        if posted.get("SentToContact") is not None and self.status in ("AUTHORISED", "PAID"):
            document.sent = as_bool(posted["SentToContact"])
        document.payment_expected_on = self._date("ExpectedPaymentDate") or document.payment_expected_on
        document.payment_planned_on = self._date("PlannedPaymentDate") or document.payment_planned_on
        if self.lines is not None:
            document.lines = self.lines.rows
            document.total_discount = self.lines.discount
            document.sub_total, document.total_tax, document.total = self.totals()

    def _rate(self) -> Decimal:
        """How many of the document's currency one of the base currency buys."""
        one, other = PER_DOLLAR.get(self.organisation.base_currency, "1"), PER_DOLLAR.get(self.currency, "1")
        return (Decimal(other) / Decimal(one)).quantize(Decimal("0.000001"))

    def _date(self, name: str) -> date | None:
        return as_date(self.posted[name]) if self.posted.get(name) else None

    def _refuse(self, faults: list[str]) -> NoReturn:
        """Raises ``Invalid`` with the posted element echoed as Xero does."""
        echo = {**self.posted, self.kind.id_field: self.existing.id if self.existing else NO_ID}
        echo |= {"Date": self.issued_on, "DateString": iso(self.issued_on), "Status": self.status}
        if self.due_on:
            echo |= {"DueDate": self.due_on, "DueDateString": iso(self.due_on)}
        if self.lines:
            echo["LineItems"] = self.lines.rows
        raise Invalid(faults, echo)
