"""Documents are counted by state as they move, whoever moves them."""

from __future__ import annotations

import threading
from collections import Counter

from django.db import connection, transaction
from django.db.models import Count

from syncing import queue
from syncing.models import Document, DocumentTally, SyncRun
from syncing.states import DocumentState
from syncing.tally import documents_by_state, fold
from tenants.models import Account
from tenants.scope import account_scope
from tests.documents import make_documents
from tests.factories import make_account


def counted() -> Counter[str]:
    """The documents themselves."""
    return Counter(dict(Document.objects.values_list("state").annotate(count=Count("*")).order_by()))


def test_every_way_to_move_documents_is_counted(db: None) -> None:
    account = make_account()
    with account_scope(account.id):
        made = make_documents(20)
        assert +documents_by_state() == counted() == {"waiting": 20}
        run = SyncRun.objects.create(trigger=SyncRun.Trigger.SCHEDULE)
        queue.claim(run, 15)
        queue.give_back(run, [document.id for document in made[:4]])
        Document.objects.filter(state=DocumentState.IN_FLIGHT).update(state=DocumentState.SYNCED)
        made[0].state = DocumentState.FAULTED
        made[0].save()
        again = [
            Document(kind="invoice", autotask_id=number, state=DocumentState.SKIPPED)
            for number in (made[1].autotask_id, 7)
        ]
        Document.objects.bulk_create(
            again, update_conflicts=True, unique_fields=["account", "entity", "autotask_id"], update_fields=["state"]
        )
        assert +documents_by_state() == counted() == {"waiting": 7, "synced": 11, "faulted": 1, "skipped": 2}


def test_what_is_rolled_back_is_not_counted(db: None) -> None:
    with account_scope(make_account().id):
        make_documents(3)
        with transaction.atomic():
            Document.objects.update(state=DocumentState.SYNCED)
            transaction.set_rollback(True)
        assert +documents_by_state() == {"waiting": 3}


def test_folding_leaves_one_row_for_each_state_and_the_same_counts(db: None) -> None:
    with account_scope(make_account().id):
        make_documents(10)
        for document in Document.objects.all()[:6]:
            Document.objects.filter(id=document.id).update(state=DocumentState.SYNCED)
        fold()
        assert sorted(DocumentTally.objects.values_list("state", "documents")) == [("synced", 6), ("waiting", 4)]
        fold()
        assert +documents_by_state() == counted()


def test_no_account_counts_the_documents_of_another(db: None) -> None:
    mine, theirs = make_account(), make_account()
    with account_scope(theirs.id):
        make_documents(5)
    with account_scope(mine.id):
        assert not documents_by_state()
        fold()
    with account_scope(theirs.id):
        assert documents_by_state() == {"waiting": 5}


def test_the_counts_are_right_where_many_move_documents_at_once(transactional_db: None) -> None:
    """Each of four workers moves all documents to and fro, in transactions that overlap, and folds meanwhile."""
    account = make_account()
    with account_scope(account.id):
        make_documents(40)
    errors: list[BaseException] = []
    workers = [threading.Thread(target=_move, args=(account, number, errors)) for number in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert not errors
    with account_scope(account.id):
        assert +documents_by_state() == counted()
        fold()
        assert +documents_by_state() == counted()


def _move(account: Account, number: int, errors: list[BaseException]) -> None:
    states = [DocumentState.SYNCED, DocumentState.FAULTED, DocumentState.WAITING, DocumentState.SKIPPED]
    try:
        with account_scope(account.id):
            for place in range(12):
                with transaction.atomic():
                    ids = list(Document.objects.select_for_update().order_by("id").values_list("id", flat=True))
                    some = ids[number * 10 : number * 10 + 25]
                    Document.objects.filter(id__in=some).update(state=states[(number + place) % 4])
                fold()
    except BaseException as error:  # noqa: BLE001 - the test tells of it
        errors.append(error)
    finally:
        connection.close()
