"""What Autotask does when somebody bills: items are posted, taxed, rounded and put on an invoice; and voided again.

Rounding: https://ww1.autotask.net/help/content/4_Admin/2FeaturesSettings/ApplicationWide/SystemSettings/SystemSettingsContracts.htm
Tax: https://ww4.autotask.net/help/content/3_Features/10_Billing/Tax_Calculation.htm
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from .picklists import RECURRING_SERVICE
from .store import Database
from .tables import Row, decimal, moment_text

SANDBOX_FIELDS = {"items", "number_after", "organizationalLevelAssociationID"}
LINE_OF_BUSINESS = "_organizationalLevelAssociationID"
"""An invoice's line of business: there is one, but no field for it in the API."""


def bill(database: Database, company_id: int, items: Sequence[Mapping[str, Any]], **fields: Any) -> Row:
    """Post these items and invoice them; the invoice's row.

    Items are by REST names; ``totalAmount`` is quantity × rate, and ``taxDollars`` what the company's region asks for,
    unless they are given. An item with ``appears_after`` (seconds) is in the totals at once but can be read only later,
    as in a billing run that is not finished; ``number_after`` does the same to the number. Other fields are the
    invoice's, by REST names. ``organizationalLevelAssociationID`` hides the whole invoice from an API user outside that
    line of business. Raises ``ValueError`` or ``LookupError`` for what does not exist.
    """
    company = database.table("Companies").rows[company_id]
    now = database.clock.now()
    created = str(moment_text(fields.get("createDateTime")) or moment_text(now))
    invoices = database.table("Invoices")
    invoice_id = int(fields.get("id") or invoices.new_id())
    posted = [
        _posted_item(database, company, item, invoiceID=invoice_id, sortOrderID=order, postedOnTime=created)
        for order, item in enumerate(items, 1)
    ]
    row = invoices.insert(
        {
            **_invoice_fields(database, company, posted, created),
            **({} if "invoiceNumber" in fields else {"invoiceNumber": database.new_invoice_number()}),
            **{name: value for name, value in fields.items() if name not in SANDBOX_FIELDS},
            "id": invoice_id,
            LINE_OF_BUSINESS: line_of_business(database, fields.get("organizationalLevelAssociationID")),
        }
    )
    if "dueDate" not in fields:
        invoices.change(invoice_id, {"dueDate": _due_date(database, row)})
    if fields.get("number_after") is not None:
        number = row["invoiceNumber"]
        invoices.change(invoice_id, {"invoiceNumber": None})
        later = now + timedelta(seconds=float(fields["number_after"]))
        database.later(later, lambda: invoices.change(invoice_id, {"invoiceNumber": number}))
    for posted_row, item in zip(posted, items, strict=True):
        _put(database, posted_row, item.get("appears_after"), now)
    return row


def _invoice_fields(database: Database, company: Row, items: Sequence[Row], created: str) -> Row:
    net = sum((Decimal(row["totalAmount"]) for row in items), Decimal(0))
    tax = sum((Decimal(row["taxDollars"]) for row in items), Decimal(0))
    return {
        "batchID": next(database.batches),
        "companyID": company["id"],
        "createDateTime": created,
        "creatorResourceID": database.person_id,
        "invoiceDateTime": created[:10],
        "fromDate": created[:8] + "01",
        "toDate": created[:10],
        "invoiceEditorTemplateID": company["invoiceTemplateID"],
        "isVoided": False,
        "orderNumber": "",
        "invoiceStatus": 1,
        "taxRegionName": _region_name(database, company),
        "totalTaxValue": tax,
        "invoiceTotal": net if database.total_is == "net" else net + tax,
        "paymentTerm": database.default_payment_term,
    }


def void(database: Database, invoice_id: int) -> Row:
    """Void an invoice: its items go back to *Items to Invoice*. Raises ``LookupError`` for an unknown one."""
    for item in database.table("BillingItems").where(invoiceID=invoice_id):
        database.table("BillingItems").change(item["id"], {"invoiceID": 0})
    return database.table("Invoices").change(
        invoice_id,
        {"isVoided": True, "voidedDate": database.clock.now(), "voidedByResourceID": database.person_id},
    )


def rounded(amount: Decimal, decimals: int) -> Decimal:
    """An amount rounded half up."""
    return amount.quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP)


