"""A document that is in Xero is updated there by a re-sync, and never sent a second time."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from syncing.models import Attempt, Document
from syncing.states import DocumentState
from tests.connected import ConnectedAccount
from tests.engine.test_uncertain_writes import six_minutes_later
from tests.world import item


def bill_and_sync(connected: ConnectedAccount, rate: str = "100.00", **fields: Any) -> int:
    invoice = connected.autotask.bill(connected.pair.company_id, [item(rate), item("10.00", name="Licence")], **fields)
    connected.sync()
    return int(invoice["id"])


def raise_price(connected: ConnectedAccount, autotask_id: int, to: str) -> None:
    """As an un-post and re-post would: another price on the first line, and the totals with it."""
    first = connected.autotask.items(autotask_id)[0]
    old = first["totalAmount"]
    connected.autotask.patch(
        "BillingItems", first["id"], rate=Decimal(to), totalAmount=Decimal(to), taxDollars=Decimal(to) * Decimal("0.15")
    )
    invoice = connected.autotask.invoice(autotask_id)
    connected.autotask.patch(
        "Invoices",
        autotask_id,
        invoiceTotal=invoice["invoiceTotal"] + Decimal(to) - old,
        totalTaxValue=invoice["totalTaxValue"] + (Decimal(to) - old) * Decimal("0.15"),
    )


def edit_by_hand(connected: ConnectedAccount) -> None:
    [before] = connected.xero.invoices()
    edited = [{**line, "Description": "Edited by hand"} for line in before["LineItems"]]
    connected.xero.patch("Invoices", before["InvoiceID"], LineItems=edited)


def resync(connected: ConnectedAccount, autotask_id: int) -> None:
    connected.ask_again(autotask_id)
    connected.sync()


def last_attempt(connected: ConnectedAccount, autotask_id: int) -> str:
    with connected.scope():
        return Attempt.objects.filter(document__autotask_id=autotask_id).latest("id").outcome


def test_unchanged_content_makes_no_call(connected: ConnectedAccount) -> None:
    autotask_id = bill_and_sync(connected)
    before = connected.autotask.world.ledger("xero").last_n

    resync(connected, autotask_id)

    assert connected.autotask.world.ledger("xero", since_n=before).requests == []
    assert last_attempt(connected, autotask_id) == "unchanged"


def test_a_changed_line_keeps_its_line_id_and_the_invoice_its_id(connected: ConnectedAccount) -> None:
    autotask_id = bill_and_sync(connected)
    [before] = connected.xero.invoices()

    raise_price(connected, autotask_id, "120.00")
    resync(connected, autotask_id)

    [after] = connected.xero.invoices()
    assert after["InvoiceID"] == before["InvoiceID"]
    assert after["SubTotal"] == Decimal("130.00")
    assert [line["LineItemID"] for line in after["LineItems"]] == [line["LineItemID"] for line in before["LineItems"]]
    assert last_attempt(connected, autotask_id) == "updated"


def test_the_status_that_a_person_gave_it_is_left_alone(connected: ConnectedAccount) -> None:
    autotask_id = bill_and_sync(connected)
    [before] = connected.xero.invoices()
    connected.xero.patch("Invoices", before["InvoiceID"], Status="AUTHORISED")

    raise_price(connected, autotask_id, "120.00")
    resync(connected, autotask_id)

    [after] = connected.xero.invoices()
    assert (after["Status"], after["SubTotal"]) == ("AUTHORISED", Decimal("130.00"))


def test_a_paid_invoice_is_not_changed(connected: ConnectedAccount) -> None:
    autotask_id = bill_and_sync(connected)
    [before] = connected.xero.invoices()
    connected.xero.patch("Invoices", before["InvoiceID"], Status="AUTHORISED")
    connected.xero.pay(before["InvoiceID"])

    raise_price(connected, autotask_id, "120.00")
    resync(connected, autotask_id)

    assert connected.codes(autotask_id) == {"document-locked-by-payment"}
    document = connected.document(autotask_id)
    assert document.state == DocumentState.FAULTED
    assert str(document.xero_id) == before["InvoiceID"]


def test_a_draft_edited_in_xero_is_asked_about_first(connected: ConnectedAccount) -> None:
    autotask_id = bill_and_sync(connected)
    edit_by_hand(connected)

    raise_price(connected, autotask_id, "120.00")
    resync(connected, autotask_id)
    assert connected.codes(autotask_id) == {"invoice-not-modifiable"}

    with connected.scope():
        Document.objects.update(confirmed_overwrite=True)
    resync(connected, autotask_id)

    [after] = connected.xero.invoices()
    assert after["SubTotal"] == Decimal("130.00")
    assert connected.codes(autotask_id) == set()


@pytest.mark.parametrize("name", ["DueDate", "Reference", "Date", "Contact"])
def test_what_a_person_changed_besides_the_lines_is_asked_about_first(connected: ConnectedAccount, name: str) -> None:
    autotask_id = bill_and_sync(connected, orderNumber="PO 7")
    [before] = connected.xero.invoices()
    other = connected.xero.add_contact("Other Ltd")["ContactID"]
    edited = {"DueDate": "2031-01-01", "Reference": "By hand", "Date": "2026-01-01", "Contact": {"ContactID": other}}
    connected.xero.patch("Invoices", before["InvoiceID"], **{name: edited[name]})

    raise_price(connected, autotask_id, "120.00")
    resync(connected, autotask_id)

    assert connected.codes(autotask_id) == {"invoice-not-modifiable"}


def test_a_contact_that_was_merged_in_xero_is_no_edit_and_is_followed(connected: ConnectedAccount) -> None:
    autotask_id = bill_and_sync(connected)
    [before] = connected.xero.invoices()
    winner = connected.xero.add_contact("Winner Ltd")["ContactID"]
    connected.xero.merge_contacts(before["Contact"]["ContactID"], winner)

    raise_price(connected, autotask_id, "120.00")
    resync(connected, autotask_id)

    assert connected.codes(autotask_id) == set()
    [after] = connected.xero.invoices()
    assert (after["SubTotal"], after["Contact"]["ContactID"]) == (Decimal("130.00"), winner)


def test_a_document_deleted_in_xero_is_not_made_again_by_itself(connected: ConnectedAccount) -> None:
    autotask_id = bill_and_sync(connected)
    [before] = connected.xero.invoices()
    connected.xero.void(before["InvoiceID"])

    raise_price(connected, autotask_id, "120.00")
    resync(connected, autotask_id)

    assert connected.codes(autotask_id) == {"invoice-not-modifiable"}
    assert len(connected.xero.invoices()) == 1


@pytest.mark.parametrize("arrives", [True, False])
@pytest.mark.parametrize("edited", [True, False])
def test_an_update_without_an_answer_is_no_persons_edit_and_hides_none(
    connected: ConnectedAccount, arrives: bool, edited: bool
) -> None:
    autotask_id = bill_and_sync(connected)
    raise_price(connected, autotask_id, "120.00")
    trouble = "drop_after" if arrives else "drop_before"
    with connected.autotask.world.trouble("xero", trouble, method="POST", path="/Invoices"):
        resync(connected, autotask_id)
    if edited:
        edit_by_hand(connected)
    raise_price(connected, autotask_id, "130.00")
    six_minutes_later(connected)

    connected.sync()

    assert connected.codes(autotask_id) == ({"invoice-not-modifiable"} if edited else set())
    [after] = connected.xero.invoices()
    assert (after["LineItems"][0]["Description"] == "Edited by hand") == edited
    assert edited or after["SubTotal"] == Decimal("140.00")


@pytest.mark.parametrize("edited", [True, False])
def test_an_edit_of_a_document_that_we_did_not_know_to_be_there_is_asked_about(
    connected: ConnectedAccount, edited: bool
) -> None:
    with connected.autotask.world.trouble("xero", "drop_after", method="PUT", path="/Invoices"):
        autotask_id = bill_and_sync(connected)
    if edited:
        edit_by_hand(connected)
    raise_price(connected, autotask_id, "130.00")
    six_minutes_later(connected)

    connected.sync()

    assert connected.codes(autotask_id) == ({"invoice-not-modifiable"} if edited else set())
    [after] = connected.xero.invoices()
    assert (after["LineItems"][0]["Description"] == "Edited by hand") == edited
    assert edited or after["SubTotal"] == Decimal("140.00")
