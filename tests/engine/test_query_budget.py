"""The engine's queries belong to batches and calls, not to documents."""

from __future__ import annotations

from django.db import connection
from django.test.utils import CaptureQueriesContext

from syncing.deliver import MOST_DOCUMENTS
from tests.connected import ConnectedAccount
from tests.world import item


def queries_of_a_sync(connected: ConnectedAccount, invoices: int) -> list[str]:
    bill = {"companyID": connected.pair.company_id, "items": [item("100.00"), item("25.50", 2, name="Licence")]}
    connected.autotask.bill_many([bill] * invoices)
    with CaptureQueriesContext(connection) as queries:
        run = connected.sync()
    assert run.counts["created"] == invoices
    return [query["sql"] for query in queries]


def test_a_batch_of_fifty_takes_as_many_queries_as_one_of_five(connected: ConnectedAccount) -> None:
    queries_of_a_sync(connected, 1)  # which fetches and keeps the reference data

    few = queries_of_a_sync(connected, 5)
    many = queries_of_a_sync(connected, MOST_DOCUMENTS)

    assert len(many) == len(few), sorted({sql[:60] for sql in many} - {sql[:60] for sql in few})
