"""Pages by where they begin, whatever the list goes by: ids, days or moments."""

from __future__ import annotations

import datetime
from collections.abc import Iterator

import pytest
from django.db.models import F, Model, QuerySet
from django.utils import timezone

from faults.models import Fault
from syncing import document_list
from syncing.document_search import DocumentFilter
from syncing.keyset import page_of, page_of_any
from syncing.models import Document
from tenants.scope import account_scope
from tests.documents import make_documents
from tests.factories import make_account


@pytest.fixture(autouse=True)
def _scope(db: None) -> Iterator[None]:
    with account_scope(make_account().id):
        yield


def make_faults(count: int) -> None:
    """Three seen at each moment."""
    now = timezone.now()
    Fault.objects.bulk_create(
        Fault(code="unexpected", subject=str(n), state="open", first_seen=now, opened_at=now, last_seen=at)
        for n in range(count)
        if (at := now - datetime.timedelta(seconds=n // 3))
    )


def walk(rows: QuerySet[Model], key: str) -> tuple[list[int], list[int]]:
    """The ids from the newest to the oldest, and those of the way back."""
    there, back = [], []
    page = page_of(rows, key, size=7)
    while True:
        there += [row.pk for row in page.rows]
        if not page.older:
            break
        page = page_of(rows, key, before=page.older, size=7)
    while page.newer:
        page = page_of(rows, key, after=page.newer, size=7)
        back += [row.pk for row in reversed(page.rows)]
    return there, back


@pytest.mark.parametrize("key", ["autotask_id", "date", "id"])
def test_documents_are_walked_to_the_end_and_back(key: str) -> None:
    for day in (3, 5, 4):
        make_documents(8, date=datetime.date(2026, 5, day), entity=["invoice", "purchase_order", "other"][day - 3])
    there, back = walk(Document.objects.all(), key)
    assert there == list(Document.objects.order_by(f"-{key}", "-id").values_list("id", flat=True))
    assert back == there[: len(back)][::-1]
    assert len(back) >= len(there) - 7


def test_faults_are_walked_by_the_moment_they_were_last_seen() -> None:
    make_faults(23)
    there, _ = walk(Fault.objects.all(), "last_seen")
    assert there == list(Fault.objects.order_by("-last_seen", "-id").values_list("id", flat=True))


def test_what_is_found_in_several_ways_comes_once_and_in_order() -> None:
    make_documents(30)
    thirds = [Document.objects.annotate(rest=F("autotask_id") % 3).filter(rest=rest) for rest in (0, 1)]
    ways = [*thirds, Document.objects.filter(autotask_id__gt=1015)]
    expected = [number for number in range(1030, 1000, -1) if number % 3 in (0, 1) or number > 1015]

    pages = [page_of_any(ways, "autotask_id", size=7)]
    while pages[-1].older:
        pages.append(page_of_any(ways, "autotask_id", before=pages[-1].older, size=7))
    assert [document.autotask_id for page in pages for document in page.rows] == expected
    back = page_of_any(ways, "autotask_id", after=pages[-1].newer, size=7)
    assert [document.id for document in back.rows] == [document.id for document in pages[-2].rows]


@pytest.mark.parametrize("place", ["2026-05-04.1", "20260504.1", "1.1", "2026-13-40.1", "2026-05-04T99:99:99Z.1", "x"])
@pytest.mark.parametrize("key", ["autotask_id", "date"])
def test_what_is_no_place_leads_to_the_newest_or_to_none(key: str, place: str) -> None:
    make_documents(3)
    assert len(page_of(Document.objects.all(), key, before=place).rows) in (0, 3)


def test_what_is_found_is_counted_up_to_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(document_list, "MOST_COUNTED", 60)
    make_documents(70)

    def words(**wanted: str) -> str:
        asked = DocumentFilter(**wanted)
        return document_list.count(asked, page_of(asked.apply(Document.objects.all()), asked.order)).words

    assert words() == "70 documents"
    assert words(kind="invoice") == "60+ documents"
    assert words(text="N1001") == "1 document"
    assert words(text="nothing like it") == "0 documents"
