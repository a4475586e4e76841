"""A call that Xero refuses as a whole is the trouble of what is at fault in it, and of no other company."""

from __future__ import annotations

from django.utils import timezone

from syncing.models import SyncRun
from syncing.states import DocumentState
from tests.connected import ConnectedAccount
from tests.world import item

WORDS = "The first one cannot be read."
# A call of four is refused, that of the first two, and that of the first one.
DOWN_TO_THE_FIRST_OF_FOUR = 3


def refuse(account: ConnectedAccount, method: str, path: str) -> None:
    account.autotask.world.add_trouble(
        "xero",
        "status",
        method=method,
        path=path,
        status=400,
        times=DOWN_TO_THE_FIRST_OF_FOUR,
        body=f'{{"ErrorNumber":14,"Type":"PostDataInvalidException","Message":"{WORDS}"}}',
    )


def bill_four_companies(account: ConnectedAccount) -> list[int]:
    companies = [account.autotask.add_company(f"Company {number}") for number in range(4)]
    return [account.autotask.bill(company)["id"] for company in companies]


def assert_first_alone_waits(account: ConnectedAccount, run: SyncRun, invoices: list[int]) -> None:
    assert run.state == SyncRun.State.FINISHED
    waiting, *arrived = invoices
    assert {account.document(invoice).state for invoice in arrived} == {DocumentState.SYNCED}
    assert account.document(waiting).state == DocumentState.FAULTED
    assert account.codes(waiting) == {"validation-refused"}
    with account.scope():
        assert account.document(waiting).attempts.latest("id").detail == WORDS


def test_one_contact_that_cannot_be_made_holds_up_no_other_company(connected: ConnectedAccount) -> None:
    known = connected.autotask.bill(connected.pair.company_id)["id"]
    connected.sync()
    again = connected.autotask.bill(connected.pair.company_id)["id"]
    invoices = bill_four_companies(connected)
    refuse(connected, "PUT", "/Contacts")

    run = connected.sync()

    assert_first_alone_waits(connected, run, [*invoices, known, again])


def test_one_contact_that_cannot_be_changed_holds_up_no_other_company(connected: ConnectedAccount) -> None:
    connected.change_settings(update_contacts=True)
    companies = [connected.autotask.add_company(f"Company {number}") for number in range(4)]
    for company in companies:
        connected.autotask.bill(company)
    connected.sync()
    for company in companies:
        connected.autotask.patch("Companies", company, billingAddress1="1 New Street")
    invoices = [connected.autotask.bill(company)["id"] for company in companies]
    refuse(connected, "POST", "/Contacts")

    run = connected.sync()

    assert_first_alone_waits(connected, run, invoices)


def test_one_item_that_cannot_be_made_holds_up_no_other_invoice(connected: ConnectedAccount) -> None:
    connected.change_settings(product_codes="sku", xero_items="create")
    invoices = []
    for code in ("A", "B", "C", "D"):
        product = connected.autotask.add("Products", name=f"Product {code}", sku=code, isActive=True)
        charge = connected.autotask.add("TicketCharges", name="Laptop", productID=product, ticketID=1)
        invoices.append(connected.autotask.bill(connected.pair.company_id, [item(ticketChargeID=charge)])["id"])
    refuse(connected, "POST", "/Items")

    run = connected.sync()

    assert_first_alone_waits(connected, run, invoices)


def test_one_void_that_is_refused_stops_neither_the_others_nor_the_run(connected: ConnectedAccount) -> None:
    connected.change_settings(void_sync=True)
    invoices = bill_four_companies(connected)
    connected.sync()
    for invoice in invoices:
        connected.autotask.patch("Invoices", invoice, isVoided=True, voidedDate=timezone.now())
    new = connected.autotask.bill(connected.pair.company_id)["id"]
    refuse(connected, "POST", "/Invoices")

    run = connected.sync()

    assert run.state == SyncRun.State.FINISHED
    states = [connected.document(invoice).state for invoice in (*invoices, new)]
    assert states == [DocumentState.SYNCED, *[DocumentState.VOIDED] * 3, DocumentState.SYNCED]
    assert connected.codes(invoices[0]) == {"void-refused"}
