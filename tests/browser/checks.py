"""What every page must hold to: accessible, light, and all of it ours."""

from __future__ import annotations

import gzip
from dataclasses import dataclass, field

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, Response

# For a page that has axe-core in it by now: it is half a megabyte, and takes as long to load as to run.
LOADED = Axe(axe_script="")


def check_accessible(page: Page) -> None:
    """axe-core finds no violation on the page as it stands, in either colour scheme."""
    for scheme, axe in (("light", Axe()), ("dark", LOADED)):
        page.emulate_media(color_scheme=scheme)
        results = axe.run(page)
        assert results.violations_count == 0, f"{page.url}, {scheme}:\n{results.generate_report()}"


@dataclass
class Weight:
    """What a page's first view loads: bytes as sent (files compressed, as in production), and from where."""

    bytes: int = 0
    hosts: set[str] = field(default_factory=set)


def weigh(page: Page, path: str) -> Weight:
    """Open `path` and weigh everything that comes with it."""
    weight = Weight()
    responses: list[Response] = []

    def note(response: Response) -> None:
        responses.append(response)

    page.route("**", lambda route: route.continue_())  # which leaves the browser's cache out, as a first view does
    page.on("response", note)
    page.goto(path, wait_until="networkidle")
    page.remove_listener("response", note)
    page.unroute("**")
    for response in responses:
        weight.hosts.add(response.url.split("/")[2])
        body = response.body()
        weight.bytes += len(gzip.compress(body) if "/static/" in response.url else body)
    return weight
