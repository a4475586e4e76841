"""Migrations run while old workers live: each leaves the database fit for the code before it (docs/operations.md)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection, migrations, models
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations.base import Operation

# The last migrations of the time before there was any installation.
FIRST_RELEASE = {"tenants": 6, "faults": 6, "syncing": 20, "support": 6}
# Tables that grow with documents: an index made in the usual way would keep all runs waiting.
GROWING = {"document", "attempt", "delivery", "blocker", "syncrun", "faultevent"}
# What a release stopped using, and a later one takes away: (app, migration, model, field).
NO_LONGER_USED: set[tuple[str, str, str, str]] = set()


def broken_rules(operation: Operation) -> Iterator[str]:
    """What of the operation old code could not live with."""
    match operation:
        case migrations.AddField(field=field) if not (field.null or field.has_db_default() or field.many_to_many):
            yield f"{operation.model_name}.{operation.name} has no default in the database, and old code none."
        case migrations.RemoveField() | migrations.DeleteModel():
            yield f"“{operation.describe()}” takes away what old code reads. Name it in NO_LONGER_USED a release later."
        case migrations.RenameField() | migrations.RenameModel() | migrations.AlterModelTable():
            yield f"“{operation.describe()}” renames what old code reads: add the new, and take the old away later."
        case migrations.AddIndex() if type(operation) is migrations.AddIndex and operation.model_name in GROWING:
            yield f"“{operation.describe()}” locks {operation.model_name}: use AddIndexConcurrently."


def new_migrations() -> Iterator[Any]:
    for (app, name), migration in sorted(MigrationLoader(connection).disk_migrations.items()):
        if int(name.split("_")[0]) > FIRST_RELEASE.get(app, 10**6):
            yield migration


@pytest.mark.django_db
def test_no_migration_breaks_the_code_before_it() -> None:
    broken = [
        f"{migration}: {rule}"
        for migration in new_migrations()
        for operation in migration.operations
        for rule in broken_rules(operation)
        if (migration.app_label, migration.name, *_names(operation)) not in NO_LONGER_USED
    ]
    assert broken == []


def _names(operation: Any) -> tuple[str, str]:
    return getattr(operation, "model_name", operation.name), operation.name


@pytest.mark.parametrize(
    ("operation", "breaks"),
    [
        (migrations.AddField("document", "note", models.TextField(default="")), True),
        (migrations.AddField("document", "note", models.TextField(default="", db_default="")), False),
        (migrations.AddField("document", "note", models.TextField(null=True)), False),
        (migrations.RemoveField("document", "note"), True),
        (migrations.DeleteModel("Attempt"), True),
        (migrations.RenameField("document", "note", "remark"), True),
        (migrations.AddIndex("document", models.Index(fields=["account"], name="i")), True),
        (migrations.AddIndex("preview", models.Index(fields=["account"], name="i")), False),
    ],
)
def test_what_breaks_old_code_is_told(operation: Operation, breaks: bool) -> None:
    assert bool(list(broken_rules(operation))) == breaks
