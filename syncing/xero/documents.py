"""What we send to Xero: frozen dataclasses, with Xero's own arithmetic for the totals.

Xero rounds the unit price (2 decimals, or 4 with `unitdp=4`), multiplies by the quantity (4 decimals), rounds the line
to cents, works out tax per line, rounds it to cents, and adds up; halves go up.
https://developer.xero.com/documentation/advanced-docs/rounding-in-xero/
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from functools import cached_property
from json.encoder import encode_basestring
from typing import Any, Literal

DocumentType = Literal["ACCREC", "ACCRECCREDIT"]
LineAmountTypes = Literal["Exclusive", "Inclusive", "NoTax"]
DocumentStatus = Literal["DRAFT", "SUBMITTED", "AUTHORISED"]

ZERO = Decimal(0)
LARGEST_LINE = Decimal("9999999999.99")
LONGEST_DESCRIPTION = 4000
_CENT = Decimal("0.01")
_UNIT = Decimal("0.0001")  # we write and read with unitdp=4
_MOST_DIGITS = 12  # before the point


def half_up(value: Decimal, decimals: Literal[2, 4] = 2) -> Decimal:
    """`value` rounded as Xero rounds: a half goes away from zero (2.165 → 2.17, −2.165 → −2.17)."""
    return value.quantize(_CENT if decimals == 2 else _UNIT, ROUND_HALF_UP)


def is_measurable(value: Decimal) -> bool:
    """Whether `value` is a number that our arithmetic holds exactly. Xero takes fewer digits: see LARGEST_LINE."""
    return value.is_finite() and value.adjusted() < _MOST_DIGITS


@dataclass(frozen=True, slots=True, kw_only=True)
class Tracking:
    category_id: str
    option_id: str


@dataclass(frozen=True, kw_only=True)
class XeroLine:
    """One line. `unit_amount` and `quantity` as sent; `tax_rate` is the effective rate as a fraction, None where Xero
    decides (then tax is unknown to us and counted as zero); `billing_item_ids` are Autotask's lines it stands for."""

    description: str
    quantity: Decimal | None = None  # None for a line of text only
    unit_amount: Decimal | None = None
    account_code: str | None = None
    tax_type: str | None = None
    tax_rate: Decimal | None = None
    item_code: str | None = None
    tracking: tuple[Tracking, ...] = ()
    billing_item_ids: tuple[int, ...] = ()

    @cached_property
    def line_amount(self) -> Decimal:
        """To the cent, as Xero will compute it."""
        if self.quantity is None or self.unit_amount is None:
            return ZERO
        return half_up(half_up(self.quantity, 4) * half_up(self.unit_amount, 4))

    @cached_property
    def tax_amount(self) -> Decimal:
        """To the cent, on top of an exclusive line; zero where the rate is not known."""
        if not self.tax_rate:
            return ZERO
        return half_up(self.line_amount * self.tax_rate)

    @cached_property
    def included_tax_amount(self) -> Decimal:
        """To the cent, within an inclusive line; zero where the rate is not known."""
        if not self.tax_rate:
            return ZERO
        return half_up(self.line_amount * self.tax_rate / (1 + self.tax_rate))

    def to_json(self) -> dict[str, Any]:
        """One element of `LineItems`. Quantity and price, no LineAmount: ours might disagree with Xero's by a cent."""
        element: dict[str, Any] = {"Description": self.description}
        if self.quantity is None or self.unit_amount is None:
            return element
        element["Quantity"] = self.quantity
        element["UnitAmount"] = self.unit_amount
        if self.item_code:
            element["ItemCode"] = self.item_code
        if self.account_code:
            element["AccountCode"] = self.account_code
        if self.tax_type:
            element["TaxType"] = self.tax_type
        if self.tracking:
            element["Tracking"] = [
                {"TrackingCategoryID": choice.category_id, "TrackingOptionID": choice.option_id}
                for choice in self.tracking
            ]
        return element


