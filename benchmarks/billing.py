"""A month of billing in the sandbox's Autotask: invoices of ten lines, as a managed service provider's look."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from tests.control import Row
from tests.world import item

if TYPE_CHECKING:
    from tests.connected import ConnectedAccount

LINES = 10
# The sandbox is sent so many invoices at a time.
AT_ONCE = 500
DESCRIPTION = "Monitoring, patching and help desk for the workstations and servers listed in schedule A, one month."


def add_companies(account: ConnectedAccount, count: int) -> list[int]:
    """New companies with a billing contact each; their ids."""
    return [account.autotask.add_company(f"Company {number}") for number in range(count)]


def bill(account: ConnectedAccount, companies: Sequence[int], invoices: int, *, first: int = 0) -> None:
    """Bill the companies in turn; no two invoices are alike, `first` being the number of the first one."""
    for start in range(first, first + invoices, AT_ONCE):
        numbers = range(start, min(start + AT_ONCE, first + invoices))
        bills = [{"companyID": companies[number % len(companies)], "items": _lines(number)} for number in numbers]
        account.autotask.bill_many(bills)


def _lines(number: int) -> list[Row]:
    return [
        item(
            f"{50 + (number * 7 + line) % 200}.{(number + line * 9) % 100:02}",
            1 + (number + line) % 5,
            name=f"Managed service {line + 1}",
            description=f"{DESCRIPTION} {number}",
        )
        for line in range(LINES)
    ]
