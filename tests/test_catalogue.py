"""The catalogue of fault kinds: complete, and worded for people."""

import re

import pytest

from faults.catalogue import KINDS, TOPICS, FaultKind, Retry, Severity, Subject, WhoActs
from faults.problems import NeedsPerson, NeedsReconnect, NeedsSupport, Transient

MISSION_TITLES = {
    "sync-stopped": "My sync has stopped",
    "no-valid-contact": "No valid contact for the invoice",
    "document-locked-by-payment": "The Xero document has a payment or credit note allocated",
    "invoice-not-modifiable": "Invoice not of valid status for modification",
    "access-token-expired": "The access token has expired",
    "service-unavailable": "Xero or Autotask is unavailable (503)",
    "currency-not-subscribed": "The organisation is not subscribed to this currency",
    "autotask-timeout": "Timeout connecting to Autotask",
    "xero-unreachable": "Error connecting to Xero",
    "amounts-do-not-match": "Invoice amounts do not match",
    "no-line-items": "Invoice contains no line items",
    "invalid-email": "Invalid email address",
    "invoice-number-empty": "Autotask invoice number is empty",
}
OTHER_CODES = {
    "duplicate-number",
    "account-code-invalid",
    "tax-rate-invalid",
    "tax-region-unmapped",
    "mixed-tax-bundle",
    "billing-code-unmapped",
    "item-code-empty",
    "contact-archived",
    "contact-name-taken",
    "contact-number-taken",
    "period-locked",
    "void-refused",
    "sent-twice",
    "xero-permission",
    "xero-disconnected",
    "autotask-login-refused",
    "autotask-not-permitted",
    "rate-limited",
    "autotask-threshold",
    "validation-refused",
    "unexpected",
}

every_kind = pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)


def test_the_catalogue_holds_exactly_the_codes_that_others_rely_on() -> None:
    assert set(KINDS) == MISSION_TITLES.keys() | OTHER_CODES


def test_no_code_stands_under_two_topics() -> None:
    assert sum(len(topic.kinds) for topic in TOPICS) == len(KINDS)


@pytest.mark.parametrize(("code", "title"), MISSION_TITLES.items())
def test_people_see_the_titles_that_they_know(code: str, title: str) -> None:
    assert KINDS[code].title == title


@every_kind
def test_every_kind_says_what_happened_what_it_means_and_what_to_do(kind: FaultKind) -> None:
    sentences = [kind.what_happened, kind.what_it_means, *(step.text for step in kind.steps)]
    assert all(re.fullmatch(r"[A-Z].+[.]", sentence) for sentence in sentences)
    assert kind.steps
    assert not kind.title.endswith(".")


@every_kind
def test_no_text_begs_or_blames(kind: FaultKind) -> None:
    words = " ".join([kind.title, kind.what_happened, kind.what_it_means, *(step.text for step in kind.steps)])
    assert not re.search(r"\b(please|oops|sorry|unfortunately|you forgot|your fault|failed to)\b", words, re.IGNORECASE)


@every_kind
def test_what_mends_itself_is_retried_and_is_no_persons_work(kind: FaultKind) -> None:
    mends_itself = kind.who_acts == WhoActs.NOBODY
    assert (kind.retry == Retry.BACKOFF) == mends_itself
    assert (kind.severity == Severity.WARNING) == mends_itself


@pytest.mark.parametrize(
    ("code", "problem_class"),
    [
        ("service-unavailable", Transient),
        ("invalid-email", NeedsPerson),
        ("xero-disconnected", NeedsReconnect),
        ("unexpected", NeedsSupport),
    ],
)
def test_a_problem_of_a_kind_says_who_must_act(code: str, problem_class: type) -> None:
    problem = KINDS[code].problem("words", "subject", retry_after=5, evidence={"a": 1})

    assert type(problem) is problem_class
    assert (problem.code, problem.detail, problem.subject) == (code, "words", "subject")
    assert (problem.retry_after, problem.evidence) == (5, {"a": 1})


@every_kind
def test_a_text_without_a_subject_of_its_own_says_what_its_subject_would_be(kind: FaultKind) -> None:
    assert kind.subject in Subject
    templates = [text.template for text in kind.partner_texts]
    assert len(templates) == len(set(templates)) or len({text.partner for text in kind.partner_texts}) > 1
