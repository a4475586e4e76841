"""A bug of ours outside any document stops runs, and is one fault for as long as it does."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.db import connection

from faults.models import Fault
from syncing.models import SyncRun
from tests.connected import ConnectedAccount
from tests.world import item


@pytest.fixture
def refusing(transactional_db: None) -> Iterator[None]:
    """The database refuses a document that the code means to store, as it would where the code has a bug."""
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE syncing_document ADD CONSTRAINT refusing CHECK (total <> 666) NOT VALID")
    yield
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE syncing_document DROP CONSTRAINT IF EXISTS refusing")


def test_many_stopped_runs_are_one_fault_with_the_latest_reference(connected: ConnectedAccount, refusing: None) -> None:
    connected.autotask.bill(connected.pair.company_id, [item("666.00")], invoiceTotal="666.00")

    ends = [connected.sync() for _ in range(3)]

    assert {run.state for run in ends} == {SyncRun.State.STOPPED}
    with connected.scope():
        [fault] = Fault.objects.all()
    assert (fault.code, fault.state, fault.times_seen) == ("unexpected", Fault.State.OPEN, 3)
    assert fault.detail == ends[-1].problem_detail == f"Reference {fault.evidence['reference']}"


def test_it_is_over_with_the_first_run_that_finishes(connected: ConnectedAccount, refusing: None) -> None:
    invoice = connected.autotask.bill(connected.pair.company_id, [item("666.00")], invoiceTotal="666.00")
    connected.sync()

    connected.autotask.patch("Invoices", invoice["id"], invoiceTotal="10.00")
    connected.sync()

    with connected.scope():
        [fault] = Fault.objects.filter(code="unexpected")
    assert fault.state == Fault.State.RESOLVED
