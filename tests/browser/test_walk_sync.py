"""Sync now, watched in the browser; a document, and its re-sync."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tenants.models import User
from tests.connected import ConnectedAccount
from tests.world import item


def test_sync_now_is_watched_until_it_ends_and_a_document_is_sent_again(
    page: Page, connected: ConnectedAccount, owner: User, no_errors: list[str]
) -> None:
    invoice = connected.autotask.bill(connected.pair.company_id, [item("100.00", name="Server care")])
    page.goto(f"/a/{connected.account.slug}/")
    expect(page.get_by_role("heading", name="Three steps to your first sync")).to_be_visible()
    page.get_by_role("button", name="Sync now").click()
    expect(page.get_by_text("Waiting for a worker")).to_be_visible()
    connected.sync()
    expect(page.locator("#sync").get_by_text("1 into Xero")).to_be_visible()
    expect(page.locator("#standing").get_by_role("link", name="1 In Xero")).to_be_visible()
    assert not page.locator("#sync").get_attribute("hx-trigger")

    page.get_by_role("link", name="Documents", exact=True).click()
    page.get_by_role("searchbox", name="Search").fill("no such company")
    expect(page.get_by_role("heading", name="No document is like that")).to_be_visible()
    page.get_by_role("searchbox", name="Search").fill(str(invoice["id"]))
    page.get_by_role("row").get_by_role("link").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Invoice")
    expect(page.get_by_text("Created in Xero")).to_be_visible()

    page.get_by_role("button", name="Re-sync").click()
    expect(page.get_by_text("Asked for")).to_be_visible()
    connected.sync()
    expect(page.get_by_text("Nothing to change")).to_be_visible()
    expect(page.get_by_role("button", name="Re-sync")).to_be_visible()
    assert len(connected.xero.invoices()) == 1


def test_a_search_stands_in_the_address_and_back_leads_back(
    page: Page, connected: ConnectedAccount, owner: User, no_errors: list[str]
) -> None:
    connected.autotask.bill(connected.pair.company_id, [item("100.00")])
    connected.sync()
    page.goto(f"/a/{connected.account.slug}/documents/")
    page.get_by_label("State").select_option("faulted")
    expect(page.get_by_role("heading", name="No document is like that")).to_be_visible()
    expect(page).to_have_url(re.compile("state=faulted"))
    page.reload()
    expect(page.get_by_label("State")).to_have_value("faulted")


def test_ticked_documents_are_asked_for_with_the_keyboard_alone(
    page: Page, connected: ConnectedAccount, owner: User, no_errors: list[str]
) -> None:
    connected.autotask.bill(connected.pair.company_id, [item("100.00")])
    connected.sync()
    page.goto(f"/a/{connected.account.slug}/documents/")
    page.get_by_role("checkbox").first.focus()
    page.keyboard.press("Space")
    page.get_by_role("button", name="Re-sync ticked").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("1 document will be carried again now.")).to_be_visible()
