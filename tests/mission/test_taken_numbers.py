"""A number that Xero has already: on a paid document, on a voided one, on a person's draft."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.mission.bookkeeper import Bookkeeper
from tests.world import Row


@pytest.fixture
def numbered(bookkeeper: Bookkeeper) -> Bookkeeper:
    """An account that uses Autotask's numbers."""
    bookkeeper.connected.change_settings(numbering="autotask_number")
    return bookkeeper


def bill(bookkeeper: Bookkeeper, number: str) -> int:
    invoice = bookkeeper.connected.autotask.bill(bookkeeper.connected.pair.company_id, invoiceNumber=number)
    bookkeeper.connected.sync()
    return int(invoice["id"])


def give_another_number(bookkeeper: Bookkeeper, made: Row) -> None:
    bookkeeper.connected.xero.patch("Invoices", made["InvoiceID"], InvoiceNumber=f"{made['InvoiceNumber']}-OLD")


def assert_untouched(bookkeeper: Bookkeeper, made: Row) -> None:
    now = next(row for row in bookkeeper.connected.xero.invoices() if row["InvoiceID"] == made["InvoiceID"])
    assert now["Total"] == made["Total"]
    assert now["LineItems"][0]["Description"] == "Made in Xero"


@pytest.mark.parametrize("amount", ["50.00", None], ids=["in part", "in full"])
def test_document_locked_by_payment(numbered: Bookkeeper, amount: str | None) -> None:
    made = numbered.connected.xero.add_invoice("Acme Ltd", number="1086", Status="AUTHORISED")
    numbered.connected.xero.pay(made["InvoiceID"], amount)
    invoice = bill(numbered, "1086")

    fault = numbered.fault("document-locked-by-payment")
    assert (fault["subject"], fault["evidence"]["xero_id"]) == ("1086", made["InvoiceID"])
    assert Decimal(fault["evidence"]["amount_paid"]) == Decimal(amount or made["Total"])
    assert_untouched(numbered, made)

    give_another_number(numbered, made)
    numbered.resync(fault)

    numbered.assert_mended(fault, invoice)
    assert_untouched(numbered, made)


def test_invoice_not_modifiable(numbered: Bookkeeper) -> None:
    made = numbered.connected.xero.add_invoice("Acme Ltd", number="1087", Status="AUTHORISED")
    numbered.connected.xero.void(made["InvoiceID"])
    invoice = bill(numbered, "1087")

    fault = numbered.fault("invoice-not-modifiable")
    assert (fault["subject"], fault["evidence"]["status"]) == ("1087", "VOIDED")

    give_another_number(numbered, made)
    numbered.resync(fault)

    numbered.assert_mended(fault, invoice)


def test_duplicate_number(numbered: Bookkeeper) -> None:
    made = numbered.connected.xero.add_invoice("Acme Ltd", number="1088")
    invoice = bill(numbered, "1088")
    fault = numbered.fault("duplicate-number")

    numbered.connected.autotask.patch("Invoices", invoice, invoiceNumber="1088-A")
    numbered.resync(fault)

    numbered.assert_mended(fault, invoice)
    assert_untouched(numbered, made)
