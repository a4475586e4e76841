"""The access token has expired: renewed at once, and shown only where that keeps failing."""

from __future__ import annotations

from tests.mission.bookkeeper import Bookkeeper
from tests.mission.test_partner_trouble import when_due


def test_in_the_middle_of_a_run_it_is_renewed_and_nobody_notices(bookkeeper: Bookkeeper) -> None:
    connected = bookkeeper.connected
    invoices = [connected.autotask.bill(connected.pair.company_id)["id"] for _ in range(3)]
    with connected.autotask.world.trouble("xero", "expire_tokens", method="PUT", path="/Invoices", times=1):
        connected.sync()

    bookkeeper.assert_arrived_once(*invoices)
    assert bookkeeper.living_codes() == []


def test_where_renewing_does_not_help_it_is_shown_and_goes_on_once_the_token_is_back(bookkeeper: Bookkeeper) -> None:
    connected = bookkeeper.connected
    invoice = connected.autotask.bill(connected.pair.company_id)["id"]
    with connected.autotask.world.trouble("xero", "expire_tokens"):
        connected.sync()
        fault = bookkeeper.fault("access-token-expired")
        assert (fault["subject"], fault["state"], fault["who_acts"]) == ("Xero", "retrying", "nobody")

    when_due(bookkeeper)

    bookkeeper.assert_mended(fault, invoice)
