"""Invoices, and rules to translate them by, made of plain values: what tests of the pure code start from."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from syncing.autotask.records import BillingCode, BillingItem, Company, Contact, Country, Invoice
from syncing.rules import Rules
from syncing.source import SourceInvoice
from syncing.xero.records import LedgerAccount, TaxRate

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
LONG_AGO = NOW - timedelta(days=2)
DAY = date(2026, 11, 18)
NEW_ZEALAND, EXPORT = 1, 2  # tax regions
STANDARD, REDUCED = 10, 20  # tax categories
LABOUR, HARDWARE = 100, 200  # billing codes


def account(code: str, **fields: Any) -> LedgerAccount:
    defaults = {
        "account_id": f"id-of-{code}",
        "name": f"Account {code}",
        "type": "REVENUE",
        "class_": "REVENUE",
        "status": "ACTIVE",
        "tax_type": "OUTPUT2",
        "system_account": "",
    }
    return LedgerAccount(**{**defaults, "code": code, **fields})


def tax_rate(tax_type: str, rate: str, **fields: Any) -> TaxRate:
    defaults = {"name": tax_type.title(), "status": "ACTIVE", "can_apply_to_revenue": True}
    return TaxRate(**{**defaults, "tax_type": tax_type, "effective_rate": Decimal(rate), **fields})


def make_rules(**changes: Any) -> Rules:
    """Rules of a New Zealand account with everything mapped."""
    accounts = [
        account("090", type="BANK", class_="ASSET"),
        account("200", name="Sales"),
        account("260", name="Other revenue"),
        account("299", name="Old sales", status="ARCHIVED"),
        account("610", type="CURRENT", class_="ASSET", system_account="DEBTORS"),
        account("860", name="Rounding", class_="EXPENSE", type="EXPENSE", system_account="ROUNDING"),
    ]
    rates = [
        tax_rate("OUTPUT2", "0.15"),
        tax_rate("ZERORATED", "0"),
        tax_rate("TAX001", "0.10"),
        tax_rate("TAX002", "0.125", status="DELETED"),
        tax_rate("INPUT2", "0.15", can_apply_to_revenue=False),
    ]
    defaults: dict[str, Any] = {
        "default_sales_account": "200",
        "billing_code_accounts": {LABOUR: "200", HARDWARE: "260"},
        "tax_types": {(NEW_ZEALAND, None): "OUTPUT2", (NEW_ZEALAND, REDUCED): "TAX001", (EXPORT, None): "ZERORATED"},
        "base_currency": "NZD",
        "currencies": frozenset({"NZD", "AUD"}),
        "accounts": {each.code: each for each in accounts},
        "tax_rates": {each.tax_type: each for each in rates},
        "autotask_database_id": 4711,
        "billing_codes": {
            LABOUR: BillingCode(id=LABOUR, name="Labour", tax_category_id=STANDARD),
            HARDWARE: BillingCode(id=HARDWARE, name="Hardware", tax_category_id=STANDARD),
        },
        "tax_regions": {NEW_ZEALAND: "New Zealand", EXPORT: "Export"},
        "tax_categories": {STANDARD: "Standard", REDUCED: "Reduced"},
        "countries": {7: Country(id=7, code="NZ", name="New Zealand")},
        "total_is": "net",
        "now": NOW,
    }
    return Rules(**{**defaults, **changes})


def make_item(total: str | Decimal = "100.00", **fields: Any) -> BillingItem:
    """A line of one unit at `total`, taxed at 15 %, unless the fields say otherwise."""
    amount = Decimal(total)
    tax = (amount * Decimal("0.15")).quantize(Decimal("0.0001"))
    defaults = {
        "id": 1,
        "name": "Managed services",
        "quantity": Decimal(1),
        "rate": amount,
        "billing_code_id": LABOUR,
        "tax_category_id": STANDARD,
        "tax": tax,
    }
    return BillingItem(**{**defaults, "total_amount": amount, **_decimals(fields)})


def make_company(**fields: Any) -> Company:
    defaults = {"id": 50, "name": "Kauri Dental", "tax_region_id": NEW_ZEALAND, "phone": "09 555 0100"}
    return Company(**{**defaults, **fields})


def make_contact(**fields: Any) -> Contact:
    defaults = {"id": 70, "company_id": 50, "first_name": "Aroha", "last_name": "Ngata", "email": "aroha@kauri.example"}
    return Contact(**{**defaults, **fields})


def make_invoice(*items: BillingItem, **fields: Any) -> Invoice:
    """An invoice whose totals are its items', net."""
    defaults = {
        "id": 155,
        "number": "1085",
        "company_id": 50,
        "created_at": LONG_AGO,
        "date": DAY,
        "due_date": DAY + timedelta(days=30),
        "tax_region_name": "New Zealand",
        "total": sum((item.total_amount for item in items), Decimal(0)),
        "tax": sum((item.tax for item in items), Decimal(0)),
    }
    return Invoice(**{**defaults, **_decimals(fields)})


def make_source(*items: BillingItem, invoice: dict[str, Any] | None = None, **around: Any) -> SourceInvoice:
    """An invoice of these items (ids are given in order), for a company with one contact."""
    numbered = tuple(replace(item, id=place) for place, item in enumerate(items, start=1))
    defaults: dict[str, Any] = {
        "company": make_company(),
        "contacts": (make_contact(),),
        "currency_code": "NZD",
        "url": "https://depot.example/d/0b0a3c1e",
    }
    made = make_invoice(*numbered, **(invoice or {}))
    return SourceInvoice(invoice=made, items=numbered, **{**defaults, **around})


def _decimals(fields: dict[str, Any]) -> dict[str, Any]:
    """Amounts may be written as strings."""
    amounts = ("total", "tax", "quantity", "rate", "total_amount")
    return {
        name: Decimal(value) if name in amounts and isinstance(value, str) else value for name, value in fields.items()
    }
