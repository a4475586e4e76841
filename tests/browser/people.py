"""Mails, log-ins and the way to Xero, as a person at a browser comes by them."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from allauth.account.models import EmailAddress
from django.core import mail
from playwright.sync_api import Page
from pytest_django import Settings

from tenants.models import User
from tests.factories import make_user

PASSWORD = "correct horse battery"


def make_person(email: str = "") -> User:
    """Somebody who can log in by hand."""
    user = make_user(email, password=PASSWORD)
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    return user


def link_in_last_mail(to: str) -> str:
    """The path of the link that the last mail is about."""
    message = next(each for each in reversed(mail.outbox) if to in each.to)
    paths = (urlsplit(url).path for url in re.findall(r"https?://\S+", str(message.body)))
    return next(path for path in paths if path.count("/") > 2)


def log_in_by_hand(page: Page, email: str, password: str = PASSWORD) -> None:
    """From the log-in page, which is open."""
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password").fill(password)
    page.get_by_role("main").get_by_role("button", name="Log in").click()


def let_forms_lead_to(origin: str, settings: Settings) -> None:
    """The policy names Xero's log-in, whose address the settings took from the environment; here it is the sandbox."""
    directives = settings.CONTENT_SECURITY_POLICY["DIRECTIVES"]
    settings.CONTENT_SECURITY_POLICY = {"DIRECTIVES": {**directives, "form-action": ["'self'", origin]}}
