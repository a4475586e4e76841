"""Documents in the API: how they read, how they are found, and what may be asked of them."""

import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.db import connections
from django.test import Client
from django.utils import timezone

from faults.models import Fault
from syncing.models import Attempt, Document, SyncRun
from syncing.states import DocumentState
from tenants.models import Account, XeroConnection
from tenants.scope import account_scope
from tests.api import Api, make_document, make_fault, pointers, queries
from tests.factories import make_account, make_grant

pytestmark = pytest.mark.django_db


@pytest.fixture
def account() -> Account:
    return make_account()


@pytest.fixture
def api(account: Account) -> Api:
    return Api(account)


def organisation(account: Account) -> XeroConnection:
    with account_scope(account.id):
        return XeroConnection.objects.create(
            account=account,
            grant=make_grant(),
            organisation_id=uuid.uuid4(),
            short_code="!abc12",
            connected_at=timezone.now(),
        )


def ids(body: dict[str, Any]) -> list[int]:
    return [row["id"] for row in body["results"]]


def state_of(document: Document) -> str:
    with account_scope(document.account_id):
        return Document.objects.get(id=document.id).state


def runs_of(account: Account) -> int:
    with account_scope(account.id):
        return SyncRun.objects.count()


def test_a_document_reads_as_the_design_says(api: Api, account: Account) -> None:
    invoice_id = uuid.uuid4()
    document = make_document(
        account,
        autotask_id=7,
        autotask_number="2026-7",
        company_name="Harbour Café",
        date=date(2026, 11, 1),
        due_date=date(2026, 11, 21),
        currency="NZD",
        subtotal=Decimal("100"),
        tax=Decimal("15.00"),
        total=Decimal("115.0050"),
        state=DocumentState.FAULTED,
        organisation=organisation(account),
        xero_id=invoice_id,
        xero_number="INV-0007",
        xero_status="DRAFT",
    )
    first = make_fault(account, document)
    second = make_fault(account, document, code="period-locked", subject="2026-10-31")

    _, body = api.get(f"/documents/{document.id}")

    assert body.pop("attempts") == []
    assert body.pop("notices") == []
    currency = {"id": first.id, "code": first.code, "title": "The organisation is not subscribed to this currency"}
    assert body.pop("faults") == [currency, {"id": second.id, "code": second.code, "title": second.kind.title}]
    assert body == {
        "id": document.id,
        "kind": "invoice",
        "autotask_id": 7,
        "autotask_number": "2026-7",
        "company": "Harbour Café",
        "date": "2026-11-01",
        "due_date": "2026-11-21",
        "currency": "NZD",
        "subtotal": "100.00",
        "tax": "15.00",
        "total": "115.005",
        "state": "faulted",
        "skipped_reason": "",
        "next_attempt_at": None,
        "fault": currency,
        "xero": {
            "id": str(invoice_id),
            "number": "INV-0007",
            "url": "https://go.xero.com/organisationlogin/default.aspx?shortcode=!abc12"
            f"&redirecturl=/AccountsReceivable/View.aspx?InvoiceID={invoice_id}",
            "status": "DRAFT",
        },
    }


def test_a_document_that_nobody_has_looked_at_yet_has_no_fault_and_no_xero(api: Api, account: Account) -> None:
    make_document(account)

    _, body = api.get("/documents")

    [row] = body["results"]
    assert (row["fault"], row["faults"], row["xero"], row["total"]) == (None, [], None, None)
    assert (body["next"], body["previous"]) == (None, None)


def test_a_documents_attempts_come_newest_first(api: Api, account: Account) -> None:
    document = make_document(account)
    with account_scope(account.id):
        Attempt.objects.create(
            account=account, document=document, outcome="retrying", code="rate-limited", detail="429"
        )
        Attempt.objects.create(account=account, document=document, outcome="created")

    _, body = api.get(f"/documents/{document.id}")

    assert [(row["outcome"], row["code"]) for row in body["attempts"]] == [
        ("created", ""),
        ("retrying", "rate-limited"),
    ]


