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
    """By fault: what waits behind it; one query. In an account scope. A fault that nothing waits for is there too."""
    found: dict[int, Stuck] = defaultdict(Stuck)
    ids = list(fault_ids)
    kind, currency, total = (f"blockers__document__{name}" for name in ("kind", "currency", "total"))
    groups = Fault.objects.filter(id__in=ids, blockers__isnull=False).order_by()
    for row in groups.values("id", kind, currency).annotate(count=Count("blockers"), sum=Sum(total)):
        stuck = found[row["id"]]
        stuck.counts[row[kind]] += row["count"]
        if row["sum"] is not None:
            stuck.amounts[row[currency]] = stuck.amounts.get(row[currency], Decimal(0)) + row["sum"]
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
