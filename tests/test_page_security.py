"""What every page is sent with: a policy that allows nothing inline and nothing from elsewhere."""

import pytest
from django.conf import settings
from django.test import Client

pytestmark = pytest.mark.django_db


@pytest.fixture
def policy(client: Client) -> dict[str, str]:
    header = client.get("/accounts/login/")["Content-Security-Policy"]
    return dict(directive.strip().split(" ", 1) for directive in header.split(";"))


def test_nothing_inline_and_nothing_evaluated(policy: dict[str, str]) -> None:
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == "'self'"


def test_a_form_leads_to_us_or_to_xeros_consent_page(policy: dict[str, str]) -> None:
    """Browsers hold a redirect that follows a form against this too."""
    assert policy["form-action"] == f"'self' {settings.XERO_LOGIN_URL}"


def test_no_page_is_shown_in_a_frame(client: Client, policy: dict[str, str]) -> None:
    assert policy["frame-ancestors"] == "'none'"
    assert client.get("/accounts/login/")["X-Frame-Options"] == "DENY"


def test_the_log_in_asks_for_an_email_and_signing_up_for_no_user_name(client: Client) -> None:
    assert b'type="email"' in client.get("/accounts/login/").content
    assert b"username" not in client.get("/accounts/signup/").content
