"""What a fresh organisation has: a chart of accounts, tax rates and currencies, by country.

Only what a sales invoice may meet; the codes are those of Xero's demo companies.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from .wire import Row, new_id


@dataclass(frozen=True)
class Country:
    """``tax_types``: (code, name, per cent, for sales, for purchases); the first is the default of sales accounts."""

    currency: str
    version: str
    timezone: str
    zone: str
    tax_types: tuple[tuple[str, str, str, bool, bool], ...]
    expense_tax: str


COUNTRIES = {
    "NZ": Country(
        "NZD",
        "NZ",
        "NEWZEALANDSTANDARDTIME",
        "Pacific/Auckland",
        (
            ("OUTPUT2", "15% GST on Income", "15", True, False),
            ("INPUT2", "15% GST on Expenses", "15", False, True),
            ("ZERORATED", "Zero Rated", "0", True, True),
            ("NONE", "No GST", "0", True, True),
        ),
        "INPUT2",
    ),
    "AU": Country(
        "AUD",
        "AU",
        "AUSEASTERNSTANDARDTIME",
        "Australia/Sydney",
        (
            ("OUTPUT", "GST on Income", "10", True, False),
            ("INPUT", "GST on Expenses", "10", False, True),
            ("EXEMPTOUTPUT", "GST Free Income", "0", True, False),
            ("EXEMPTEXPENSES", "GST Free Expenses", "0", False, True),
            ("BASEXCLUDED", "BAS Excluded", "0", True, True),
        ),
        "INPUT",
    ),
    "GB": Country(
        "GBP",
        "UK",
        "GMTSTANDARDTIME",
        "Europe/London",
        (
            ("OUTPUT2", "20% (VAT on Income)", "20", True, False),
            ("INPUT2", "20% (VAT on Expenses)", "20", False, True),
            ("RROUTPUT", "5% (VAT on Income)", "5", True, False),
            ("ZERORATEDOUTPUT", "Zero Rated Income", "0", True, False),
            ("EXEMPTOUTPUT", "Exempt Income", "0", True, False),
            ("NONE", "No VAT", "0", True, True),
        ),
        "INPUT2",
    ),
    "US": Country(
        "USD",
        "US",
        "EASTERNSTANDARDTIME",
        "America/New_York",
        (
            ("OUTPUT", "Tax on Sales", "8.25", True, False),
            ("INPUT", "Tax on Purchases", "8.25", False, True),
            ("NONE", "Tax Exempt", "0", True, True),
        ),
        "INPUT",
    ),
}

# code, name, type, class, system account, may take payments
_ACCOUNTS = (
    ("090", "Business Bank Account", "BANK", "ASSET", "", False),
    ("200", "Sales", "REVENUE", "REVENUE", "", False),
    ("210", "Hardware Sales", "SALES", "REVENUE", "", False),
    ("220", "Recurring Services", "SALES", "REVENUE", "", False),
    ("230", "Project Services", "SALES", "REVENUE", "", False),
    ("260", "Other Revenue", "OTHERINCOME", "REVENUE", "", False),
    ("310", "Cost of Goods Sold", "DIRECTCOSTS", "EXPENSE", "", False),
    ("400", "Advertising", "EXPENSE", "EXPENSE", "", False),
    ("610", "Accounts Receivable", "CURRENT", "ASSET", "DEBTORS", False),
    ("800", "Accounts Payable", "CURRLIAB", "LIABILITY", "CREDITORS", False),
    ("820", "GST", "CURRLIAB", "LIABILITY", "GST", False),
    ("860", "Rounding", "CURRLIAB", "LIABILITY", "ROUNDING", False),
    ("880", "Owner Drawings", "CURRLIAB", "LIABILITY", "", True),
    ("970", "Owner Funds Introduced", "EQUITY", "EQUITY", "", True),
)

CURRENCY_NAMES = {
    "AUD": "Australian Dollar",
    "CAD": "Canadian Dollar",
    "EUR": "Euro",
    "FJD": "Fijian Dollar",
    "GBP": "British Pound",
    "JPY": "Japanese Yen",
    "NZD": "New Zealand Dollar",
    "SGD": "Singapore Dollar",
    "USD": "United States Dollar",
    "ZAR": "South African Rand",
}


# How many of a currency a US dollar buys, for the rate of a document that gives none.
PER_DOLLAR = {"USD": "1", "AUD": "1.52", "CAD": "1.39", "EUR": "0.91", "GBP": "0.78", "JPY": "149", "NZD": "1.68"}

CURRENCIES = frozenset(
    """
    AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CLP
    CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HTG HUF IDR
    ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT
    MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD
    SCR SDG SEK SGD SHP SLE SOS SRD STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD UYU UZS VES VND VUV
    WST XAF XCD XOF XPF YER ZAR ZMW ZWD
    """.split()  # noqa: SIM905 - a list of them would be pages long
)


def accounts(country: Country) -> list[Row]:
    """The standard chart; sales accounts carry the country's sales tax as their default."""
    sales_tax, no_tax = country.tax_types[0][0], country.tax_types[-1][0]
    default_tax = {"REVENUE": sales_tax, "EXPENSE": country.expense_tax}
    return [
        account(
            code,
            name,
            kind=kind,
            class_=class_,
            tax_type=default_tax.get(class_, no_tax),
            system=system,
            payments=payments,
        )
        for code, name, kind, class_, system, payments in _ACCOUNTS
    ]


def account(
    code: str, name: str, *, kind: str, class_: str, tax_type: str, system: str = "", payments: bool = False
) -> Row:
    """One ledger account, in Xero's field names."""
    row: Row = {
        "AccountID": new_id(),
        "Code": code,
        "Name": name,
        "Status": "ACTIVE",
        "Type": kind,
        "TaxType": tax_type,
        "Class": class_,
        "EnablePaymentsToAccount": payments,
        "ShowInExpenseClaims": False,
        "BankAccountNumber": "",
        "BankAccountType": "BANK" if kind == "BANK" else "",
        "ReportingCode": "",
        "HasAttachments": False,
        "AddToWatchlist": False,
    }
    return row | {"SystemAccount": system} if system else row


def tax_rates(country: Country) -> list[Row]:
    """The standard tax rates."""
    return [tax_rate(*values) for values in country.tax_types]


def tax_rate(code: str, name: str, percent: str, sales: bool = True, purchases: bool = True) -> Row:
    """One tax rate, in Xero's field names; ``percent`` is e.g. ``"15"``."""
    rate = Decimal(percent)
    components = [{"Name": "Tax", "Rate": rate, "IsCompound": False, "IsNonRecoverable": False}]
    return {
        "Name": name,
        "TaxType": code,
        "ReportTaxType": "OUTPUT" if sales else "INPUT",
        "CanApplyToAssets": purchases,
        "CanApplyToEquity": purchases,
        "CanApplyToExpenses": purchases,
        "CanApplyToLiabilities": True,
        "CanApplyToRevenue": sales,
        "DisplayTaxRate": rate,
        "EffectiveRate": rate,
        "Status": "ACTIVE",
        "TaxComponents": components,
    }
