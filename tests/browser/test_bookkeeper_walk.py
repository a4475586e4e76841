"""The bookkeeper's way: an invoice is missing in Xero, and arrives a minute later."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from faults.models import Fault
from tenants.models import Role, User
from tests.browser.checks import check_accessible
from tests.connected import ConnectedAccount
from tests.factories import make_member


@pytest.fixture
def bea(connected: ConnectedAccount, log_in: Callable[[User], None]) -> User:
    """The bookkeeper, who has never seen this before."""
    user = make_member(connected.account, Role.STANDARD).user
    log_in(user)
    return user


@pytest.mark.usefixtures("bea")
def test_from_the_missing_invoice_to_xero(page: Page, connected: ConnectedAccount, no_errors: list[str]) -> None:
    company = connected.autotask.add_company("Cascade Inc.", currency="USD")
    connected.autotask.bill(company, invoiceNumber="HB-100")
    connected.sync()
    page.goto(f"/a/{connected.account.slug}/")
    page.get_by_role("navigation", name="Account").get_by_role("link", name="Faults").click()
    page.get_by_role("searchbox").fill("HB-100")
    page.get_by_role("link", name="The organisation is not subscribed to this currency").click()
    expect(page.get_by_role("heading", name="1 invoice")).to_be_visible()
    expect(page.get_by_text("The documents are in USD, and")).to_be_visible()
    check_accessible(page)

    connected.xero.add_currency("USD")
    page.get_by_role("button", name="Re-sync", exact=True).first.click()
    expect(page.get_by_text("0 of 1 done")).to_be_visible()
    connected.sync()
    expect(page.get_by_text("1 arrived in Xero.")).to_be_visible(timeout=3000)
    expect(page.get_by_role("heading", name="Nothing waits behind it any more")).to_be_visible()
    assert page.locator("#progress").get_attribute("hx-trigger") is None
    assert [row["CurrencyCode"] for row in connected.xero.invoices()] == ["USD"]
    check_accessible(page)


@pytest.mark.usefixtures("owner")
def test_a_xero_contact_is_chosen_on_the_fault(page: Page, connected: ConnectedAccount, no_errors: list[str]) -> None:
    connected.xero.add_contact("Kauri Dental Group")
    connected.autotask.bill(connected.autotask.add_company("Kauri Dental", email=None))
    connected.sync()
    with connected.scope():
        fault = Fault.objects.get(code="no-valid-contact")
    page.goto(f"/a/{connected.account.slug}/faults/{fault.id}/")
    page.get_by_text("Choose the Xero contact here").click()
    page.get_by_role("button", name="Find").click()
    page.get_by_role("button", name="Use this contact: Kauri Dental Group").click()
    expect(page.get_by_text("is billed as “Kauri Dental Group” in Xero from now on")).to_be_visible()
    connected.sync()
    expect(page.get_by_text("1 arrived in Xero.")).to_be_visible()


@pytest.mark.usefixtures("bea")
def test_the_keyboard_is_enough(page: Page, connected: ConnectedAccount, no_errors: list[str]) -> None:
    connected.autotask.bill(connected.autotask.add_company("Kauri Dental", email=None))
    connected.sync()
    with connected.scope():
        fault = Fault.objects.get()
    page.goto(f"/a/{connected.account.slug}/faults/{fault.id}/")
    page.get_by_text("Ignore this fault").focus()
    page.keyboard.press("Enter")
    page.get_by_label("Reason", exact=True).fill("We bill this one by hand.")
    page.keyboard.press("Enter")
    expect(page.get_by_text("The fault is ignored.")).to_be_visible()
    expect(page.get_by_text("Ignored: We bill this one by hand.")).to_be_visible()


@pytest.mark.usefixtures("bea")
def test_help_is_found_while_one_types(page: Page, no_errors: list[str]) -> None:
    page.goto("/help/")
    page.get_by_role("searchbox").fill("Organisation is not subscribed to currency EUR")
    page.get_by_role("link", name="The organisation is not subscribed to this currency").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("The organisation is not subscribed to this currency")
    check_accessible(page)
