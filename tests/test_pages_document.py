"""A document's page: both sides, and what a person does with it."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from decimal import Decimal

import pytest
from django.test import Client

from syncing.document_page import pair_lines
from syncing.models import Document, SyncRun
from syncing.states import DocumentState
from tenants.models import Account, AutotaskConnection, Role
from tenants.scope import account_scope
from tests.connected import ConnectedAccount
from tests.documents import in_xero, make_document, stop
from tests.engine.test_resync import raise_price
from tests.factories import make_account, make_member, make_user
from tests.world import item


@pytest.fixture
def account(db: None) -> Account:
    return make_account()


@pytest.fixture
def scope(account: Account) -> Iterator[None]:
    with account_scope(account.id):
        yield


@pytest.fixture
def member(client: Client, account: Account) -> Client:
    client.force_login(make_member(account, Role.STANDARD).user)
    return client


def address(account: Account, document: Document, action: str = "") -> str:
    return f"/a/{account.slug}/documents/{document.id}/{action}"


def test_a_document_in_xero_shows_both_sides_and_its_attempts(connected: ConnectedAccount, client: Client) -> None:
    client.force_login(make_member(connected.account).user)
    connected.autotask.bill(connected.pair.company_id, [item("100.00", name="Server care")])
    connected.sync()
    with connected.scope():
        AutotaskConnection.objects.update(web_url="https://ww1.autotask.net/")
    document = connected.documents()[0]
    shown = client.get(address(connected.account, document)).content.decode()
    assert shown.count("Server care") >= 2
    assert document.xero_number in shown
    assert "Created in Xero" in shown
    assert f"InvoiceViewer.mvc?invoiceId={document.autotask_id}" in shown
    assert f"InvoiceID={document.xero_id}" in shown
    assert "Skip this document" not in shown


def test_each_line_stands_beside_the_billing_items_it_is_for() -> None:
    items = [{"id": 1, "total": "10.00"}, {"id": 2, "total": "5.00"}, {"id": 3, "total": "1.00"}]
    lines = [
        {"billing_item_ids": [], "description": "Site: Head office", "quantity": None, "amount": "0"},
        {"billing_item_ids": [1, 2], "description": "Both", "quantity": "1", "amount": "14.00"},
    ]
    text, both, left = pair_lines(items, lines, Document.Kind.INVOICE)
    assert (text.items, text.gap) == ((), 0)
    assert ([each["id"] for each in both.items], both.gap) == ([1, 2], Decimal("1.00"))
    assert ([each["id"] for each in left.items], left.line) == ([3], None)


def test_the_lines_of_a_credit_note_compare_with_their_signs_turned() -> None:
    [pair] = pair_lines([{"id": 1, "total": "-10.00"}], [{"billing_item_ids": [1], "amount": "10"}], "credit_note")
    assert pair.gap == 0


def test_a_stuck_document_says_why_in_the_partners_words(member: Client, account: Account, scope: None) -> None:
    document = make_document()
    stop(document, "no-valid-contact", "Acme Ltd")
    shown = member.get(address(account, document)).content.decode()
    assert "No valid contact for the invoice" in shown
    assert "In the partner&#x27;s words." in shown
    assert "/help/faults/no-valid-contact/" in shown


def test_resync_asks_once_and_its_page_then_watches(member: Client, account: Account, scope: None) -> None:
    document = make_document(**in_xero())
    answer = member.post(address(account, document, "resync"), headers={"HX-Request": "true"}).content.decode()
    member.post(address(account, document, "resync"))
    assert "Asked for" in answer
    assert 'hx-trigger="every 1s"' in answer
    assert SyncRun.objects.count() == 1


def test_a_page_watches_only_what_changes_by_itself(member: Client, account: Account, scope: None) -> None:
    document = make_document(**in_xero())
    assert "every 1s" not in member.get(address(account, document)).content.decode()
    Document.objects.update(state=DocumentState.IN_FLIGHT)
    assert "every 1s" in member.get(address(account, document)).content.decode()


def test_skipping_takes_a_reason(member: Client, account: Account, scope: None) -> None:
    document = make_document()
    stop(document, "no-valid-contact", "Acme Ltd")
    refused = member.post(address(account, document, "skip"), {"reason": " "}).content.decode()
    assert "This field is required" in refused
    member.post(address(account, document, "skip"), {"reason": "Paid in cash"})
    shown = member.get(address(account, document)).content.decode()
    assert "Paid in cash" in shown
    assert Document.objects.get().state == DocumentState.SKIPPED


def test_what_is_in_xero_and_waits_for_nothing_is_not_skipped(member: Client, account: Account, scope: None) -> None:
    document = make_document(**in_xero())
    answer = member.post(address(account, document, "skip"), {"reason": "Never mind"}, follow=True)
    assert "cannot be skipped" in answer.content.decode()
    assert "Leave it" not in answer.content.decode()
    assert Document.objects.get().skipped_reason == ""


def test_what_got_stuck_in_xero_is_left_there_as_it_is(member: Client, account: Account, scope: None) -> None:
    document = make_document(**in_xero())
    stop(document, "document-locked-by-payment", "INV-0001")
    assert "The document in Xero is not touched" in member.get(address(account, document)).content.decode()
    shown = member.post(address(account, document, "skip"), {"reason": "Xero is right"}, follow=True).content.decode()
    assert "<strong>Left as it is in Xero:</strong> Xero is right</p>" in shown
    assert Document.objects.get().state == DocumentState.SYNCED


@pytest.mark.parametrize(
    "evidence", [{"status": "VOIDED"}, {"status": "DELETED"}, {"missing": True}, {"became": "CreditNotes"}]
)
def test_what_is_gone_from_xero_is_sent_again_as_a_new_document_once_confirmed(
    member: Client, account: Account, scope: None, evidence: dict[str, object]
) -> None:
    document = make_document(**in_xero(sent_digest="digest", sent={"lines": []}))
    stop(document, "invoice-not-modifiable", "INV-0001", **evidence)
    assert "Send again as a new document" in member.get(address(account, document)).content.decode()
    assert "Send it again as a new document?" in member.get(address(account, document, "send-again")).content.decode()
    assert Document.objects.get().xero_id is not None

    for _ in range(2):
        member.post(address(account, document, "send-again"))
    again = Document.objects.get()
    assert (again.state, again.xero_id, again.xero_number, again.sent, again.sent_digest) == (
        "waiting",
        None,
        "",
        {},
        "",
    )
    [old] = again.xero_history
    assert (old["xero_id"], old["number"]) == (str(document.xero_id), "INV-0001")


@pytest.mark.parametrize(("evidence", "stays"), [({"became": "CreditNotes"}, True), ({"status": "VOIDED"}, False)])
def test_who_sends_again_is_told_of_the_old_one_only_where_it_stays_open(
    member: Client, account: Account, scope: None, evidence: dict[str, object], stays: bool
) -> None:
    document = make_document(**in_xero())
    stop(document, "invoice-not-modifiable", "INV-0001", **evidence)
    shown = member.get(address(account, document, "send-again")).content.decode()
    assert ("the amount would count twice" in shown) is stays


@pytest.mark.parametrize(
    ("code", "evidence"),
    [
        ("invoice-not-modifiable", {"status": "AUTHORISED", "edited": True}),
        ("document-locked-by-payment", {"status": "VOIDED"}),
        ("duplicate-number", {}),
    ],
)
def test_nothing_else_leads_to_a_second_document(
    member: Client, account: Account, scope: None, code: str, evidence: dict[str, object]
) -> None:
    document = make_document(**in_xero())
    stop(document, code, "INV-0001", **evidence)
    member.post(address(account, document, "send-again"))
    assert Document.objects.get().xero_id == document.xero_id


def test_what_was_edited_in_xero_is_shown_before_it_is_overwritten(connected: ConnectedAccount, client: Client) -> None:
    client.force_login(make_member(connected.account).user)
    invoice = connected.autotask.bill(connected.pair.company_id, [item("100.00", name="Server care")])
    connected.sync()
    [raw] = connected.xero.invoices()
    lines = [{**line, "Description": "Edited by hand"} for line in raw["LineItems"]]
    connected.xero.patch("Invoices", raw["InvoiceID"], LineItems=lines)
    raise_price(connected, invoice["id"], "120.00")
    connected.ask_again(invoice["id"])
    connected.sync()
    document = connected.documents()[0]

    asked = client.post(address(connected.account, document, "resync"), follow=True).content.decode()
    assert "Overwrite what was edited in Xero?" in asked
    assert "Edited by hand" in asked
    client.post(address(connected.account, document, "overwrite"))
    connected.sync()
    assert "Edited by hand" not in str(connected.xero.invoices())


def test_the_link_that_xero_carries_leads_to_the_document(member: Client, account: Account, scope: None) -> None:
    document = make_document()
    assert member.get(f"/d/{document.uuid}")["Location"] == address(account, document)


def test_the_link_tells_a_stranger_nothing(account: Account, scope: None) -> None:
    document = make_document()
    stranger = Client()
    assert stranger.get(f"/d/{document.uuid}")["Location"] == f"/accounts/login/?next=/d/{document.uuid}"
    stranger.force_login(make_user())
    assert stranger.get(f"/d/{document.uuid}").status_code == 404
    assert stranger.get(f"/d/{uuid.uuid4()}").status_code == 404
