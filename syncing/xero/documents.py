"""What we send to Xero: frozen dataclasses, with Xero's own arithmetic for the totals.

Xero rounds the unit price (2 decimals, or 4 with `unitdp=4`), multiplies by the quantity (4 decimals), rounds the line to
cents, works out tax per line, rounds it to cents, and adds up; halves go up.
https://developer.xero.com/documentation/advanced-docs/rounding-in-xero/
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Literal

DocumentType = Literal["ACCREC", "ACCRECCREDIT"]
LineAmountTypes = Literal["Exclusive", "Inclusive", "NoTax"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tracking:
    category_id: str
    option_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class XeroLine:
    """One line. `unit_amount` and `quantity` as sent; `tax_rate` is the effective rate as a fraction, None where Xero decides
    (then tax is unknown to us and counted as zero); `billing_item_ids` are Autotask's lines it stands for."""

    description: str
    quantity: Decimal | None = None  # None for a line of text only
    unit_amount: Decimal | None = None
    account_code: str | None = None
    tax_type: str | None = None
    tax_rate: Decimal | None = None
    item_code: str | None = None
    tracking: tuple[Tracking, ...] = ()
    billing_item_ids: tuple[int, ...] = ()

    @property
    def line_amount(self) -> Decimal:
        """To the cent, as Xero will compute it."""
        raise NotImplementedError

    @property
    def tax_amount(self) -> Decimal:
        """To the cent; zero where the rate is not known."""
        raise NotImplementedError


@dataclass(frozen=True, slots=True, kw_only=True)
class XeroDocument:
    type: DocumentType
    date: date
    currency: str
    lines: tuple[XeroLine, ...]
    due_date: date | None = None  # invoices only
    line_amount_types: LineAmountTypes = "Exclusive"
    number: str | None = None  # None lets Xero number an invoice; a credit note's is always ours
    reference: str = ""
    status: Literal["DRAFT", "SUBMITTED", "AUTHORISED"] = "DRAFT"
    sent_to_contact: bool = False
    branding_theme_id: str | None = None
    url: str = ""  # invoices only: BASE_URL/d/<document uuid>, our marker

    @property
    def subtotal(self) -> Decimal:
        raise NotImplementedError

    @property
    def total_tax(self) -> Decimal:
        raise NotImplementedError

    @property
    def total(self) -> Decimal:
        raise NotImplementedError

    def to_json(self, *, contact_id: str) -> dict[str, Any]:
        """One element of `Invoices` or `CreditNotes`, ready for json.dumps: numbers exact, dates as YYYY-MM-DD."""
        raise NotImplementedError
