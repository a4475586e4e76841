"""``/Payments`` and the allocations of credit notes.

https://developer.xero.com/documentation/api/accounting/payments
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from aiohttp import web

from . import documents, query, refusals
from .answers import answer
from .documents import CREDIT_NOTE, INVOICE, Document
from .guard import Call
from .ledgers import named
from .refusals import json_response
from .state import Allocation, Organisation, Payment
from .wire import NO_ID, ZERO, Row, as_date, as_decimal, as_id, as_text, cents, iso, new_id
from .writing import Invalid, elements, write_each

PLURAL = "Payments"
FAILED = "HasValidationErrors"
NOT_FOUND = "Document could not be found"
TYPES = {
    "ACCREC": "ACCRECPAYMENT",
    "ACCPAY": "ACCPAYPAYMENT",
    "ACCRECCREDIT": "ARCREDITPAYMENT",
    "ACCPAYCREDIT": "APCREDITPAYMENT",
}

FIELDS: dict[str, query.Get[Payment]] = {
    "PaymentID": lambda row: row.id,
    "Status": lambda row: row.status,
    "Date": lambda row: row.date,
    "Amount": lambda row: row.amount,
    "Reference": lambda row: row.reference,
    "UpdatedDateUTC": lambda row: row.updated_at,
    "PaymentType": lambda row: TYPES[row.document.type],
    "Invoice.InvoiceID": lambda row: row.document.id,
    "Invoice.InvoiceNumber": lambda row: row.document.number,
}


def show(row: Payment) -> Row:
    """A payment as it is answered."""
    document = row.document
    about = {
        "Type": document.type,
        "InvoiceID": document.id,
        "InvoiceNumber": document.number,
        "Contact": document.contact.brief(),
        "LineItems": [],
        "HasErrors": False,
        "IsDiscounted": False,
        "CurrencyCode": document.currency,
    }
    return {
        "PaymentID": row.id,
        "Date": row.date,
        "BankAmount": row.amount,
        "Amount": row.amount,
        "Reference": row.reference,
        "CurrencyRate": document.currency_rate,
        "PaymentType": TYPES[row.document.type],
        "Status": row.status,
        "UpdatedDateUTC": row.updated_at,
        "UpdatedDateUTCString": f"{row.updated_at:%Y-%m-%d %H:%M:%S}+00:00",
        "HasAccount": True,
        "IsReconciled": False,
        "Account": {"AccountID": row.account["AccountID"], "Code": row.account["Code"], "Name": row.account["Name"]},
        "Invoice": about,
        "HasValidationErrors": False,
    }


def pay(call: Call, document: Document, account: Row, *, amount: Decimal, on: date, reference: str = "") -> Payment:
    """Money that meets a document."""
    now = call.world.clock.now()
    payment = Payment(new_id(), document, account, on, amount, reference, "AUTHORISED", now)
    call.organisation.payments[payment.id] = payment
    document.payments.append(payment)
    document.settle(on)
    document.updated_at = now
    return payment


def take_back(call: Call, payment: Payment) -> None:
    """The money is taken back, as by a person who removes the payment."""
    payment.status, payment.updated_at = "DELETED", call.world.clock.now()
    payment.document.settle(payment.date)
    payment.document.updated_at = payment.updated_at


def get_many(call: Call) -> web.Response:
    """``GET /Payments``."""
    rows = list(call.organisation.payments.values())
    if since := query.modified_since(call.request):
        rows = [row for row in rows if row.updated_at >= since]
    if text := call.query.get("where"):
        test = query.where(text, FIELDS)
        rows = [row for row in rows if test(row)]
    page = query.paged(query.ordered(rows, call.query.get("order"), FIELDS), call.query)
    return answer(call, PLURAL, [show(row) for row in page.rows], page.pagination)


def get_one(call: Call) -> web.Response:
    """``GET /Payments/{id}``."""
    return answer(call, PLURAL, [show(_named(call))])


def create(call: Call) -> web.Response:
    """``PUT`` and ``POST /Payments``."""
    return write_each(call, PLURAL, elements(call, PLURAL), lambda row: _create(call, row), FAILED)


def delete(call: Call) -> web.Response:
    """``POST /Payments/{id}`` with ``{"Status": "DELETED"}``: the money is taken back."""
    payment = _named(call)

    def write(row: Row) -> Row:
        if row.get("Status") != "DELETED" or payment.status == "DELETED":
            raise Invalid(["Payment not of valid status for modification"], {**row, "PaymentID": payment.id})
        take_back(call, payment)
        call.wrote(PLURAL, payment.id, payment.document.number, "deleted", row)
        return show(payment)

    return write_each(call, PLURAL, elements(call, PLURAL)[:1], write, FAILED)


def _create(call: Call, row: Row) -> Row:
    organisation, refused = call.organisation, {**row, "PaymentID": NO_ID}
    document = _document(organisation, row)
    if document is None:
        raise Invalid([NOT_FOUND], refused)
    account = _account(organisation, row.get("Account") or {"Code": row.get("Code")})
    faults = []
    if account is None:
        faults.append("Account must be valid.")
    elif account["Type"] != "BANK" and not account["EnablePaymentsToAccount"]:
        faults.append("The account must be a bank account or have payments enabled.")
    amount = cents(as_decimal(row.get("Amount") or 0))
    if amount <= 0:
        faults.append("Payment amount must be greater than zero.")
    if document.status not in ("AUTHORISED", "PAID"):
        faults.append("Payments can only be made against Authorised documents.")
    elif amount > document.outstanding:
        faults.append("Payment amount exceeds the amount outstanding on this document")
    if faults or account is None:
        raise Invalid(faults, refused)
    on = as_date(row["Date"]) if row.get("Date") else organisation.today(call.world.clock)
    payment = pay(call, document, account, amount=amount, on=on, reference=as_text(row.get("Reference") or ""))
    call.wrote(PLURAL, payment.id, document.number, "created", row)
    return show(payment)


def _document(organisation: Organisation, row: Row) -> Document | None:
    for kind, name in ((INVOICE, "Invoice"), (CREDIT_NOTE, "CreditNote")):
        asked = row.get(name) or {}
        if asked.get(kind.id_field):
            return organisation.documents[kind.plural].get(as_id(asked[kind.id_field]))
        if number := asked.get(kind.number_field) or row.get(kind.number_field):
            return organisation.numbers[kind.plural].get(as_text(number).lower())
    return None


def _account(organisation: Organisation, asked: Row) -> Row | None:
    if asked.get("AccountID"):
        return organisation.accounts_by_id.get(as_id(asked["AccountID"]))
    return organisation.accounts.get(as_text(asked.get("Code") or ""))


def _named(call: Call) -> Payment:
    payment = call.organisation.payments.get(call.path("id").lower())
    if payment is None:
        raise refusals.not_found()
    return payment


# Allocations


def allocate(call: Call, credit_note: Document, invoice: Document, amount: Decimal, on: date) -> Allocation:
    """A part of a credit note pays an invoice."""
    now = call.world.clock.now()
    allocation = Allocation(new_id(), credit_note, invoice, amount, on)
    call.organisation.allocations[allocation.id] = allocation
    for document in (credit_note, invoice):
        document.allocations.append(allocation)
        document.settle(on)
        document.updated_at = now
    return allocation


def get_allocations(call: Call) -> web.Response:
    """``GET /CreditNotes/{id}/Allocations``."""
    credit_note = named(call, CREDIT_NOTE)
    return answer(call, "Allocations", [documents.allocation(row) for row in credit_note.allocations])


def put_allocations(call: Call) -> web.Response:
    """``PUT /CreditNotes/{id}/Allocations``: amount, date and invoice, each required."""
    credit_note = named(call, CREDIT_NOTE)

    def write(row: Row) -> Row:
        asked = row.get("Invoice") or {}
        invoice_id = as_id(asked["InvoiceID"]) if asked.get("InvoiceID") else ""
        invoice = call.organisation.documents[INVOICE.plural].get(invoice_id)
        amount = cents(as_decimal(row.get("Amount") or 0))
        if faults := _allocation_faults(credit_note, invoice, amount, row):
            raise Invalid(faults, row)
        assert invoice is not None
        allocation = allocate(call, credit_note, invoice, amount, as_date(row["Date"]))
        call.wrote("Allocations", allocation.id, credit_note.number, "created", row)
        return documents.allocation(allocation)

    return write_each(call, "Allocations", elements(call, "Allocations"), write, FAILED)


def _allocation_faults(credit_note: Document, invoice: Document | None, amount: Decimal, row: Row) -> list[str]:
    if invoice is None:
        return [NOT_FOUND]
    checks = (
        (bool(row.get("Date")), "Date must be specified"),
        (amount > ZERO, "Amount must be greater than zero."),
        (invoice.status != "PAID", "The invoice you are trying to allocate to has already been paid off"),
        (
            credit_note.status == invoice.status == "AUTHORISED",
            "Credit Note not of valid status for modification",
        ),
        (credit_note.contact is invoice.contact, "The credit note and the invoice must be of the same contact."),
        (
            amount <= min(invoice.outstanding, credit_note.outstanding),
            "Credit Note cannot be allocated as amount is greater than amount outstanding",
        ),
    )
    return [text for is_good, text in checks if not is_good][:1]


def delete_allocation(call: Call) -> web.Response:
    """``DELETE /CreditNotes/{id}/Allocations/{allocation}``."""
    credit_note = named(call, CREDIT_NOTE)
    allocation = call.organisation.allocations.get(call.path("allocation").lower())
    if allocation is None or allocation not in credit_note.allocations:
        raise refusals.not_found()
    del call.organisation.allocations[allocation.id]
    for document in (allocation.credit_note, allocation.invoice):
        document.allocations.remove(allocation)
        document.settle(allocation.date)
        document.updated_at = call.world.clock.now()
    call.wrote("Allocations", allocation.id, credit_note.number, "deleted", {})
    invoice = {"InvoiceID": allocation.invoice.id}
    about = {"AllocationId": allocation.id, "Amount": allocation.amount, "DateString": iso(allocation.date)}
    return json_response({**about, "Date": allocation.date, "Invoice": [invoice], "IsDeleted": True})
