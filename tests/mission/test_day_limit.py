"""A day of Xero calls that is used up: a fault that says when it ends; other accounts do not notice."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django import Settings

from faults.models import Fault
from syncing.fault_list import next_tries
from syncing.states import DocumentState
from tenants.models import Account
from tests.connected import connect
from tests.mission.bookkeeper import Bookkeeper

CALLS = 6  # four lists, and the contact looked for and made: none is left for a write


@pytest.mark.parametrize("who_counts", ["we do", "Xero does"])
def test_it_is_a_fault_with_the_time_it_ends_and_nobody_else_notices(
    bookkeeper: Bookkeeper, settings: Settings, who_counts: str
) -> None:
    connected, world = bookkeeper.connected, bookkeeper.connected.autotask.world
    invoice = connected.autotask.bill(connected.pair.company_id)["id"]
    other = connect(world, world.pair(xero={"users": ["other@example.com"]}))
    other.autotask.bill(other.pair.company_id)
    if who_counts == "we do":
        settings.XERO_LIMITS = {"day": CALLS}
        world.limits(xero={"day": CALLS})
    else:
        connected.sync()
        invoice = connected.autotask.bill(connected.pair.company_id)["id"]
        world.limits(xero={"day": CALLS})

    run = connected.sync()

    assert run.problem_code == "rate-limited"
    fault = bookkeeper.fault("rate-limited")
    assert (fault["subject"], fault["state"], fault["who_acts"]) == ("Xero", "retrying", "nobody")
    assert connected.document(invoice).state == DocumentState.RETRYING
    with connected.scope():
        account = Account.objects.get(id=connected.account.id)
        ends_at = next_tries(account, Fault.objects.filter(id=fault["id"]))[fault["id"]]
    assert ends_at == account.next_sync_at
    if who_counts == "we do":
        assert timedelta(hours=23) < ends_at - timezone.now() < timedelta(hours=25)
        assert world.ledger().breaches == []
    else:
        [refused] = [row for row in world.ledger("xero").requests if row["status"] == 429]
        assert refused["organisation"] == connected.xero.id
        assert timedelta() < ends_at - timezone.now() < timedelta(hours=24, minutes=1)

    world.limits(xero={"day": 5000})
    settings.XERO_LIMITS = {}
    assert other.sync().problem_code == ""
    assert len(other.xero.invoices()) == 1
