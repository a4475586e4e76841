"""Trouble with a partner: an outage, time-outs, broken connections. One fault each, which mends itself."""

from __future__ import annotations

from typing import Any

import pytest
from django.db.models.functions import Now

from syncing.models import Document
from tests.mission.bookkeeper import Bookkeeper

TROUBLE: dict[str, tuple[str, str, dict[str, Any]]] = {
    "Xero is down": ("service-unavailable", "Xero", {"partner": "xero", "kind": "outage"}),
    "Autotask is down": ("service-unavailable", "Autotask", {"partner": "autotask", "kind": "outage"}),
    "Autotask is down for lines": (
        "service-unavailable",
        "Autotask",
        {"partner": "autotask", "kind": "outage", "path": "BillingItems"},
    ),
    "Autotask does not answer": ("autotask-timeout", "Autotask", {"partner": "autotask", "kind": "drop_before"}),
    "Xero does not answer": ("xero-unreachable", "Xero", {"partner": "xero", "kind": "drop_before"}),
}


def when_due(bookkeeper: Bookkeeper) -> None:
    with bookkeeper.connected.scope():
        Document.objects.filter(state="retrying").update(next_attempt_at=Now())
    bookkeeper.connected.sync()


@pytest.mark.parametrize("name", list(TROUBLE))
def test_it_is_one_fault_and_mends_itself(bookkeeper: Bookkeeper, name: str) -> None:
    code, partner, rule = TROUBLE[name]
    world, autotask = bookkeeper.connected.autotask.world, bookkeeper.connected.autotask
    invoices = [autotask.bill(bookkeeper.connected.pair.company_id)["id"] for _ in range(5)]
    with world.trouble(**rule):
        for _ in range(3):
            when_due(bookkeeper)
        fault = bookkeeper.fault(code)
        assert bookkeeper.living_codes() == [code]
        assert (fault["subject"], fault["state"], fault["who_acts"]) == (partner, "retrying", "nobody")
        assert not fault["regressed"]
        assert len({document.next_attempt_at for document in bookkeeper.connected.documents()}) <= 1

    when_due(bookkeeper)

    bookkeeper.assert_mended(fault, *invoices)


def test_service_unavailable_in_the_middle_of_a_write_is_sent_once(bookkeeper: Bookkeeper) -> None:
    world, autotask = bookkeeper.connected.autotask.world, bookkeeper.connected.autotask
    invoice = autotask.bill(bookkeeper.connected.pair.company_id)["id"]
    with world.trouble("xero", "drop_after", method="PUT", path="/Invoices", times=2):
        bookkeeper.connected.sync()
    fault = bookkeeper.fault("xero-unreachable")

    bookkeeper.connected.sync()

    bookkeeper.assert_mended(fault, invoice)
