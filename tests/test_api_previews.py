"""Previews in the API: what would be sent, every problem, and nothing is."""

import time
from collections.abc import Iterable
from typing import Any

import pytest

from syncing import previews
from syncing.models import Document, Preview
from tests.api import Api, make_document, queries
from tests.connected import ConnectedAccount
from tests.factories import make_account
from tests.world import item


@pytest.fixture
def api(connected: ConnectedAccount) -> Api:
    return Api(connected.account)


def discover(connected: ConnectedAccount, *invoices: dict[str, Any]) -> list[Document]:
    """The documents that these invoices are, unsent."""
    return [make_document(connected.account, autotask_id=invoice["id"]) for invoice in invoices]


def work_through(connected: ConnectedAccount, preview_id: int) -> None:
    """What the worker does."""
    with connected.scope():
        assert previews.work_through(connected.account.id, preview_id) is None


def writes(connected: ConnectedAccount) -> list[Any]:
    return [row for row in connected.xero.world.ledger("xero").requests if row["method"] != "GET"]


def actions(results: Iterable[dict[str, Any]]) -> list[str]:
    return [result["action"] for result in results]


def test_a_preview_tells_what_would_be_sent_and_sends_nothing(connected: ConnectedAccount, api: Api) -> None:
    lines = [item("100.00", name="Support"), item("12.50", 3, name="Licences")]
    [document] = discover(connected, connected.autotask.bill(connected.pair.company_id, lines))

    status, body = api.post(f"/documents/{document.id}/preview")

    assert (status, body["action"], body["problems"]) == (200, "create", [])
    sent = body["xero"]
    assert (sent["type"], sent["status"], sent["subtotal"], sent["number"]) == ("ACCREC", "DRAFT", "137.50", None)
    assert [line["amount"] for line in sent["lines"]] == ["100.00", "37.50"]
    assert [line["quantity"] for line in sent["lines"]] == ["1", "3"]
    assert len(body["autotask"]["lines"]) == 2
    assert body["amounts"]["difference"] == "0.00"
    assert body["contact"]["contact_id"] is None
    assert writes(connected) == []
    with connected.scope():
        assert Document.objects.get(id=document.id).state == "waiting"


def test_the_run_sends_what_the_preview_told(connected: ConnectedAccount, api: Api) -> None:
    [document] = discover(connected, connected.autotask.bill(connected.pair.company_id, [item("19.99", "2.5")]))
    told = api.post(f"/documents/{document.id}/preview")[1]["xero"]

    connected.sync()

    [invoice] = connected.xero.invoices()
    assert (str(invoice["Total"]), invoice["CurrencyCode"]) == (told["total"], told["currency"])
    assert [line["AccountCode"] for line in invoice["LineItems"]] == [line["account_code"] for line in told["lines"]]
    body = api.post(f"/documents/{document.id}/preview")[1]
    assert (body["action"], body["contact"]["rule"]) == ("unchanged", "created")
    line = connected.autotask.items(document.autotask_id)[0]
    connected.autotask.patch("BillingItems", line["id"], itemName="Renamed")
    assert api.post(f"/documents/{document.id}/preview")[1]["action"] == "update"


def test_every_problem_is_told(connected: ConnectedAccount, api: Api) -> None:
    company = connected.autotask.add_company("Nobody to write to", email=None, currency="USD")
    [document] = discover(connected, connected.autotask.bill(company, createDateTime="2026-01-01T00:00:00Z"))

    _, body = api.post(f"/documents/{document.id}/preview")

    assert body["action"] == "stop"
    assert {problem["code"] for problem in body["problems"]} >= {"no-valid-contact", "currency-not-subscribed"}
    assert writes(connected) == []


def test_a_contact_that_would_not_be_found_is_told(connected: ConnectedAccount, api: Api) -> None:
    connected.change_settings(create_contacts=False)
    [document] = discover(connected, connected.autotask.bill(connected.pair.company_id))

    _, body = api.post(f"/documents/{document.id}/preview")

    assert [problem["code"] for problem in body["problems"]] == ["no-valid-contact"]


def test_what_would_be_skipped_says_why(connected: ConnectedAccount, api: Api) -> None:
    connected.change_settings(skip_total_below="1000.00")
    [document] = discover(connected, connected.autotask.bill(connected.pair.company_id))

    _, body = api.post(f"/documents/{document.id}/preview")

    assert (body["action"], body["xero"]) == ("skip", None)
    assert "1000.00" in body["skipped_reason"]


def test_an_invoice_that_autotask_no_longer_shows_is_told(connected: ConnectedAccount, api: Api) -> None:
    document = make_document(connected.account, autotask_id=987_654)

    _, body = api.post(f"/documents/{document.id}/preview")

    assert [problem["code"] for problem in body["problems"]] == ["autotask-not-permitted"]
    assert (body["action"], body["autotask"], body["xero"]) == ("stop", None, None)


def test_a_partner_that_does_not_answer_is_a_problem(connected: ConnectedAccount, api: Api) -> None:
    [document] = discover(connected, connected.autotask.bill(connected.pair.company_id))
    with connected.xero.world.trouble("autotask", "status", status=503):
        status, problem = api.post(f"/documents/{document.id}/preview")
    assert (status, problem["code"]) == (503, "service-unavailable")


