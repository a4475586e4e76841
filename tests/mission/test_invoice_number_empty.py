"""Autotask invoice number is empty: ten minutes' patience, and then it matters only to who uses Autotask's numbers."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.mission.bookkeeper import Bookkeeper
from tests.mission.test_partner_trouble import when_due


def bill(bookkeeper: Bookkeeper, age: timedelta) -> int:
    connected = bookkeeper.connected
    created = connected.autotask.world.now() - age
    made = connected.autotask.bill(connected.pair.company_id, invoiceNumber=None, createDateTime=created)
    connected.sync()
    return int(made["id"])


def test_an_account_with_autotasks_numbers_waits_for_one(bookkeeper: Bookkeeper) -> None:
    bookkeeper.connected.change_settings(numbering="autotask_number")
    invoice = bill(bookkeeper, timedelta(minutes=11))
    fault = bookkeeper.fault("invoice-number-empty")
    assert (fault["state"], fault["documents"]) == ("open", 1)

    bookkeeper.connected.autotask.patch("Invoices", invoice, invoiceNumber="M-1")
    bookkeeper.resync(fault)

    bookkeeper.assert_mended(fault, invoice)
    assert bookkeeper.document(invoice)["xero"]["number"] == "M-1"


@pytest.mark.parametrize("numbering", ["xero", "autotask_number"])
def test_a_young_invoice_waits_for_its_number(bookkeeper: Bookkeeper, numbering: str) -> None:
    bookkeeper.connected.change_settings(numbering=numbering)
    invoice = bill(bookkeeper, timedelta(minutes=5))
    fault = bookkeeper.fault("invoice-number-empty")
    assert (fault["state"], fault["who_acts"]) == ("retrying", "nobody")

    bookkeeper.connected.autotask.patch("Invoices", invoice, invoiceNumber="M-2")
    when_due(bookkeeper)

    bookkeeper.assert_mended(fault, invoice)


def test_an_old_one_goes_on_without_where_xero_gives_the_numbers(bookkeeper: Bookkeeper) -> None:
    invoice = bill(bookkeeper, timedelta(minutes=11))

    bookkeeper.assert_arrived_once(invoice)
    assert bookkeeper.living_codes() == []
