"""The staff's way: the log-in with its code, a request, the feature, a look at the account; under the strict policy."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from playwright.sync_api import Page, expect

from faults.models import Fault
from support import ask
from tenants.models import Role
from tests.browser.checks import check_accessible
from tests.connected import ConnectedAccount
from tests.factories import make_member
from tests.staff import PASSWORD, Desk, code_of, make_staff
from tests.world import item


@pytest.fixture
def asked(connected: ConnectedAccount) -> ConnectedAccount:
    """A combined service adjustment is stuck, and a member has asked for support of it."""
    member = make_member(connected.account, Role.STANDARD)
    old = connected.autotask.world.now() - timedelta(days=2)
    lines = [item("20.00", 20), item("10.00", -2, "35.00")]
    connected.autotask.bill(connected.pair.company_id, lines, createDateTime=old)
    connected.sync()
    with connected.scope():
        fault = Fault.objects.get(code="amounts-do-not-match")
        ask.ask(connected.account, kind="service_adjustments", message="", asked_by=member.user.email, fault=fault)
    return connected


@pytest.fixture
def desk(page: Page, base_url: str) -> Desk:
    """Staff with a second factor, at home in the browser."""
    desk = Desk()
    cookie = desk.client.cookies["sessionid"].value
    page.context.add_cookies([{"name": "sessionid", "value": cookie, "url": base_url}])
    return desk


def test_staff_log_in_with_a_code(page: Page, connected: ConnectedAccount) -> None:
    staff, secret = make_staff()
    page.goto("/admin/")
    page.locator("input[name=login]").fill(staff.email)
    page.locator("input[name=password]").fill(PASSWORD)
    page.locator("input[name=password]").press("Enter")
    page.locator("input[name=code]").fill(code_of(secret))
    page.locator("input[name=code]").press("Enter")
    expect(page.get_by_role("heading", name="Desk")).to_be_visible()


def test_staff_approve_a_request_and_look_at_the_account(
    page: Page, asked: ConnectedAccount, desk: Desk, no_errors: list[str]
) -> None:
    name = asked.account.name
    page.goto("/admin/")
    page.get_by_role("link", name="Open requests").click()
    page.get_by_role("link", name="Service adjustment support").first.click()
    expect(page.get_by_text("Would meet to the cent")).to_be_visible()
    page.get_by_label("Why, as the customer will read it").fill("One entry combines two adjustments.")
    page.get_by_role("button", name="Approve").click()
    expect(page.get_by_text("1 document is sent again")).to_be_visible()
    asked.sync()
    [arrived] = asked.xero.invoices()
    assert arrived["LineItems"][1]["UnitAmount"] == Decimal("35.00")

    page.get_by_role("link", name=name).last.click()
    expect(page.get_by_role("heading", name="What a sync needs")).to_be_visible()
    check_accessible(page)
    page.get_by_label("Why you look").fill("To see that it arrived.")
    page.get_by_role("button", name="Look at the account").click()
    expect(page.get_by_text(f"You are looking at {name} for support.")).to_be_visible()
    check_accessible(page)
    page.get_by_role("button", name="Stop looking").click()
    expect(page.get_by_text("Ended the look at the account")).to_be_visible()


@pytest.mark.parametrize(
    "path", ["", "tenants/account/", "support/supportrequest/", "support/staffaction/", "tenants/user/"]
)
def test_no_page_of_the_desk_makes_the_browser_complain(
    page: Page, asked: ConnectedAccount, desk: Desk, no_errors: list[str], path: str
) -> None:
    page.goto(f"/admin/{path}", wait_until="networkidle")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    page.locator("button.theme-toggle").first.click()


def test_staff_read_what_goes_over_the_wire(
    page: Page, connected: ConnectedAccount, desk: Desk, no_errors: list[str]
) -> None:
    connected.autotask.bill(connected.pair.company_id, [item("20.00", description="Firewall maintenance")])
    page.goto(f"/admin/tenants/account/{connected.account.id}/change/")
    page.get_by_label("Why you keep them").fill("The totals differ by a cent.")
    page.get_by_role("button", name="Turn on for a day").click()
    expect(page.get_by_text("Every exchange with Autotask and Xero is kept")).to_be_visible()
    connected.sync()
    page.get_by_role("link", name="What was kept").click()
    check_accessible(page)
    page.get_by_role("link", name="Xero PUT").first.click()
    expect(page.get_by_label("Body of the request")).to_contain_text("Firewall maintenance")
    check_accessible(page)
