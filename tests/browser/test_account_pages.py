"""The account's pages: nothing for axe-core to find in either scheme, light to load, and nothing from elsewhere."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page

from tenants.models import User
from tests.browser.checks import check_accessible, weigh
from tests.connected import ConnectedAccount
from tests.documents import make_documents, stop
from tests.world import item

MOST_BYTES = 100 * 1024
PHONE = {"width": 390, "height": 844}


@pytest.fixture
def pages(connected: ConnectedAccount, owner: User) -> list[str]:
    """Every page of an account at work: some documents in Xero, one stuck, many waiting."""
    connected.autotask.bill(connected.pair.company_id, [item("100.00"), item("20.00")])
    connected.sync()
    carried = connected.documents()[0]
    with connected.scope():
        documents = make_documents(60, entity="purchase_order")
        stop(documents[0], "currency-not-subscribed", "GBP")
    home = f"/a/{connected.account.slug}/"
    paths = ("", "documents/", "documents/?q=nothing", "documents/resync?state=faulted", "log/", "log/runs/")
    return [
        *(home + path for path in paths),
        *(f"{home}documents/{document.id}/" for document in (carried, documents[0], documents[1])),
    ]


def test_axe_finds_nothing_on_any_page(page: Page, pages: list[str], no_errors: list[str]) -> None:
    for path in pages:
        page.goto(path)
        check_accessible(page)


def test_axe_finds_nothing_on_the_first_steps(page: Page, connected: ConnectedAccount, owner: User) -> None:
    page.goto(f"/a/{connected.account.slug}/")
    check_accessible(page)


def test_the_first_view_is_light_and_all_of_it_ours(page: Page, pages: list[str], base_url: str) -> None:
    for path in pages:
        weight = weigh(page, path)
        assert weight.bytes <= MOST_BYTES, f"{path}: {weight.bytes}"
        assert weight.hosts == {base_url.split("/")[2]}


def test_no_page_is_wider_than_a_phone(page: Page, pages: list[str]) -> None:
    page.set_viewport_size(PHONE)
    for path in pages:
        page.goto(path)
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"], path
