"""A person decides that Xero is right: what is there stays as it is, until someone asks for it again."""

from __future__ import annotations

import pytest

from faults.models import Fault
from syncing.states import DocumentState
from tests.connected import ConnectedAccount
from tests.engine.test_resync import bill_and_sync, raise_price, resync
from tests.pages import Pages, words


@pytest.fixture
def pages(connected: ConnectedAccount) -> Pages:
    return Pages(connected.account)


def the_fault(connected: ConnectedAccount) -> Fault:
    with connected.scope():
        return Fault.objects.get()


def pay(connected: ConnectedAccount) -> None:
    [invoice] = connected.xero.invoices()
    connected.xero.patch("Invoices", invoice["InvoiceID"], Status="AUTHORISED")
    connected.xero.pay(invoice["InvoiceID"])


def test_a_paid_invoice_that_changed_in_autotask_is_left_as_xero_has_it(
    connected: ConnectedAccount, pages: Pages
) -> None:
    autotask_id = bill_and_sync(connected)
    pay(connected)
    raise_price(connected, autotask_id, "120.00")
    resync(connected, autotask_id)
    assert connected.codes(autotask_id) == {"document-locked-by-payment"}

    fault = the_fault(connected)
    assert "Leave in Xero as it is" in words(pages.get(f"faults/{fault.id}/"))
    pages.post(f"faults/{fault.id}/skip/", reason="Xero is right")

    document = connected.document(autotask_id)
    assert (document.state, document.skipped_reason) == (DocumentState.SYNCED, "Xero is right")
    assert the_fault(connected).state == Fault.State.RESOLVED
    assert "1 document is left in Xero as before." in words(pages.get(f"faults/{fault.id}/"))
    connected.sync()
    assert connected.codes(autotask_id) == set()


def refuse_a_void(connected: ConnectedAccount) -> int:
    """The void of a paid invoice, which Xero does not take."""
    connected.change_settings(void_sync=True)
    autotask_id = bill_and_sync(connected)
    pay(connected)
    connected.autotask.void(autotask_id)
    connected.sync()
    assert connected.codes(autotask_id) == {"void-refused"}
    return autotask_id


def test_a_refused_void_is_not_tried_again_once_a_person_keeps_the_invoice(
    connected: ConnectedAccount, pages: Pages
) -> None:
    autotask_id = refuse_a_void(connected)

    pages.post(f"documents/{connected.document(autotask_id).id}/skip", reason="It was paid after all")
    connected.sync()

    assert connected.document(autotask_id).state == DocumentState.SYNCED
    assert the_fault(connected).state == Fault.State.RESOLVED


def test_a_resync_asks_for_the_void_again(connected: ConnectedAccount, pages: Pages) -> None:
    autotask_id = refuse_a_void(connected)
    pages.post(f"documents/{connected.document(autotask_id).id}/skip", reason="It was paid after all")

    resync(connected, autotask_id)

    assert connected.codes(autotask_id) == {"void-refused"}


def test_an_invoice_that_was_left_as_it_is_is_voided_when_autotask_voids_it_later(
    connected: ConnectedAccount, pages: Pages
) -> None:
    connected.change_settings(void_sync=True)
    autotask_id = bill_and_sync(connected)
    [invoice] = connected.xero.invoices()
    edited = [{**line, "Description": "Edited by hand"} for line in invoice["LineItems"]]
    connected.xero.patch("Invoices", invoice["InvoiceID"], LineItems=edited)
    raise_price(connected, autotask_id, "120.00")
    resync(connected, autotask_id)
    pages.post(f"documents/{connected.document(autotask_id).id}/skip", reason="The words are better in Xero")

    connected.autotask.void(autotask_id)
    connected.sync()

    assert connected.document(autotask_id).state == DocumentState.VOIDED
