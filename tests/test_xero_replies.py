"""Reading what Xero answers (syncing/xero/replies.py, syncing/xero/records.py)."""

import json
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from urllib3 import HTTPHeaderDict

from faults.problems import NeedsReconnect, SyncProblem, Transient
from syncing.xero import records, replies
from syncing.xero.replies import Answer, ElementReply, RequestRefused, ServerError


def answer(status: int, body: Any = b"", **headers: str) -> Answer:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Answer(status, HTTPHeaderDict({name.replace("_", "-"): value for name, value in headers.items()}), content)


def reply(element: dict[str, Any], endpoint: str = "Invoices") -> ElementReply:
    (found,) = replies.element_replies(endpoint, answer(200, {endpoint: [element]}), 1)
    return found


# One element


def test_messages_are_collected_from_everywhere_each_once_and_the_elements_own_first() -> None:
    found = reply(
        {
            "InvoiceID": replies.NO_ID,
            "Contact": {"ValidationErrors": [{"Message": "Email address must be valid."}]},
            "LineItems": [
                {"ValidationErrors": [{"Message": "Account must be valid."}, {"Message": "Tax rate must be valid."}]},
                {"ValidationErrors": [{"Message": "Account must be valid."}], "Tracking": [None]},
                {"ValidationErrors": None},
            ],
            "ValidationErrors": [{"Description": "Invoice # must be unique."}],
            "StatusAttributeString": "ERROR",
            "HasErrors": True,
        }
    )
    assert found.messages == (
        "Invoice # must be unique.",
        "Email address must be valid.",
        "Account must be valid.",
        "Tax rate must be valid.",
    )
    assert (found.ok, found.id) == (False, None)


def test_a_warning_does_not_refuse() -> None:
    found = reply(
        {
            "InvoiceID": "a5f0e7d8-0000-4000-8000-000000000001",
            "InvoiceNumber": "INV-1",
            "Status": "DRAFT",
            "StatusAttributeString": "WARNING",
            "Warnings": [{"Message": "Account code '476' has been removed."}],
        }
    )
    assert found.ok
    assert found.warnings == ("Account code '476' has been removed.",)


def test_an_update_that_is_refused_still_says_which_document_it_was() -> None:
    identifier = "a5f0e7d8-0000-4000-8000-000000000001"
    found = reply({"CreditNoteID": identifier, "HasErrors": True, "StatusAttributeString": "ERROR"}, "CreditNotes")
    assert (found.ok, found.id) == (False, identifier)


@given(
    st.recursive(
        st.none() | st.booleans() | st.text(),
        lambda inner: (
            st.lists(inner)
            | st.dictionaries(
                st.sampled_from(["ValidationErrors", "Message", "LineItems", "Contact", "Warnings"]), inner
            )
        ),
        max_leaves=12,
    )
)
def test_no_shape_of_an_element_breaks_the_reading(value: Any) -> None:
    assert isinstance(replies.messages_in(value, "ValidationErrors"), tuple)


# Answers that refuse


def problem_detail(detail: str, status: int) -> dict[str, Any]:
    return {"Type": None, "Title": "Unauthorized", "Status": status, "Detail": detail, "Extensions": {}}


EXPIRED = "TokenExpired: token expired at 09/24/2021 08:23:47"


@pytest.mark.parametrize(
    ("given", "kind", "code"),
    [
        (answer(401, problem_detail(EXPIRED, 401)), Transient, "access-token-expired"),
        (answer(401, problem_detail("AuthorizationUnsuccessful", 401)), NeedsReconnect, "xero-permission"),
        (answer(401, problem_detail("AuthenticationUnsuccessful", 401)), NeedsReconnect, "xero-disconnected"),
        (answer(401), NeedsReconnect, "xero-disconnected"),
        (answer(403, problem_detail("AuthenticationUnsuccessful", 403)), NeedsReconnect, "xero-disconnected"),
        (answer(400, {"ErrorNumber": 16, "Message": "Expression expected"}), RequestRefused, "unexpected"),
        (answer(404, b"The resource you're looking for cannot be found"), RequestRefused, "unexpected"),
        (answer(413, b"<html>Request Entity Too Large</html>"), RequestRefused, "unexpected"),
        (answer(500, b"An unhandled error with the Xero API occurred."), ServerError, "service-unavailable"),
        (answer(503), ServerError, "service-unavailable"),
        (answer(302, b"", Location="https://elsewhere.example"), ServerError, "service-unavailable"),
        (answer(429, b"not json", X_Rate_Limit_Problem="minute", Retry_After="12"), Transient, "rate-limited"),
    ],
)
def test_every_refusal_is_a_problem_that_says_who_must_act(given: Answer, kind: type[SyncProblem], code: str) -> None:
    problem = replies.problem(given)
    assert type(problem) is kind
    assert (problem.code, problem.subject) == (code, "Xero")


def test_a_refused_request_gives_the_words_of_its_elements() -> None:
    body = {"Message": "A validation exception occurred", "Elements": [{"ValidationErrors": [{"Message": "Why."}]}]}
    problem = replies.problem(answer(400, body))
    assert isinstance(problem, RequestRefused)
    assert problem.messages == ("Why.",)


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        ({"X_Rate_Limit_Problem": "Day", "Retry_After": "66975"}, 66975),
        ({"X_Rate_Limit_Problem": "concurrent"}, replies.CONCURRENCY_SECONDS),
        ({}, 60),
        ({"Retry_After": "soon"}, 60),
    ],
)
def test_the_wait_after_a_rate_limit_is_what_xero_says_where_it_does(headers: dict[str, str], wait: float) -> None:
    assert replies.problem(answer(429, b"", **headers)).retry_after == wait


@given(st.integers(300, 599), st.binary(max_size=200))
def test_no_body_breaks_the_reading_of_a_refusal(status: int, body: bytes) -> None:
    assert isinstance(replies.problem(answer(status, body)), SyncProblem)


# Dates


@pytest.mark.parametrize(
    ("value", "moment"),
    [
        ("/Date(1518685950940+0000)/", datetime(2018, 2, 15, 9, 12, 30, 940000, tzinfo=UTC)),
        ("/Date(1518685950000)/", datetime(2018, 2, 15, 9, 12, 30, tzinfo=UTC)),
        ("/Date(-86400000+0000)/", datetime(1969, 12, 31, tzinfo=UTC)),
        ("2026-01-02T03:04:05", datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)),
        ("2026-01-02T03:04:05Z", datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)),
        ("/Date(99999999999999999999)/", None),
        ("", None),
        (None, None),
        (7, None),
    ],
)
def test_moments_are_read_in_every_form_that_xero_writes(value: Any, moment: datetime | None) -> None:
    assert records.moment(value) == moment


def test_a_date_is_the_day_that_begins_at_that_moment() -> None:
    assert records.day("/Date(1782777600000+0000)/") == date(2026, 6, 30)
