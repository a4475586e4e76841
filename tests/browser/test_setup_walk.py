"""The set-up as somebody new walks it: nothing outside of it is needed, each step is ticked, and it can be left."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, expect
from pytest_django import Settings

from cloud_depot.celery import app
from tenants.models import Account, User
from tests.browser.checks import check_accessible
from tests.browser.people import let_forms_lead_to, make_person
from tests.world import SandboxWorld, item

STEPS = ["Connect Autotask", "Connect Xero", "Where the books go", "Preview", "Start"]


@pytest.fixture(autouse=True)
def _here_and_at_once(settings: Settings, base_url: str) -> Iterator[None]:
    settings.BASE_URL = base_url
    app.conf.task_always_eager = True
    yield
    app.conf.task_always_eager = False


@pytest.mark.usefixtures("transactional_db")
def test_somebody_new_gets_from_an_empty_account_to_the_first_sync_within_the_set_up(
    page: Page, sandbox: SandboxWorld, base_url: str, settings: Settings, log_in: Callable[[User], None]
) -> None:
    let_forms_lead_to(sandbox.base_url, settings)
    pair = sandbox.pair(xero={"redirect_uris": [f"{base_url}/connections/xero/callback"]})
    pair.autotask.bill(pair.company_id, [item("100.00", name="Server care", code="Hardware")])
    log_in(make_person())

    page.goto("/accounts/new/")
    page.get_by_label("Name of the account").fill("Harbour IT")
    page.get_by_label("Your name").fill("Ana Lopez")
    page.get_by_role("button", name="Make the account").click()
    setup = f"/a/{Account.objects.get().slug}/setup/"
    expect(page).to_have_url(base_url + setup)
    assert Account.objects.get().paused
    see(page, done=0)

    page.get_by_label("API user name").fill(pair.autotask.username)
    page.get_by_label("Secret").fill("wrong")
    page.get_by_label("Tracking identifier").fill(pair.autotask.integration_code)
    page.get_by_role("button", name="Test and connect").click()
    expect(page.get_by_text("Autotask does not take these credentials.")).to_be_visible()
    expect(page.get_by_role("heading", name="Set up Harbour IT")).to_be_visible()
    page.get_by_label("API user name").fill(pair.autotask.username)
    page.get_by_label("Secret").fill(pair.autotask.secret)
    page.get_by_label("Tracking identifier").fill(pair.autotask.integration_code)
    page.get_by_role("button", name="Test and connect").click()
    expect(page.get_by_text("Nothing that is needed is hidden from this API user.")).to_be_visible()
    see(page, done=1)

    page.get_by_role("button", name="Connect Xero").click()
    page.get_by_label(pair.xero.name).check()
    page.get_by_role("button", name="Allow access").click()
    expect(page.get_by_text("billing codes name an account of Xero")).to_be_visible()
    see(page, done=2)

    page.get_by_label("Default sales account").select_option("200")
    page.get_by_role("button", name="Keep this, and go on").click()
    expect(page.get_by_role("button", name="Preview what would be sent")).to_be_visible()
    page.goto("/")  # they leave, and come back later
    expect(page).to_have_url(base_url + setup)
    see(page, done=3)

    page.get_by_role("button", name="Preview what would be sent").click()
    expect(page.get_by_text("1 document looked at. Nothing stands in the way.")).to_be_visible()
    see(page, done=4)
    page.get_by_role("link", name="See it all").click()
    expect(page.get_by_role("link", name=re.compile("would be created", re.IGNORECASE))).to_be_visible()
    page.get_by_role("link", name="Overview").click()
    assert pair.xero.invoices() == []

    page.get_by_role("button", name="Start syncing").click()
    expect(page.locator("#sync").get_by_text("1 into Xero")).to_be_visible()
    [arrived] = pair.xero.invoices()
    assert [line["AccountCode"] for line in arrived["LineItems"]] == ["260"]
    assert not Account.objects.get().paused


def see(page: Page, *, done: int) -> None:
    """The steps so far are ticked, the next one is marked, and the page is for everybody."""
    expect(page.get_by_role("heading", level=2, name=re.compile(": done$"))).to_have_count(done)
    expect(page.locator(".steps > li.done")).to_have_count(done)
    expect(page.locator(".steps > li[aria-current=step] > h2")).to_have_text(STEPS[done])
    check_accessible(page)
