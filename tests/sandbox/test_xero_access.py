"""The stand-in Xero refuses, counts and remembers calls as the real one does."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from tests.sandbox.xero_calls import XeroCaller, caller, invoice, line, parsed, texts
from tests.world import SandboxWorld, XeroOrganisation


@pytest.fixture
def organisation(sandbox: SandboxWorld) -> XeroOrganisation:
    return sandbox.create_xero()


@pytest.fixture
def xero(sandbox: SandboxWorld, organisation: XeroOrganisation) -> XeroCaller:
    return caller(sandbox, organisation)


def problem(answer: requests.Response) -> tuple[int, str, str]:
    body = answer.json()
    assert set(body) == {"Type", "Title", "Status", "Detail", "Instance", "Extensions"}
    return answer.status_code, body["Title"], body["Detail"]


def test_a_query_of_more_than_2048_characters_leads_nowhere(xero: XeroCaller) -> None:
    def asked(length: int) -> int:
        return xero.call("GET", "/Invoices", IDs="x" * (length - len("IDs="))).status_code

    assert asked(2049) == 404
    assert asked(2048) != 404


# Tokens and scopes


def test_an_expired_token_is_told_from_a_bad_one(sandbox: SandboxWorld, xero: XeroCaller) -> None:
    sandbox.advance_clock(1801)
    status, title, detail = problem(xero.call("GET", "/Organisation"))
    assert (status, title) == (401, "Unauthorized")
    assert detail.startswith("TokenExpired: token expired at ")
    xero.token = "forged"
    assert problem(xero.call("GET", "/Organisation")) == (401, "Unauthorized", "AuthenticationUnsuccessful")


def test_a_missing_scope_is_a_401(sandbox: SandboxWorld, organisation: XeroOrganisation) -> None:
    reader = caller(sandbox, organisation, "accounting.invoices.read accounting.settings.read")
    assert reader.call("GET", "/Invoices").status_code == 200
    assert reader.call("GET", "/Currencies").status_code == 200
    for method, path in (("PUT", "/Invoices"), ("GET", "/Contacts"), ("PUT", "/Currencies"), ("GET", "/Payments")):
        assert problem(reader.call(method, path, {})) == (401, "Unauthorized", "AuthorizationUnsuccessful")


@pytest.mark.parametrize("tenant", [None, "", "11111111-1111-1111-1111-111111111111"])
def test_a_missing_or_wrong_organisation_is_a_403(xero: XeroCaller, tenant: str | None) -> None:
    answer = xero.call("GET", "/Organisation", headers={"xero-tenant-id": tenant})
    assert problem(answer) == (403, "Forbidden", "AuthenticationUnsuccessful")


def test_an_organisation_that_a_person_disconnected_is_a_403(xero: XeroCaller, organisation: XeroOrganisation) -> None:
    xero.world.call("POST", f"/xero/organisations/{organisation.id}/disconnect", {})
    assert problem(xero.call("GET", "/Organisation"))[0] == 403


def test_another_organisation_is_out_of_reach(xero: XeroCaller) -> None:
    other = xero.world.create_xero(users=["somebody@else.example"])
    assert xero.call("GET", "/Organisation", headers={"xero-tenant-id": other.id}).status_code == 403


# Addresses, formats, sizes


def test_unknown_addresses_and_methods_are_told_in_html(xero: XeroCaller) -> None:
    missing = xero.call("GET", "/Invoices/11111111-1111-1111-1111-111111111111")
    assert (missing.status_code, missing.text) == (404, "The resource you're looking for cannot be found")
    assert missing.headers["Content-Type"].startswith("text/html")
    assert xero.call("GET", "/Nonsense").status_code == 404
    assert xero.call("DELETE", "/Invoices").status_code == 501


def test_json_must_be_asked_for(xero: XeroCaller) -> None:
    assert xero.call("GET", "/Organisation", headers={"Accept": "*/*"}).status_code == 406


@pytest.mark.parametrize(
    "body",
    [
        b"not json",
        b"[]",
        b'{"Invoices": 1}',
        b'{"Invoices": [1]}',
        b'{"Invoices": [{"Date": "2017-12-14 00:00:00"}]}',
        b'{"Invoices": [{"LineItems": [{"UnitAmount": "ten"}]}]}',
        b'{"Invoices": [{"LineItems": [{"UnitAmount": "NaN"}]}]}',
        b'{"Invoices": [{"Status": "NEARLY"}]}',
        b'{"Invoices": []}',
    ],
)
def test_an_unreadable_body_refuses_the_whole_request(xero: XeroCaller, body: bytes) -> None:
    answer = xero.call("PUT", "/Invoices", body, summarizeErrors="false")
    assert answer.status_code == 400
    assert answer.json()["Type"] == "PostDataInvalidException"
    assert "Elements" not in answer.json()


def test_a_body_over_three_and_a_half_megabytes_is_a_413(xero: XeroCaller) -> None:
    huge = {"Invoices": [invoice(LineItems=[line(Description="x" * 3_500_000)])]}
    assert xero.call("PUT", "/Invoices", huge).status_code == 413
    assert xero.rows("/Invoices") == []


# Limits


def test_what_remains_of_the_limits_is_told(xero: XeroCaller) -> None:
    answer = xero.call("GET", "/Organisation")
    assert answer.headers["X-MinLimit-Remaining"] == "59"
    assert answer.headers["X-DayLimit-Remaining"] == "4999"
    assert answer.headers["X-AppMinLimit-Remaining"] == "9999"


def test_the_minute_limit_has_a_fixed_window(sandbox: SandboxWorld, xero: XeroCaller) -> None:
    sandbox.limits(xero={"minute": 2})
    answers = [xero.call("GET", "/Organisation") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    refused = answers[-1]
    assert refused.headers["X-Rate-Limit-Problem"] == "minute"
    assert refused.headers["X-MinLimit-Remaining"] == "0"
    wait = int(refused.headers["Retry-After"])
    assert 0 < wait <= 60
    assert [row["limit"] for row in sandbox.ledger("xero").breaches] == ["minute"]
    sandbox.advance_clock(wait)
    assert xero.call("GET", "/Organisation").status_code == 200


def test_the_day_limit_can_keep_one_out_for_hours(sandbox: SandboxWorld, xero: XeroCaller) -> None:
    sandbox.limits(xero={"day": 1})
    xero.call("GET", "/Organisation")
    refused = xero.call("GET", "/Organisation")
    assert (refused.status_code, refused.headers["X-Rate-Limit-Problem"]) == (429, "day")
    assert refused.headers["X-DayLimit-Remaining"] == "0"
    sandbox.advance_clock(int(refused.headers["Retry-After"]))
    xero = caller(sandbox, xero.organisation)
    assert xero.call("GET", "/Organisation").status_code == 200


def test_the_app_limit_counts_over_all_organisations(sandbox: SandboxWorld, xero: XeroCaller) -> None:
    other = caller(sandbox, sandbox.create_xero())
    sandbox.limits(xero={"app_minute": 1})
    statuses = [xero.call("GET", "/Organisation"), other.call("GET", "/Organisation")]
    assert [answer.status_code for answer in statuses] == [200, 429]
    assert statuses[1].headers["X-Rate-Limit-Problem"] == "appminute"
    assert "Retry-After" not in statuses[1].headers


def test_limits_of_one_organisation_are_not_another_ones(sandbox: SandboxWorld, xero: XeroCaller) -> None:
    other = caller(sandbox, sandbox.create_xero())
    sandbox.limits(xero={"minute": 1})
    assert [xero.call("GET", "/Organisation").status_code, other.call("GET", "/Organisation").status_code] == [200, 200]


def test_five_calls_at_one_time_are_the_most(sandbox: SandboxWorld, xero: XeroCaller) -> None:
    with sandbox.trouble("xero", "slow", seconds=0.5), ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda _: requests_in_parallel(xero), range(6)))
    assert sorted(answers) == [200] * 5 + [429]
    assert [row["limit"] for row in sandbox.ledger("xero").breaches] == ["concurrent"]
    assert xero.call("GET", "/Organisation").status_code == 200


def requests_in_parallel(xero: XeroCaller) -> int:
    with requests.Session() as session:
        alone = XeroCaller(xero.world, xero.organisation, xero.token, session=session)
        return alone.call("GET", "/Organisation").status_code


# Idempotency


def test_a_key_replays_the_first_answer_for_six_minutes(sandbox: SandboxWorld, xero: XeroCaller) -> None:
    body, headers = {"Invoices": [invoice()]}, {"Idempotency-Key": "k-1"}
    first = xero.call("PUT", "/Invoices", body, headers=headers)
    sandbox.advance_clock(359)
    again = xero.call("PUT", "/Invoices", body, headers=headers)
    assert (again.status_code, again.content) == (first.status_code, first.content)
    ledger = sandbox.ledger("xero")
    assert [row.get("replayed", False) for row in ledger.calls("PUT")] == [False, True]
    assert [row["idempotency_key"] for row in ledger.calls("PUT")] == ["k-1", "k-1"]
    assert len(ledger.created("Invoices")) == 1
    sandbox.advance_clock(2)
    assert xero.call("PUT", "/Invoices", body, headers=headers).status_code == 200
    assert len(sandbox.ledger("xero").created("Invoices")) == 2


def test_a_key_is_good_for_one_request_only(xero: XeroCaller) -> None:
    headers = {"Idempotency-Key": "k-1"}
    xero.call("PUT", "/Invoices", {"Invoices": [invoice()]}, headers=headers)
    others = [
        xero.call("PUT", "/Invoices", {"Invoices": [invoice(Reference="other")]}, headers=headers),
        xero.call("POST", "/Invoices", {"Invoices": [invoice()]}, headers=headers),
        xero.call("PUT", "/Invoices", {"Invoices": [invoice()]}, headers=headers, unitdp=4),
    ]
    for answer in others:
        assert answer.status_code == 400
        assert "k-1 is used with a different request." in answer.json()["Message"]
    assert len(xero.rows("/Invoices")) == 1


def test_errors_are_remembered_under_a_key_too(xero: XeroCaller, organisation: XeroOrganisation) -> None:
    body, headers = {"Invoices": [invoice(CurrencyCode="USD")]}, {"Idempotency-Key": "k-1"}
    first = xero.call("PUT", "/Invoices", body, headers=headers)
    organisation.add_currency("USD")
    assert xero.call("PUT", "/Invoices", body, headers=headers).content == first.content
    assert xero.call("PUT", "/Invoices", body, headers={"Idempotency-Key": "k-2"}).status_code == 200


def test_a_server_error_after_the_write_is_remembered(sandbox: SandboxWorld, xero: XeroCaller) -> None:
    body, headers = {"Invoices": [invoice()]}, {"Idempotency-Key": "k-1"}
    with sandbox.trouble("xero", "status_after", status=500, times=1):
        assert xero.call("PUT", "/Invoices", body, headers=headers).status_code == 500
    assert xero.call("PUT", "/Invoices", body, headers=headers).status_code == 500
    assert len(xero.rows("/Invoices")) == 1


def test_a_refusal_by_a_limit_is_not_remembered(sandbox: SandboxWorld, xero: XeroCaller) -> None:
    body, headers = {"Invoices": [invoice()]}, {"Idempotency-Key": "k-1"}
    with sandbox.trouble("xero", "rate_limit", times=1, seconds=7):
        refused = xero.call("PUT", "/Invoices", body, headers=headers)
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "7")
    assert xero.call("PUT", "/Invoices", body, headers=headers).status_code == 200


def test_a_key_of_129_characters_is_refused(xero: XeroCaller) -> None:
    answer = xero.call("PUT", "/Invoices", {"Invoices": [invoice()]}, headers={"Idempotency-Key": "k" * 129})
    assert answer.status_code == 400


# Trouble


def test_a_connection_dropped_before_the_write_leaves_nothing(sandbox: SandboxWorld, xero: XeroCaller) -> None:
    with sandbox.trouble("xero", "drop_before", method="PUT", times=1), pytest.raises(requests.ConnectionError):
        xero.put_invoice()
    assert xero.rows("/Invoices") == []


def test_a_connection_dropped_after_the_write_leaves_the_invoice(sandbox: SandboxWorld, xero: XeroCaller) -> None:
    with sandbox.trouble("xero", "drop_after", method="PUT", times=1), pytest.raises(requests.ConnectionError):
        xero.put_invoice()
    assert len(xero.rows("/Invoices")) == 1
    dropped = sandbox.ledger("xero").calls("PUT")[0]
    assert (dropped["status"], dropped["trouble"]) == (None, "drop_after")


def test_an_outage_is_a_503_that_is_no_json(sandbox: SandboxWorld, xero: XeroCaller) -> None:
    with sandbox.trouble("xero", "outage"):
        answer = xero.call("GET", "/Organisation")
    assert (answer.status_code, answer.headers["Content-Type"]) == (503, "text/html")


def test_a_slow_answer_comes_after_the_work(sandbox: SandboxWorld, xero: XeroCaller) -> None:
    sandbox.add_trouble("xero", "slow", method="PUT", times=1, seconds=0.3)
    started = time.monotonic()
    xero.put_invoice()
    assert time.monotonic() - started >= 0.3


def test_trouble_strikes_where_and_as_often_as_it_is_told(sandbox: SandboxWorld, xero: XeroCaller) -> None:
    fields = {"method": "GET", "path": "Invoices.*page=2", "skip": 1, "times": 1, "status": 418, "body": "tea"}
    sandbox.add_trouble("xero", "status", **fields)
    assert xero.call("GET", "/Contacts", page=2).status_code == 200
    answers = [xero.call("GET", "/Invoices", page=2) for _ in range(3)]
    assert [(answer.status_code, answer.text == "tea") for answer in answers] == [
        (200, False),
        (418, True),
        (200, False),
    ]


def test_an_expired_token_as_trouble_stays_expired(sandbox: SandboxWorld, xero: XeroCaller) -> None:
    sandbox.add_trouble("xero", "expire_tokens", times=1)
    for _ in range(2):
        assert problem(xero.call("GET", "/Organisation"))[2].startswith("TokenExpired")


# Both modes of errors


def test_good_elements_of_a_bad_batch_are_saved_in_either_mode(xero: XeroCaller) -> None:
    batch = {"Invoices": [invoice(InvoiceNumber="A"), invoice(InvoiceNumber="B", CurrencyCode="USD")]}
    answer = xero.call("PUT", "/Invoices", batch)
    assert answer.status_code == 400
    body = parsed(answer)
    assert (body["ErrorNumber"], body["Type"]) == (10, "ValidationException")
    (refused,) = body["Elements"]
    assert refused["InvoiceNumber"] == "B"
    assert texts(refused) == ["Organisation is not subscribed to currency USD"]
    assert [row["InvoiceNumber"] for row in xero.rows("/Invoices")] == ["A"]


def test_without_summarised_errors_every_element_comes_back_in_order(xero: XeroCaller) -> None:
    elements = [invoice(InvoiceNumber="A", CurrencyCode="USD"), invoice(InvoiceNumber="B")]
    refused, saved = xero.write("PUT", "Invoices", *elements)
    assert (refused["HasErrors"], refused["StatusAttributeString"]) == (True, "ERROR")
    assert refused["InvoiceID"] == "00000000-0000-0000-0000-000000000000"
    assert (saved["HasErrors"], saved["StatusAttributeString"], saved["InvoiceNumber"]) == (False, "OK", "B")


@pytest.mark.parametrize("value", ["False", "false"])
def test_yes_and_no_may_be_written_as_python_does(xero: XeroCaller, value: str) -> None:
    answer = xero.call("PUT", "/Invoices", {"Invoices": [invoice(CurrencyCode="USD")]}, summarizeErrors=value)
    assert answer.status_code == 200
