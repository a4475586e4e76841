"""The Xero client against the stand-in, over HTTP (syncing/xero/client.py)."""

import json
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
import redis

from faults.problems import NeedsReconnect, Transient
from syncing.xero.client import NoAnswer, RequestRefused, ServerError, XeroClient
from tests.world import SandboxWorld, XeroOrganisation
from tests.xero import Tokens


@pytest.fixture
def organisation(sandbox: SandboxWorld) -> XeroOrganisation:
    return sandbox.create_xero()


@pytest.fixture
def tokens(organisation: XeroOrganisation) -> Tokens:
    return Tokens(organisation)


@pytest.fixture
def client(organisation: XeroOrganisation, tokens: Tokens) -> XeroClient:
    return XeroClient(organisation.id, tokens)


def invoice(
    number: str | None = None, *, contact: str = "Acme", amount: str = "100.00", **fields: Any
) -> dict[str, Any]:
    element = {
        "Type": "ACCREC",
        "Contact": {"Name": contact},
        "Date": "2026-11-02",
        "DueDate": "2026-11-20",
        "LineItems": [{"Description": "Support", "Quantity": 1, "UnitAmount": float(amount), "AccountCode": "200"}],
        **fields,
    }
    return element | {"InvoiceNumber": number} if number else element


def credit_note(number: str) -> dict[str, Any]:
    element = invoice() | {"Type": "ACCRECCREDIT", "CreditNoteNumber": number}
    del element["DueDate"]
    return element


def put(client: XeroClient, *elements: dict[str, Any], endpoint: str = "Invoices", key: str = "") -> list[Any]:
    return client.write(endpoint, "PUT", json.dumps({endpoint: elements}).encode(), key or str(uuid4()))


# Reading


def test_the_settings_of_an_organisation_are_read(client: XeroClient, organisation: XeroOrganisation) -> None:
    found = client.organisation()
    assert (found.name, found.base_currency, found.country_code) == (organisation.name, "NZD", "NZ")
    assert found.period_lock_date is None
    accounts = {account.code: account for account in client.accounts()}
    assert accounts["200"].class_ == "REVENUE"
    assert [account.code for account in accounts.values() if account.system_account == "ROUNDING"] == ["860"]
    rates = {rate.tax_type: rate for rate in client.tax_rates()}
    assert rates["OUTPUT2"].effective_rate == Decimal("0.15")
    assert rates["OUTPUT2"].can_apply_to_revenue
    assert not rates["INPUT2"].can_apply_to_revenue
    assert [currency.code for currency in client.currencies()] == ["NZD"]
    assert [theme.sort_order for theme in client.branding_themes()] == [0]
    assert client.tracking_categories() == []


def test_a_lock_date_is_a_date(client: XeroClient, sandbox: SandboxWorld) -> None:
    locked = sandbox.create_xero(period_lock_date="2026-06-30")
    found = XeroClient(locked.id, Tokens(locked)).organisation()
    assert found.period_lock_date == date(2026, 6, 30)


def test_calls_and_bytes_are_counted_as_the_other_side_counts_them(
    client: XeroClient, sandbox: SandboxWorld, organisation: XeroOrganisation
) -> None:
    client.organisation()
    client.accounts()
    sent = sandbox.ledger("xero", organisation=organisation.id).requests
    assert client.calls == len(sent) == 2
    assert client.bytes_received == sum(row["bytes_out"] for row in sent)
    assert client.day_calls_remaining == 4998


def test_money_stays_a_decimal_and_prices_keep_four_places(client: XeroClient) -> None:
    put(client, invoice("A-1", amount="0.1234"))
    (found,) = client.invoices_by_numbers(["A-1"])
    assert found["LineItems"][0]["UnitAmount"] == Decimal("0.1234")
    assert isinstance(found["Total"], Decimal)


def test_invoices_are_found_by_number_whatever_the_number_holds(client: XeroClient) -> None:
    numbers = ["A-1", "A,2", "50% & more", "Ünïcode 😀", "A/4?x=y#z", "a+b"]
    assert all(reply.ok for reply in put(client, *map(invoice, numbers)))
    found = client.invoices_by_numbers([*numbers, "absent"])
    assert sorted(row["InvoiceNumber"] for row in found) == sorted(numbers)


def test_a_bill_of_the_same_number_is_not_a_sales_invoice(client: XeroClient, organisation: XeroOrganisation) -> None:
    organisation.add_invoice("Supplier", number="A-1", Type="ACCPAY")
    assert client.invoices_by_numbers(["A-1"]) == []


