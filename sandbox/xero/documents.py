"""Invoices and credit notes as they are kept and shown.

https://developer.xero.com/documentation/api/accounting/invoices
https://developer.xero.com/documentation/api/accounting/creditnotes
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from . import query
from .contacts import Contact
from .wire import UNIT, ZERO, Row, iso, units

if TYPE_CHECKING:
    from .state import Allocation, Organisation, Payment

OPEN = ("DRAFT", "SUBMITTED", "AUTHORISED")
MOVES = {
    "DRAFT": ("DRAFT", "SUBMITTED", "AUTHORISED", "DELETED"),
    "SUBMITTED": ("DRAFT", "SUBMITTED", "AUTHORISED", "DELETED"),
    "AUTHORISED": ("AUTHORISED", "VOIDED"),
}


@dataclass(frozen=True)
class Kind:
    """What differs between the two endpoints."""

    plural: str
    id_field: str
    number_field: str
    label: str
    sale: str
    purchase: str
    prefix: str

    @property
    def is_invoice(self) -> bool:
        return self.plural == "Invoices"


INVOICE = Kind("Invoices", "InvoiceID", "InvoiceNumber", "Invoice", "ACCREC", "ACCPAY", "INV-")
CREDIT_NOTE = Kind(
    "CreditNotes", "CreditNoteID", "CreditNoteNumber", "Credit Note", "ACCRECCREDIT", "ACCPAYCREDIT", "CN-"
)


@dataclass(slots=True, eq=False)
class Document:
    """One invoice or credit note. Money is in its own currency, to 2 decimals; prices of lines to 4."""

    kind: Kind
    id: str
    type: str
    contact: Contact
    issued_on: date
    currency: str
    updated_at: datetime
    created_by: str | None = None
    number: str = ""
    status: str = "DRAFT"
    line_amount_types: str = "Exclusive"
    lines: list[Row] = field(default_factory=list)
    due_on: date | None = None
    payment_expected_on: date | None = None
    payment_planned_on: date | None = None
    currency_rate: Decimal = Decimal(1)
    reference: str = ""
    url: str | None = None
    branding_theme_id: str | None = None
    sent: bool = False
    sub_total: Decimal = ZERO
    total_tax: Decimal = ZERO
    total: Decimal = ZERO
    total_discount: Decimal = ZERO
    fully_paid_on: date | None = None
    payments: list[Payment] = field(default_factory=list)
    allocations: list[Allocation] = field(default_factory=list)
    has_attachments: bool = False

    @property
    def paid(self) -> Decimal:
        """Money received for it, or paid out for it."""
        return sum((row.amount for row in self.payments if row.status == "AUTHORISED"), ZERO)

    @property
    def credited(self) -> Decimal:
        """What credit notes paid of it; of a credit note: what it paid of invoices."""
        return sum((row.amount for row in self.allocations), ZERO)

    @property
    def outstanding(self) -> Decimal:
        """``AmountDue`` of an invoice, ``RemainingCredit`` of a credit note."""
        if self.status in ("VOIDED", "DELETED"):
            return ZERO
        return self.total - self.paid - self.credited

    @property
    def is_locked(self) -> bool:
        """Whether money has met it, so that it cannot be edited."""
        return bool(self.allocations) or any(row.status == "AUTHORISED" for row in self.payments)

    def settle(self, on: date) -> None:
        """After its money changed: PAID where nothing is left, AUTHORISED again where something is."""
        if self.status == "AUTHORISED" and self.outstanding <= 0:
            self.status, self.fully_paid_on = "PAID", on
        elif self.status == "PAID" and self.outstanding > 0:
            self.status, self.fully_paid_on = "AUTHORISED", None

    def show(self, *, places: int = 2, lines: bool = True, contact: bool = False, nested: bool = True) -> Row:
        """The document as it is answered. ``lines``: with its line items; ``contact``: with the whole contact;
        ``nested``: with payments and credits, which ``summaryOnly`` leaves out."""
        kind = self.kind
        row: Row = {"Type": self.type, kind.id_field: self.id, kind.number_field: self.number}
        row["Reference"] = self.reference
        if nested:
            row |= _money_of(self)
        if kind.is_invoice:
            row |= {"AmountDue": self.outstanding, "AmountPaid": self.paid, "AmountCredited": self.credited}
            row |= {"SentToContact": self.sent, "IsDiscounted": self.total_discount > 0}
        else:
            row |= {"ID": self.id, "RemainingCredit": self.outstanding, "SentToContact": self.sent}
        row |= {
            "CurrencyRate": self.currency_rate,
            "HasErrors": False,
            "HasAttachments": self.has_attachments,
            "Contact": self.contact.full() if contact else self.contact.brief(),
            "DateString": iso(self.issued_on),
            "Date": self.issued_on,
            "Status": self.status,
            "LineAmountTypes": self.line_amount_types,
            "LineItems": [_line(line, places) for line in self.lines] if lines else [],
            "SubTotal": self.sub_total,
            "TotalTax": self.total_tax,
            "Total": self.total,
            "UpdatedDateUTC": self.updated_at,
            "UpdatedDateUTCString": f"{self.updated_at:%Y-%m-%d %H:%M:%S}+00:00",
            "CurrencyCode": self.currency,
        }
        return row | self._optional()

    def _optional(self) -> Row:
        """The fields that are there only where they have a value."""
        row: Row = {}
        for name, day in (
            ("DueDate", self.due_on),
            ("ExpectedPaymentDate", self.payment_expected_on),
            ("PlannedPaymentDate", self.payment_planned_on),
            ("FullyPaidOnDate", self.fully_paid_on),
        ):
            if day:
                row[name] = day
        if self.due_on:
            row["DueDateString"] = iso(self.due_on)
        if self.url:
            row["Url"] = self.url
        if self.branding_theme_id:
            row["BrandingThemeID"] = self.branding_theme_id
        if self.total_discount:
            row["TotalDiscount"] = self.total_discount
        return row


def _line(line: Row, places: int) -> Row:
    """A line with its unit price at the decimals that were asked for."""
    if places == 4 or "UnitAmount" not in line:
        return line
    return {**line, "UnitAmount": units(line["UnitAmount"], 2)}


def _money_of(document: Document) -> Row:
    payments = [
        {
            "PaymentID": row.id,
            "Date": row.date,
            "Amount": row.amount,
            "Reference": row.reference,
            "CurrencyRate": document.currency_rate.quantize(UNIT),
            "HasAccount": False,
            "HasValidationErrors": False,
        }
        for row in document.payments
        if row.status == "AUTHORISED"
    ]
    if not document.kind.is_invoice:
        return {"Payments": payments, "Allocations": [allocation(row) for row in document.allocations]}
    credits_ = [
        {
            "CreditNoteID": row.credit_note.id,
            "CreditNoteNumber": row.credit_note.number,
            "ID": row.credit_note.id,
            "AppliedAmount": row.amount,
            "Date": row.date,
            "DateString": iso(row.date),
            "Total": row.credit_note.total,
            "LineItems": [],
        }
        for row in document.allocations
    ]
    return {"Payments": payments, "CreditNotes": credits_, "Prepayments": [], "Overpayments": []}


def allocation(row: Allocation) -> Row:
    """A part of a credit note that pays an invoice, as it is answered."""
    invoice = {"InvoiceID": row.invoice.id, "InvoiceNumber": row.invoice.number, "LineItems": [], "HasErrors": False}
    return {"AllocationID": row.id, "Amount": row.amount, "Date": row.date, "Invoice": invoice, "IsDeleted": False}


FIELDS: dict[str, query.Get[Document]] = {
    "Type": lambda row: row.type,
    "Status": lambda row: row.status,
    "Date": lambda row: row.issued_on,
    "DueDate": lambda row: row.due_on,
    "Reference": lambda row: row.reference,
    "CurrencyCode": lambda row: row.currency,
    "Total": lambda row: row.total,
    "SubTotal": lambda row: row.sub_total,
    "TotalTax": lambda row: row.total_tax,
    "UpdatedDateUTC": lambda row: row.updated_at,
    "FullyPaidOnDate": lambda row: row.fully_paid_on,
    "SentToContact": lambda row: row.sent,
    "Url": lambda row: row.url,
    "BrandingThemeID": lambda row: row.branding_theme_id,
    "HasAttachments": lambda row: row.has_attachments,
    "Contact.ContactID": lambda row: row.contact.id,
    "Contact.Name": lambda row: row.contact.name,
    "Contact.ContactNumber": lambda row: row.contact.data.get("ContactNumber"),
}
_INVOICE_FIELDS: dict[str, query.Get[Document]] = {
    "InvoiceID": lambda row: row.id,
    "InvoiceId": lambda row: row.id,
    "InvoiceNumber": lambda row: row.number,
    "AmountDue": lambda row: row.outstanding,
    "AmountPaid": lambda row: row.paid,
    "AmountCredited": lambda row: row.credited,
}
_CREDIT_NOTE_FIELDS: dict[str, query.Get[Document]] = {
    "CreditNoteID": lambda row: row.id,
    "CreditNoteNumber": lambda row: row.number,
    "RemainingCredit": lambda row: row.outstanding,
}


def fields(kind: Kind) -> dict[str, query.Get[Document]]:
    """What ``where`` and ``order`` may name."""
    return FIELDS | (_INVOICE_FIELDS if kind.is_invoice else _CREDIT_NOTE_FIELDS)


def keep(organisation: Organisation, document: Document) -> None:
    """Put a new document into the books. Only sales documents have numbers of their own."""
    organisation.documents[document.kind.plural][document.id] = document
    if document.type == document.kind.sale:
        organisation.numbers[document.kind.plural][document.number.lower()] = document
        document.contact.is_customer = True
    else:
        document.contact.is_supplier = True
