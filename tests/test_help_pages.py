"""The help centre as people read it: public, searchable, linked together, and without the database."""

from __future__ import annotations

import re

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from faults.catalogue import KINDS
from faults.help import articles


def read(client: Client, path: str, **headers: str) -> str:
    answer = client.get(path, headers=headers)
    assert answer.status_code == 200
    return answer.content.decode()


@pytest.mark.parametrize("path", [article.path for article in articles().values()])
def test_every_article_is_open_to_everyone(client: Client, path: str) -> None:
    page = read(client, path)
    assert page.count("<h1>") == 1


def test_the_front_page_lists_every_article(client: Client) -> None:
    page = read(client, "/help/")
    assert {article.path for article in articles().values()} <= set(re.findall(r'href="([^"]+)"', page))


def test_an_article_tells_who_acts_and_what_the_partner_says(client: Client) -> None:
    page = read(client, "/help/faults/document-locked-by-payment/")
    assert "<dt>Who acts</dt><dd>You</dd>" in page
    assert "This document cannot be edited as it has a payment or credit note allocated to it" in page


def test_a_message_pasted_whole_finds_its_article_first(client: Client) -> None:
    page = read(client, "/help/?q=Organisation+is+not+subscribed+to+currency+USD")
    first = re.search(r'<ul class="articles">\s*<li><a href="([^"]+)"', page)
    assert first is not None
    assert first[1] == "/help/faults/currency-not-subscribed/"


def test_while_one_types_only_the_results_come(client: Client) -> None:
    page = read(client, "/help/?q=currency", **{"HX-Request": "true"})
    assert "<html" not in page
    assert "currency-not-subscribed" in page


def test_what_is_not_found_says_what_to_do_next(client: Client) -> None:
    assert "Nothing found for “zzzz”" in read(client, "/help/?q=zzzz")


def test_a_search_is_shown_as_text(client: Client) -> None:
    page = read(client, "/help/?q=%3Cscript%3Ealert(1)%3C/script%3E")
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)" in page


@pytest.mark.parametrize(
    "path",
    [
        "/help/../settings/",
        "/help/faults/../settings/",
        "/help/..%2Fsettings/",
        "/help/faults/..%2f..%2fREADME/",
        "/help/faults/%2e%2e/",
        "/help/faults/nothing-like-it/",
        "/help/faults/autotask-api-user/",
        "/help/nothing-like-it/",
        "/help/sync-stopped.md/",
    ],
)
def test_a_name_that_is_no_article_is_not_found(client: Client, path: str) -> None:
    assert client.get(path).status_code == 404


def test_a_kind_has_one_address(client: Client) -> None:
    answer = client.get("/help/sync-stopped/")
    assert (answer.status_code, answer["Location"]) == (301, "/help/faults/sync-stopped/")


def test_nobody_writes_here(client: Client) -> None:
    assert client.post("/help/").status_code == 405


@given(query=st.text(max_size=600))
def test_any_search_is_answered(query: str) -> None:
    answer = Client().get("/help/", {"q": query})
    assert answer.status_code == 200


def test_every_kind_says_in_words_what_the_machine_does() -> None:
    assert all(kind.retry.label and kind.who_acts.label for kind in KINDS.values())
