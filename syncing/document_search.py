"""Finding documents as people ask for them: by state, kind, fault and text. For lists, pages and bulk work alike."""

from __future__ import annotations

import datetime
import operator
from dataclasses import dataclass
from functools import reduce

from django.db.models import Exists, OuterRef, Prefetch, Q, QuerySet, Value

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
        if self.fault is not None:
            return "id"
        return "autotask_id" if self.since is None and self.until is None else "date"

    def apply(self, documents: QuerySet[Document]) -> QuerySet[Document]:
        """Those of `documents` that are asked for. In an account scope."""
        documents = self._narrowed(documents)
        return documents.filter(reduce(operator.or_, matching(self.text))) if self.text.strip() else documents

    def count(self, most: int) -> int:
        """How many are asked for, counted up to `most`; one query. In an account scope.

        What waits for a fault is counted without its documents, and each way in which a text is found by its own index.
        """
        if self.fault is not None and self == DocumentFilter(fault=self.fault):
            behind = Q(fault=self.fault) if isinstance(self.fault, int) else Q(code=self.fault)
            return Blocker.objects.filter(behind).values("document").distinct()[:most].count()
        found = self._narrowed(Document.objects.all()).values("id")
        if not self.text.strip():
            return found[:most].count()
        first, *others = (found.filter(way)[:most] for way in matching(self.text))
        return first.union(*others)[:most].count()

    def _narrowed(self, documents: QuerySet[Document]) -> QuerySet[Document]:
        """By all but the text."""
        if self.states:
            documents = documents.filter(state__in=self.states)
        if self.kind:
            documents = documents.filter(kind=self.kind)
        if isinstance(self.fault, int):
            documents = documents.filter(blockers__fault=self.fault)
        elif self.fault is not None:
            documents = _stuck_behind(self.fault, documents)
        if self.since is not None:
            documents = documents.filter(date__gte=self.since)
        if self.until is not None:
            documents = documents.filter(date__lte=self.until)
        return documents


def _stuck_behind(code: str, documents: QuerySet[Document]) -> QuerySet[Document]:
    """Those that wait for a fault of this kind; each once, for the first of them. So they come by the blockers' order,
    where `EXISTS` would have all of them found before the first is shown."""
    earlier = Blocker.objects.filter(document=OuterRef("pk"), code=code, id__lt=OuterRef("blockers__id"))
    return documents.filter(~Exists(earlier), blockers__code=code)


def with_what_stops_them(documents: QuerySet[Document]) -> QuerySet[Document]:
    """Each with its blockers as `waits_for`; one query more. Their faults are not read: a row tells no more of them."""
    blockers = Blocker.objects.only("document", "fault", "code").order_by("id")
    return documents.prefetch_related(Prefetch("blockers", blockers, to_attr="waits_for"))  # type: ignore[no-redef]


def matching(text: str, document: str = "") -> list[Q]:
    """The ways to find a document: its Autotask or Xero number or its company begins like this; or it is its id.

    `document` leads to it from the rows that are filtered: "document__".
    """
    text = text.strip()
    prefix = Searchable(Value(text))
    ways = [Q(StartsWith(f"{document}{column}_searched", prefix)) for column in ("number", "company", "xero_number")]
    if text.isascii() and text.isdigit() and int(text) <= LARGEST_ID:
        ways.append(Q(**{f"{document}autotask_id": int(text)}))
    return ways
