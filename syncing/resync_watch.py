"""Watching what becomes of documents that a person asked for again: kept in the cache, for the page that asked."""

from __future__ import annotations

import secrets
import time
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from django.core.cache import cache
from django.db.models import Case, Count, IntegerField, QuerySet, Value, When

from syncing.models import Document
from syncing.progress import live_run
from syncing.states import DocumentState

KEPT_SECONDS = 3600
MOST_WATCHED = 10_000
MOST_SHOWN = 20
# Before a run that was just asked for can be seen.
RUN_APPEARS_WITHIN = 5

ON_THE_WAY = (DocumentState.WAITING, DocumentState.IN_FLIGHT, DocumentState.UNCERTAIN)


@dataclass(frozen=True)
class Watched:
    """What the documents are doing. It `is_live` while a run is there that may still move them."""

    token: str
    counts: Counter[str]
    documents: Sequence[Document]
    is_live: bool

    @property
    def total(self) -> int:
        return self.counts.total()

    @property
    def on_the_way(self) -> int:
        return sum(self.counts[state] for state in ON_THE_WAY)

    @property
    def arrived(self) -> int:
        return self.counts[DocumentState.SYNCED]

    @property
    def settled(self) -> int:
        return self.total - self.on_the_way

    @property
    def stuck(self) -> int:
        return self.counts[DocumentState.FAULTED]

    @property
    def later(self) -> int:
        """Those that are tried again by themselves."""
        return self.counts[DocumentState.RETRYING]

    @property
    def more(self) -> int:
        return self.total - len(self.documents)


def watch(account_id: int, document_ids: Collection[int]) -> str:
    """Remember them, under the token that is the answer."""
    token = secrets.token_urlsafe(12)
    cache.set(_key(account_id, token), (time.time(), list(document_ids)[:MOST_WATCHED]), KEPT_SECONDS)
    return token


def watched(account_id: int, token: str) -> Watched | None:
    """What became of them by now; None once that is forgotten. In the account's scope; three queries."""
    kept = cache.get(_key(account_id, token)) if token else None
    if kept is None:
        return None
    asked_at, ids = kept
    documents = Document.objects.filter(id__in=ids)
    counts = Counter(dict(documents.order_by().values_list("state").annotate(Count("id"))))
    runs = time.time() - asked_at < RUN_APPEARS_WITHIN or live_run() is not None
    return Watched(
        token=token,
        counts=counts,
        documents=_telling(documents),
        is_live=runs and any(counts[state] for state in ON_THE_WAY),
    )


def _telling(documents: QuerySet[Document]) -> list[Document]:
    """The ones worth showing: what is stuck first, then what is on its way."""
    ranks = [When(state=state, then=Value(rank)) for rank, state in enumerate((DocumentState.FAULTED, *ON_THE_WAY))]
    order = Case(*ranks, default=Value(len(ranks)), output_field=IntegerField())
    return list(documents.annotate(rank=order).order_by("rank", "-autotask_id")[:MOST_SHOWN])


def _key(account_id: int, token: str) -> str:
    return f"resync:{account_id}:{token[:40]}"
