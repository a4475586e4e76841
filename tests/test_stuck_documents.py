"""What is stuck is added up and listed from the blockers alone, which keep what that takes of fault and document."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from decimal import Decimal

import pytest

from faults.stuck import stuck_behind
from syncing.document_search import DocumentFilter
from syncing.models import Blocker, Document
from syncing.states import DocumentState
from tenants.scope import account_scope
from tests.documents import make_document, make_documents, stop
from tests.factories import make_account

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def scope(db: None) -> Iterator[None]:
    with account_scope(make_account().id):
        yield


def found(wanted: DocumentFilter) -> list[int]:
    """The Autotask ids, in the order of the list."""
    documents = wanted.apply(Document.objects.all()).order_by(f"-{wanted.order}")
    return list(documents.values_list("autotask_id", flat=True))


def test_the_sums_are_those_of_the_documents() -> None:
    fault = stop(make_document(1), "no-valid-contact", "company 7")
    stop(make_document(2, kind=Document.Kind.CREDIT_NOTE, total=Decimal("-15.50")), "no-valid-contact", "company 7")
    stop(make_document(3, currency="", total=None), "no-valid-contact", "company 7")
    behind = stuck_behind([fault.id])[fault.id]
    assert behind.counts == Counter(invoice=2, credit_note=1)
    assert behind.amounts == {"NZD": Decimal("99.50")}


def test_the_sums_follow_a_document_that_changes() -> None:
    document = make_document(1)
    one, other = stop(document, "no-valid-contact", "company 7"), stop(document, "invalid-email", "company 7")
    Document.objects.update(kind=Document.Kind.CREDIT_NOTE, currency="AUD", total=Decimal("-1.00"))
    for behind in stuck_behind([one.id, other.id]).values():
        assert (behind.counts, behind.amounts) == (Counter(credit_note=1), {"AUD": Decimal("-1.00")})


def test_nobody_writes_other_sums_into_a_blocker() -> None:
    document = make_document(1)
    fault = stop(document, "no-valid-contact", "company 7")
    Blocker.objects.all().delete()
    Blocker.objects.create(document=document, fault=fault, code="invalid-email", total=Decimal(1_000_000))
    assert stuck_behind([fault.id])[fault.id].amounts == {"NZD": Decimal("115.00")}
    assert Blocker.objects.get().code == "no-valid-contact"


def test_a_document_with_two_faults_of_a_kind_comes_once_and_the_newest_first() -> None:
    documents = make_documents(3)
    for document in documents:
        stop(document, "billing-code-unmapped", "code 1")
        stop(document, "billing-code-unmapped", "code 2")
    stop(make_document(5), "no-valid-contact", "company 7")
    wanted = DocumentFilter(fault="billing-code-unmapped")
    assert found(wanted) == [1003, 1002, 1001]
    assert wanted.count(10) == 3
    assert found(DocumentFilter(fault="billing-code-unmapped", states=frozenset([DocumentState.WAITING]))) == []


def test_what_is_found_in_two_ways_counts_once() -> None:
    make_document(1, autotask_number="ACME-1", company_name="Acme Ltd")
    make_documents(3, company_name="acme")
    make_document(2, company_name="Bolt Ltd")
    assert DocumentFilter(text="acme").count(10) == 4
    assert DocumentFilter(text="acme", states=frozenset([DocumentState.SYNCED])).count(10) == 0


@pytest.mark.parametrize(
    "wanted",
    [
        DocumentFilter(fault="no-valid-contact"),
        DocumentFilter(text="acme"),
        DocumentFilter(kind="invoice"),
        DocumentFilter(fault="no-valid-contact", text="acme"),
    ],
)
def test_no_more_are_counted_than_need_be(wanted: DocumentFilter) -> None:
    for document in make_documents(4):
        stop(document, "no-valid-contact", "company 7")
    assert wanted.count(3) == 3
    assert wanted.count(9) == 4
