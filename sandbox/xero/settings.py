"""What an organisation is set up with: itself, accounts, tax rates, currencies, items, tracking, branding themes.

https://developer.xero.com/documentation/api/accounting/organisation
"""

from __future__ import annotations

from collections.abc import Iterable

from aiohttp import web

from . import query, refusals
from .answers import answer
from .chart import CURRENCIES, CURRENCY_NAMES
from .guard import Call
from .state import Organisation
from .wire import Row, Unreadable, as_text, new_id
from .writing import Invalid, elements, write_each

_SALES_TAX = "Tax Exclusive"


def describe(organisation: Organisation) -> Row:
    """The organisation as ``/Organisation`` answers it."""
    row: Row = {
        "Name": organisation.name,
        "LegalName": organisation.name,
        "PaysTax": True,
        "Version": organisation.country.version,
        "OrganisationType": "COMPANY",
        "BaseCurrency": organisation.base_currency,
        "CountryCode": organisation.country_code,
        "IsDemoCompany": organisation.is_demo,
        "OrganisationStatus": "ACTIVE",
        "FinancialYearEndDay": 31,
        "FinancialYearEndMonth": 3,
        "SalesTaxBasis": "ACCRUALS",
        "SalesTaxPeriod": "TWOMONTHS",
        "DefaultSalesTax": _SALES_TAX,
        "DefaultPurchasesTax": _SALES_TAX,
        "CreatedDateUTC": organisation.created_at,
        "OrganisationEntityType": "COMPANY",
        "Timezone": organisation.country.timezone,
        "ShortCode": organisation.short_code,
        "OrganisationID": organisation.id,
        "Edition": "BUSINESS",
        "Class": organisation.plan,
        "Addresses": [],
        "Phones": [],
        "ExternalLinks": [],
        "PaymentTerms": {},
    }
    if organisation.period_lock_date:
        row["PeriodLockDate"] = organisation.period_lock_date
    if organisation.end_of_year_lock_date:
        row["EndOfYearLockDate"] = organisation.end_of_year_lock_date
    return row


def get_organisation(call: Call) -> web.Response:
    """``GET /Organisation``."""
    return answer(call, "Organisations", [describe(call.organisation)])


def get_actions(call: Call) -> web.Response:
    """``GET /Organisation/Actions``: what the plan and the user's role allow."""
    organisation = call.organisation
    allowed = {
        "CreateDraftInvoice": True,
        "CreateApprovedInvoice": organisation.approvals_left != 0,
        "CreateInvoicePayment": True,
        "AttachFilesIntoInvoice": True,
        "UseMulticurrency": organisation.multicurrency,
        "ApproveTransactionsBeforePeriodLockDate": False,
    }
    rows = [{"Name": name, "Status": "ALLOWED" if yes else "NOT-ALLOWED"} for name, yes in allowed.items()]
    return answer(call, "Actions", rows)


def _filtered(call: Call, rows: Iterable[Row]) -> list[Row]:
    """By ``where`` and ``order`` over the fields that these rows have."""
    found = list(rows)
    names = dict.fromkeys(name for row in found for name in row)
    fields: dict[str, query.Get[Row]] = {name: _getter(name) for name in names}
    if found and (text := call.query.get("where")):
        test = query.where(text, fields)
        found = [row for row in found if test(row)]
    if found and (text := call.query.get("order")):
        found = query.ordered(found, text, fields)
    return found


def _getter(name: str) -> query.Get[Row]:
    return lambda row: row.get(name)


def _one(rows: Iterable[Row], key: str, *names: str) -> Row:
    """The row of an address. Raises the 404."""
    for row in rows:
        if any(str(row.get(name, "")).lower() == key.lower() for name in names):
            return row
    raise refusals.not_found()


def get_accounts(call: Call) -> web.Response:
    """``GET /Accounts``."""
    return answer(call, "Accounts", _filtered(call, call.organisation.accounts.values()))


def get_account(call: Call) -> web.Response:
    """``GET /Accounts/{AccountID}``."""
    return answer(call, "Accounts", [_one(call.organisation.accounts.values(), call.path("id"), "AccountID")])


