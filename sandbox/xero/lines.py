"""Line items: their rules, and Xero's arithmetic. Tax is worked out per line, rounded, then summed.

https://developer.xero.com/documentation/guides/how-to-guides/rounding-in-xero
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from .state import Organisation
from .wire import UNIT, ZERO, Row, Unreadable, as_decimal, as_id, as_text, cents, messages, new_id, rows_of, units

LARGEST = Decimal("9999999999.99")
LONGEST_DESCRIPTION = 4000
MOST_TRACKING = 2
NO_ACCOUNT = "The account code or ID must be specified"
NO_ACCOUNT_YET = "Account code must be specified"
_HUNDRED = Decimal(100)
_ONE = Decimal("1.0000")
_AMOUNTS = ("Quantity", "UnitAmount", "LineAmount")
_KEPT = ("Description", "Quantity", "UnitAmount", "ItemCode", "AccountCode", "TaxType", "Tracking", "DiscountRate")
_UNSUITABLE = frozenset({"DEBTORS", "CREDITORS", "GST", "RETAINEDEARNINGS", "HISTORICAL", "UNPAIDEXPCLM"})
_APPLIES = {
    "ASSET": "CanApplyToAssets",
    "EQUITY": "CanApplyToEquity",
    "EXPENSE": "CanApplyToExpenses",
    "LIABILITY": "CanApplyToLiabilities",
    "REVENUE": "CanApplyToRevenue",
}
_NO_TAX: Row = {"TaxType": "NONE", "EffectiveRate": ZERO, "Status": "ACTIVE"} | dict.fromkeys(_APPLIES.values(), True)


@dataclass(frozen=True, slots=True)
class Setting:
    """What a line must know of its document."""

    organisation: Organisation
    document_type: str
    status: str
    line_amount_types: str
    places: int

    @property
    def is_sale(self) -> bool:
        return self.document_type.startswith("ACCREC")

    @property
    def is_draft(self) -> bool:
        return self.status == "DRAFT"


@dataclass(slots=True)
class Lines:
    """The lines of one document as read, what is wrong with them, and their sums."""

    rows: list[Row] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    net: Decimal = ZERO
    tax: Decimal = ZERO
    discount: Decimal = ZERO


def read(setting: Setting, posted: list[Row], existing: list[Row]) -> Lines:
    """Read the posted lines. One that carries the ``LineItemID`` of an existing line keeps what it does not name;
    existing lines that are not posted again are gone."""
    known = {line["LineItemID"]: line for line in existing}
    lines = Lines()
    for row in posted:
        reading = _Reading(setting, row)
        reading.read(known)
        if reading.faults:
            reading.line["ValidationErrors"] = messages(reading.faults)
        lines.rows.append(reading.line)
        lines.faults += reading.faults
        lines.warnings += reading.warnings
        lines.net += reading.line.get("LineAmount", ZERO)
        lines.tax += reading.line.get("TaxAmount", ZERO)
        lines.discount += cents(reading.discount)
    return lines


class _Reading:
    """One posted line, while it is read."""

    __slots__ = ("discount", "faults", "item", "line", "organisation", "row", "setting", "warnings")

    def __init__(self, setting: Setting, row: Row) -> None:
        self.setting = setting
        self.organisation = setting.organisation
        self.row = row
        self.item: Row = {}
        self.line: Row = {}
        self.faults: list[str] = []
        self.warnings: list[str] = []
        self.discount = ZERO

    def read(self, known: dict[str, Row]) -> None:
        """Fill ``line``, ``faults`` and ``warnings``."""
        line_id = self._merge(known)
        self._find_item()
        self._read_description()
        if self._read_amounts():
            self._read_account_and_tax()
        elif account := self._account(needed=False):
            self.line |= {"AccountCode": account["Code"], "AccountID": account["AccountID"]}
        self.line["Tracking"] = self._tracking() if self.row.get("Tracking") else []
        self.line["LineItemID"] = line_id or new_id()
        self.line["ValidationErrors"] = []

    def _merge(self, known: dict[str, Row]) -> str | None:
        """The line's id; what the posted line does not name comes from the line that it replaces."""
        if not self.row.get("LineItemID"):
            return None
        line_id = as_id(self.row["LineItemID"])
        old = known.get(line_id)
        if old is None:
            self.faults.append("The LineItemID does not exist on this document.")
            return None
        repriced = self.row.get("LineAmount") is not None
        kept = {name: old[name] for name in _KEPT if name in old and not (repriced and name == "UnitAmount")}
        self.row = kept | self.row
        return line_id

    def _find_item(self) -> None:
        """The defaults that the line's item brings."""
        code = self.row.get("ItemCode")
        if not code:
            return
        item = self.organisation.items.get(as_text(code))
        if item is None:
            self.faults.append("Item Code is invalid.")
            return
        self.item = {"Description": item.get("Description", ""), **item.get("SalesDetails", {})}
        self.line["ItemCode"] = item["Code"]

    def _read_description(self) -> None:
        description = as_text(self.row.get("Description") or self.item.get("Description") or "")
        if not description.strip():
            self.faults.append("The description field is mandatory for each line item.")
        elif len(description) > LONGEST_DESCRIPTION:
            self.faults.append(f"The description field must not exceed {LONGEST_DESCRIPTION} characters.")
        self.line["Description"] = description

    # Money

    def _read_amounts(self) -> bool:
        """Quantity, price and total; false for a line that is only a description."""
        quantity, unit, amount = (_number(self.row.get(name)) for name in _AMOUNTS)
        if unit is None and amount is None:
            unit = _number(self.item.get("UnitPrice"))
        if unit is None and amount is None:
            self.line |= {"LineAmount": ZERO, "TaxAmount": ZERO}
            return False
        if quantity is None:
            quantity = amount / unit if unit and amount is not None else _ONE
        quantity = quantity.quantize(UNIT, ROUND_HALF_UP)
        if quantity < 0:
            self.faults.append(f"The quantity value '{quantity}' is invalid. Quantity must not be less than zero.")
        given = unit if unit is not None else _share(amount, quantity)
        price = units(given, self.setting.places)
        self.discount = self._read_discount(quantity * price)
        expected = cents(quantity * price - self.discount)
        total = expected if amount is None else cents(amount)
        if unit is not None and total != expected:
            self.faults.append(f"The line total {total} does not match the expected line total {expected}")
        if abs(total) > LARGEST:
            self.faults.append(f"The line total must not exceed {LARGEST}.")
        vanished = given and quantity and (price == 0 or total == 0) and not self.discount
        if vanished and not self.setting.is_draft:
            self.faults += ["Account must be valid.", "Tax rate must be valid."]
        self.line |= {"UnitAmount": price, "LineAmount": total, "Quantity": quantity}
        return True

    def _read_discount(self, gross: Decimal) -> Decimal:
        """The discount of the line, as money."""
        rate, amount = _number(self.row.get("DiscountRate")), _number(self.row.get("DiscountAmount"))
        if rate is None and amount is None:
            return ZERO
        if self.setting.document_type != "ACCREC":
            self.faults.append(f"Discounts may not be applied to {self.setting.document_type} invoices.")
            return ZERO
        discount = amount if amount is not None else gross * (rate or ZERO) / _HUNDRED
        if gross < 0 or discount > gross:
            shown = cents(amount if amount is not None else rate or ZERO)
            self.faults.append(
                f"The discount rate '{shown}' is invalid. Discount must not be greater than the line total."
            )
            return ZERO
        self.line["DiscountRate" if amount is None else "DiscountAmount"] = rate if amount is None else amount
        return discount

    # Account and tax

    def _read_account_and_tax(self) -> None:
        account = self._account(needed=not self.setting.is_draft)
        if account:
            self.line |= {"AccountCode": account["Code"], "AccountID": account["AccountID"]}
        rate = self._tax_rate(account)
        if rate:
            self.line["TaxType"] = rate["TaxType"]
        amount, percent = self.line["LineAmount"], rate["EffectiveRate"] if rate else ZERO
        kind, given = self.setting.line_amount_types, _number(self.row.get("TaxAmount"))
        if given is not None and kind != "NoTax":
            self.line["TaxAmount"] = cents(given)
        elif kind == "Inclusive":
            self.line["TaxAmount"] = cents(amount * percent / (_HUNDRED + percent))
        else:
            self.line["TaxAmount"] = cents(amount * percent / _HUNDRED)

    def _account(self, *, needed: bool) -> Row | None:
        code, account_id = self.row.get("AccountCode") or self.item.get("AccountCode"), self.row.get("AccountID")
        if account_id and not self.row.get("AccountCode"):
            account = self.organisation.accounts_by_id.get(as_id(account_id))
            if account is None:
                self.faults.append("Account must be valid.")
            return account
        if code:
            return self._account_of(as_text(code))
        if needed:
            self.faults.append(NO_ACCOUNT if self.setting.status == "AUTHORISED" else NO_ACCOUNT_YET)
        return None

    def _account_of(self, code: str) -> Row | None:
        account = self.organisation.accounts.get(code)
        if account is None and self.setting.is_draft and self.organisation.unknown_accounts == "warning":
            self.warnings.append(f"Account code '{code}' has been removed as it does not match a recognised account.")
            return None
        if account is None or account["Type"] == "BANK" or account.get("SystemAccount", "") in _UNSUITABLE:
            self.faults.append(f"Account code '{code}' is not a valid code for this document.")
            return None
        if account["Status"] != "ACTIVE":
            self.faults.append(
                f"Account code '{code}' has been archived, or has been deleted. "
                "Each line item must reference a valid account."
            )
        return account

    def _tax_rate(self, account: Row | None) -> Row | None:
        if self.setting.line_amount_types == "NoTax":
            return _NO_TAX
        code = self.row.get("TaxType") or self.item.get("TaxType") or (account or {}).get("TaxType")
        if not code:
            if not self.setting.is_draft:
                self.faults.append("The TaxType field is mandatory")
            return None
        code = as_text(code)
        rate = self.organisation.tax_rates.get(code) or (_NO_TAX if code == "NONE" else None)
        is_usable = rate is not None and rate["Status"] == "ACTIVE"
        fits_account = rate is not None and account is not None and rate[_APPLIES[account["Class"]]]
        fits_document = rate is not None and rate["CanApplyToRevenue" if self.setting.is_sale else "CanApplyToExpenses"]
        if not is_usable or not (fits_document or fits_account):
            self.faults.append(
                f"The TaxType code {code} does not exist or cannot be used for this type of transaction."
            )
        if account and not (is_usable and fits_account):
            self.faults.append(f"The TaxType code '{code}' cannot be used with account code '{account['Code']}'.")
        return rate

    # Tracking

    def _tracking(self) -> list[Row]:
        """The line's tracking options, by ids or by names."""
        posted = rows_of(self.row["Tracking"])
        if len(posted) > MOST_TRACKING:
            self.faults.append(f"A line item can have at most {MOST_TRACKING} tracking categories.")
        chosen = []
        for want in posted:
            found = next((pair for pair in _options(self.organisation) if _is_option(want, *pair)), None)
            if found is None:
                self.faults.append("Tracking option must be valid.")
                continue
            category, option = found
            chosen.append(
                {
                    "Name": category["Name"],
                    "Option": option["Name"],
                    "TrackingCategoryID": category["TrackingCategoryID"],
                    "TrackingOptionID": option["TrackingOptionID"],
                }
            )
        return chosen


def _number(value: Any) -> Decimal | None:
    return None if value is None else as_decimal(value)


def _share(amount: Decimal | None, quantity: Decimal) -> Decimal:
    """The unit price of a line that only says its total."""
    return amount / quantity if amount is not None and quantity else ZERO


def _options(organisation: Organisation) -> list[tuple[Row, Row]]:
    return [
        (category, option)
        for category in organisation.tracking_categories
        for option in category["Options"]
        if category["Status"] == option["Status"] == "ACTIVE"
    ]


def _is_option(want: Row, category: Row, option: Row) -> bool:
    if want.get("TrackingOptionID"):
        return bool(as_id(want["TrackingOptionID"]) == option["TrackingOptionID"])
    if not want.get("Option"):
        raise Unreadable("A tracking option was expected.")
    by_id = want.get("TrackingCategoryID") and as_id(want["TrackingCategoryID"]) == category["TrackingCategoryID"]
    return bool((by_id or want.get("Name") == category["Name"]) and want["Option"] == option["Name"])
