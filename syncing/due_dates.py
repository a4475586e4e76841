"""When an invoice falls due."""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Literal, cast, get_args

PaymentTermType = Literal["DAYSAFTERBILLDATE", "DAYSAFTERBILLMONTH", "OFCURRENTMONTH", "OFFOLLOWINGMONTH"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentTerms:
    """The sales terms of a Xero contact. https://developer.xero.com/documentation/api/accounting/types#payment-terms"""

    day: int
    type: PaymentTermType

    @classmethod
    def of_sales(cls, row: dict[str, Any]) -> PaymentTerms | None:
        """The sales terms in the JSON of a contact or an organisation; None where it has none."""
        sales = (row.get("PaymentTerms") or {}).get("Sales") or {}
        kind, day = sales.get("Type"), sales.get("Day")
        if kind not in get_args(PaymentTermType) or not isinstance(day, int) or isinstance(day, bool):
            return None
        return cls(day=day, type=cast(PaymentTermType, kind))

    def due_date(self, billed: date) -> date:
        """When an invoice of the day `billed` falls due."""
        days = timedelta(days=min(max(self.day, 0), 366))
        if self.type == "DAYSAFTERBILLDATE":
            return billed + days
        if self.type == "DAYSAFTERBILLMONTH":
            return _day_of_month(billed, 31) + days
        if self.type == "OFCURRENTMONTH":
            return _day_of_month(billed, self.day)
        return _day_of_month(_day_of_month(billed, 31) + timedelta(days=1), self.day)


def _day_of_month(within: date, day: int) -> date:
    """That day of the month, or its last where it is shorter."""
    last = monthrange(within.year, within.month)[1]
    return within.replace(day=min(max(day, 1), last))