def get_tax_rates(call: Call) -> web.Response:
    """``GET /TaxRates``."""
    return answer(call, "TaxRates", _filtered(call, call.organisation.tax_rates.values()))


def get_currencies(call: Call) -> web.Response:
    """``GET /Currencies``."""
    rows = [{"Code": code, "Description": name} for code, name in call.organisation.currencies.items()]
    return answer(call, "Currencies", _filtered(call, rows))


def put_currency(call: Call) -> web.Response:
    """``PUT /Currencies``: one object, no list."""
    body, organisation = call.json(), call.organisation
    if not isinstance(body, dict) or "Code" not in body:
        raise Unreadable("A currency was expected.")
    code = as_text(body["Code"]).upper()
    if code not in CURRENCIES:
        raise Unreadable(f"Could not convert string to CurrencyCode: {code}.")
    if not organisation.multicurrency and code != organisation.base_currency:
        raise refusals.invalid_request("The organisation's plan does not include multiple currencies.")
    organisation.currencies.setdefault(code, CURRENCY_NAMES.get(code, code))
    call.wrote("Currencies", code, code, "created", body)
    return answer(call, "Currencies", [{"Code": code, "Description": organisation.currencies[code]}])


def get_items(call: Call) -> web.Response:
    """``GET /Items``."""
    return answer(call, "Items", _filtered(call, call.organisation.items.values()))


def get_item(call: Call) -> web.Response:
    """``GET /Items/{ItemID or Code}``."""
    return answer(call, "Items", [_one(call.organisation.items.values(), call.path("id"), "ItemID", "Code")])


def put_items(call: Call) -> web.Response:
    """``PUT /Items``: create only."""

    def write(row: Row) -> Row:
        code = as_text(row.get("Code") or "")
        if code in call.organisation.items:
            raise Invalid([f"Price List Item with Code '{code}' already exists"], row)
        if not code or len(code) > 30:
            raise Invalid(["The item code must be between 1 and 30 characters."], row)
        item = add_item(call.organisation, row)
        call.wrote("Items", item["ItemID"], code, "created", row)
        return dict(item)

    return write_each(call, "Items", elements(call, "Items"), write, "HasErrors")


def post_items(call: Call) -> web.Response:
    """``POST /Items``: those of a code that is there are changed, the others created."""

    def write(row: Row) -> Row:
        code = as_text(row.get("Code") or "")
        if not code or len(code) > 30:
            raise Invalid(["The item code must be between 1 and 30 characters."], row)
        item = call.organisation.items.get(code)
        action = "created" if item is None else "updated"
        if item is None:
            item = add_item(call.organisation, row)
        else:
            item.update(row)
        call.wrote("Items", item["ItemID"], code, action, row)
        return dict(item)

    return write_each(call, "Items", elements(call, "Items"), write, "HasErrors")


def add_item(organisation: Organisation, row: Row) -> Row:
    """Put an item on the price list."""
    about = {"Name": row["Code"], "IsSold": True, "IsPurchased": False, "IsTrackedAsInventory": False}
    item = {"ItemID": new_id(), **about, "PurchaseDetails": {}, "SalesDetails": {}, **row}
    organisation.items[item["Code"]] = item
    return item


def get_tracking_categories(call: Call) -> web.Response:
    """``GET /TrackingCategories``."""
    rows = call.organisation.tracking_categories
    if not query.flag(call.query, "includeArchived"):
        rows = [row for row in rows if row["Status"] == "ACTIVE"]
    return answer(call, "TrackingCategories", _filtered(call, rows))


def get_tracking_category(call: Call) -> web.Response:
    """``GET /TrackingCategories/{TrackingCategoryID}``."""
    rows = call.organisation.tracking_categories
    return answer(call, "TrackingCategories", [_one(rows, call.path("id"), "TrackingCategoryID")])


def get_branding_themes(call: Call) -> web.Response:
    """``GET /BrandingThemes``."""
    return answer(call, "BrandingThemes", call.organisation.branding_themes)
