"""What waits behind faults: how many documents, of which kinds, and their sum in each currency."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal

from django.db.models import Count, Sum

from faults.models import Fault

NAMES = {
    "invoice": ("invoice", "invoices"),
    "credit_note": ("credit note", "credit notes"),
    "purchase_order": ("purchase order", "purchase orders"),
}


@dataclass(frozen=True)
class Stuck:
    """The documents behind one fault. `amounts` are their totals by currency ("" where none is known yet)."""

    counts: Counter[str] = field(default_factory=Counter)
    amounts: dict[str, Decimal] = field(default_factory=dict)

    @property
    def count(self) -> int:
        return self.counts.total()

    @property
    def words(self) -> str:
        """As a person says it: “12 invoices and 1 credit note”; “no document”."""
        parts = [_counted(count, *NAMES[kind]) for kind, count in sorted(self.counts.items(), reverse=True)]
        return " and ".join(filter(None, [", ".join(parts[:-1]), *parts[-1:]])) or "no document"


def stuck_behind(fault_ids: Iterable[int]) -> dict[int, Stuck]:
    """By fault: what waits behind it; one query. In an account scope. A fault that nothing waits for is there too.

    It reads an index alone (`blocker_by_fault`), which has what is counted and added up.
    """
    found: dict[int, Stuck] = defaultdict(Stuck)
    ids = list(fault_ids)
    blocked = Fault.objects.filter(id__in=ids, blockers__document__isnull=False).order_by()
    groups = blocked.values_list("id", "blockers__kind", "blockers__currency")
    for fault_id, kind, currency, count, total in groups.annotate(Count("blockers__document"), Sum("blockers__total")):
        stuck = found[fault_id]
        stuck.counts[kind] += count
        if total is not None:
            stuck.amounts[currency] = stuck.amounts.get(currency, Decimal(0)) + total
    return {fault_id: found[fault_id] for fault_id in ids}


def add(stuck: Iterable[Stuck]) -> Stuck:
    """All of it together. What waits behind two of the faults counts twice."""
    whole = Stuck()
    for each in stuck:
        whole.counts.update(each.counts)
        for currency, amount in each.amounts.items():
            whole.amounts[currency] = whole.amounts.get(currency, Decimal(0)) + amount
    return whole


def _counted(count: int, one: str, many: str) -> str:
    return f"{count:,} {one if count == 1 else many}"
