"""Where a person opens a thing in Xero.

https://developer.xero.com/documentation/guides/how-to-guides/deep-link-xero/
"""

from __future__ import annotations

from typing import Final
from uuid import UUID

ROOT: Final = "https://go.xero.com"


def invoice_url(invoice_id: UUID | str, short_code: str) -> str:
    return _url(f"/AccountsReceivable/View.aspx?InvoiceID={invoice_id}", short_code)


def credit_note_url(credit_note_id: UUID | str, short_code: str) -> str:
    return _url(f"/AccountsReceivable/ViewCreditNote.aspx?creditNoteID={credit_note_id}", short_code)


def _url(page: str, short_code: str) -> str:
    """A page of the organisation with this short code; of the one that the person last used, where it is empty."""
    return (
        f"{ROOT}/organisationlogin/default.aspx?shortcode={short_code}&redirecturl={page}"
        if short_code
        else ROOT + page
    )
