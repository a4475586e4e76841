"""What of the partners' values a document's row holds. Odd ones are no reason to lose the document, nor the run."""

from __future__ import annotations

from decimal import Decimal

from syncing.xero.documents import is_measurable

LONGEST_KEPT_NUMBER = 100
CURRENCY_CODE = 3


def kept_number(number: str) -> str:
    """As much of an invoice's number as the row holds."""
    return number[:LONGEST_KEPT_NUMBER]


def kept_currency(code: str) -> str:
    """A currency's code as the row holds it; "" for what is none, whatever Autotask calls it."""
    return code if len(code) == CURRENCY_CODE else ""


def kept_amount(amount: Decimal) -> Decimal | None:
    """An amount as the row holds it; None where it is beyond all that is meant, which translation then says."""
    return amount if is_measurable(amount) else None