def test_pages_lead_on_and_back_over_every_document_once(api: Api, account: Account) -> None:
    made = [make_document(account, autotask_id=number).id for number in range(1, 8)]
    make_document(make_account())

    status, page = api.get("/documents", page_size=3)
    seen = ids(page)
    while page["next"]:
        answer = api.client.get(page["next"])
        page, seen = answer.json(), seen + ids(answer.json())

    assert status == 200
    assert seen == made[::-1]
    back = api.client.get(page["previous"]).json()
    assert ids(back) == made[3:0:-1]


def test_the_number_of_queries_does_not_grow_with_the_documents(api: Api, account: Account) -> None:
    connection = organisation(account)

    def fill(count: int) -> None:
        for number in range(count):
            document = make_document(account, organisation=connection, xero_id=uuid.uuid4())
            make_fault(account, document, subject=f"X{document.id} {number}")

    fill(10)
    api.get("/documents")  # what is read once in a process
    with queries() as few:
        api.get("/documents", page_size=200)
    fill(190)
    with queries() as many:
        _, body = api.get("/documents", page_size=200)

    assert len(body["results"]) == 200
    assert len(many) == len(few)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"state": "waiting"}, {"a"}),
        ({"state": "waiting,faulted"}, {"a", "b"}),
        ({"kind": "credit_note"}, {"c"}),
        ({"fault": "currency-not-subscribed"}, {"b"}),
        ({"fault": "period-locked"}, set()),
        ({"q": ""}, {"a", "b", "c"}),
        ({"q": "harbour"}, {"a"}),
        ({"q": "HARBOUR CAFÉ"}, {"a"}),
        ({"q": "Harbour Cafe\u0301"}, {"a"}),
        ({"q": "bour"}, set()),
        ({"q": "100%"}, {"b"}),
        ({"q": "100_"}, set()),
        ({"q": "'; DROP TABLE"}, set()),
        ({"q": "2026-0"}, {"a", "b"}),
        ({"q": "inv-00"}, {"c"}),
        ({"q": "11"}, {"a"}),
        ({"q": "9" * 40}, set()),
        ({"q": "2026-0", "state": "faulted", "kind": "invoice"}, {"b"}),
    ],
)
def test_documents_are_found_by(api: Api, account: Account, query: dict[str, str], found: set[str]) -> None:
    names = {
        make_document(account, autotask_id=11, autotask_number="2026-01", company_name="Harbour Café").id: "a",
        make_document(
            account, autotask_id=12, autotask_number="2026-02", company_name="100% Pure", state=DocumentState.FAULTED
        ).id: "b",
        make_document(
            account, kind="credit_note", autotask_id=13, xero_number="INV-0042", state=DocumentState.SYNCED
        ).id: "c",
    }
    with account_scope(account.id):
        make_fault(account, Document.objects.get(autotask_id=12))

    status, body = api.get("/documents", **query)

    assert status == 200
    assert {names[row_id] for row_id in ids(body)} == found


def test_documents_are_found_by_the_id_of_their_fault(api: Api, account: Account) -> None:
    behind, _ = make_document(account), make_document(account)
    fault = make_fault(account, behind)
    other = make_fault(make_account())

    assert ids(api.get("/documents", fault=fault.id)[1]) == [behind.id]
    assert ids(api.get("/documents", fault=other.id)[1]) == []


def test_a_search_uses_its_index(account: Account) -> None:
    from django.db import connection

    from syncing.document_search import DocumentFilter

    with account_scope(account.id), connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        found = DocumentFilter(text="harbour").apply(Document.objects.filter(account_id=account.id)).only("id")
        plan = found.explain()

    assert plan.count("_searched") >= 3
    assert "Seq Scan" not in plan


# ---- re-sync


@pytest.mark.parametrize("state", ["waiting", "retrying", "faulted", "synced", "skipped"])
def test_resync_asks_for_a_document_again_and_for_one_run(api: Api, account: Account, state: str) -> None:
    document = make_document(account, state=state)

    answers = [api.post(f"/documents/{document.id}/resync") for _ in range(2)]

    assert answers == [(202, {"asked": 1, "left_alone": 0})] * 2
    assert state_of(document) == "waiting"
    assert runs_of(account) == 1


