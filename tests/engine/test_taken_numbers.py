"""A number that Xero has already: ours is adopted, a person's document is never overwritten."""

from __future__ import annotations

from decimal import Decimal

import pytest

from syncing.models import Document
from syncing.states import DocumentState
from tests.connected import ConnectedAccount
from tests.engine.test_resync import raise_price
from tests.engine.test_uncertain_writes import six_minutes_later
from tests.world import Row, item


@pytest.fixture
def numbered(connected: ConnectedAccount) -> ConnectedAccount:
    """An account that uses Autotask's numbers."""
    connected.change_settings(numbering="autotask_number")
    return connected


def bill(connected: ConnectedAccount, number: str) -> int:
    invoice = connected.autotask.bill(connected.pair.company_id, invoiceNumber=number)
    return int(invoice["id"])


def test_a_strangers_open_invoice_of_the_same_number_is_left_alone(numbered: ConnectedAccount) -> None:
    made = numbered.xero.add_invoice("Acme Ltd", number="1085", total="42.00")

    autotask_id = bill(numbered, "1085")
    numbered.sync()

    assert numbered.codes(autotask_id) == {"duplicate-number"}
    [only] = numbered.xero.invoices()
    assert (only["InvoiceID"], only["Total"]) == (made["InvoiceID"], made["Total"])


def test_a_paid_invoice_of_the_same_number_locks_it(numbered: ConnectedAccount) -> None:
    made = numbered.xero.add_invoice("Acme Ltd", number="1086", Status="AUTHORISED")
    numbered.xero.pay(made["InvoiceID"])

    autotask_id = bill(numbered, "1086")
    numbered.sync()

    assert numbered.codes(autotask_id) == {"document-locked-by-payment"}


def test_a_voided_invoice_of_the_same_number_cannot_be_modified(numbered: ConnectedAccount) -> None:
    made = numbered.xero.add_invoice("Acme Ltd", number="1087", Status="AUTHORISED")
    numbered.xero.void(made["InvoiceID"])

    autotask_id = bill(numbered, "1087")
    numbered.sync()

    assert numbered.codes(autotask_id) == {"invoice-not-modifiable"}
    assert numbered.document(autotask_id).state == DocumentState.FAULTED


def test_ours_is_adopted_where_we_forgot_that_we_made_it(numbered: ConnectedAccount) -> None:
    autotask_id = bill(numbered, "1088")
    numbered.sync()
    with numbered.scope():
        Document.objects.update(state=DocumentState.WAITING, xero_id=None, sent_digest="")

    numbered.sync()

    document = numbered.document(autotask_id)
    assert document.state == DocumentState.SYNCED
    [only] = numbered.xero.invoices()
    assert str(document.xero_id) == only["InvoiceID"]


@pytest.fixture
def forgotten(numbered: ConnectedAccount) -> int:
    """An invoice that is in Xero, which we do not remember, and whose price has risen in Autotask since."""
    autotask_id = bill(numbered, "1090")
    numbered.sync()
    with numbered.scope():
        Document.objects.update(state=DocumentState.WAITING, xero_id=None, xero_number="", sent={}, sent_digest="")
    raise_price(numbered, autotask_id, "250.00")
    return autotask_id


def test_ours_that_is_adopted_is_brought_up_to_date(numbered: ConnectedAccount, forgotten: int) -> None:
    numbered.sync()

    [only] = numbered.xero.invoices()
    assert only["SubTotal"] == Decimal("250.00")
    document = numbered.document(forgotten)
    assert (document.state, document.subtotal) == (DocumentState.SYNCED, Decimal("250.00"))


def test_ours_that_is_paid_is_adopted_and_asked_about(numbered: ConnectedAccount, forgotten: int) -> None:
    [made] = numbered.xero.invoices()
    numbered.xero.patch("Invoices", made["InvoiceID"], Status="AUTHORISED")
    numbered.xero.pay(made["InvoiceID"])

    numbered.sync()

    assert numbered.codes(forgotten) == {"document-locked-by-payment"}
    document = numbered.document(forgotten)
    assert (document.state, str(document.xero_id)) == (DocumentState.FAULTED, made["InvoiceID"])


def add_credit_note(connected: ConnectedAccount, autotask_id: int) -> Row:
    """One that a person made for somebody else, under the number that ours will have."""
    contact = connected.xero.add_contact("Some Other Customer")
    line = {"Description": "By hand", "Quantity": 1, "UnitAmount": "500.00", "AccountCode": "200"}
    fields = {"Type": "ACCRECCREDIT", "CreditNoteNumber": f"CN-AT-{autotask_id}", "Status": "DRAFT"}
    added: Row = connected.xero.add(
        "CreditNotes", **fields, Contact={"ContactID": contact["ContactID"]}, LineItems=[line]
    )
    return added


def test_a_strangers_credit_note_of_the_same_number_is_left_alone(connected: ConnectedAccount) -> None:
    autotask_id = connected.autotask.bill(connected.pair.company_id, [item("-80.00")])["id"]
    made = add_credit_note(connected, autotask_id)

    connected.sync()

    assert connected.codes(autotask_id) == {"duplicate-number"}
    assert connected.document(autotask_id).xero_id is None
    [only] = connected.xero.credit_notes()
    assert (only["CreditNoteID"], only["SubTotal"]) == (made["CreditNoteID"], Decimal("500.00"))


def test_a_strangers_credit_note_is_not_taken_for_one_that_was_never_answered(connected: ConnectedAccount) -> None:
    autotask_id = connected.autotask.bill(connected.pair.company_id, [item("-80.00")])["id"]
    with connected.autotask.world.trouble("xero", "drop_before", method="PUT", path="/CreditNotes"):
        connected.sync()
    add_credit_note(connected, autotask_id)
    six_minutes_later(connected)

    connected.sync()

    assert connected.codes(autotask_id) == {"duplicate-number"}
    assert len(connected.xero.credit_notes()) == 1


def test_a_credit_note_of_ours_is_adopted_where_we_forgot_that_we_made_it(connected: ConnectedAccount) -> None:
    autotask_id = connected.autotask.bill(connected.pair.company_id, [item("-80.00"), item("-0.35")])["id"]
    connected.sync()
    with connected.scope():
        Document.objects.update(state=DocumentState.WAITING, xero_id=None, sent_digest="")

    connected.sync()

    [only] = connected.xero.credit_notes()
    document = connected.document(autotask_id)
    assert (document.state, str(document.xero_id)) == (DocumentState.SYNCED, only["CreditNoteID"])


def test_renumbered_in_autotask_it_arrives(numbered: ConnectedAccount) -> None:
    numbered.xero.add_invoice("Acme Ltd", number="1089")
    autotask_id = bill(numbered, "1089")
    numbered.sync()

    numbered.autotask.patch("Invoices", autotask_id, invoiceNumber="1089-A")
    numbered.ask_again(autotask_id)
    numbered.sync()

    assert numbered.document(autotask_id).xero_number == "1089-A"
    assert numbered.codes(autotask_id) == set()