@dataclass(frozen=True, kw_only=True)
class XeroDocument:
    """An invoice, or a credit note (whose amounts are positive where Autotask's are negative). Money in `currency`."""

    type: DocumentType
    date: datetime.date
    currency: str  # three letters; "" lets Xero take its own
    lines: tuple[XeroLine, ...]
    due_date: datetime.date | None = None  # invoices only
    line_amount_types: LineAmountTypes = "Exclusive"
    number: str | None = None  # None lets Xero number an invoice; a credit note's is always ours
    reference: str = ""
    status: DocumentStatus = "DRAFT"
    sent_to_contact: bool = False
    branding_theme_id: str | None = None
    url: str = ""  # invoices only: BASE_URL/d/<document uuid>, our marker

    @cached_property
    def subtotal(self) -> Decimal:
        """Without tax, to the cent."""
        lines_total = sum((line.line_amount for line in self.lines), ZERO)
        return lines_total - self.total_tax if self.line_amount_types == "Inclusive" else lines_total

    @cached_property
    def total_tax(self) -> Decimal:
        """The sum of the lines' taxes, each to the cent. Zero where Xero decides on the tax."""
        if self.line_amount_types == "NoTax":
            return ZERO
        if self.line_amount_types == "Inclusive":
            return sum((line.included_tax_amount for line in self.lines), ZERO)
        return sum((line.tax_amount for line in self.lines), ZERO)

    @property
    def total(self) -> Decimal:
        """What is to be paid, to the cent."""
        return self.subtotal + self.total_tax

    @property
    def is_credit_note(self) -> bool:
        return self.type == "ACCRECCREDIT"

    @property
    def tax_is_known(self) -> bool:
        """Whether `total_tax` is what Xero will compute: no line leaves its tax to Xero."""
        return self.line_amount_types == "NoTax" or all(
            line.tax_rate is not None or line.quantity is None for line in self.lines
        )

    def to_json(self, *, contact_id: str) -> dict[str, Any]:
        """One element of `Invoices` or `CreditNotes` for `encode`: numbers are Decimal, dates YYYY-MM-DD."""
        element: dict[str, Any] = {
            "Type": self.type,
            "Contact": {"ContactID": contact_id},
            "Date": self.date.isoformat(),
            "LineAmountTypes": self.line_amount_types,
            "Status": self.status,
            "LineItems": [line.to_json() for line in self.lines],
        }
        if self.currency:
            element["CurrencyCode"] = self.currency
        if self.number:
            element["CreditNoteNumber" if self.is_credit_note else "InvoiceNumber"] = self.number
        if self.reference:
            element["Reference"] = self.reference
        if self.sent_to_contact:
            element["SentToContact"] = True
        if self.branding_theme_id:
            element["BrandingThemeID"] = self.branding_theme_id
        if self.due_date and not self.is_credit_note:
            element["DueDate"] = self.due_date.isoformat()
        if self.url and not self.is_credit_note:
            element["Url"] = self.url
        return element


def amount_of_lines(element: Mapping[str, Any]) -> Decimal:
    """What the lines of an element come to, as Xero adds them up: with the tax where it is included in them."""
    prices = [(line["Quantity"], line["UnitAmount"]) for line in element["LineItems"] if "UnitAmount" in line]
    amounts = [half_up(half_up(Decimal(quantity), 4) * half_up(Decimal(price), 4)) for quantity, price in prices]
    return sum(amounts, ZERO)


def encode(content: Sequence[Mapping[str, Any]] | Mapping[str, Any], endpoint: str | None = None) -> bytes:
    """Compact JSON, or that of ``{endpoint: content}``: equal content gives the same bytes, whatever its idle zeros.

    A Decimal becomes the very number that it is, which no detour over a float can promise; half a surrogate pair "?".
    """
    value: Any = content if endpoint is None else {endpoint: content}
    return _json(value).encode("utf-8", "replace")


def _json(value: Any) -> str:  # noqa: PLR0911 - one return for each kind of JSON value
    if isinstance(value, str):
        return encode_basestring(value)
    if isinstance(value, Decimal):
        return _number(value)
    if isinstance(value, dict):
        return "{" + ",".join([f"{encode_basestring(name)}:{_json(item)}" for name, item in value.items()]) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ",".join([_json(item) for item in value]) + "]"
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    raise TypeError(f"{type(value).__name__} has no place in what we send")


def _number(value: Decimal) -> str:
    """Digits without exponent and without idle zeros."""
    if not value.is_finite():
        raise ValueError("not a number that JSON can hold")
    text = format(value, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text == "-0" else text
