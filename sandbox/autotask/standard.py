"""What a new database has from the start: currencies, countries, taxes, billing codes, templates, lines of business."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from .store import Database
from .tables import Row

LINES_OF_BUSINESS = ("Managed Services", "Projects", "Hardware")

EXCHANGE_RATES_TO_USD = {"NZD": "0.60", "AUD": "0.65", "USD": "1", "EUR": "1.10", "GBP": "1.28"}
COUNTRIES = {
    "NZ": "New Zealand", "AU": "Australia", "US": "United States", "GB": "United Kingdom", "CA": "Canada",
    "DE": "Germany",
}  # fmt: skip
HOME = {
    "NZD": ("NZ", "New Zealand"),
    "AUD": ("AU", "Australia"),
    "GBP": ("GB", "United Kingdom"),
    "USD": ("US", "Export"),
}
"""By internal currency: the country and the tax region of a company that says neither."""

TAXES = {
    "New Zealand": ("GST", Decimal(15)),
    "Australia": ("GST", Decimal(10)),
    "United Kingdom": ("VAT", Decimal(20)),
    "Export": ("Zero rated", Decimal(0)),
}  # per cent
PAYMENT_TERMS = {"Due on receipt": 0, "Net 7 days": 7, "Net 14 days": 14, "Net 20 days": 20, "Net 30 days": 30}
DEFAULT_PAYMENT_TERM = "Net 20 days"

WORK, MATERIAL, SERVICE, MILESTONE = 1, 4, 5, 6
BILLING_CODES = {
    "Managed Services": (SERVICE, "200"),
    "Cloud Licences": (SERVICE, "200"),
    "Backup & Recovery": (SERVICE, "200"),
    "Security Services": (SERVICE, "200"),
    "Remote Support": (WORK, "200"),
    "On-site Support": (WORK, "200"),
    "Project Work": (WORK, "200"),
    "Block Hours": (MATERIAL, "200"),
    "Hardware": (MATERIAL, "260"),
    "Project Milestone": (MILESTONE, "200"),
    "Travel": (MATERIAL, "260"),
}
"""Name → use type and external number (many customers keep the account code of their books there)."""


BILL_TO = {
    "billingAddress1": "address1",
    "billingAddress2": "address2",
    "billToCity": "city",
    "billToState": "state",
    "billToZipCode": "postalCode",
    "billToCountryID": "countryID",
}
"""Where invoices go → the company's own address, which it is taken from."""


def fill(database: Database, lines_of_business: Sequence[str] = LINES_OF_BUSINESS) -> None:
    """Give a new, empty database its standard data; its API user is associated with every line of business."""
    _people(database)
    _money(database)
    _taxes(database)
    _billing(database)
    _organization(database, lines_of_business)
    database.table("Companies").insert({"id": 0, **company_fields(database, {"companyName": database.name})})


def _people(database: Database) -> None:
    resources = database.table("Resources")
    person = {"isActive": True, "userType": 1, "licenseType": 1}
    database.person_id = resources.insert(
        {
            "id": 29682885,
            "firstName": "Sam",
            "lastName": "Rangi",
            "userName": "srangi",
            "email": "sam@example.com",
            **person,
        }
    )["id"]
    user = database.api_user
    user.resource_id = resources.insert(
        {"firstName": "API", "lastName": "User", "userName": user.username, "email": user.username, **person,
         "licenseType": 7}
    )["id"]  # fmt: skip


def _money(database: Database) -> None:
    home = Decimal(EXCHANGE_RATES_TO_USD.get(database.internal_currency, "1"))
    for code in dict.fromkeys([database.internal_currency, *EXCHANGE_RATES_TO_USD]):
        database.table("Currencies").insert(
            {
                "name": code,
                "description": code,
                "displaySymbol": 1,
                "currencyPositiveFormat": "$1,234.56",
                "currencyNegativeFormat": "($1,234.56)",
                "exchangeRate": round(Decimal(EXCHANGE_RATES_TO_USD.get(code, "1")) / home, 4),
                "isActive": True,
                "isInternalCurrency": code == database.internal_currency,
            }
        )
    for code, name in COUNTRIES.items():
        database.table("Countries").insert(
            {"countryCode": code, "name": name, "displayName": name, "isActive": True, "addressFormatID": 1}
        )
    for name, days in PAYMENT_TERMS.items():
        term = database.table("PaymentTerms").insert(
            {"name": name, "description": name, "isActive": True, "paymentDueInDays": days}
        )
        if name == DEFAULT_PAYMENT_TERM:
            database.default_payment_term = term["id"]
    database.picklists["Invoices", "paymentTerm"] = {
        row["id"]: row["name"] for row in database.table("PaymentTerms").rows.values()
    }


