"""Faults in the API."""

from typing import Any

import pytest

from faults.models import Fault, FaultEvent
from syncing.models import Document, SyncRun
from tenants.models import Account
from tenants.scope import account_scope
from tests.api import Api, make_document, make_fault, pointers, queries
from tests.factories import make_account, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def account() -> Account:
    return make_account()


@pytest.fixture
def api(account: Account) -> Api:
    return Api(account)


def ids(body: dict[str, Any]) -> list[int]:
    return [row["id"] for row in body["results"]]


def test_a_fault_reads_as_the_design_says(api: Api, account: Account) -> None:
    documents = [make_document(account, state="faulted") for _ in range(3)]
    evidence = {"currency": "USD", "subscribed": ["NZD"]}
    fault = make_fault(account, *documents, detail="Organisation is not subscribed", evidence=evidence, times_seen=4)

    _, body = api.get(f"/faults/{fault.id}")

    assert body.pop("first_seen")
    assert body.pop("last_seen")
    assert body.pop("article_url").endswith("/help/faults/currency-not-subscribed/")
    assert body == {
        "id": fault.id,
        "code": "currency-not-subscribed",
        "title": "The organisation is not subscribed to this currency",
        "subject": "USD",
        "state": "open",
        "regressed": False,
        "who_acts": "customer",
        "severity": fault.kind.severity,
        "times_seen": 4,
        "documents": 3,
        "detail": "Organisation is not subscribed",
        "evidence": evidence,
    }


def test_faults_are_found_by_state_and_code(api: Api, account: Account) -> None:
    currency = make_fault(account)
    period = make_fault(account, code="period-locked", subject="2026-10-31", state="resolved")
    make_fault(make_account())

    assert ids(api.get("/faults")[1]) == [period.id, currency.id]
    assert ids(api.get("/faults", state="open")[1]) == [currency.id]
    assert ids(api.get("/faults", state="open,resolved", code="period-locked")[1]) == [period.id]
    assert ids(api.get("/faults", code="unexpected")[1]) == []


def test_the_number_of_queries_does_not_grow_with_the_faults(api: Api, account: Account) -> None:
    def fill(count: int) -> None:
        for number in range(count):
            make_fault(account, make_document(account), subject=f"{count} {number}")

    fill(10)
    api.get("/faults")
    with queries() as few:
        api.get("/faults", page_size=200)
    fill(190)
    with queries() as many:
        _, body = api.get("/faults", page_size=200)

    assert len(body["results"]) == 200
    assert len(many) == len(few)


def test_resync_asks_for_every_document_behind_the_fault(api: Api, account: Account) -> None:
    behind = [make_document(account, state="faulted") for _ in range(2)]
    sending = make_document(account, state="in_flight")
    other = make_document(account, state="faulted")
    fault = make_fault(account, *behind, sending)

    assert api.post(f"/faults/{fault.id}/resync") == (202, {"asked": 2, "left_alone": 1})

    with account_scope(account.id):
        assert set(Document.objects.filter(state="waiting")) == set(behind)
        assert Document.objects.get(id=other.id).state == "faulted"
        assert SyncRun.objects.count() == 1


def test_resync_of_an_outage_without_documents_asks_for_a_run(api: Api, account: Account) -> None:
    outage = make_fault(account, code="service-unavailable", subject="Xero", state="retrying")
    over = make_fault(account, code="xero-unreachable", subject="Xero", state="resolved")

    api.post(f"/faults/{over.id}/resync")
    with account_scope(account.id):
        assert SyncRun.objects.count() == 0
    assert api.post(f"/faults/{outage.id}/resync") == (202, {"asked": 0, "left_alone": 0})
    with account_scope(account.id):
        assert SyncRun.objects.count() == 1


def test_a_fault_is_ignored_for_a_reason_and_once(api: Api, account: Account) -> None:
    fault = make_fault(account)
    person = make_user("ana@example.com")
    api.token.created_by = person
    api.token.save()

    status, body = api.post(f"/faults/{fault.id}/ignore", {"reason": "Not ours to bill"})

    assert (status, body["state"]) == (200, "ignored")
    with account_scope(account.id):
        event = FaultEvent.objects.get(fault=fault)
        assert (event.by, event.note) == ("ana@example.com", "Not ours to bill")
    assert api.post(f"/faults/{fault.id}/ignore", {"reason": "Again"})[0] == 409


@pytest.mark.parametrize("body", [None, {}, {"reason": ""}, {"reason": "\0"}, {"reason": ["x"]}])
def test_ignoring_needs_a_reason(api: Api, account: Account, body: Any) -> None:
    fault = make_fault(account)

    status, problem = api.post(f"/faults/{fault.id}/ignore", body)

    assert (status, list(pointers(problem))) == (400, ["#/reason"])
    with account_scope(account.id):
        assert Fault.objects.get(id=fault.id).state == "open"


def test_a_fault_of_another_account_is_not_there(api: Api) -> None:
    fault = make_fault(make_account())

    assert api.get(f"/faults/{fault.id}")[0] == 404
    assert api.post(f"/faults/{fault.id}/resync")[0] == 404
    assert api.post(f"/faults/{fault.id}/ignore", {"reason": "mine"})[0] == 404