@pytest.mark.parametrize("state", ["in_flight", "uncertain", "voided"])
def test_resync_leaves_a_document_that_is_being_sent_alone(api: Api, account: Account, state: str) -> None:
    document = make_document(account, state=state)

    status, problem = api.post(f"/documents/{document.id}/resync")

    assert (status, problem["code"]) == (409, "conflict")
    assert state_of(document) == state
    assert runs_of(account) == 0


@pytest.mark.django_db(transaction=True)
def test_many_clicks_at_the_same_moment_are_one_run(api: Api, account: Account) -> None:
    document = make_document(account, state="faulted")

    def click(_: int) -> int:
        try:
            client = Client(headers={"Authorization": f"Token {api.secret}"})
            return client.generic("POST", f"/api/v1/documents/{document.id}/resync").status_code
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as threads:
        statuses = set(threads.map(click, range(16)))

    assert statuses == {202}
    assert state_of(document) == "waiting"
    assert runs_of(account) == 1


def test_overwriting_is_asked_for_in_so_many_words(api: Api, account: Account) -> None:
    document = make_document(account, state="faulted")

    assert api.post(f"/documents/{document.id}/resync", {"overwrite": "yes"})[0] == 400
    assert api.post(f"/documents/{document.id}/resync", {"force": True})[0] == 400
    assert api.post(f"/documents/{document.id}/resync", {"overwrite": True})[0] == 202

    with account_scope(account.id):
        assert Document.objects.get(id=document.id).confirmed_overwrite


def test_many_are_asked_for_again_at_once(api: Api, account: Account) -> None:
    stuck = [make_document(account, state="faulted") for _ in range(3)]
    sending = make_document(account, state="in_flight")

    status, body = api.post("/documents/resync", {"ids": [document.id for document in [*stuck, sending]]})

    assert (status, body) == (202, {"asked": 3, "left_alone": 1})
    assert {state_of(document) for document in stuck} == {"waiting"}
    assert state_of(sending) == "in_flight"


def test_many_are_asked_for_again_by_a_filter(api: Api, account: Account) -> None:
    stuck, skipped = make_document(account, state="faulted"), make_document(account, state="skipped")
    make_fault(account, stuck)

    assert api.post("/documents/resync", {"filter": {"fault": "currency-not-subscribed", "state": ["faulted"]}}) == (
        202,
        {"asked": 1, "left_alone": 0},
    )
    assert (state_of(stuck), state_of(skipped)) == ("waiting", "skipped")


def test_ten_thousand_are_asked_for_at_once(api: Api, account: Account) -> None:
    with account_scope(account.id):
        made = Document.objects.bulk_create(
            Document(account=account, kind="invoice", autotask_id=number, state="faulted") for number in range(10_000)
        )

    status, body = api.post("/documents/resync", {"ids": [document.id for document in made]})

    assert (status, body) == (202, {"asked": 10_000, "left_alone": 0})


@pytest.mark.parametrize(
    ("body", "where"),
    [
        ({}, {"#": "invalid"}),
        ({"ids": [1], "filter": {"state": "faulted"}}, {"#": "invalid"}),
        ({"filter": {}}, {"#/filter": "invalid"}),
        ({"filter": {"q": " "}}, {"#/filter": "invalid"}),
        ({"filter": {"sate": "faulted"}}, {"#/filter/sate": "unknown"}),
        ({"filter": {"state": "lost"}}, {"#/filter/state/0": "invalid_choice"}),
        ({"filter": {"q": 10_000 * "x"}}, {"#/filter/q": "max_length"}),
        ({"filter": []}, {"#/filter": "invalid"}),
        ({"ids": []}, {"#/ids": "empty"}),
        ({"ids": "all"}, {"#/ids": "not_a_list"}),
        ({"ids": ["x", None, True, 1.5, -1, 2**63]}, None),
        ({"ids": [1] * 10_001}, {"#/ids": "max_length"}),
        ({"ids": [99_999_999]}, {"#/ids/0": "invalid"}),
        ({"id": [1]}, {"#/id": "unknown"}),
        ([1, 2], {"#": "invalid"}),
    ],
)
def test_a_wrong_selection_is_refused_at_its_place(api: Api, body: Any, where: dict[str, str] | None) -> None:
    status, problem = api.post("/documents/resync", body)

    assert status == 400
    if where is None:
        assert sorted(pointers(problem)) == [f"#/ids/{index}" for index in range(6)]
    else:
        assert pointers(problem) == where


