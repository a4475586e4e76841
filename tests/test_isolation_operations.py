"""The migration operations, on two tables made for it; data migrations; and which searches keep their index."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.apps import apps
from django.db import IntegrityError, connection, migrations, models
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState
from django.db.migrations.writer import OperationWriter

from tenants.isolation import AccountReference, IsolateTable, for_each_account
from tenants.models import AccountForeignKey, Feature
from tenants.models.accounts import OwningAccount
from tenants.scope import ScopeError, account_scope, require_account_id
from tenants.search import StartsWith, normalise
from tests.factories import make_account

LABEL = "tenants"


def account_model(name: str, *fields: tuple[str, models.Field[Any, Any]]) -> migrations.CreateModel:
    owner = OwningAccount(to="tenants.account", on_delete=models.CASCADE, related_name="+", db_index=False)
    return migrations.CreateModel(name, [("id", models.BigAutoField(primary_key=True)), ("account", owner), *fields])


SHELF = account_model("Shelf", ("key", models.TextField(db_collation="C")))
BOOK = account_model("Book", ("shelf", AccountForeignKey(to="tenants.shelf", on_delete=models.CASCADE, null=True)))
OPERATIONS: list[Operation] = [
    SHELF,
    IsolateTable("Shelf", system=True),
    BOOK,
    IsolateTable("Book"),
    AccountReference("Book", "shelf"),
]


@dataclass
class Library:
    """Two isolated models, the second of which refers to the first; and the migration states they went through."""

    states: list[ProjectState]

    def model(self, name: str) -> Any:
        return self.states[-1].apps.get_model(LABEL, name)


@pytest.fixture
def library(db: None) -> Iterator[Library]:
    states = [MigrationLoader(connection).project_state()]
    with connection.schema_editor() as editor:
        for operation in OPERATIONS:
            state = states[-1].clone()
            operation.state_forwards(LABEL, state)
            operation.database_forwards(LABEL, editor, states[-1], state)
            states.append(state)
    return Library(states)


def policies(table: str) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT policyname FROM pg_policies WHERE tablename = %s ORDER BY 1", [table])
        return [name for (name,) in cursor.fetchall()]


def test_the_operations_isolate_their_tables(library: Library) -> None:
    assert policies("tenants_shelf") == ["in_account", "in_system"]
    assert policies("tenants_book") == ["in_account"]


def test_the_operations_can_be_undone_and_done_again(library: Library) -> None:
    with connection.schema_editor() as editor:
        for number in (4, 3):
            before, after = library.states[number], library.states[number + 1]
            OPERATIONS[number].database_backwards(LABEL, editor, after, before)
    assert policies("tenants_book") == []
    with connection.cursor() as cursor:
        cursor.execute("SELECT relrowsecurity, relforcerowsecurity FROM pg_class WHERE relname = 'tenants_book'")
        assert cursor.fetchone() == (False, False)
    with connection.schema_editor() as editor:
        for number in (3, 4):
            OPERATIONS[number].database_forwards(LABEL, editor, library.states[number], library.states[number + 1])
    assert policies("tenants_book") == ["in_account"]


def test_a_migration_file_writes_the_operations_as_they_were_given() -> None:
    assert [
        OperationWriter(operation).serialize()[0].split() for operation in OPERATIONS if operation not in (SHELF, BOOK)
    ] == [
        ["tenants.isolation.IsolateTable(", "model_name='Shelf',", "system=True,", "),"],
        ["tenants.isolation.IsolateTable(", "model_name='Book',", "),"],
        ["tenants.isolation.AccountReference(", "model_name='Book',", "field_name='shelf',", "),"],
    ]


def test_a_reference_within_the_account_is_kept(library: Library) -> None:
    with account_scope(make_account().id):
        shelf = library.model("Shelf").objects.create(key="a")
        book = library.model("Book").objects.create(shelf=shelf)
        library.model("Book").objects.create(shelf=None)
        connection.check_constraints()
        assert (book.shelf_id, book.account_id) == (shelf.id, require_account_id())


def test_a_reference_to_a_row_of_another_account_is_refused_though_it_exists(library: Library) -> None:
    with account_scope(make_account().id):
        shelf_id = library.model("Shelf").objects.create(key="a").id
    with account_scope(make_account().id):
        library.model("Book").objects.create(shelf_id=shelf_id)
        with pytest.raises(IntegrityError, match="tenants_book_shelf_in_account"):
            connection.check_constraints()


def test_one_account_may_use_an_id_without_learning_that_another_has_it(library: Library) -> None:
    """A unique constraint without the account would refuse it here, and so tell."""
    for _ in range(2):
        with account_scope(make_account().id):
            Feature.objects.create(name="same", reason="a test", changed_by="staff@example.com")


def test_a_data_migration_walks_the_accounts_in_their_scopes(db: None) -> None:
    accounts = [make_account().id for _ in range(3)]
    for account_id in accounts:
        with account_scope(account_id):
            Feature.objects.create(name="old", reason="a test", changed_by="staff@example.com")
    walked: dict[int, int] = {}

    def rename(account_id: int) -> None:
        walked[account_id] = Feature.objects.filter(name="old").update(name="new")

    for_each_account(apps, rename)

    assert walked == dict.fromkeys(accounts, 1)


@pytest.mark.django_db(transaction=True)
def test_a_data_migration_inside_one_transaction_is_refused() -> None:
    make_account()
    with pytest.raises(ScopeError), connection.schema_editor(atomic=True):
        for_each_account(apps, lambda account_id: None)


def plan(rows: Any) -> str:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off")
    return str(rows.explain())


@pytest.fixture
def shelves(library: Library) -> Iterator[Any]:
    shelf = library.model("Shelf")
    with connection.cursor() as cursor:
        cursor.execute("CREATE INDEX shelf_key ON tenants_shelf (account_id, key)")
    with account_scope(make_account().id):
        shelf.objects.bulk_create(shelf(account_id=require_account_id(), key=f"key {number}") for number in range(100))
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE tenants_shelf")
        yield shelf


def index_condition(plan_text: str) -> str:
    return next((line for line in plan_text.splitlines() if "Index Cond" in line), "")


def test_starts_with_keeps_its_index_under_a_policy(shelves: Any) -> None:
    found = shelves.objects.filter(StartsWith("key", "key 9"), account_id=require_account_id())
    assert found.count() == 11
    assert ">= 'key 9'" in index_condition(plan(found))


def test_like_loses_its_index_under_a_policy(shelves: Any) -> None:
    found = shelves.objects.filter(key__startswith="key 9", account_id=require_account_id())
    assert found.count() == 11
    assert "key" not in index_condition(plan(found)).replace("shelf_key", "")


def test_the_policy_alone_finds_an_accounts_rows_by_index(library: Library) -> None:
    book = library.model("Book")
    with account_scope(make_account().id):
        assert "account_id = (NULLIF(current_setting" in index_condition(plan(book.objects.all()))


@pytest.mark.parametrize(
    ("typed", "kept"),
    [("  Ａcme\tLtd ", "acme ltd"), ("STRASSE", "strasse"), ("Straße", "strasse"), ("e\u0301", "é"), ("", "")],
)
def test_what_people_hold_to_be_the_same_is_kept_in_one_form(typed: str, kept: str) -> None:
    assert normalise(typed) == kept
