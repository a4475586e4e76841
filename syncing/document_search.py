"""Finding documents as people ask for them: by state, kind, fault and text. For lists, pages and bulk work alike."""

from __future__ import annotations

import datetime
from dataclasses import dataclass

from django.db.models import Exists, OuterRef, Q, QuerySet, Value

from syncing.models import Blocker, Document
from syncing.models.search import Searchable
from tenants.search import StartsWith

LARGEST_ID = 2**63 - 1


@dataclass(frozen=True, kw_only=True)
class DocumentFilter:
    """What is asked for; what is left empty does not matter. `fault` is a fault's id, or a code of the catalogue.

    `since` and `until` are days, both included, of the document's own date.
    """

    states: frozenset[str] = frozenset()
    kind: str = ""
    fault: int | str | None = None
    text: str = ""
    since: datetime.date | None = None
    until: datetime.date | None = None

    @property
    def order(self) -> str:
        """What the newest comes first by: such that what is not asked for need not be read.

        Autotask gives ids as time goes, and documents are discovered in the order of these.
        """
        if isinstance(self.fault, int):
            return "id"
        return "autotask_id" if self.since is None and self.until is None else "date"

    def apply(self, documents: QuerySet[Document]) -> QuerySet[Document]:
        """Those of `documents` that are asked for. In an account scope."""
        if self.states:
            documents = documents.filter(state__in=self.states)
        if self.kind:
            documents = documents.filter(kind=self.kind)
        if isinstance(self.fault, int):
            documents = documents.filter(blockers__fault=self.fault)
        elif self.fault is not None:
            documents = documents.filter(_stuck_behind(self.fault))
        if self.since is not None:
            documents = documents.filter(date__gte=self.since)
        if self.until is not None:
            documents = documents.filter(date__lte=self.until)
        return documents.filter(_matching(self.text)) if self.text.strip() else documents


def _stuck_behind(code: str) -> Exists:
    return Exists(Blocker.objects.filter(document=OuterRef("pk"), fault__code=code))


def _matching(text: str) -> Q:
    """Begins like this: the Autotask or Xero number, or the company; or it is the Autotask id."""
    text = text.strip()
    prefix = Searchable(Value(text))
    found = (
        Q(StartsWith("number_searched", prefix))
        | Q(StartsWith("company_searched", prefix))
        | Q(StartsWith("xero_number_searched", prefix))
    )
    if text.isascii() and text.isdigit() and int(text) <= LARGEST_ID:
        found |= Q(autotask_id=int(text))
    return found