@pytest.mark.django_db
def test_before_both_are_connected_there_is_nothing_to_preview() -> None:
    account = make_account()
    api, document = Api(account), make_document(account)

    assert api.post(f"/documents/{document.id}/preview")[1]["code"] == "not_connected"
    assert api.post("/previews", {"ids": [document.id]})[1]["code"] == "not_connected"


def test_many_are_previewed_in_the_background_with_their_causes(connected: ConnectedAccount, api: Api) -> None:
    in_dollars = connected.autotask.add_company("Dollars", currency="USD")
    invoices = [connected.autotask.bill(in_dollars, [item("10.00")]) for _ in range(3)]
    invoices += [connected.autotask.bill(connected.pair.company_id) for _ in range(2)]
    documents = discover(connected, *invoices)

    status, asked = api.post("/previews", {"filter": {"state": "waiting"}})
    assert (status, asked["state"], asked["total"], asked["done"]) == (202, "queued", 5, 0)
    assert api.get(f"/previews/{asked['id']}")[1]["results"] == []
    work_through(connected, asked["id"])
    work_through(connected, asked["id"])  # delivered twice

    _, body = api.get(f"/previews/{asked['id']}")
    assert (body["state"], body["done"], body["problem"]) == ("finished", 5, None)
    assert [row["document_id"] for row in body["results"]] == [document.id for document in documents[::-1]]
    assert actions(body["results"]) == ["create", "create", "stop", "stop", "stop"]
    [cause] = body["causes"]
    assert (cause["code"], cause["subject"], cause["documents"], cause["released"]) == (
        "currency-not-subscribed",
        "USD",
        3,
        3,
    )
    assert list(cause["totals"]) == ["USD"]
    page = api.get(f"/previews/{asked['id']}", page_size=2)[1]
    assert actions(page["results"]) == ["create", "create"]
    assert actions(api.client.get(page["next"]).json()["results"]) == ["stop", "stop"]
    assert writes(connected) == []


def test_a_preview_that_stopped_says_why_and_keeps_what_it_told(connected: ConnectedAccount, api: Api) -> None:
    discover(connected, connected.autotask.bill(connected.pair.company_id))
    _, asked = api.post("/previews", {"filter": {"state": "waiting"}})

    with connected.xero.world.trouble("xero", "status", status=503):
        work_through(connected, asked["id"])

    _, body = api.get(f"/previews/{asked['id']}")
    assert (body["state"], body["problem"]["code"]) == ("stopped", "service-unavailable")


def test_a_preview_goes_on_after_a_short_limit(connected: ConnectedAccount, api: Api) -> None:
    discover(connected, connected.autotask.bill(connected.pair.company_id))
    _, asked = api.post("/previews", {"filter": {"state": "waiting"}})

    with connected.xero.world.trouble("xero", "rate_limit", times=1), connected.scope():
        wait = previews.work_through(connected.account.id, asked["id"])
    assert wait is not None
    assert 0 < wait <= 60
    assert api.get(f"/previews/{asked['id']}")[1]["state"] == "running"


def test_a_long_preview_is_worked_through_in_turns(
    connected: ConnectedAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(previews, "BATCH", 2)
    bills = [connected.autotask.bill(connected.pair.company_id) for _ in range(3)]
    discover(connected, *bills)
    with connected.scope():
        preview = previews.new_preview(connected.account.id, Document.objects.all(), most=10)
        turns = [previews.work_through(connected.account.id, preview.id, seconds=0) for _ in range(3)]
        preview.refresh_from_db()
        told = preview.results.count()

    assert turns == [0.0, 0.0, None]
    assert (preview.state, told) == ("finished", 3)


def test_previews_of_another_account_are_not_there(connected: ConnectedAccount, api: Api) -> None:
    document = discover(connected, connected.autotask.bill(connected.pair.company_id))[0]
    _, asked = api.post("/previews", {"ids": [document.id]})

    other = Api(make_account())

    assert other.get(f"/previews/{asked['id']}")[0] == 404
    assert other.post("/previews", {"ids": [document.id]})[0] == 400


def test_a_token_to_read_may_preview(connected: ConnectedAccount) -> None:
    [document] = discover(connected, connected.autotask.bill(connected.pair.company_id))
    assert Api(connected.account, "read").post(f"/documents/{document.id}/preview")[0] == 200


def test_a_thousand_are_previewed_in_seconds(connected: ConnectedAccount, api: Api) -> None:
    companies = [connected.autotask.add_company(f"Company {number}") for number in range(40)]
    bills = [
        {"companyID": companies[number % 40], "items": [item("10.00"), item("20.00", 2), item("5.55", 3)]}
        for number in range(1000)
    ]
    discover(connected, *connected.autotask.bill_many(bills))
    _, asked = api.post("/previews", {"filter": {"state": "waiting"}})

    begun = time.monotonic()
    work_through(connected, asked["id"])
    took = time.monotonic() - begun

    with connected.scope():
        preview = Preview.objects.get(id=asked["id"])
        assert (preview.done, preview.results.filter(action="create").count()) == (1000, 1000)
    assert took < 10
    with queries() as few:
        api.get(f"/previews/{asked['id']}", page_size=10)
    with queries() as many:
        api.get(f"/previews/{asked['id']}", page_size=200)
    assert len(few) == len(many)
