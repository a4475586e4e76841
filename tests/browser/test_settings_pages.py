"""Settings, mappings, contacts and previews: one page of each kind, for everybody, on a wide screen and on a phone."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page

from syncing import previews
from syncing.models import Preview
from tenants.models import User
from tests.browser.checks import check_accessible
from tests.connected import ConnectedAccount
from tests.world import item

PHONE = {"width": 390, "height": 844}


@pytest.fixture
def pages(connected: ConnectedAccount, owner: User) -> list[str]:
    """The addresses; with a preview of an invoice that goes and of one that is stopped."""
    connected.autotask.bill(connected.pair.company_id, [item("100.00"), item("20.00")])
    connected.autotask.bill(connected.autotask.add_company("Yankee Ltd", currency="USD"))
    connected.xero.add_contact("Yankee Ltd")
    with connected.scope():
        preview = previews.new_preview_of_backlog(connected.account.id)
        previews.work_through(connected.account.id, preview.id)
        results = [f"previews/{preview.id}/{result_id}/" for result_id in preview.results.values_list("id", flat=True)]
        running = Preview.objects.create(account=connected.account, documents=[1, 2, 3], done=1, state="running")
    home = f"/a/{connected.account.slug}/"
    paths = (
        "settings/sync/",
        "settings/sync/contacts/",
        "settings/mappings/",
        "settings/mappings/tax-rates/",
        "settings/mappings/contacts/",
        f"settings/mappings/contacts/{connected.pair.company_id}/?q=yankee",
        "settings/history/",
        "previews/",
        f"previews/{preview.id}/",
        f"previews/{running.id}/",
        "setup/",
    )
    return [home + path for path in (*paths, *results)]


def test_every_kind_of_page_is_for_everybody_and_fits_a_phone(
    page: Page, pages: list[str], no_errors: list[str]
) -> None:
    for path in pages:
        page.goto(path)
        check_accessible(page)
        page.set_viewport_size(PHONE)
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"], path
        page.set_viewport_size({"width": 1280, "height": 900})
