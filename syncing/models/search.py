"""Columns to search by: what people hold to be the same reads the same."""

from __future__ import annotations

from django.db import models


class Searchable(models.Func):
    """A text in one form for case, width and composed letters; of a column, and of what is looked for in it."""

    template = "lower(normalize(%(expressions)s, NFKC))"
    output_field = models.TextField()


def searchable(column: str) -> models.GeneratedField:
    """A column that the database keeps, for `StartsWith` (tenants/search.py)."""
    return models.GeneratedField(
        expression=Searchable(column), output_field=models.TextField(db_collation="C"), db_persist=True
    )
