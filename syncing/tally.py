"""Documents of an account by state, counted as they move (DocumentTally): it takes the same for ten and for a million.

In an account scope.
"""

from __future__ import annotations

from collections import Counter

from django.db import transaction
from django.db.models import Sum

from syncing.models import DocumentTally


def documents_by_state() -> Counter[str]:
    """How many there are now, by state; one query."""
    sums = DocumentTally.objects.values_list("state").annotate(count=Sum("documents")).order_by()
    return Counter(dict(sums))


def fold() -> None:
    """Make of all rows one for each state. Each row is taken by one transaction alone, so that the sums stay."""
    with transaction.atomic():
        rows = list(DocumentTally.objects.select_for_update(skip_locked=True).values_list("id", "state", "documents"))
        sums: Counter[str] = Counter()
        for _, state, documents in rows:
            sums[state] += documents
        folded = [DocumentTally(state=state, documents=documents) for state, documents in sums.items() if documents]
        if len(folded) == len(rows):
            return
        DocumentTally.objects.filter(id__in=[row_id for row_id, _, _ in rows]).delete()
        DocumentTally.objects.bulk_create(folded)
