"""What we read of Xero's settings and contacts: frozen dataclasses, parsed leniently. Documents stay as they come."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from syncing.due_dates import PaymentTerms

Row = dict[str, Any]
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECONDS = re.compile(r"/Date\((-?\d+)(?:[+-]\d{4})?\)/")


def moment(value: Any) -> datetime | None:
    """A moment in UTC from ``/Date(1518685950940+0000)/`` or ISO 8601 (of which Xero leaves out the Z); else None."""
    if not isinstance(value, str):
        return None
    if match := _MILLISECONDS.fullmatch(value):
        try:
            return _EPOCH + timedelta(milliseconds=int(match[1]))
        except OverflowError:
            return None
    try:
        parsed = datetime.fromisoformat(value)
    except ValueError:
        return None
    return parsed.astimezone(UTC) if parsed.tzinfo else parsed.replace(tzinfo=UTC)


def day(value: Any) -> date | None:
    """A date, which Xero writes as the moment at which it begins in UTC; else None."""
    begins = moment(value)
    return begins.date() if begins else None


def text(row: Row, name: str) -> str:
    """A text; empty where it is null or absent."""
    return str(row.get(name) or "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Organisation:
    """The company itself. Documents dated on or before a lock date are closed.

    https://developer.xero.com/documentation/api/accounting/organisation
    """

    organisation_id: str
    name: str
    base_currency: str
    country_code: str
    short_code: str
    time_zone: str
    period_lock_date: date | None
    end_of_year_lock_date: date | None
    is_demo: bool
    sales_tax_basis: str
    sales_terms_day: int | None = None
    sales_terms_type: str = ""

    @property
    def sales_terms(self) -> PaymentTerms | None:
        """When invoices fall due whose contact has no terms of its own."""
        day, kind = self.sales_terms_day, self.sales_terms_type
        return PaymentTerms.of_sales({"PaymentTerms": {"Sales": {"Day": day, "Type": kind}}})

    @classmethod
    def parse(cls, row: Row) -> Organisation:
        terms = PaymentTerms.of_sales(row)
        return cls(
            organisation_id=text(row, "OrganisationID"),
            name=text(row, "Name"),
            base_currency=text(row, "BaseCurrency"),
            country_code=text(row, "CountryCode"),
            short_code=text(row, "ShortCode"),
            time_zone=text(row, "Timezone"),
            period_lock_date=day(row.get("PeriodLockDate")),
            end_of_year_lock_date=day(row.get("EndOfYearLockDate")),
            is_demo=row.get("IsDemoCompany") is True,
            sales_tax_basis=text(row, "SalesTaxBasis"),
            sales_terms_day=terms.day if terms else None,
            sales_terms_type=terms.type if terms else "",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerAccount:
    """An account of the chart. `class_` is ASSET, EQUITY, EXPENSE, LIABILITY or REVENUE; `system_account` ROUNDING …"""

    code: str
    account_id: str
    name: str
    type: str
    class_: str
    status: str
    tax_type: str
    system_account: str

    @classmethod
    def parse(cls, row: Row) -> LedgerAccount:
        return cls(
            code=text(row, "Code"),
            account_id=text(row, "AccountID"),
            name=text(row, "Name"),
            type=text(row, "Type"),
            class_=text(row, "Class"),
            status=text(row, "Status"),
            tax_type=text(row, "TaxType"),
            system_account=text(row, "SystemAccount"),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class TaxRate:
    """`tax_type` is what documents name. `effective_rate` is a fraction: 15 % is 0.15."""

    tax_type: str
    name: str
    effective_rate: Decimal
    status: str
    can_apply_to_revenue: bool

    @classmethod
    def parse(cls, row: Row) -> TaxRate:
        return cls(
            tax_type=text(row, "TaxType"),
            name=text(row, "Name"),
            effective_rate=Decimal(row.get("EffectiveRate") or 0) / 100,
            status=text(row, "Status"),
            can_apply_to_revenue=row.get("CanApplyToRevenue") is True,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Currency:
    """A currency that the organisation is subscribed to."""

    code: str
    description: str

    @classmethod
    def parse(cls, row: Row) -> Currency:
        return cls(code=text(row, "Code"), description=text(row, "Description"))


@dataclass(frozen=True, slots=True, kw_only=True)
class BrandingTheme:
    """`sort_order` 0 is the organisation's default."""

    branding_theme_id: str
    name: str
    sort_order: int

    @classmethod
    def parse(cls, row: Row) -> BrandingTheme:
        return cls(
            branding_theme_id=text(row, "BrandingThemeID"),
            name=text(row, "Name"),
            sort_order=int(row.get("SortOrder") or 0),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """A product or service of the price list. Documents name it by its `code`."""

    code: str
    name: str
    sales_description: str
    sales_price: str

    @classmethod
    def parse(cls, row: Row) -> Item:
        sales = row.get("SalesDetails") or {}
        return cls(
            code=text(row, "Code"),
            name=text(row, "Name"),
            sales_description=text(row, "Description"),
            sales_price=str(sales.get("UnitPrice") or ""),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackingOption:
    option_id: str
    name: str
    status: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackingCategory:
    category_id: str
    name: str
    status: str
    options: tuple[TrackingOption, ...]

    @classmethod
    def parse(cls, row: Row) -> TrackingCategory:
        return cls(
            category_id=text(row, "TrackingCategoryID"),
            name=text(row, "Name"),
            status=text(row, "Status"),
            options=tuple(
                TrackingOption(
                    option_id=text(option, "TrackingOptionID"),
                    name=text(option, "Name"),
                    status=text(option, "Status"),
                )
                for option in row.get("Options") or ()
            ),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """A contact. `number` is the ContactNumber, our key; `merged_to` the id of the contact that swallowed this one."""

    contact_id: str
    name: str
    number: str
    account_number: str
    email: str
    status: str
    merged_to: str | None
    raw: Row = field(repr=False, compare=False)

    @property
    def is_active(self) -> bool:
        return self.status in ("ACTIVE", "")

    @classmethod
    def parse(cls, row: Row) -> Contact:
        return cls(
            contact_id=text(row, "ContactID"),
            name=text(row, "Name"),
            number=text(row, "ContactNumber"),
            account_number=text(row, "AccountNumber"),
            email=text(row, "EmailAddress"),
            status=text(row, "ContactStatus"),
            merged_to=text(row, "MergedToContactID") or None,
            raw=row,
        )
