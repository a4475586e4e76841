"""What of the partners' values a document's row holds. Odd ones are no reason to lose the document, nor the run."""

from __future__ import annotations

from decimal import Decimal

from syncing.xero.documents import is_measurable

LONGEST_KEPT_NUMBER = 100


def kept_number(number: str) -> str:
    """As much of an invoice's number as the row holds."""
    return number[:LONGEST_KEPT_NUMBER]


def kept_amount(amount: Decimal) -> Decimal | None:
    """An amount as the row holds it; None where it is beyond all that is meant, which translation then says."""
    return amount if is_measurable(amount) else None
