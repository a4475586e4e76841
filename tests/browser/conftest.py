"""A real browser on a real server, with the sandbox behind it. Where there is no Chromium, these tests are skipped."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from django.test import Client
from playwright.sync_api import BrowserContext, Page
from pytest_django.live_server_helper import LiveServer

if TYPE_CHECKING:
    from tenants.models import User
    from tests.connected import ConnectedAccount

# Playwright keeps an event loop in the tests' thread, where Django would refuse to query.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"

BACKEND = "allauth.account.auth_backends.AuthenticationBackend"
HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for each in items:
        if HERE in each.path.parents:
            each.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def base_url(live_server: LiveServer) -> str:
    """The address below which `page.goto("/…")` goes."""
    return str(live_server.url)


@pytest.fixture
def log_in(context: BrowserContext, base_url: str) -> Callable[[User], None]:
    """The browser becomes this person's, without the log-in page."""

    def become(user: User) -> None:
        client = Client()
        client.force_login(user, backend=BACKEND)
        context.add_cookies([{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": base_url}])

    return become


@pytest.fixture
def owner(connected: ConnectedAccount, log_in: Callable[[User], None]) -> User:
    """The owner of the connected account, at home in the browser."""
    from tests.factories import make_member

    user = make_member(connected.account).user
    log_in(user)
    return user


@pytest.fixture
def no_errors(page: Page) -> Iterator[list[str]]:
    """What the browser complains of while the test runs: there must be nothing, refused scripts and styles included."""
    complaints: list[str] = []
    page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    yield complaints
    assert complaints == []
