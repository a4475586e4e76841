"""Answers that no Autotask should give: each is read, or is a clear problem; none ends a run, none tells a secret."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st
from pytest_django import Settings

from faults.problems import NeedsPerson, NeedsSupport, SyncProblem, Transient
from syncing.autotask import transport
from syncing.autotask.client import AutotaskClient
from syncing.autotask.query import gt
from syncing.autotask.records import BillingItem, Company, Invoice
from tests.autotask import CODE, SECRET, OddPartner, odd_partner, without_secrets


@pytest.fixture
def partner(settings: Settings) -> Iterator[OddPartner]:
    with odd_partner() as partner:
        settings.AUTOTASK_ZONE_URL = partner.url
        settings.AUTOTASK_HOST_PATTERN = "^localhost$"
        partner.zone = {"url": partner.url, "ci": 14}
        yield partner


def problem_of(partner: OddPartner, call: Callable[[AutotaskClient], Any] | None = None) -> SyncProblem:
    ask = call or (lambda client: list(client.find(Invoice)))
    with pytest.raises(SyncProblem) as caught:
        ask(partner.client())
    assert without_secrets(caught.value)
    return caught.value


@pytest.mark.parametrize(
    "body",
    [b"", b"<html>Just a moment</html>", b'{"items": [{"id": 1', b"\xff\xfe\x00", b"[" * 100_000, b'{"items": [}'],
)
def test_a_success_that_is_no_json_is_an_outage(partner: OddPartner, body: bytes) -> None:
    partner.answer(body, headers={"Content-Type": "text/html"})
    problem = problem_of(partner)
    assert isinstance(problem, Transient)
    assert problem.code == "service-unavailable"
    assert "no JSON (text/html)" in problem.detail


@pytest.mark.parametrize(
    "answer", [[], "text", 5, True, {}, {"item": {}}, {"items": {}}, {"items": "text"}, {"items": 5, "pageDetails": 7}]
)
def test_json_of_another_shape_is_told_as_what_it_is(partner: OddPartner, answer: Any) -> None:
    partner.answer(answer)
    problem = problem_of(partner)
    assert isinstance(problem, NeedsSupport)
    assert problem.code == "unexpected"
    assert problem.detail


@pytest.mark.parametrize("answer", [{"items": None}, {"items": []}, {"items": [], "pageDetails": None, "errors": None}])
def test_an_empty_list_and_none_are_no_records(partner: OddPartner, answer: Any) -> None:
    partner.answer(answer)
    assert list(partner.client().find(Invoice)) == []


def test_a_broken_row_holds_up_none_of_its_neighbours(partner: OddPartner) -> None:
    rows: list[Any] = [
        None,
        "row",
        {"id": None},
        {"invoiceNumber": "no id"},
        {"id": 5, "invoiceTotal": []},
        [],
        {"id": "6"},
    ]
    partner.answer({"items": rows, "pageDetails": {"nextPageUrl": None}})
    assert [invoice.id for invoice in partner.client().find(Invoice)] == [5, 6]


def test_texts_of_any_kind_come_through(partner: OddPartner) -> None:
    name = "<script>alert('x')</script> שלום 🏢 \u202e"
    partner.answer({"items": [{"id": 1, "companyName": name}, {"id": 2, "companyName": "a" * 4_000_000}]})
    first, second = partner.client().find(Company)
    assert first.name == name
    assert 8_000 <= len(second.name) < 100_000


@pytest.mark.parametrize(
    "pages",
    [
        {"items": [{"id": row} for row in range(500)]},
        {"items": [{"id": 7}], "pageDetails": {"nextPageUrl": "https://evil.example/next"}},
    ],
    ids=["full", "more"],
)
def test_the_same_page_for_ever_ends(partner: OddPartner, pages: Any) -> None:
    partner.answer(pages)
    problem = problem_of(partner)
    assert isinstance(problem, NeedsSupport)
    assert "do not ascend" in problem.detail
    assert len(partner.requests) == 2


def test_rows_in_disorder_are_not_walked_past(partner: OddPartner) -> None:
    partner.answer({"items": [{"id": row} for row in reversed(range(500))]})
    assert "do not ascend" in problem_of(partner).detail


def test_a_short_page_that_tells_of_more_is_not_the_last(partner: OddPartner) -> None:
    partner.answer({"items": [{"id": 7}], "pageDetails": {"nextPageUrl": f"{partner.url}/next"}})
    found = partner.client().find(Invoice)
    assert next(found).id == 7
    partner.answer({"items": [{"id": 9}], "pageDetails": {"nextPageUrl": None}})
    assert [invoice.id for invoice in found] == [9]
    assert not any("next" in path for path in partner.paths())


@pytest.mark.parametrize(
    ("status", "body", "kind", "code"),
    [
        (200, {"errors": ["The query is odd"]}, NeedsSupport, "unexpected"),
        (200, {"items": [], "errors": [{"message": "The query is odd"}]}, NeedsSupport, "unexpected"),
        (200, {"errors": "The query is odd"}, NeedsSupport, "unexpected"),
        (400, {"Message": "The query is odd"}, NeedsSupport, "unexpected"),
        (401, b"", NeedsPerson, "autotask-login-refused"),
        (403, b"", NeedsPerson, "autotask-not-permitted"),
        (404, {"Message": "No HTTP resource was found"}, NeedsSupport, "unexpected"),
        (405, {"Message": "The query is odd"}, NeedsSupport, "unexpected"),
        (408, b"", Transient, "autotask-timeout"),
        (429, b"", Transient, "autotask-threshold"),
        (500, {"errors": ["The query is odd"]}, NeedsSupport, "unexpected"),
        (500, {"errors": [{"Message": "The query is odd"}, None, 5, []]}, NeedsSupport, "unexpected"),
        (500, b"<html>Server Error</html>", Transient, "service-unavailable"),
        (500, {"errors": ["Thread Threshold Exceeded. (Itgenatr005)"]}, Transient, "autotask-threshold"),
        (
            500,
            {"errors": ["You have exceeded the external request threshold of 10000"]},
            Transient,
            "autotask-threshold",
        ),
        (502, b"Bad Gateway", Transient, "service-unavailable"),
        (503, b"", Transient, "service-unavailable"),
        (301, b"", Transient, "service-unavailable"),
    ],
)
def test_each_refusal_becomes_one_of_our_problems(
    partner: OddPartner, status: int, body: Any, kind: type[SyncProblem], code: str
) -> None:
    partner.answer(body, status=status)
    problem = problem_of(partner)
    assert type(problem) is kind
    assert problem.code == code
    assert [path for path in partner.paths() if "query" in path] == ["/ATServicesRest/V1.0/Invoices/query"]
    if "odd" in str(body):
        assert "The query is odd" in problem.detail


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("7", 7),
        ("0", 1),
        ("999999999", 3600),
        ("Wed, 21 Oct 2026 07:28:00 GMT", 60),
        ("soon", 60),
        ("-5", 60),
        ("", 60),
    ],
)
def test_a_partner_says_how_long_to_wait(partner: OddPartner, header: str, seconds: float) -> None:
    partner.answer(b"", status=429, headers={"Retry-After": header})
    assert problem_of(partner).retry_after == seconds


def test_a_text_that_repeats_the_secret_is_masked(partner: OddPartner) -> None:
    partner.answer({"errors": [f"Bad IntegrationCode {CODE} with {SECRET}."]}, status=500)
    assert problem_of(partner).detail == "Bad IntegrationCode … with …."


def test_errors_of_any_length_are_cut(partner: OddPartner) -> None:
    partner.answer({"errors": ["x" * 100_000] * 50}, status=500)
    assert len(problem_of(partner).detail) < 50_000


def test_an_answer_that_is_cut_short_is_a_time_out(partner: OddPartner) -> None:
    partner.answer(b'{"items": []', headers={"Content-Length": "5000"})
    problem = problem_of(partner)
    assert isinstance(problem, Transient)
    assert problem.code == "autotask-timeout"


def test_an_answer_in_a_broken_encoding_is_a_time_out(partner: OddPartner) -> None:
    partner.answer(b"not gzip", headers={"Content-Encoding": "gzip"})
    assert problem_of(partner).code == "autotask-timeout"


def test_an_answer_without_end_is_given_up(partner: OddPartner, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "LARGEST_ANSWER_BYTES", 10_000)
    partner.answer({"items": ["x" * 100_000]})
    assert "larger than" in problem_of(partner).detail


def test_an_answer_that_drips_is_given_up(partner: OddPartner, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "LONGEST_ANSWER_SECONDS", -1)
    partner.answer({"items": []})
    assert problem_of(partner).code == "autotask-timeout"


def test_silence_is_a_time_out(partner: OddPartner, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "TIMEOUTS", (5, 0.05))
    partner.seconds = 0.3
    problem = problem_of(partner)
    assert isinstance(problem, Transient)
    assert problem.code == "autotask-timeout"


@pytest.mark.parametrize(
    "call",
    [
        lambda client: client.count(Invoice),
        lambda client: client.update_invoice(1, number="X"),
        lambda client: client.check_access(),
        lambda client: list(client.find_in(BillingItem, "invoiceID", [1])),
    ],
)
def test_every_call_refuses_an_empty_answer_in_words(
    partner: OddPartner, call: Callable[[AutotaskClient], Any]
) -> None:
    partner.answer(b"")
    assert problem_of(partner, call).code == "service-unavailable"


@pytest.mark.parametrize(
    "fields", [None, [], "odd", {}, [None, 5, {}, {"name": 7}, {"name": "x", "picklistValues": 5}]]
)
def test_odd_metadata_is_read_as_far_as_it_goes(partner: OddPartner, fields: Any) -> None:
    partner.answer({"fields": fields, "info": fields})
    client = partner.client()
    assert client.picklist("Invoices", "x") == {}
    assert not client.rights("Invoices").may_query


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                ["items", "errors", "message", "Message", "pageDetails", "nextPageUrl", "id", "invoiceTotal"]
            )
            | st.text(max_size=5),
            inner,
            max_size=5,
        )
    ),
    max_leaves=15,
)


@examples(max_examples=60)
@given(status=st.sampled_from([200, 200, 200, 201, 302, 400, 401, 403, 404, 429, 500, 503]), answer=json_values)
def test_any_json_is_records_or_a_problem(partner: OddPartner, status: int, answer: Any) -> None:
    partner.answer(answer, status=status)
    client = partner.client()
    told = records_or_problem(client)
    if isinstance(told, SyncProblem):
        assert told.code
        assert without_secrets(told)
    else:
        assert all(isinstance(invoice.id, int) for invoice in told)
    assert client.calls <= 3


def records_or_problem(client: AutotaskClient) -> list[Invoice] | SyncProblem:
    try:
        return list(client.find(Invoice, gt("id", 0)))
    except SyncProblem as problem:
        return problem
