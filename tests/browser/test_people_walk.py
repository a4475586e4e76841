"""People's ways: someone new up to an invoice in Xero, a guest, and a log-in in two steps."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect
from pytest_django import Settings

from tenants.models import Account, Member, Role, User
from tests.browser.checks import check_accessible
from tests.browser.people import PASSWORD, let_forms_lead_to, link_in_last_mail, log_in_by_hand, make_person
from tests.connected import ConnectedAccount
from tests.factories import make_account, make_member
from tests.staff import code_of
from tests.world import SandboxWorld, item


@pytest.fixture(autouse=True)
def _links_lead_here(settings: Settings, base_url: str) -> None:
    settings.BASE_URL = base_url


@pytest.fixture
def guest(browser: Browser, base_url: str) -> Iterator[Page]:
    """A browser of somebody else."""
    context = browser.new_context(base_url=base_url)
    yield context.new_page()
    context.close()


@pytest.mark.usefixtures("transactional_db")
def test_someone_new_signs_up_connects_both_and_watches_an_invoice_arrive(
    page: Page, sandbox: SandboxWorld, base_url: str, settings: Settings
) -> None:
    let_forms_lead_to(sandbox.base_url, settings)
    pair = sandbox.pair(xero={"redirect_uris": [f"{base_url}/connections/xero/callback"]})

    page.goto("/")
    page.get_by_role("link", name="Sign up").first.click()
    page.get_by_label("Work e-mail").fill("Ana@Example.com")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign up").click()
    expect(page).to_have_url(re.compile("/accounts/confirm-email/$"))
    page.goto(link_in_last_mail("ana@example.com"))
    page.get_by_role("button", name="Yes, it is mine").click()
    page.get_by_label("Name of the account").fill("Harbour IT")
    page.get_by_label("Your name").fill("Ana Lopez")
    page.get_by_role("button", name="Make the account").click()

    page.get_by_role("link", name="Settings").click()
    page.get_by_label("User name").fill(pair.autotask.username)
    page.get_by_label("Secret").fill(pair.autotask.secret)
    page.get_by_label("Tracking identifier").fill(pair.autotask.integration_code)
    page.get_by_role("button", name="Test and connect").click()
    expect(page.get_by_text(f"Reads as {pair.autotask.username}.")).to_be_visible()
    page.get_by_role("button", name="Connect Xero").click()
    page.get_by_label(pair.xero.name).check()
    page.get_by_role("button", name="Allow access").click()
    expect(page.get_by_text(f"Connected to “{pair.xero.name}” in Xero.")).to_be_visible()

    account = Account.objects.get(name="Harbour IT")
    connected = ConnectedAccount(account, pair)
    connected.sync()  # what comes in between, from proposals to the first run, is the set-up's own walk
    pair.autotask.bill(pair.company_id, [item("100.00", name="Server care")])
    page.goto(f"/a/{account.slug}/")
    page.get_by_role("button", name="Sync now").click()
    expect(page.get_by_text("Waiting for a worker")).to_be_visible()
    connected.sync()
    expect(page.locator("#sync").get_by_text("1 into Xero")).to_be_visible()
    page.get_by_role("link", name="Documents", exact=True).click()
    page.get_by_role("row").get_by_role("link").click()
    expect(page.get_by_text("Created in Xero")).to_be_visible()
    page.get_by_role("button", name="Re-sync").click()
    expect(page.get_by_text("Asked for")).to_be_visible()
    connected.sync()
    expect(page.get_by_text("Nothing to change")).to_be_visible()
    assert len(connected.xero.invoices()) == 1


def test_a_guest_joins_by_the_emails_link_and_sees_no_button_that_a_viewer_may_not_press(
    page: Page, guest: Page, connected: ConnectedAccount, owner: User
) -> None:
    connected.autotask.bill(connected.autotask.add_company("Kauri Dental", email=None))
    connected.sync()
    slug = connected.account.slug
    page.goto(f"/a/{slug}/settings/members/")
    page.get_by_label("E-mail", exact=True).fill("guest@example.com")
    page.get_by_label("Role", exact=True).select_option(Role.VIEWER)
    page.get_by_role("button", name="Send the invitation").click()
    expect(page.get_by_text("We have sent an invitation to guest@example.com.")).to_be_visible()

    guest.goto(link_in_last_mail("guest@example.com"))
    check_accessible(guest)
    guest.get_by_role("link", name="Choose a password").click()
    expect(guest.get_by_label("Work e-mail")).to_have_value("guest@example.com")
    guest.get_by_label("Password").fill(PASSWORD)
    guest.get_by_role("button", name="Sign up").click()
    guest.get_by_role("button", name=f"Join {connected.account.name}").click()
    expect(guest.get_by_text("You are a viewer here.")).to_be_visible()
    assert Member.objects.get(user__email="guest@example.com").role == Role.VIEWER

    expect(guest.get_by_role("heading", name="Overview")).to_be_visible()
    forbidden = re.compile("sync now|re-sync|skip|ignore|save|connect|disconnect|remove|invite|revoke", re.IGNORECASE)
    with connected.scope():
        document = connected.documents()[0]
        fault = document.blockers.get().fault
    for path in ("", "documents/", f"documents/{document.id}/", f"faults/{fault.id}/", "settings/connections/"):
        guest.goto(f"/a/{slug}/{path}")
        expect(guest.get_by_role("heading", level=1)).to_be_visible()
        expect(guest.get_by_role("main").get_by_role("button", name=forbidden)).to_have_count(0)


@pytest.mark.usefixtures("transactional_db")
def test_the_log_in_in_two_steps_is_set_up_used_and_survives_a_lost_phone(page: Page, no_errors: list[str]) -> None:
    user = make_person("ana@example.com")
    make_member(make_account("Acme"), user=user)
    page.goto("/accounts/login/")
    log_in_by_hand(page, user.email)
    page.get_by_role("link", name=user.email).click()
    page.get_by_role("link", name="Two-step log-in").click()
    page.get_by_role("link", name="Set it up").click()
    if page.get_by_role("heading", name="Show that it is you").is_visible():
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Go on").click()
    check_accessible(page)
    secret = page.locator("code.key").inner_text()
    page.get_by_label("Code").fill(code_of(secret))
    page.get_by_role("button", name="Turn it on").click()
    expect(page.get_by_text("The two-step log-in is on.")).to_be_visible()
    codes = recovery_codes(page)

    log_out(page)
    page.goto("/accounts/login/")
    log_in_by_hand(page, user.email)
    check_accessible(page)
    page.get_by_label("Code").fill(code_of(secret, steps=1))  # each is good once
    page.get_by_role("main").get_by_role("button", name="Log in", exact=True).click()
    expect(page.get_by_role("navigation", name="Account")).to_be_visible()

    log_out(page)
    page.goto("/profile/")
    log_in_by_hand(page, user.email)
    page.get_by_label("Code").fill(codes[0])
    page.get_by_role("main").get_by_role("button", name="Log in", exact=True).click()
    expect(page.get_by_role("heading", name="Profile")).to_be_visible()
    log_out(page)
    page.goto("/profile/")
    log_in_by_hand(page, user.email)
    page.get_by_label("Code").fill(codes[0])
    page.get_by_role("main").get_by_role("button", name="Log in", exact=True).click()
    expect(page.get_by_text("This code is not right.")).to_be_visible()


def recovery_codes(page: Page) -> list[str]:
    """The codes that are shown once, when they are made."""
    page.goto("/accounts/2fa/recovery-codes/generate/")
    page.get_by_role("button", name="Make new codes").click()
    codes = page.locator("pre.codes")
    expect(codes).to_be_visible()
    check_accessible(page)
    return codes.inner_text().split()


def log_out(page: Page) -> None:
    page.get_by_role("banner").get_by_role("button", name="Log out").click()
    expect(page.get_by_role("link", name="Log in").first).to_be_visible()
