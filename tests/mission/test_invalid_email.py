"""Invalid email address: seen before a contact is made, with whose it is."""

from __future__ import annotations

from tests.mission.bookkeeper import Bookkeeper


def test_invalid_email(bookkeeper: Bookkeeper) -> None:
    connected = bookkeeper.connected
    company = connected.autotask.add_company("Korimako Kindergarten", email="ada.wells(at)korimako.example")
    invoices = [connected.autotask.bill(company)["id"] for _ in range(2)]
    connected.sync()

    fault = bookkeeper.fault("invalid-email")
    [contact] = connected.autotask.contacts(company)
    assert (fault["documents"], fault["evidence"]["email"]) == (2, "ada.wells(at)korimako.example")
    assert fault["evidence"]["contact_id"] == contact["id"]
    assert connected.xero.contacts() == []

    connected.autotask.patch("Contacts", contact["id"], emailAddress="ada.wells@korimako.example")
    bookkeeper.resync(fault)

    bookkeeper.assert_mended(fault, *invoices)
