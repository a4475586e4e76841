"""How many calls a month of billing costs: the partners' limits are the bound of this job."""

from __future__ import annotations

from tests.connected import ConnectedAccount
from tests.world import item

LINES = [item("100.00"), item("25.50", 2, name="Licence"), item("80.00", "1.5", name="Labour")]


def test_a_thousand_new_invoices_of_two_hundred_new_companies(connected: ConnectedAccount) -> None:
    companies = [connected.autotask.add_company(f"Company {number}") for number in range(200)]
    connected.autotask.bill_many([{"companyID": companies[number % 200], "items": LINES} for number in range(1000)])
    before = connected.autotask.world.ledger().last_n

    connected.sync()

    assert len(connected.xero.invoices()) == 1000
    ledger = connected.autotask.world.ledger(since_n=before)
    calls = {partner: sum(row["partner"] == partner for row in ledger.requests) for partner in ("xero", "autotask")}
    assert calls["xero"] <= 32, calls
    assert calls["autotask"] <= 30, calls
    assert ledger.breaches == []


def test_the_next_poll_of_a_busy_account_is_one_call(connected: ConnectedAccount) -> None:
    connected.autotask.bill_many([{"companyID": connected.pair.company_id, "items": LINES[:1]} for _ in range(1000)])
    connected.sync()
    before = connected.autotask.world.ledger().last_n

    connected.sync()

    requests = connected.autotask.world.ledger(since_n=before).requests
    assert [row["partner"] for row in requests] == ["autotask"]
