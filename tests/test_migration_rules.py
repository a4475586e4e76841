"""Migrations run while old workers live: each leaves the database fit for the code before it (docs/operations.md)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pytest
from django.apps import apps
from django.contrib.postgres.operations import AddConstraintNotValid, AddIndexConcurrently, ValidateConstraint
from django.db import connection, migrations, models
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState

# The last migrations of the time before there was any installation.
FIRST_RELEASE = {"tenants": 6, "faults": 6, "syncing": 20, "support": 6}
# Tables that grow with documents: what reads or rewrites a whole one under a lock would keep all runs waiting.
GROWING = {"document", "attempt", "delivery", "blocker", "syncrun", "faultevent"}
# What a release stopped using, and a later one takes away: (app, migration, model, field).
NO_LONGER_USED: set[tuple[str, str, str, str]] = set()
# SQL about a growing table that somebody has tried beside old workers on a large one: (app, migration).
TRIED_SQL: set[tuple[str, str]] = set()
# SQL that holds no lock for long, whatever the size of the table.
QUICK_SQL = re.compile(
    r"(CREATE\s+(UNIQUE\s+)?|DROP\s+)INDEX\s+CONCURRENTLY\b|"
    r"ALTER\s+TABLE\s+(ONLY\s+)?\S+\s+(VALIDATE\s+CONSTRAINT\s+\S+|ADD\s+CONSTRAINT\s+[^;]*\bNOT\s+VALID)\s*;?\s*$",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Step:
    """An operation on the database, and the models before it."""

    operation: Any
    app: str
    before: ProjectState

    @property
    def model(self) -> str:
        """The model it is about, in small letters; empty where it is about none."""
        return str(getattr(self.operation, "model_name", None) or getattr(self.operation, "name", None) or "").lower()

    @property
    def is_about_a_growing_table(self) -> bool:
        return self.model in GROWING


def broken_rules(step: Step) -> Iterator[str]:
    """What of the operation old code, or old workers, could not live with."""
    operation, grows = step.operation, step.is_about_a_growing_table
    what = f"“{operation.describe()}”"
    match operation:
        case migrations.AddField(field=field):
            if not (field.null or field.has_db_default() or field.many_to_many):
                yield f"{operation.model_name}.{operation.name} has no default in the database, and old code none."
            if grows and (field.unique or field.db_index):
                yield f"{what} makes an index under a lock: say db_index=False, and use AddIndexConcurrently."
        case migrations.AlterField():
            yield from _broken_by_the_change(step)
        case migrations.RemoveField() | migrations.DeleteModel():
            yield f"{what} takes away what old code reads. Name it in NO_LONGER_USED a release later."
        case migrations.RenameField() | migrations.RenameModel() | migrations.AlterModelTable():
            yield f"{what} renames what old code reads: add the new, and take the old away later."
        case migrations.AddIndex() if type(operation) is migrations.AddIndex and grows:
            yield f"{what} locks {step.model}: use AddIndexConcurrently."
        case migrations.AddConstraint() if type(operation) is migrations.AddConstraint and grows:
            yield f"{what} reads {step.model} under a lock: use AddConstraintNotValid, and ValidateConstraint later."
        case migrations.AlterUniqueTogether() if grows:
            yield f"{what} makes an index under a lock: make it concurrently."
        case migrations.RunSQL():
            for statement in _slow_statements(operation.sql):
                yield f"{what} may lock a growing table: “{statement[:100]}”. Try it, and name it in TRIED_SQL."


def _broken_by_the_change(step: Step) -> Iterator[str]:
    """What of an AlterField does: much of it changes nothing in the database."""
    after = step.before.clone()
    step.operation.state_forwards(step.app, after)
    old, new = (
        state.apps.get_model(step.app, step.model)._meta.get_field(step.operation.name)
        for state in (step.before, after)
    )
    name = f"{step.model}.{step.operation.name}"
    if old.column != new.column:
        yield f"{name} has another column, which old code does not know."
    if not _holds_as_much(_type(old), _type(new)):
        yield f"{name} changes from {_type(old)} to {_type(new)}: add a field, and take this one away later."
    if old.null and not new.null:
        yield f"{name} is to have a value in every row, and old code writes rows without: use a constraint later."
    if old.has_db_default() and not (new.has_db_default() or new.null):
        yield f"{name} loses its default in the database, by which old code inserts rows."
    if step.is_about_a_growing_table and _has_index(new) and not _has_index(old):
        yield f"{name} gets an index under a lock: use AddIndexConcurrently."


def _type(field: Any) -> str:
    return str(field.db_parameters(connection)["type"] or "")


def _holds_as_much(old: str, new: str) -> bool:
    """Whether all that a column holds and old code writes fits the new type, without the table being rewritten."""
    lengths = [re.fullmatch(r"varchar\((\d+)\)", name) for name in (old, new)]
    if lengths[0] and lengths[1]:
        return int(lengths[0][1]) <= int(lengths[1][1])
    return old == new or (lengths[0] is not None and new == "text")


def _has_index(field: Any) -> bool:
    return bool(field.unique or field.db_index)


def _slow_statements(sql: str | Sequence[Any]) -> Iterator[str]:
    tables = {model._meta.db_table for model in apps.get_models() if model._meta.model_name in GROWING}
    named = re.compile(rf"\b({'|'.join(sorted(tables))})\b", re.IGNORECASE)
    parts = [sql] if isinstance(sql, str) else [part if isinstance(part, str) else part[0] for part in sql]
    for part in parts:
        for statement in connection.ops.prepare_sql_script(part):
            if named.search(statement) and not QUICK_SQL.match(statement.strip()):
                yield statement


def steps(operations: Sequence[Operation], app: str, state: ProjectState) -> Iterator[Step]:
    """What is done to the database, one after the other; `state` follows."""
    for operation in operations:
        if isinstance(operation, migrations.SeparateDatabaseAndState):
            yield from steps(operation.database_operations, app, state.clone())
        else:
            yield Step(operation, app, state.clone())
        operation.state_forwards(app, state)


def validated_at_once(operations: Sequence[Operation]) -> set[str]:
    """The constraints that a migration adds unchecked and checks in the same transaction, under the lock of adding."""
    added = {operation.constraint.name for operation in operations if isinstance(operation, AddConstraintNotValid)}
    return added & {operation.name for operation in operations if isinstance(operation, ValidateConstraint)}


def broken_by(loader: MigrationLoader, migration: Any) -> Iterator[str]:
    app, name = migration.app_label, migration.name
    for step in steps(migration.operations, app, loader.project_state((app, name), at_end=False)):
        if (app, name, *_names(step.operation)) in NO_LONGER_USED:
            continue
        if isinstance(step.operation, migrations.RunSQL) and (app, name) in TRIED_SQL:
            continue
        yield from broken_rules(step)
    for constraint in validated_at_once(migration.operations) if migration.atomic else ():
        yield f"{constraint} is added and validated in one transaction: validate it in a migration of its own."


def _names(operation: Any) -> tuple[str, str]:
    name = getattr(operation, "name", "")
    return getattr(operation, "model_name", name), name


def new_migrations(loader: MigrationLoader) -> Iterator[Any]:
    for (app, name), migration in sorted(loader.disk_migrations.items()):
        if int(name.split("_")[0]) > FIRST_RELEASE.get(app, 10**6):
            yield migration


def test_no_migration_breaks_the_code_before_it() -> None:
    loader = MigrationLoader(None)
    broken = [f"{migration}: {rule}" for migration in new_migrations(loader) for rule in broken_by(loader, migration)]
    assert broken == []


POSITIVE = models.CheckConstraint(condition=models.Q(tries__gte=0), name="tries_positive")


def alter(name: str, field: models.Field[Any, Any], model: str = "document") -> Operation:
    return migrations.AlterField(model, name, field)


def sql(text: str | list[Any]) -> Operation:
    return migrations.RunSQL(text)


@pytest.fixture(scope="module")
def today() -> ProjectState:
    return MigrationLoader(None).project_state()


@pytest.mark.parametrize(
    ("operation", "breaks"),
    [
        (migrations.AddField("document", "note", models.TextField(default="")), True),
        (migrations.AddField("document", "note", models.TextField(default="", db_default="")), False),
        (migrations.AddField("document", "note", models.TextField(null=True)), False),
        (migrations.AddField("Document", "note", models.TextField(null=True, db_index=True)), True),
        (migrations.AddField("preview", "note", models.TextField(null=True, db_index=True)), False),
        (migrations.RemoveField("document", "tries"), True),
        (migrations.DeleteModel("Attempt"), True),
        (migrations.RenameField("document", "tries", "failures"), True),
        (migrations.AddIndex("document", models.Index(fields=["account"], name="i")), True),
        (migrations.AddIndex("Document", models.Index(fields=["account"], name="i")), True),
        (AddIndexConcurrently("document", models.Index(fields=["account"], name="i")), False),
        (migrations.AddIndex("preview", models.Index(fields=["account"], name="i")), False),
        # document.tries is a number, .skipped_reason of 500 letters, .date may be empty, and all of it has rows
        (alter("tries", models.PositiveIntegerField(default=0, help_text="Failures in a row.")), False),
        (alter("tries", models.BigIntegerField(default=0)), True),
        (alter("tries", models.PositiveIntegerField(default=0, db_index=True)), True),
        (alter("tries", models.PositiveIntegerField(default=0, db_column="failures")), True),
        (alter("skipped_reason", models.CharField(max_length=800, blank=True)), False),
        (alter("skipped_reason", models.TextField(blank=True)), False),
        (alter("skipped_reason", models.CharField(max_length=100, blank=True)), True),
        (alter("skipped_reason", models.CharField(max_length=500, null=True)), False),
        (alter("date", models.DateField(default="2026-01-01")), True),
        (alter("date", models.DateField(null=True, unique=True)), True),
        (migrations.AddConstraint("document", POSITIVE), True),
        (migrations.AddConstraint("preview", POSITIVE), False),
        (AddConstraintNotValid("document", POSITIVE), False),
        (ValidateConstraint("document", "tries_positive"), False),
        (migrations.AlterUniqueTogether("document", {("account", "tries")}), True),
        (sql("UPDATE syncing_document SET tries = 0"), True),
        (sql([("UPDATE syncing_document SET tries = %s", [0])]), True),
        (sql("SELECT 1; ALTER TABLE syncing_attempt ADD CHECK (code <> '')"), True),
        (sql("CREATE INDEX i ON syncing_attempt (code)"), True),
        (sql("CREATE UNIQUE INDEX CONCURRENTLY i ON syncing_attempt (code)"), False),
        (sql("ALTER TABLE syncing_attempt ADD CONSTRAINT c CHECK (code <> '') NOT VALID"), False),
        (sql("ALTER TABLE syncing_attempt VALIDATE CONSTRAINT c"), False),
        (sql("ALTER TABLE syncing_attempt VALIDATE CONSTRAINT c, ALTER COLUMN code TYPE varchar(9)"), True),
        (sql("UPDATE syncing_preview SET error = ''"), False),
        (sql(migrations.RunSQL.noop), False),
        (migrations.SeparateDatabaseAndState([sql("TRUNCATE syncing_attempt")], []), True),
        (migrations.SeparateDatabaseAndState([], [migrations.RemoveField("document", "tries")]), False),
    ],
)
def test_what_breaks_old_code_is_told(today: ProjectState, operation: Operation, breaks: bool) -> None:
    told = [rule for step in steps([operation], "syncing", today.clone()) for rule in broken_rules(step)]
    assert bool(told) == breaks, told


def test_a_constraint_is_validated_in_a_migration_of_its_own() -> None:
    added, validated = AddConstraintNotValid("document", POSITIVE), ValidateConstraint("document", "tries_positive")
    assert validated_at_once([added, validated]) == {"tries_positive"}
    assert validated_at_once([added]) == validated_at_once([validated]) == set()
