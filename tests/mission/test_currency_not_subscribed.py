"""The organisation is not subscribed to this currency: two causes, told apart, and nothing is sent."""

from __future__ import annotations

import pytest

from tests.mission.bookkeeper import Bookkeeper


def test_a_currency_that_is_not_added_in_xero_is_one_fault_for_all_its_invoices(bookkeeper: Bookkeeper) -> None:
    connected = bookkeeper.connected
    connected.sync()
    companies = [connected.autotask.add_company(f"Cascade {number} Inc.", currency="USD") for number in range(2)]
    invoices = [connected.autotask.bill(companies[number % 2])["id"] for number in range(4)]
    before = connected.autotask.world.ledger().last_n
    connected.sync()

    fault = bookkeeper.fault("currency-not-subscribed")
    assert (fault["subject"], fault["documents"], fault["state"]) == ("USD", 4, "open")
    assert fault["evidence"]["cause"] == "not_added_in_xero"
    assert fault["evidence"]["base_currency"] == "NZD"
    assert "USD" not in fault["evidence"]["subscribed"]
    assert connected.autotask.world.ledger("xero", since_n=before).calls("PUT", "/Invoices") == []

    connected.xero.add_currency("USD")
    bookkeeper.resync(fault)

    bookkeeper.assert_mended(fault, *invoices)
    assert {row["CurrencyCode"] for row in connected.xero.invoices()} == {"USD"}


def test_a_currency_setting_that_differs_from_xeros(bookkeeper: Bookkeeper) -> None:
    connected = bookkeeper.connected
    connected.change_settings(currency="GBP")
    invoice = connected.autotask.bill(connected.pair.company_id)["id"]
    connected.autotask.patch("Companies", connected.pair.company_id, currencyID=None)
    connected.sync()

    fault = bookkeeper.fault("currency-not-subscribed")
    assert (fault["subject"], fault["evidence"]["cause"]) == ("GBP", "setting_differs")
    assert (fault["evidence"]["currency_setting"], fault["evidence"]["base_currency"]) == ("GBP", "NZD")

    status, _ = bookkeeper.api.patch("/settings", {"currency": "NZD"})
    assert status == 200
    bookkeeper.resync(fault)

    bookkeeper.assert_mended(fault, invoice)


@pytest.mark.parametrize("clicks", [1, 2], ids=["once", "again at once"])
def test_one_click_is_enough_however_often_it_is_made(bookkeeper: Bookkeeper, clicks: int) -> None:
    connected = bookkeeper.connected
    company = connected.autotask.add_company("Cascade Inc.", currency="USD")
    invoice = connected.autotask.bill(company)["id"]
    connected.sync()
    fault = bookkeeper.fault("currency-not-subscribed")
    connected.xero.add_currency("USD")

    for _ in range(clicks):
        bookkeeper.api.post(f"/faults/{fault['id']}/resync")
    connected.sync()

    bookkeeper.assert_mended(fault, invoice)
