"""How many queries something takes."""

from collections.abc import Callable

from django.db import connection
from django.test.utils import CaptureQueriesContext


def queries_of(work: Callable[[], object]) -> int:
    """The number of queries that `work` makes once it is warm: a session's first request notes more than the next."""
    work()
    with CaptureQueriesContext(connection) as queries:
        work()
    return len(queries)
