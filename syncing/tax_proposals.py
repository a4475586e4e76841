"""Which Xero tax rate stands for each Autotask tax, as far as their rates tell. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from decimal import Decimal

from syncing.autotask.records import Tax
from syncing.xero.records import TaxRate

Cell = tuple[int, int | None]  # tax region id, tax category id


def propose_tax_types(taxes: Iterable[Tax], rates: Iterable[TaxRate]) -> dict[Cell, str]:
    """The TaxType for each region × category whose rate Xero has for sales. Where several have it, the one of the same
    name is taken, else Xero's own before those that people made."""
    by_rate: dict[Decimal, list[TaxRate]] = defaultdict(list)
    for rate in rates:
        if rate.status == "ACTIVE" and rate.can_apply_to_revenue:
            by_rate[rate.effective_rate.normalize()].append(rate)
    return {
        cell: _best(by_rate[rate.normalize()], names)
        for cell, (rate, names) in _cells(taxes).items()
        if by_rate[rate.normalize()]
    }


def _cells(taxes: Iterable[Tax]) -> dict[Cell, tuple[Decimal, set[str]]]:
    """The rates of one cell add up; a compounded one is charged on top of those before it."""
    cells: dict[Cell, tuple[Decimal, set[str]]] = {}
    for tax in sorted(taxes, key=lambda tax: (tax.is_compounded, tax.id)):
        if tax.region_id is None:
            continue
        rate, names = cells.get((tax.region_id, tax.category_id), (Decimal(0), set()))
        added = tax.rate * (1 + rate) if tax.is_compounded else tax.rate
        cells[tax.region_id, tax.category_id] = (rate + added, names | {tax.name.casefold()})
    return cells


def _best(rates: list[TaxRate], names: set[str]) -> str:
    def preference(rate: TaxRate) -> tuple[bool, bool, str]:
        return rate.name.casefold() not in names, rate.tax_type.startswith("TAX"), rate.tax_type

    return min(rates, key=preference).tax_type
