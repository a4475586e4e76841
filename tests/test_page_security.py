"""What pages are sent with: a policy that allows nothing inline or from elsewhere. And how often a log-in is tried."""

import json
import re
from pathlib import Path

import pytest
from allauth.account.models import EmailAddress
from django.conf import settings
from django.test import Client

from tests.factories import make_user
from tests.staff import PASSWORD
from tests.test_checks import manage

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


def log_in(client: Client, email: str, password: str) -> int:
    return client.post("/accounts/login/", {"login": email, "password": password}).status_code


def test_passwords_are_not_tried_for_ever(client: Client) -> None:
    """After some wrong ones the right one is refused too, for this person; another one still gets in."""
    for email in ("one@example.com", "two@example.com"):
        user = make_user(email, password=PASSWORD)
        EmailAddress.objects.create(user=user, email=email, verified=True, primary=True)
    for _ in range(20):
        log_in(client, "one@example.com", "a wrong password")
    assert log_in(client, "one@example.com", PASSWORD) != 302
    assert log_in(Client(REMOTE_ADDR="203.0.113.9"), "two@example.com", PASSWORD) == 302


def test_one_address_asks_for_few_new_passwords(client: Client) -> None:
    statuses = [client.post("/accounts/password/reset/", {"email": f"p{n}@example.com"}).status_code for n in range(30)]
    assert statuses[0] == 302
    assert statuses[-1] == 429


def test_no_template_has_a_script_a_style_or_a_handler_of_its_own() -> None:
    """The policy would keep the browser from running it; better that nobody writes it."""
    inline = re.compile(r"<script(?![^>]*\bsrc=)|<style|\son\w+=|\sstyle=|hx-on|javascript:", re.IGNORECASE)
    templates = [path for path in Path(settings.BASE_DIR, "templates").rglob("*.html") if "mail" not in path.name]
    assert len(templates) > 50
    assert [str(path) for path in templates if inline.search(path.read_text())] == []


def test_production_speaks_https_alone_and_its_cookies_too() -> None:
    """In a process of its own, with the settings of production."""
    code = """
import json
from django.conf import settings
from django.test import Client
host = {"HTTP_HOST": "cloud-depot.example"}
plain, secure = Client().get("/a/", **host), Client().get("/healthz", secure=True, **host)
names = ("SESSION_COOKIE_SECURE", "CSRF_COOKIE_SECURE", "SESSION_COOKIE_HTTPONLY", "SESSION_COOKIE_SAMESITE", "DEBUG")
print(json.dumps({
    "redirect": [plain.status_code, plain["Location"]],
    "hsts": secure["Strict-Transport-Security"],
    "sniff": secure["X-Content-Type-Options"],
    "referrer": secure["Referrer-Policy"],
    **{name: getattr(settings, name) for name in names},
}))
"""
    done = manage("shell", "--no-imports", "-c", code)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout.splitlines()[-1]) == {
        "redirect": [301, "https://cloud-depot.example/a/"],
        "hsts": "max-age=31536000; includeSubDomains; preload",
        "sniff": "nosniff",
        "referrer": "same-origin",
        "SESSION_COOKIE_SECURE": True,
        "CSRF_COOKIE_SECURE": True,
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "DEBUG": False,
    }
