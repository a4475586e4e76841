"""No valid contact for the invoice."""

from __future__ import annotations

from tests.mission.bookkeeper import Bookkeeper


def test_a_company_whose_only_contact_has_left(bookkeeper: Bookkeeper) -> None:
    autotask = bookkeeper.connected.autotask
    company = autotask.add_company("Pūkeko Plumbing", email=None)
    contact = autotask.add_contact(company, email="tom@pukeko.example", firstName="Tom", lastName="Reed", isActive=0)
    invoices = [autotask.bill(company)["id"] for _ in range(2)]
    bookkeeper.connected.sync()

    fault = bookkeeper.fault("no-valid-contact")
    assert (fault["state"], fault["documents"], fault["who_acts"]) == ("open", 2, "customer")
    assert fault["evidence"]["company"] == "Pūkeko Plumbing"
    assert [(each["name"], each["active"]) for each in fault["evidence"]["contacts"]] == [("Tom Reed", False)]
    assert fault["evidence"]["rules"][0]["rule"] == "billing_flag"

    autotask.patch("Contacts", contact, isActive=1)
    bookkeeper.resync(fault)

    bookkeeper.assert_mended(fault, *invoices)


def test_two_contacts_of_which_neither_is_for_bills(bookkeeper: Bookkeeper) -> None:
    autotask = bookkeeper.connected.autotask
    company = autotask.add_company("Ruru Security", email=None)
    flags = {"billingContact": False, "primaryContact": False}
    first, _ = (autotask.add_contact(company, email=f"{name}@ruru.example", **flags) for name in ("mia", "zac"))
    invoice = autotask.bill(company)["id"]
    bookkeeper.connected.sync()
    fault = bookkeeper.fault("no-valid-contact")

    autotask.patch("Contacts", first, billingContact=True)
    bookkeeper.resync(fault)

    bookkeeper.assert_mended(fault, invoice)
