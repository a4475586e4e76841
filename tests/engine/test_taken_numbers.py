"""A number that Xero has already: ours is adopted, a person's document is never overwritten."""

from __future__ import annotations

import pytest

from syncing.models import Document
from syncing.states import DocumentState
from tests.connected import ConnectedAccount


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


def test_renumbered_in_autotask_it_arrives(numbered: ConnectedAccount) -> None:
    numbered.xero.add_invoice("Acme Ltd", number="1089")
    autotask_id = bill(numbered, "1089")
    numbered.sync()

    numbered.autotask.patch("Invoices", autotask_id, invoiceNumber="1089-A")
    numbered.ask_again(autotask_id)
    numbered.sync()

    assert numbered.document(autotask_id).xero_number == "1089-A"
    assert numbered.codes(autotask_id) == set()
