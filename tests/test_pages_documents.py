"""The list of documents: found, walked, exported, carried again."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client

from syncing.models import Document, SyncRun
from syncing.states import DocumentState
from tenants.models import Account, Role
from tenants.scope import account_scope
from tests.documents import in_xero, make_document, make_documents, stop
from tests.factories import make_account, make_member
from tests.queries import queries_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def account() -> Account:
    return make_account("Harbour IT")


@pytest.fixture
def scope(account: Account) -> Iterator[None]:
    with account_scope(account.id):
        yield


@pytest.fixture
def member(client: Client, account: Account) -> Client:
    client.force_login(make_member(account, Role.STANDARD).user)
    return client


def page(client: Client, account: Account, path: str = "documents/", **query: Any) -> str:
    answer = client.get(f"/a/{account.slug}/{path}", query)
    assert answer.status_code == 200
    return answer.content.decode()


def test_an_empty_list_says_what_to_do_next(member: Client, account: Account) -> None:
    assert "No document yet" in page(member, account)


def test_documents_are_found_by_state_kind_date_fault_and_text(member: Client, account: Account, scope: None) -> None:
    make_document(1, company_name="Bolt Ltd", state=DocumentState.WAITING)
    make_document(2, date="2026-06-30", **in_xero(xero_number="INV-77"))
    make_document(3, kind=Document.Kind.CREDIT_NOTE)
    fault = stop(make_document(4), "no-valid-contact", "company 7")

    for query, found in [
        ({"state": "faulted"}, 4),
        ({"kind": "credit_note"}, 3),
        ({"since": "2026-06-01"}, 2),
        ({"fault": fault.id}, 4),
        ({"fault": "no-valid-contact"}, 4),
        ({"q": "bolt"}, 1),
        ({"q": "inv-77"}, 2),
        ({"q": "3"}, 3),
    ]:
        shown = page(member, account, **query)
        assert [number for number in (1, 2, 3, 4) if f">N{number}</a>" in shown] == [found], query


def test_several_states_are_asked_for_with_commas(member: Client, account: Account, scope: None) -> None:
    make_document(1, state=DocumentState.WAITING)
    make_document(2, state=DocumentState.RETRYING)
    make_document(3, **in_xero())
    shown = page(member, account, state="waiting,in_flight,uncertain,retrying")
    assert ">N1</a>" in shown
    assert ">N2</a>" in shown
    assert ">N3</a>" not in shown


def test_pages_lead_from_the_newest_to_the_oldest_and_back(member: Client, account: Account, scope: None) -> None:
    make_documents(120)
    address = f"/a/{account.slug}/documents/"
    seen: list[str] = []
    answer = member.get(address)
    while True:
        shown = answer.context["page"]
        seen += [row.autotask_number for row in shown.rows]
        if not shown.older:
            break
        answer = member.get(address, {"before": shown.older})
    assert seen == [f"N{number}" for number in range(1120, 1000, -1)]
    back = member.get(address, {"after": answer.context["page"].newer}).context["page"]
    assert [row.autotask_number for row in back.rows] == [f"N{number}" for number in range(1070, 1020, -1)]


def test_the_number_of_queries_does_not_grow_with_the_rows(member: Client, account: Account, scope: None) -> None:
    make_documents(10)
    few = queries_of(lambda: page(member, account))
    make_documents(1000, entity=Document.Entity.PURCHASE_ORDER)
    assert queries_of(lambda: page(member, account)) == few < 20


@pytest.mark.parametrize(
    "query",
    [
        {"q": "100%"},
        {"q": "'; DROP TABLE syncing_document; --"},
        {"q": '"'},
        {"q": "x" * 10_000},
        {"q": "a\x00b"},
        {"q": "9" * 30},
        {"q": "\\"},
        {"state": "nonsense"},
        {"kind": "nonsense"},
        {"fault": "nonsense"},
        {"fault": "9" * 30},
        {"fault": "999999"},
        {"since": "yesterday"},
        {"until": "0000-00-00"},
        {"before": "1.1"},
        {"after": "999999999999.1"},
        {"before": "nonsense"},
        {"before": "9" * 19 + "." + "9" * 19},
    ],
)
def test_whatever_is_asked_for_gets_a_clear_answer(
    member: Client, account: Account, scope: None, query: dict[str, str]
) -> None:
    make_document(7)
    page(member, account, **query)
    export = member.get(f"/a/{account.slug}/documents/export", query)
    assert export.status_code == 200


def test_a_text_that_is_too_long_is_told_and_left_out(member: Client, account: Account, scope: None) -> None:
    make_document(7)
    shown = page(member, account, q="x" * 10_000)
    assert "at most 200 characters" in shown
    assert ">N7</a>" in shown


def test_past_the_end_there_is_a_way_back(member: Client, account: Account, scope: None) -> None:
    make_document(7)
    shown = page(member, account, before="1.1")
    assert "past the end" in shown
    assert "Back to the newest" in shown


def test_the_search_answers_htmx_with_the_list_alone(member: Client, account: Account) -> None:
    answer = member.get(f"/a/{account.slug}/documents/", headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in answer
    assert 'id="list"' in answer


def test_the_file_has_what_the_list_has_and_no_formula(member: Client, account: Account, scope: None) -> None:
    make_document(1, company_name='=HYPERLINK("http://evil.example")', autotask_number="-1+2")
    make_document(2, kind=Document.Kind.CREDIT_NOTE, total="-5.00")
    answer = member.get(f"/a/{account.slug}/documents/export")
    assert answer.streaming
    assert answer["Content-Disposition"] == f'attachment; filename="{account.slug}-documents.csv"'
    credit, invoice = csv.DictReader(io.StringIO(b"".join(answer.streaming_content).decode("utf-8-sig")))
    assert invoice["Company"] == '\'=HYPERLINK("http://evil.example")'
    assert invoice["Autotask number"] == "'-1+2"
    assert credit["Total"] == "-5.0000"


def test_the_ticked_documents_are_asked_for_again(member: Client, account: Account, scope: None) -> None:
    first, second, other = (make_document(number, **in_xero()) for number in (1, 2, 3))
    answer = member.post(
        f"/a/{account.slug}/documents/resync", {"what": "ticked", "document": [first.id, second.id]}, follow=True
    )
    assert "2 documents will be carried again now" in answer.content.decode()
    asked = Document.objects.filter(requested_at__isnull=False).values_list("autotask_id", flat=True)
    assert set(asked) == {1, 2}
    assert other.state == DocumentState.SYNCED
    assert SyncRun.objects.count() == 1


def test_none_ticked_asks_for_none(member: Client, account: Account, scope: None) -> None:
    make_document(1, **in_xero())
    answer = member.post(f"/a/{account.slug}/documents/resync", {"what": "ticked"}, follow=True)
    assert "Tick the documents" in answer.content.decode()
    assert not SyncRun.objects.exists()


def test_all_that_is_found_is_asked_for_after_a_page_that_says_how_many(
    member: Client, account: Account, scope: None
) -> None:
    for number in (1, 2):
        stop(make_document(number), "currency-not-subscribed", "GBP")
    make_document(3, **in_xero())
    address = f"/a/{account.slug}/documents/resync?state=faulted"
    assert "Re-sync 2 documents?" in member.get(address).content.decode()
    assert not SyncRun.objects.exists()
    member.post(address)
    assert Document.objects.filter(requested_at__isnull=False).count() == 2


def test_a_viewer_sees_but_does_not_ask(client: Client, account: Account, scope: None) -> None:
    client.force_login(make_member(account, Role.VIEWER).user)
    document = make_document(1, **in_xero())
    assert "Re-sync" not in page(client, account)
    for address in ("documents/resync", f"documents/{document.id}/resync", f"documents/{document.id}/skip", "sync"):
        assert client.post(f"/a/{account.slug}/{address}", {"document": document.id}).status_code == 403


def test_the_documents_of_another_account_are_not_there(member: Client, account: Account) -> None:
    other = make_account()
    with account_scope(other.id):
        document = make_document(7)
    assert ">N7</a>" not in page(member, account)
    assert member.get(f"/a/{other.slug}/documents/").status_code == 404
    assert member.get(f"/a/{account.slug}/documents/{document.id}/").status_code == 404
    for address in ("resync", "skip", "send-again", "overwrite"):
        assert member.post(f"/a/{account.slug}/documents/{document.id}/{address}").status_code == 404
