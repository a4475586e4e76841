"""What people do without meaning to: click twice, work in two tabs, come back after their session has ended."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.utils import timezone
from playwright.sync_api import Page, expect

from syncing.models import SyncRun
from tenants.models import User
from tests.browser.people import log_in_by_hand, make_person
from tests.connected import ConnectedAccount
from tests.documents import make_document, stop
from tests.factories import make_member
from tests.world import item


def runs_of(connected: ConnectedAccount) -> int:
    with connected.scope():
        return SyncRun.objects.count()


def test_a_double_click_and_a_second_tab_give_one_run(page: Page, connected: ConnectedAccount, owner: User) -> None:
    connected.autotask.bill(connected.pair.company_id, [item("100.00")])
    connected.sync()
    before = runs_of(connected)
    overview = f"/a/{connected.account.slug}/"
    page.goto(overview)
    other_tab = page.context.new_page()
    other_tab.goto(overview)
    page.get_by_role("button", name="Sync now").dblclick()
    expect(page.get_by_text("Waiting for a worker")).to_be_visible()
    other_tab.get_by_role("button", name="Sync now").click()
    expect(other_tab.get_by_text("Waiting for a worker")).to_be_visible()
    assert runs_of(connected) == before + 1

    connected.sync()
    for tab in (page, other_tab):
        expect(tab.get_by_role("button", name="Sync now")).to_be_visible()
    assert runs_of(connected) == before + 1
    assert len(connected.xero.invoices()) == 1


@pytest.mark.parametrize("place", ["Documents", "Log", "Faults"])
def test_what_a_search_has_found_opens_at_the_first_click_however_slow_it_is(
    page: Page, connected: ConnectedAccount, owner: User, place: str
) -> None:
    """The click takes the focus from the search, and must not make it search again: the row would be another one."""
    connected.autotask.bill(connected.pair.company_id, [item("100.00")])
    connected.sync()
    with connected.scope():
        stop(connected.documents()[0], "currency-not-subscribed", "GBP")
    page.goto(f"/a/{connected.account.slug}/{place.lower()}/")
    words = "GBP" if place == "Faults" else str(connected.documents()[0].autotask_id)
    page.get_by_role("searchbox").fill(words)
    expect(page).to_have_url(re.compile(f"q={words}"))
    row = page.get_by_role("row").get_by_role("link").first
    row.hover()

    page.mouse.down()
    page.wait_for_timeout(500)
    page.mouse.up()

    expect(page.get_by_role("heading", level=1)).not_to_have_text(place)


def test_a_form_sent_from_a_tab_that_is_out_of_date_does_no_harm(
    page: Page, connected: ConnectedAccount, owner: User
) -> None:
    """Re-sync of a document, asked for in two tabs, is one re-sync."""
    connected.autotask.bill(connected.pair.company_id, [item("100.00")])
    connected.sync()
    address = f"/a/{connected.account.slug}/documents/{connected.documents()[0].id}/"
    other_tab = page.context.new_page()
    for tab in (page, other_tab):
        tab.goto(address)
    for tab in (page, other_tab):
        tab.get_by_role("button", name="Re-sync").click()
        expect(tab.get_by_text("Asked for")).to_be_visible()
    connected.sync()
    expect(other_tab.get_by_text("Nothing to change")).to_be_visible()
    assert len(connected.xero.invoices()) == 1


def test_a_session_that_ends_while_a_page_stands_open_leads_to_the_log_in_and_back(
    page: Page, connected: ConnectedAccount
) -> None:
    person = make_member(connected.account, user=make_person()).user
    connected.autotask.bill(connected.pair.company_id, [item("100.00")])
    connected.sync()
    page.goto(f"/a/{connected.account.slug}/documents/?kind=invoice")
    log_in_by_hand(page, person.email)
    expect(page.get_by_role("row").get_by_role("link").first).to_be_visible()
    Session.objects.all().delete()
    cache.clear()  # where they are read from

    page.get_by_role("searchbox", name="Search").fill("Acme")
    expect(page).to_have_url(re.compile("/accounts/login/"))
    log_in_by_hand(page, person.email)
    expect(page).to_have_url(re.compile(rf"/a/{connected.account.slug}/documents/\?kind=invoice"))
    expect(page.get_by_role("row").get_by_role("link").first).to_be_visible()


@pytest.fixture
def watching(page: Page, connected: ConnectedAccount, owner: User) -> Page:
    """A document's page that asks every second whether the re-sync has been done."""
    connected.autotask.bill(connected.pair.company_id, [item("100.00")])
    connected.sync()
    page.goto(f"/a/{connected.account.slug}/documents/{connected.documents()[0].id}/")
    page.get_by_role("button", name="Re-sync").click()
    expect(page.get_by_text("Asked for")).to_be_visible()
    return page


def looks_again(page: Page) -> None:
    """Until the page has asked once more, and shown what it was told."""
    with page.expect_response(lambda response: "/documents/" in response.url):
        pass
    page.wait_for_timeout(200)


def test_a_page_that_watches_takes_nobodys_words_or_place(
    page: Page, connected: ConnectedAccount, owner: User, no_errors: list[str]
) -> None:
    with connected.scope():
        now = timezone.now()
        document = make_document(requested_at=now, source_fetched_at=now - timedelta(seconds=20))
    page.goto(f"/a/{connected.account.slug}/documents/{document.id}/")
    page.get_by_text("Skip this document…").click()
    page.get_by_label("Reason").fill("Agreed by telephone")
    page.get_by_role("main").get_by_role("link", name="Documents").focus()
    looks_again(page)
    looks_again(page)
    expect(page.get_by_label("Reason")).to_have_value("Agreed by telephone")
    expect(page.get_by_role("main").get_by_role("link", name="Documents")).to_be_focused()


def test_a_slow_click_counts_although_the_page_has_news_meanwhile(watching: Page, connected: ConnectedAccount) -> None:
    watching.get_by_role("main").get_by_role("link", name="Documents").hover()
    watching.mouse.down()
    connected.sync()
    looks_again(watching)
    watching.mouse.up()
    expect(watching.get_by_role("heading", level=1)).to_have_text("Documents")


def test_the_keyboard_stays_where_the_news_is(watching: Page, connected: ConnectedAccount) -> None:
    watching.get_by_role("main").get_by_role("link", name="Documents").focus()
    connected.sync()
    expect(watching.get_by_text("Nothing to change")).to_be_visible()
    expect(watching.locator("#document")).to_be_focused()
    watching.keyboard.press("Tab")
    assert watching.evaluate("document.getElementById('document').contains(document.activeElement)")