def _taxes(database: Database) -> None:
    categories = database.table("TaxCategories")
    taxable = categories.insert({"name": "Taxable", "description": "Taxed where the customer is", "isActive": True})
    categories.insert({"name": "Non-taxable", "description": "Never taxed", "isActive": True})
    for region, (name, rate) in TAXES.items():
        region_id = database.table("TaxRegions").insert({"name": region, "isActive": True})["id"]
        database.table("Taxes").insert(
            {
                "taxName": name,
                "taxRate": rate,
                "isCompounded": False,
                "taxRegionID": region_id,
                "taxCategoryID": taxable["id"],
            }
        )
    database.picklists["Invoices", "taxGroup"] = {
        row["id"]: row["name"] for row in database.table("TaxRegions").rows.values()
    }


def _billing(database: Database) -> None:
    for name, (use_type, number) in BILLING_CODES.items():
        database.table("BillingCodes").insert(
            billing_code_fields({"name": name, "useType": use_type, "externalNumber": number})
        )
    term = database.default_payment_term
    for name in ("Standard", "Itemised"):
        database.table("InvoiceTemplates").insert(
            {
                "name": name,
                "paymentTerms": term,
                "currencyPositiveFormat": "$1,234.56",
                "currencyNegativeFormat": "($1,234.56)",
                "displayZeroAmountRecurringServicesAndBundles": name == "Itemised",
            }
        )


def _organization(database: Database, lines_of_business: Sequence[str]) -> None:
    if not lines_of_business:
        return
    division = database.table("OrganizationalLevel1s").insert({"name": "Head Office", "isActive": True})
    for name in lines_of_business:
        line = database.table("OrganizationalLevel2s").insert({"name": name, "isActive": True})
        association = database.table("OrganizationalLevelAssociations").insert(
            {"organizationalLevel1ID": division["id"], "organizationalLevel2ID": line["id"], "isActive": True}
        )
        database.table("OrganizationalResources").insert(
            {"organizationalLevelAssociationID": association["id"], "resourceID": database.api_user.resource_id}
        )


def with_defaults(database: Database, entity: str, fields: Mapping[str, Any]) -> Row:
    """The fields of a new row, completed where an entity usually has more than a test wants to say."""
    if entity == "Companies":
        return company_fields(database, fields)
    if entity == "Contacts":
        return {"firstName": "Ana", "lastName": "Tamati", "isActive": 1, "primaryContact": False,
                "billingContact": False, "createDate": database.clock.now(), **fields}  # fmt: skip
    if entity == "BillingCodes":
        return billing_code_fields(fields)
    return dict(fields)


def billing_code_fields(fields: Mapping[str, Any]) -> Row:
    """A billing code with what it usually has; its tax category is *Taxable* (1) unless it says otherwise."""
    return {"isActive": True, "taxCategoryID": 1, "useType": SERVICE, "billingCodeType": 0, "generalLedgerAccount": 201,
            "unitCost": 0, "unitPrice": 0, "description": fields.get("name"), **fields}  # fmt: skip


def company_fields(database: Database, fields: Mapping[str, Any]) -> Row:
    """A company with what it usually has: home currency, country and tax region, an address that invoices go to."""
    country, region = HOME.get(database.internal_currency, ("US", "Export"))
    complete = {
        "companyType": 1,
        "isActive": True,
        "isTaxExempt": False,
        "ownerResourceID": database.person_id,
        "phone": "09 555 0100",
        "currencyID": database.id_of("Currencies", database.internal_currency),
        "countryID": database.id_of("Countries", COUNTRIES[country]),
        "taxRegionID": database.id_of("TaxRegions", region),
        "address1": "12 Queen Street",
        "city": "Auckland",
        "state": "",
        "postalCode": "1010",
        "billToAddressToUse": 1,
        "invoiceTemplateID": database.id_of("InvoiceTemplates", "Standard"),
        "createDate": database.clock.now(),
        "lastTrackedModifiedDateTime": database.clock.now(),
        **fields,
    }
    return {**{bill_to: complete.get(own) for bill_to, own in BILL_TO.items()}, **complete}
