"""Where a person opens a thing in Xero.

https://developer.xero.com/documentation/guides/how-to-guides/deep-link-xero/
"""

from __future__ import annotations

from typing import Final, Literal
from uuid import UUID

ROOT: Final = "https://go.xero.com"

SettingsPage = Literal["accounts", "contacts", "currencies", "financial", "items", "tax_rates", "users"]
SETTINGS_PAGES: Final[dict[SettingsPage, str]] = {
    "accounts": "/GeneralLedger/ChartOfAccounts.aspx",
    "contacts": "/Contacts/",
    "currencies": "/Setup/CurrencyRates.aspx",
    "financial": "/Setup/FinancialSettings.aspx",
    "items": "/Accounts/Inventory/",
    "tax_rates": "/Setup/TaxRates.aspx",
    "users": "/Setup/Users.aspx",
}


def invoice_url(invoice_id: UUID | str, short_code: str) -> str:
    return _url(f"/AccountsReceivable/View.aspx?InvoiceID={invoice_id}", short_code)


def credit_note_url(credit_note_id: UUID | str, short_code: str) -> str:
    return _url(f"/AccountsReceivable/ViewCreditNote.aspx?creditNoteID={credit_note_id}", short_code)


def contact_url(contact_id: UUID | str, short_code: str) -> str:
    return _url(f"/Contacts/View/{contact_id}", short_code)


def settings_url(page: SettingsPage, short_code: str) -> str:
    return _url(SETTINGS_PAGES[page], short_code)


def _url(page: str, short_code: str) -> str:
    """A page of the organisation with this short code; of the one that the person last used, where it is empty."""
    return (
        f"{ROOT}/organisationlogin/default.aspx?shortcode={short_code}&redirecturl={page}"
        if short_code
        else ROOT + page
    )