def test_hundreds_of_documents_are_found_without_too_long_an_address(
    client: XeroClient, sandbox: SandboxWorld, organisation: XeroOrganisation
) -> None:
    invoices = [put(client, *[invoice(f"Q3-2026-{at + n:04}") for n in range(50)]) for at in range(0, 200, 50)]
    credit_notes = put(client, *[credit_note(f"CN-AT-{n:04}") for n in range(50)], endpoint="CreditNotes")
    ids = [reply.id for replies in invoices for reply in replies]
    assert len(client.invoices_by_ids(ids)) == 200
    assert len(client.invoices_by_numbers([f"Q3-2026-{n:04}" for n in range(200)])) == 200
    assert len(client.credit_notes_by_ids([reply.id for reply in credit_notes])) == 50
    assert len(client.credit_notes_by_numbers([f"CN-AT-{n:04}" for n in range(50)])) == 50
    reads = sandbox.ledger("xero", organisation=organisation.id).calls("GET")
    assert max(len(row["query"]) for row in reads) <= 2048
    assert len(reads) == 5 + 2 + 3 + 2


def test_nothing_asked_for_is_no_call(client: XeroClient) -> None:
    assert client.invoices_by_ids([]) == client.credit_notes_by_numbers([]) == client.contacts_by_ids([]) == []
    assert client.calls == 0


def test_what_this_app_made_lately_is_told_from_what_a_person_made(
    client: XeroClient, sandbox: SandboxWorld, organisation: XeroOrganisation
) -> None:
    began = sandbox.now()
    organisation.add_invoice("Acme", number="BY-HAND")
    put(client, invoice("OURS"))
    assert [row["InvoiceNumber"] for row in client.invoices_by_app_since(began)] == ["OURS"]
    assert client.invoices_by_app_since(began + timedelta(hours=1)) == []


# Writing


def test_the_body_goes_out_byte_for_byte(client: XeroClient, sandbox: SandboxWorld) -> None:
    body = json.dumps({"Invoices": [invoice("A-1", contact="Käse & 😀")]}, ensure_ascii=False, indent=3)
    client.write("Invoices", "PUT", body.encode(), "key-1")
    (sent,) = sandbox.ledger("xero").calls("PUT")
    assert sent["bytes_in"] == len(body.encode())
    assert sent["idempotency_key"] == "key-1"
    assert "summarizeErrors=false" in sent["query"]
    assert "unitdp=4" in sent["query"]


def test_the_same_bytes_under_the_same_key_are_one_invoice(client: XeroClient, organisation: XeroOrganisation) -> None:
    body = json.dumps({"Invoices": [invoice("A-1")]}).encode()
    first = client.write("Invoices", "PUT", body, "key-1")
    again = client.write("Invoices", "PUT", body, "key-1")
    assert first == again
    assert len(organisation.invoices()) == 1


def test_each_element_has_its_own_reply(client: XeroClient) -> None:
    good, unknown_account, good_too = put(
        client, invoice("A-1"), invoice("A-2", LineItems=[line(AccountCode="999")]), invoice("A-3")
    )
    assert (good.ok, good.number, good.status, good.messages) == (True, "A-1", "DRAFT", ())
    assert good.id == good.raw["InvoiceID"]
    assert (unknown_account.ok, unknown_account.id) == (False, None)
    assert any("999" in message for message in unknown_account.messages)
    assert good_too.ok


def line(**fields: Any) -> dict[str, Any]:
    return {"Description": "Support", "Quantity": 1, "UnitAmount": 10, "AccountCode": "200", **fields}


def test_an_update_goes_to_the_document_of_its_id(client: XeroClient, organisation: XeroOrganisation) -> None:
    (made,) = put(client, invoice("A-1"))
    body = json.dumps({"Invoices": [{"InvoiceID": made.id, "Reference": "PO 7"}]}).encode()
    (reply,) = client.write("Invoices", "POST", body, "key-2")
    assert reply.ok
    assert [row["Reference"] for row in organisation.invoices()] == ["PO 7"]


def test_contacts_are_saved_fifty_to_a_call(
    client: XeroClient, sandbox: SandboxWorld, organisation: XeroOrganisation
) -> None:
    contacts = [{"Name": f"Company {n}", "ContactNumber": f"AT-1-{n}"} for n in range(120)]
    replies = client.save_contacts(contacts, create_only=True)
    assert [reply.number for reply in replies] == [f"AT-1-{n}" for n in range(120)]
    assert all(reply.ok for reply in replies)
    assert len(sandbox.ledger("xero").calls("PUT", "Contacts")) == 3
    (again,) = client.save_contacts(contacts[:1], create_only=True)
    assert not again.ok
    assert "already assigned to another contact" in again.messages[0]
    (updated,) = client.save_contacts([contacts[0] | {"EmailAddress": "x@y.example"}], create_only=False)
    assert updated.ok
    assert len(organisation.contacts()) == 120


