"""The stand-in Xero lets credit notes and payments meet invoices as the real one does."""

from __future__ import annotations

import pytest

from tests.sandbox.xero_calls import XeroCaller, caller, line, texts
from tests.world import SandboxWorld, XeroOrganisation

UNKNOWN = "11111111-1111-1111-1111-111111111111"
LOCKED = "This document cannot be edited as it has a payment or credit note allocated to it."


@pytest.fixture
def organisation(sandbox: SandboxWorld) -> XeroOrganisation:
    return sandbox.create_xero()


@pytest.fixture
def xero(sandbox: SandboxWorld, organisation: XeroOrganisation) -> XeroCaller:
    return caller(sandbox, organisation)


def test_a_credit_note_has_a_life_of_its_own(xero: XeroCaller) -> None:
    made = xero.put_credit_note(CreditNoteNumber="CN-AT-7", Status="AUTHORISED", Reference="Refund")
    assert (made["Type"], made["Status"], str(made["RemainingCredit"])) == ("ACCRECCREDIT", "AUTHORISED", "115.00")
    assert xero.rows("/CreditNotes/CN-AT-7")[0]["CreditNoteID"] == made["CreditNoteID"]
    assert [row["CreditNoteNumber"] for row in xero.rows("/CreditNotes", where='CreditNoteNumber=="CN-AT-7"')] == [
        "CN-AT-7"
    ]
    (voided,) = xero.write("POST", "CreditNotes", {"CreditNoteID": made["CreditNoteID"], "Status": "VOIDED"})
    assert voided["Status"] == "VOIDED"
    (again,) = xero.write("POST", "CreditNotes", {"CreditNoteNumber": "CN-AT-7", "Reference": "x"})
    assert texts(again) == ["Credit Note not of valid status for modification"]
    (unknown,) = xero.write("POST", "CreditNotes", {"CreditNoteID": UNKNOWN})
    assert texts(unknown) == ["An existing Credit Note with the specified CreditNoteID could not be found"]


def test_a_credit_note_pays_an_invoice_and_gives_it_back(xero: XeroCaller) -> None:
    bill = xero.put_invoice(Status="AUTHORISED")
    note = xero.put_credit_note(Status="AUTHORISED", LineItems=[line(UnitAmount="40")])
    address = f"CreditNotes/{note['CreditNoteID']}/Allocations"
    part = {"Amount": "46.00", "Date": "2026-11-05", "Invoice": {"InvoiceID": bill["InvoiceID"]}}
    answer = xero.call("PUT", f"/{address}", {"Allocations": [part]})
    assert answer.status_code == 200
    allocation = answer.json()["Allocations"][0]
    (after,) = xero.rows(f"/Invoices/{bill['InvoiceID']}")
    assert (str(after["AmountCredited"]), str(after["AmountDue"])) == ("46.00", "69.00")
    assert after["CreditNotes"][0]["CreditNoteID"] == note["CreditNoteID"]
    assert xero.rows(f"/CreditNotes/{note['CreditNoteID']}")[0]["Status"] == "PAID"
    assert texts(xero.post_invoice(InvoiceID=bill["InvoiceID"], Reference="x")) == [LOCKED]
    gone = xero.call("DELETE", f"/{address}/{allocation['AllocationID']}")
    assert gone.json()["IsDeleted"] is True
    assert str(xero.rows(f"/Invoices/{bill['InvoiceID']}")[0]["AmountDue"]) == "115.00"
    assert xero.rows(f"/CreditNotes/{note['CreditNoteID']}")[0]["Status"] == "AUTHORISED"


def test_allocations_are_refused_in_xeros_words(xero: XeroCaller, organisation: XeroOrganisation) -> None:
    bill, note = xero.put_invoice(Status="AUTHORISED"), xero.put_credit_note(Status="AUTHORISED")
    address = f"/CreditNotes/{note['CreditNoteID']}/Allocations"
    part = {"Amount": "500.00", "Date": "2026-11-05", "Invoice": {"InvoiceID": bill["InvoiceID"]}}

    def refused() -> list[str]:
        return texts(xero.call("PUT", address, {"Allocations": [part]}).json()["Elements"][0])

    assert refused() == ["Credit Note cannot be allocated as amount is greater than amount outstanding"]
    organisation.pay(bill["InvoiceID"])
    assert refused() == ["The invoice you are trying to allocate to has already been paid off"]


def test_payments_come_and_go(xero: XeroCaller) -> None:
    bill = xero.put_invoice(Status="AUTHORISED")
    money_in = {"Invoice": {"InvoiceID": bill["InvoiceID"]}, "Account": {"Code": "090"}, "Date": "2026-11-09"}
    (paid,) = xero.write("PUT", "Payments", {**money_in, "Amount": "115.00", "Reference": "Bank"})
    assert (paid["PaymentType"], paid["Status"]) == ("ACCRECPAYMENT", "AUTHORISED")
    assert xero.rows("/Invoices", where='Status=="PAID"')[0]["InvoiceID"] == bill["InvoiceID"]
    assert [row["PaymentID"] for row in xero.rows("/Payments", page=1)] == [paid["PaymentID"]]
    (gone,) = xero.write("POST", f"Payments/{paid['PaymentID']}", {"Status": "DELETED"})
    assert gone["Status"] == "DELETED"
    assert xero.rows(f"/Invoices/{bill['InvoiceID']}")[0]["Status"] == "AUTHORISED"


def test_payments_are_refused_in_xeros_words(xero: XeroCaller) -> None:
    bill, draft = xero.put_invoice(Status="AUTHORISED"), xero.put_invoice()

    def pay(invoice_id: str, amount: str, account: str = "090") -> list[str]:
        row = {"Invoice": {"InvoiceID": invoice_id}, "Account": {"Code": account}, "Date": "2026-11-09"}
        return texts(xero.write("PUT", "Payments", {**row, "Amount": amount})[0])

    assert pay(bill["InvoiceID"], "115.01") == ["Payment amount exceeds the amount outstanding on this document"]
    assert pay(draft["InvoiceID"], "1") == ["Payments can only be made against Authorised documents."]
    assert pay(UNKNOWN, "1") == ["Document could not be found"]
    assert pay(bill["InvoiceID"], "1", "200") != []
    assert pay(bill["InvoiceID"], "1", "880") == []
