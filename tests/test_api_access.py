"""How the API refuses, and how often it answers. Who gets in, and how far: tests/test_access_walk_api.py."""

from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from pytest_django import Settings

from syncing import on_demand
from tenants.api_tokens import revoke_token
from tenants.models import Account
from tests.api import Api, checked
from tests.factories import make_account

pytestmark = pytest.mark.django_db


@pytest.fixture
def account() -> Account:
    return make_account()


@pytest.fixture
def api(account: Account) -> Api:
    return Api(account)


def refused(answer: Any, status: int) -> dict[str, Any]:
    """The problem that an answer is."""
    assert answer.status_code == status
    problem: dict[str, Any] = checked("GET", "", answer)
    return problem


@pytest.mark.parametrize("header", ["", "Token", "Token nothing", "Bearer {0}", "Token {0}x", "Basic YTpi"])
def test_without_a_good_token_nothing_is_told(api: Api, header: str) -> None:
    headers = {"Authorization": header.format(api.secret)} if header else {}

    answer = Client(headers=headers).get("/api/v1/account")

    refused(answer, 401)
    assert answer["WWW-Authenticate"] == "Token"


def test_a_revoked_token_is_no_token(api: Api) -> None:
    assert api.get("/account")[0] == 200
    revoke_token(api.token)
    assert api.get("/account")[0] == 401


def test_the_account_tells_its_features_and_the_tokens_scope(api: Api, account: Account) -> None:
    status, body = api.get("/account")

    assert status == 200
    assert (body["slug"], body["name"]) == (account.slug, account.name)
    assert body["features"] == {"service_adjustments": False, "shared_organisation": False}
    assert body["token"] == {"name": "A program", "scope": "write"}


@pytest.mark.parametrize(
    "path",
    ["/documents/{0}", "/faults/{0}", "/syncs/{0}", "/previews/{0}"],
)
@pytest.mark.parametrize("identifier", ["0", "99", "999999999999999999999999999999", "-1", "abc", "1.5", "%00", "1/"])
def test_what_is_not_there_is_a_problem(api: Api, path: str, identifier: str) -> None:
    refused(api.client.get("/api/v1" + path.format(identifier)), 404)


@pytest.mark.parametrize("path", ["/api/", "/api/v1", "/api/v1/", "/api/v2/account", "/api/v1/documents/", "/api/x%00"])
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_an_unknown_address_is_a_problem_for_anyone(path: str, method: str) -> None:
    refused(Client().generic(method, path), 404)


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "PROPFIND"])
def test_a_method_that_an_address_does_not_have_is_a_problem(api: Api, method: str) -> None:
    answer = api.client.generic(method, "/api/v1/account")
    problem = refused(answer, 405)
    assert problem["code"] == "method_not_allowed"
    assert answer["Allow"] == "GET, HEAD"


@pytest.mark.parametrize(
    "content_type", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "a"]
)
def test_a_body_of_another_type_is_a_problem(api: Api, content_type: str) -> None:
    answer = api.client.generic("PATCH", "/api/v1/settings", b"paused=1", content_type=content_type)
    refused(answer, 415)


@pytest.mark.parametrize(
    "body", [b"{", b"\xff\xfe", b"", b"[" * 100_000, b'{"paused": NaN}', b'{"due_days": 1e999}', b"null", b"3", b'"x"']
)
def test_a_body_that_is_no_json_or_no_object_is_a_problem(api: Api, body: bytes) -> None:
    answer = api.client.generic("PUT", "/api/v1/connections/autotask", body, content_type="application/json")
    refused(answer, 400)


def test_a_huge_body_is_a_problem(api: Api) -> None:
    body = b'{"currency": "' + b"x" * 3_000_000 + b'"}'
    answer = api.client.generic("PATCH", "/api/v1/settings", body, content_type="application/json")
    assert refused(answer, 413)["code"] == "too_large"


def test_another_kind_of_answer_cannot_be_had(api: Api) -> None:
    refused(api.client.get("/api/v1/account", headers={"Accept": "text/html"}), 406)


def test_a_bug_of_ours_is_a_problem_with_a_reference(
    api: Api, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(account_id: int) -> None:
        raise RuntimeError("secret words")

    monkeypatch.setattr(on_demand, "request_run", fail)

    status, problem = api.post("/syncs")

    assert status == 500
    assert "secret" not in str(problem)
    assert problem["reference"] in caplog.text


def test_too_many_requests_are_refused_until_the_minute_is_over(api: Api, settings: Settings, account: Account) -> None:
    settings.API_REQUESTS_PER_MINUTE = 3

    statuses = [api.client.get("/api/v1/account").status_code for _ in range(5)]

    # The minute may have turned in between.
    assert statuses[:3] == [200, 200, 200]
    assert 429 in statuses
    answer = next(answer for _ in range(10) if (answer := api.client.get("/api/v1/account")).status_code == 429)
    refused(answer, 429)
    assert 0 < int(answer["Retry-After"]) <= 60
    assert Api(account).get("/account")[0] == 200  # another token has a count of its own


def test_addresses_without_a_token_are_counted_too(settings: Settings) -> None:
    settings.API_ANONYMOUS_REQUESTS_PER_MINUTE = 1
    cache.clear()

    statuses = {Client().get("/api/v1/fault-kinds").status_code for _ in range(4)}

    assert statuses == {200, 429}


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("/account", {"verbose": "1"}),
        ("/documents", {"sate": "faulted"}),
        ("/settings", {"cursor": "x"}),
        ("/fault-kinds", {"q": "x"}),
        ("/documents", {"cursor": "not one"}),
        ("/documents", {"cursor": "cD1hYmM="}),  # p=abc
        ("/documents", {"cursor": "cD05OTk5OTk5OTk5OTk5OTk5OTk5OTk5OTk="}),  # p=9…9
        ("/documents", {"page_size": "0"}),
        ("/documents", {"page_size": "201"}),
        ("/documents", {"page_size": "many"}),
        ("/documents", {"page_size": "²"}),
        ("/documents", {"state": "lost"}),
        ("/documents", {"kind": "receipt"}),
        ("/documents", {"fault": "no-such-code"}),
        ("/documents", {"fault": "\0"}),
        ("/documents", {"q": "x" * 10_000}),
        ("/documents", {"q": "a\0b"}),
        ("/faults", {"state": "mended"}),
        ("/faults", {"code": "no-such-code"}),
    ],
)
def test_a_wrong_query_is_a_problem_that_names_the_parameter(api: Api, path: str, query: dict[str, str]) -> None:
    status, problem = api.get(path, **query)

    assert status == 400
    [error] = problem["errors"]
    assert error["parameter"] in query


def test_a_parameter_given_twice_is_no_single_value(api: Api) -> None:
    refused(api.client.get("/api/v1/documents?kind=invoice&kind=credit_note"), 400)


def test_the_fault_kinds_are_public() -> None:
    answer = Client().get("/api/v1/fault-kinds")

    body = checked("GET", "/api/v1/fault-kinds", answer)
    assert answer.status_code == 200
    assert {"amounts-do-not-match", "sync-stopped", "unexpected"} <= {kind["code"] for kind in body["results"]}
    assert body["results"][0]["article_url"].endswith(f"/help/faults/{body['results'][0]['code']}/")