def test_contacts_are_saved_once_although_the_first_answer_was_lost(
    client: XeroClient, sandbox: SandboxWorld, organisation: XeroOrganisation
) -> None:
    with sandbox.trouble("xero", "drop_after", method="PUT", times=1):
        (reply,) = client.save_contacts([{"Name": "Acme"}], create_only=True)
    assert reply.ok
    assert len(organisation.contacts()) == 1


def test_a_save_that_is_refused_as_a_whole_is_made_without_the_contact_at_fault(
    client: XeroClient, sandbox: SandboxWorld, organisation: XeroOrganisation
) -> None:
    contacts = [{"Name": f"Company {n}"} for n in range(8)]
    refusal = '{"ErrorNumber":14,"Type":"PostDataInvalidException","Message":"No such thing."}'
    with sandbox.trouble("xero", "status", method="PUT", status=400, times=4, body=refusal):  # 8, 4, 2, and 1 of them
        replies = client.save_contacts(contacts, create_only=True)
    assert [reply.ok for reply in replies] == [False, *[True] * 7]
    assert replies[0].messages == ("No such thing.",)
    assert len(organisation.contacts()) == 7


def test_a_save_that_is_refused_for_something_else_than_its_content_is_made_once(
    client: XeroClient, sandbox: SandboxWorld
) -> None:
    with sandbox.trouble("xero", "status", method="PUT", status=405, body=""), pytest.raises(RequestRefused):
        client.save_contacts([{"Name": f"Company {n}"} for n in range(8)], create_only=True)
    assert len(sandbox.ledger("xero").calls("PUT", "Contacts")) == 1


def test_a_currency_is_added_where_the_person_allowed_it(client: XeroClient, organisation: XeroOrganisation) -> None:
    with pytest.raises(NeedsReconnect) as caught:
        client.add_currency("USD")
    assert caught.value.code == "xero-permission"
    wider = XeroClient(organisation.id, Tokens(organisation, scopes=["accounting.settings"]))
    wider.add_currency("USD")
    assert [currency.code for currency in wider.currencies()] == ["NZD", "USD"]


# Tokens


def test_an_expired_token_is_replaced_and_the_call_made_again(
    client: XeroClient, tokens: Tokens, sandbox: SandboxWorld, organisation: XeroOrganisation
) -> None:
    client.organisation()
    sandbox.advance_clock(31 * 60)
    assert put(client, invoice("A-1"))[0].ok
    assert len(tokens.rejected) == 1
    assert len(organisation.invoices()) == 1


def test_a_token_that_is_refused_twice_is_a_problem_of_its_own(client: XeroClient, sandbox: SandboxWorld) -> None:
    with sandbox.trouble("xero", "expire_tokens"), pytest.raises(Transient) as caught:
        client.organisation()
    assert caught.value.code == "access-token-expired"
    assert client.calls == 2


def test_a_token_is_waited_for_before_a_slot_is_taken(
    organisation: XeroOrganisation, redis_client: redis.Redis
) -> None:
    at_work: list[int] = []

    class WatchedTokens(Tokens):
        def access_token(self, rejected: str | None = None) -> str:
            at_work.append(redis_client.zcard(f"limits:xero:{organisation.id}:slots"))
            return super().access_token(rejected)

    XeroClient(organisation.id, WatchedTokens(organisation)).organisation()
    assert set(at_work) == {0}


def test_a_missing_scope_is_not_retried(organisation: XeroOrganisation) -> None:
    client = XeroClient(organisation.id, Tokens(organisation, scopes=["accounting.invoices"]))
    with pytest.raises(NeedsReconnect) as caught:
        client.organisation()
    assert caught.value.code == "xero-permission"
    assert client.calls == 1


def test_an_organisation_that_was_disconnected_in_xero_needs_a_new_sign_in(
    client: XeroClient, sandbox: SandboxWorld
) -> None:
    elsewhere = sandbox.create_xero(users=["someone@else.example"])
    client.organisation_id = elsewhere.id
    with pytest.raises(NeedsReconnect) as caught:
        client.organisation()
    assert caught.value.code == "xero-disconnected"
    assert client.calls == 1


# Trouble


