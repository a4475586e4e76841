"""The API's description of itself, and the page to read it."""

from __future__ import annotations

import json
import re
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
from django.contrib.staticfiles import finders
from django.core.management import call_command
from django.test import Client
from django.urls import URLPattern, URLResolver
from playwright.sync_api import Request, sync_playwright

from syncing.api import urls
from tests.api import description
from tests.conftest import CHROMIUM

if TYPE_CHECKING:
    from pytest_django.live_server_helper import LiveServer

DESIGN = """
    GET /account
    GET PUT /connections/autotask
    GET /connections/xero
    GET PATCH /settings
    GET PUT /mappings/billing-codes
    GET PUT /mappings/tax-rates
    GET PUT /mappings/branding
    GET PUT /mappings/tracking
    GET PUT /mappings/items
    GET PUT /mappings/contacts
    POST /syncs
    GET /syncs/{sync_id}
    GET /documents
    GET /documents/{document_id}
    POST /documents/{document_id}/resync
    POST /documents/resync
    POST /documents/{document_id}/skip
    POST /documents/{document_id}/preview
    POST /previews
    GET /previews/{preview_id}
    GET /faults
    GET /faults/{fault_id}
    POST /faults/{fault_id}/resync
    POST /faults/{fault_id}/ignore
    GET /fault-kinds
"""


def test_the_description_has_every_address_and_no_other() -> None:
    described = {
        (method.upper(), path.removeprefix("/api/v1"))
        for path, operations in description()["paths"].items()
        for method in operations
    }
    designed = {(method, line.split()[-1]) for line in DESIGN.strip().splitlines() for method in line.split()[:-1]}
    assert described == designed


def test_every_address_of_the_api_is_described() -> None:
    hidden = {"schema/", "docs/"}
    routes = {str(pattern.pattern) for pattern in urls.v1 if isinstance(pattern, URLPattern | URLResolver)} - hidden
    described = {path.removeprefix("/api/v1/") for path in description()["paths"]}
    assert {re.sub(r"<int:(\w+)>", r"{\1}", route) for route in routes} == described


def test_the_description_is_valid_and_was_made_without_a_warning(tmp_path: object) -> None:
    call_command("spectacular", "--validate", "--fail-on-warn", "--file", f"{tmp_path}/schema.yml")


@pytest.mark.parametrize("path", description()["paths"])
def test_every_operation_may_answer_with_a_problem_and_says_what_it_does(path: str) -> None:
    for operation in description()["paths"][path].values():
        assert "application/problem+json" in operation["responses"]["default"]["content"]
        assert operation["description"]
        secured = operation.get("security")
        assert secured == ([{"token": []}] if not path.endswith("/fault-kinds") else [{}])


@pytest.mark.django_db
def test_the_description_is_served_to_anyone() -> None:
    answer = Client().get("/api/v1/schema/", headers={"Accept": "application/json"})

    assert answer.status_code == 200
    served = json.loads(answer.content)
    assert served["openapi"] == "3.1.0"
    assert served["paths"] == description()["paths"]


@pytest.mark.django_db
def test_the_page_has_nothing_inline_and_nothing_from_elsewhere() -> None:
    answer = Client().get("/api/v1/docs/", headers={"Accept": "text/html"})
    page = answer.content.decode()

    assert answer.status_code == 200
    assert "style" not in re.sub(r'rel="stylesheet"', "", page)
    for script in re.findall(r"<script[^>]*>(.*?)</script>", page, re.DOTALL):
        assert script == ""
    addresses = re.findall(r'(?:src|href)="([^"]+)"', page)
    assert all(address.startswith("/") and not address.startswith("//") for address in addresses)
    for address in addresses:
        if address.startswith("/static/"):
            assert finders.find(address.removeprefix("/static/"))
    [script] = [address for address in addresses if "script" in address]
    answer = Client().get(script.replace("&amp;", "&"))
    assert answer["Content-Type"] == "application/javascript"
    assert b"SwaggerUIBundle" in answer.content


@pytest.mark.browser
def test_the_page_works_under_the_strict_policy(live_server: LiveServer) -> None:
    # In a thread of its own, since the browser's event loop would forbid the database to this one.
    with ThreadPoolExecutor(1) as thread:
        assert thread.submit(troubles_of_reading, live_server.url).result() == []


def troubles_of_reading(site: str) -> list[str]:
    """Open the page and an operation on it; what the browser complained of, and what it asked of others."""
    told: list[str] = []

    def note_request(request: Request) -> None:
        if not request.url.startswith((site, "data:")):
            told.append(request.url)

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page()
        page.on("console", lambda message: told.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: told.append(str(error)))
        page.on("request", note_request)
        page.goto(f"{site}/api/v1/docs/")
        page.get_by_text("/api/v1/documents/{document_id}/resync").click()
        page.get_by_text("Carry it (again) now.").wait_for()
        browser.close()
    return told
