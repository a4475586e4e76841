"""The pages of people, and of what went wrong: nothing for axe-core to find in either scheme, and fit for a phone."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from allauth.account.models import EmailAddress, EmailConfirmationHMAC
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.template.loader import render_to_string
from playwright.sync_api import Page, expect

from tenants.api_tokens import create_token, revoke_token
from tenants.memberships import invite
from tenants.models import Account, ApiToken, Role, User
from tests.browser.checks import check_accessible
from tests.browser.people import PASSWORD, make_person
from tests.factories import make_account, make_member
from tests.staff import code_of

pytestmark = pytest.mark.django_db(transaction=True)

ELSEWHERE = "Bolt Technologies"
PHONE = {"width": 390, "height": 844}


@pytest.fixture
def ana() -> User:
    """Of two accounts, in one of which something is going on."""
    return make_person("ana.lopez-hernandez@harbour-it.example")


@pytest.fixture
def account(ana: User) -> Account:
    account = make_account("Harbour IT Services")
    make_member(account, user=ana)
    make_member(make_account(ELSEWHERE), Role.VIEWER, ana)
    for role in (Role.ADMINISTRATOR, Role.VIEWER):
        make_member(account, role)
    invite(account, "guest@example.com", Role.STANDARD, ana)
    create_token(account, "Warehouse", ApiToken.Scope.READ, ana)
    revoke_token(create_token(account, "Old reports", ApiToken.Scope.WRITE, ana)[0])
    return account


def pages_of_strangers(account: Account, ana: User) -> list[str]:
    _, secret = invite(account, "new@example.com", Role.VIEWER, ana)
    address = EmailAddress.objects.create(user=ana, email="office@example.com")
    return [
        "/",
        "/accounts/login/",
        "/accounts/signup/",
        "/accounts/confirm-email/",
        f"/accounts/confirm-email/{EmailConfirmationHMAC(address).key}/",
        "/accounts/confirm-email/nonsense/",
        "/accounts/password/reset/",
        "/accounts/password/reset/done/",
        "/accounts/password/reset/key/1-nonsense/",
        "/accounts/password/reset/key/done/",
        "/accounts/inactive/",
        f"/invitations/{secret}/",
        "/invitations/nonsense/",
        "/nowhere/",
    ]


def pages_of_ana(account: Account) -> list[str]:
    settings = f"/a/{account.slug}/settings"
    member = account.members.get(role=Role.VIEWER)
    token = account.api_tokens.get(revoked_at=None)
    return [
        "/",
        "/accounts/new/",
        "/profile/",
        "/accounts/email/",
        "/accounts/password/change/",
        "/accounts/2fa/",
        "/accounts/reauthenticate/?next=/accounts/2fa/totp/activate/",
        "/accounts/sessions/",
        "/accounts/logout/",
        f"{settings}/members/",
        f"{settings}/members/{member.id}/remove",
        f"{settings}/members/leave",
        f"{settings}/tokens/",
        f"{settings}/tokens/{token.id}/revoke",
        f"{settings}/account/",
        f"{settings}/account/delete",
        f"/a/{Account.objects.get(name=ELSEWHERE).slug}/settings/tokens/",  # refused
    ]


def look_at(page: Page, path: str, check: Callable[[Page], None] = check_accessible) -> None:
    """The page is accessible, and not wider than a phone."""
    page.goto(path)
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    check(page)
    page.set_viewport_size(PHONE)
    width = page.evaluate("document.documentElement.scrollWidth")
    page.set_viewport_size({"width": 1280, "height": 900})
    assert width <= PHONE["width"], f"{path} is {width} wide on a phone."


def test_axe_finds_nothing_on_what_strangers_see(page: Page, account: Account, ana: User) -> None:
    for path in pages_of_strangers(account, ana):
        look_at(page, path)


def test_axe_finds_nothing_on_a_persons_pages(
    page: Page, account: Account, ana: User, log_in: Callable[[User], None]
) -> None:
    log_in(ana)
    for path in pages_of_ana(account):
        look_at(page, path)


def test_axe_finds_nothing_on_a_new_token_and_on_a_form_with_mistakes(
    page: Page, account: Account, ana: User, log_in: Callable[[User], None]
) -> None:
    log_in(ana)
    page.goto(f"/a/{account.slug}/settings/tokens/")
    page.get_by_label("Name").fill("Reports")
    page.get_by_role("main").get_by_role("button", name="Make").click()
    expect(page.get_by_text("cd_").first).to_be_visible()
    check_accessible(page)
    page.goto(f"/a/{account.slug}/settings/account/delete")
    page.get_by_label("Name of the account").fill("Something else")
    page.get_by_role("button", name="Delete").click()
    expect(page.get_by_text("This is not the account’s name.")).to_be_visible()
    check_accessible(page)


def test_axe_finds_nothing_on_the_two_step_log_in(
    page: Page, account: Account, ana: User, log_in: Callable[[User], None]
) -> None:
    secret = generate_totp_secret()
    TOTP.activate(ana, secret)
    RecoveryCodes.activate(ana)
    page.goto("/accounts/login/")
    page.get_by_label("E-mail").fill(ana.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("main").get_by_role("button", name="Log in").click()
    expect(page.get_by_label("Code")).to_be_visible()
    check_accessible(page)
    page.get_by_label("Code").fill(code_of(secret))
    page.get_by_role("main").get_by_role("button", name="Log in", exact=True).click()
    for path in ("", "recovery-codes/", "recovery-codes/generate/", "totp/deactivate/"):
        look_at(page, f"/accounts/2fa/{path}")


@pytest.mark.parametrize("name", ["400", "403", "403_csrf", "404", "429", "500"])
def test_axe_finds_nothing_on_the_pages_of_what_went_wrong(page: Page, base_url: str, name: str) -> None:
    """As they are where Django knows nothing of the request."""
    page.route(
        f"{base_url}/wrong",
        lambda route: route.fulfill(body=render_to_string(f"{name}.html"), content_type="text/html"),
    )
    look_at(page, "/wrong")