def test_a_document_of_another_account_stops_the_whole_selection(api: Api, account: Account) -> None:
    mine, theirs = make_document(account, state="faulted"), make_document(make_account(), state="faulted")

    status, problem = api.post("/documents/resync", {"ids": [mine.id, theirs.id]})

    assert (status, pointers(problem)) == (400, {"#/ids/1": "invalid"})
    assert (state_of(mine), state_of(theirs)) == ("faulted", "faulted")


def test_parameters_without_a_value_are_as_if_left_out(api: Api, account: Account) -> None:
    make_document(account, state="faulted")
    make_document(account, state="synced")

    assert api.get("/documents", state="", kind="", fault="", q="", page_size="", cursor="") == api.get("/documents")
    assert len(api.get("/documents", state="faulted", fault="")[1]["results"]) == 1
    assert api.get("/faults", state="", code="") == api.get("/faults")
    assert api.get("/documents", color="")[0] == 400


# ---- skipping


def test_skipping_takes_a_document_out_of_its_faults(api: Api, account: Account) -> None:
    document, neighbour = make_document(account, state="faulted"), make_document(account, state="faulted")
    alone = make_fault(account, document)
    shared = make_fault(account, document, neighbour, code="period-locked", subject="2026-10-31")

    status, body = api.post(f"/documents/{document.id}/skip", {"reason": "Billed by hand"})

    assert status == 200
    assert (body["state"], body["skipped_reason"], body["faults"]) == ("skipped", "Billed by hand", [])
    with account_scope(account.id):
        assert Fault.objects.get(id=alone.id).state == "resolved"
        assert Fault.objects.get(id=shared.id).state == "open"
        assert [attempt.detail for attempt in document.attempts.all()] == ["Billed by hand"]


@pytest.mark.parametrize("state", ["in_flight", "uncertain", "voided", "skipped", "synced"])
def test_what_is_on_its_way_or_has_arrived_cannot_be_skipped(api: Api, account: Account, state: str) -> None:
    xero_id = uuid.uuid4() if state == "synced" else None
    document = make_document(account, state=state, xero_id=xero_id)

    status, problem = api.post(f"/documents/{document.id}/skip", {"reason": "No"})

    assert (status, problem["code"]) == (409, "conflict")
    assert state_of(document) == state


@pytest.mark.parametrize("state", ["faulted", "retrying"])
def test_skipping_what_got_stuck_in_xero_leaves_it_there(api: Api, account: Account, state: str) -> None:
    document = make_document(account, state=state, xero_id=uuid.uuid4())
    fault = make_fault(account, document, code="document-locked-by-payment", subject="INV-0001")

    status, body = api.post(f"/documents/{document.id}/skip", {"reason": "Xero is right"})

    assert status == 200
    assert (body["state"], body["skipped_reason"], body["faults"]) == ("synced", "Xero is right", [])
    with account_scope(account.id):
        assert Fault.objects.get(id=fault.id).state == "resolved"
        assert list(document.attempts.values_list("outcome", "detail")) == [("left", "Xero is right")]


@pytest.mark.parametrize(
    "body", [None, {}, {"reason": ""}, {"reason": " "}, {"reason": None}, {"reason": "x" * 501}, {"reason": "a\0"}]
)
def test_skipping_needs_a_reason(api: Api, account: Account, body: Any) -> None:
    document = make_document(account)

    status, problem = api.post(f"/documents/{document.id}/skip", body)

    assert (status, list(pointers(problem))) == (400, ["#/reason"])
    assert state_of(document) == "waiting"