def test_a_dropped_connection_is_no_answer_and_is_not_sent_again(
    client: XeroClient, sandbox: SandboxWorld, organisation: XeroOrganisation
) -> None:
    with sandbox.trouble("xero", "drop_after", method="PUT"), pytest.raises(NoAnswer) as caught:
        put(client, invoice("A-1"))
    assert caught.value.sent
    assert caught.value.code == "xero-unreachable"
    assert len(organisation.invoices()) == 1
    assert len(sandbox.ledger("xero").calls("PUT")) == 1


def test_a_connection_that_never_opened_has_sent_nothing(
    organisation: XeroOrganisation, tokens: Tokens, settings: Any
) -> None:
    settings.XERO_API_URL = "http://localhost:1"
    with pytest.raises(NoAnswer) as caught:
        put(XeroClient(organisation.id, tokens), invoice("A-1"))
    assert not caught.value.sent


@pytest.mark.parametrize("status", [500, 502, 503, 504])
@pytest.mark.parametrize("body", ["<html>down</html>", '{"Detail": "The organisation is offline"}', ""])
def test_an_outage_is_one_call_and_a_problem_that_mends_itself(
    client: XeroClient, sandbox: SandboxWorld, status: int, body: str
) -> None:
    headers = {"Retry-After": "1"}
    with (
        sandbox.trouble("xero", "status", status=status, body=body, headers=headers),
        pytest.raises(ServerError) as caught,
    ):
        client.organisation()
    assert (caught.value.code, caught.value.status, caught.value.subject) == ("service-unavailable", status, "Xero")
    assert len(sandbox.ledger("xero").requests) == 1


def test_an_answer_that_is_no_json_is_an_outage_too(client: XeroClient, sandbox: SandboxWorld) -> None:
    with sandbox.trouble("xero", "status", status=200, body="<html>Maintenance</html>"), pytest.raises(ServerError):
        client.organisation()


def test_a_write_whose_answer_tells_of_too_few_elements_is_not_believed(
    client: XeroClient, sandbox: SandboxWorld
) -> None:
    with sandbox.trouble("xero", "status", status=200, body='{"Invoices": []}'), pytest.raises(ServerError):
        put(client, invoice("A-1"))


def test_a_request_that_is_refused_as_a_whole_says_why(client: XeroClient) -> None:
    with pytest.raises(RequestRefused) as caught:
        put(client, invoice("A-1", Date="2026-99-99 00:00:00"))
    assert caught.value.status == 400
    assert "JSON for post data was invalid" in caught.value.messages[0]


def test_a_key_that_is_used_for_another_body_is_refused(client: XeroClient) -> None:
    put(client, invoice("A-1"), key="key-1")
    with pytest.raises(RequestRefused) as caught:
        put(client, invoice("A-2"), key="key-1")
    assert "is used with a different request" in caught.value.messages[0]


def test_a_body_that_is_too_large_is_refused_as_a_whole(client: XeroClient) -> None:
    with pytest.raises(RequestRefused) as caught:
        put(client, invoice("A-1", LineItems=[line(Description="x" * 4_000_000)]))
    assert caught.value.status == 413


def test_a_rate_limit_is_told_with_its_wait_and_holds_the_next_call(client: XeroClient, sandbox: SandboxWorld) -> None:
    with sandbox.trouble("xero", "rate_limit", seconds=17, times=1), pytest.raises(Transient) as caught:
        client.organisation()
    assert caught.value.code == "rate-limited"
    assert caught.value.retry_after == 17
    with pytest.raises(Transient) as caught:
        client.organisation()
    assert caught.value.code == "rate-limited"
    assert client.calls == 1


def test_a_smaller_limit_than_ours_is_obeyed_without_breaking_it(client: XeroClient, sandbox: SandboxWorld) -> None:
    sandbox.limits(xero={"minute": 3})
    for _ in range(3):
        client.organisation()
    with pytest.raises(Transient) as caught:
        client.organisation()
    assert caught.value.code == "rate-limited"
    assert sandbox.ledger("xero").breaches == []


def test_answers_survive_nulls_unknown_values_and_missing_lists(client: XeroClient, sandbox: SandboxWorld) -> None:
    odd = {
        "Contacts": [{"ContactID": "1", "Name": None, "ContactStatus": "GDPRREQUEST", "Phones": None, "New": {"x": 1}}],
        "pagination": None,
    }
    with sandbox.trouble("xero", "status", status=200, body=json.dumps(odd)):
        (contact,) = client.contacts()
    assert (contact.name, contact.is_active, contact.merged_to) == ("", False, None)
    with sandbox.trouble("xero", "status", status=200, body='{"TrackingCategories": null}'):
        assert client.tracking_categories() == []
