"""Search that keeps its index under a policy.

PostgreSQL runs a function that might tell about a row (LIKE, full text) only after the policy let that row through, and
so never by an index of its own. `starts_with` is leakproof and an index answers it: on (account_id, column), the column
in the collation "C" (`db_collation="C"`).
"""

from __future__ import annotations

import unicodedata

from django.db import models
from django.db.models.expressions import Combinable


class StartsWith(models.Func):
    """`column` begins with this text, for `filter`. The column holds text that went through `normalise`, or through an
    expression of the database's own to the same end; `prefix` must have gone through the same."""

    function = "starts_with"
    output_field = models.BooleanField()

    def __init__(self, column: str | Combinable, prefix: str | Combinable) -> None:
        if isinstance(prefix, str):
            prefix = models.Value(prefix, output_field=models.TextField())
        super().__init__(column, prefix)


def normalise(text: str) -> str:
    """One form for what people hold to be the same: case, width, composed letters and spaces."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())