def _put(database: Database, row: Row, appears_after: Any, now: datetime) -> None:
    items = database.table("BillingItems")
    if appears_after is None:
        items.insert(row)
    else:
        database.later(now + timedelta(seconds=float(appears_after)), lambda: items.insert(row))


def _posted_item(database: Database, company: Row, item: Mapping[str, Any], **placed: Any) -> Row:
    quantity, rate = decimal(item.get("quantity", 1)), decimal(item.get("rate", 0))
    if quantity is None or rate is None:
        raise ValueError("quantity and rate are numbers")
    total = decimal(item.get("totalAmount"))
    if total is None:
        total = rounded(quantity * rate, database.decimals)
    code_id = _billing_code(database, item.get("billingCodeID"))
    code = database.table("BillingCodes").rows.get(code_id or 0)
    category = item.get("taxCategoryID", code and code["taxCategoryID"])
    tax = decimal(item.get("taxDollars"))
    if tax is None:
        tax = tax_of(database, company, category, total)
    exchange = _exchange_rate(database, company)
    return {
        "id": int(item.get("id") or database.table("BillingItems").new_id()),
        "accountManagerWhenApprovedID": database.person_id,
        "billingItemType": RECURRING_SERVICE,
        "subType": RECURRING_SERVICE,
        "companyID": company["id"],
        "description": item.get("itemName"),
        "extendedPrice": total,
        "internalCurrencyExtendedPrice": rounded(total * exchange, 4),
        "internalCurrencyRate": rounded(rate * exchange, 4),
        "internalCurrencyTaxDollars": rounded(tax * exchange, 4),
        "internalCurrencyTotalAmount": rounded(total * exchange, 4),
        "itemApproverID": database.person_id,
        "itemDate": placed["postedOnTime"][:10],
        "itemName": "Managed services",
        "lineItemFullDescription": item.get("description", item.get("itemName")),
        "nonBillable": 0,
        "ourCost": rounded(total * Decimal("0.6"), 4),
        "postedDate": placed["postedOnTime"][:10],
        "purchaseOrderNumber": "",
        **placed,
        **{name: value for name, value in item.items() if name != "appears_after"},
        "quantity": quantity,
        "rate": rate,
        "totalAmount": total,
        "taxDollars": tax,
        "taxCategoryID": category,
        "billingCodeID": code_id,
        "organizationalLevelAssociationID": line_of_business(database, item.get("organizationalLevelAssociationID")),
    }


def tax_of(database: Database, company: Row, category_id: int | None, amount: Decimal) -> Decimal:
    """The tax on an amount: the cell of the company's region and the category, several taxes added or compounded."""
    if company["isTaxExempt"] or not company["taxRegionID"] or not category_id:
        return Decimal(0)
    tax = Decimal(0)
    for row in database.table("Taxes").rows.values():
        if (row["taxRegionID"], row["taxCategoryID"]) != (company["taxRegionID"], category_id):
            continue
        base = amount + tax if row["isCompounded"] else amount
        tax += rounded(base * row["taxRate"] / 100, database.decimals)
    return tax


def _region_name(database: Database, company: Row) -> str | None:
    region = database.table("TaxRegions").rows.get(company["taxRegionID"] or 0)
    return region["name"] if region else None


def _exchange_rate(database: Database, company: Row) -> Decimal:
    currency = database.table("Currencies").rows.get(company["currencyID"] or 0)
    return Decimal(currency["exchangeRate"]) if currency else Decimal(1)


def _due_date(database: Database, invoice: Row) -> datetime:
    term = database.table("PaymentTerms").rows.get(invoice["paymentTerm"] or 0)
    return datetime.fromisoformat(invoice["invoiceDateTime"]) + timedelta(days=term["paymentDueInDays"] if term else 0)


def _billing_code(database: Database, wanted: Any) -> int | None:
    """A billing code by id or by name."""
    if not isinstance(wanted, str):
        return None if wanted is None else int(wanted)
    for row in database.table("BillingCodes").rows.values():
        if row["name"] == wanted:
            return int(row["id"])
    raise LookupError(f"no billing code {wanted!r}")


def line_of_business(database: Database, wanted: Any) -> int | None:
    """The association (division × line of business) by its id or by the line of business's name."""
    if not isinstance(wanted, str):
        return None if wanted is None else int(wanted)
    return database.line_of_business_id(wanted)
