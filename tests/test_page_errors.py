"""Pages for what cannot be shown, and sessions that end while a page stands open."""

import pytest
from django.template.loader import render_to_string
from django.test import Client

from tenants.models import Role
from tests.factories import make_account
from tests.pages import Pages, words

pytestmark = pytest.mark.django_db


@pytest.fixture
def pages() -> Pages:
    return Pages(make_account("Acme"), Role.VIEWER)


def test_what_is_not_there_and_what_is_anothers_read_alike(pages: Pages) -> None:
    other = make_account("Hidden")
    answers = [pages.client.get(f"/a/{slug}/") for slug in (other.slug, "nothing-here")]
    assert [answer.status_code for answer in answers] == [404, 404]
    assert "Hidden" not in words(answers[0])
    assert all("There is no such page" in words(answer) for answer in answers)


def test_who_may_not_is_told_what_and_by_whom_it_can_be_changed(pages: Pages) -> None:
    answer = pages.get("settings/tokens/")
    assert answer.status_code == 403
    assert "You may not manage API tokens." in words(answer)
    assert "You are a viewer in Acme." in words(answer)


def test_a_page_out_of_date_is_explained(pages: Pages) -> None:
    browser = Client(enforce_csrf_checks=True)
    answer = browser.post("/accounts/login/", {"login": "a@example.com", "password": "x"})
    assert (answer.status_code, "This page was out of date" in words(answer)) == (403, True)


def test_a_mistake_of_ours_has_a_page_that_needs_nothing() -> None:
    page = render_to_string("500.html")
    assert "Something broke on our side" in page
    assert "We could not read this request" in render_to_string("400.html")


def test_a_part_of_a_page_leads_to_the_log_in_and_back_to_the_page(pages: Pages) -> None:
    url = f"http://testserver/a/{pages.account.slug}/documents/?state=faulted"
    answer = Client().get(f"/a/{pages.account.slug}/documents/", headers={"HX-Request": "true", "HX-Current-URL": url})
    back = f"/a/{pages.account.slug}/documents/%3Fstate%3Dfaulted"
    assert (answer.status_code, answer["X-Login-Required"]) == (401, f"/accounts/login/?next={back}")


def test_a_page_of_another_host_is_not_led_back_to(pages: Pages) -> None:
    headers = {"HX-Request": "true", "HX-Current-URL": "https://evil.example/a/"}
    answer = Client().post(f"/a/{pages.account.slug}/sync", headers=headers)
    assert answer["X-Login-Required"] == "/accounts/login/?next=/"


@pytest.mark.parametrize(
    ("referer", "back"),
    [
        ("http://testserver/a/{slug}/faults/?state=open", "/a/{slug}/faults/%3Fstate%3Dopen"),
        ("https://evil.example/a/{slug}/faults/", "/a/{slug}/"),
        ("http://testserver.evil.example/a/", "/a/{slug}/"),
        ("http://[", "/a/{slug}/"),
        ("", "/a/{slug}/"),
    ],
)
def test_what_was_sent_after_the_session_ended_leads_back_to_the_page_that_sent_it(
    pages: Pages, referer: str, back: str
) -> None:
    slug = pages.account.slug
    headers = {"Referer": referer.format(slug=slug)} if referer else {}
    answer = Client().post(f"/a/{slug}/sync", headers=headers)
    assert answer["Location"] == f"/accounts/login/?next={back.format(slug=slug)}"
