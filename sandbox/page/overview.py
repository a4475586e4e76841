"""The overview, the ledger, and the page of trouble, clock and limits."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from aiohttp import web

from .site import Site, extract

TROUBLES: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("xero-outage", "Xero is unavailable (503)", {"partner": "xero", "kind": "outage"}),
    ("autotask-outage", "Autotask is unavailable (503)", {"partner": "autotask", "kind": "outage"}),
    ("xero-expired", "Xero’s access token has expired", {"partner": "xero", "kind": "expire_tokens"}),
    ("xero-429", "Xero’s rate limit is reached (429)", {"partner": "xero", "kind": "rate_limit", "seconds": 30.0}),
    ("autotask-429", "Autotask’s threshold is reached", {"partner": "autotask", "kind": "rate_limit", "seconds": 60.0}),
    ("xero-slow", "Xero answers after 10 seconds", {"partner": "xero", "kind": "slow", "seconds": 10.0}),
    ("autotask-slow", "Autotask answers after 2 minutes", {"partner": "autotask", "kind": "slow", "seconds": 120.0}),
    ("xero-drop-before", "Xero drops the connection before the work", {"partner": "xero", "kind": "drop_before"}),
    ("xero-drop-after", "Xero does a write, then drops the connection",
     {"partner": "xero", "kind": "drop_after", "method": "PUT"}),
    ("autotask-drop", "Autotask drops the connection", {"partner": "autotask", "kind": "drop_before"}),
    ("autotask-login", "Autotask refuses the log-in (401)", {"partner": "autotask", "kind": "expire_tokens"}),
    ("identity-outage", "Xero’s token service is unavailable", {"partner": "identity", "kind": "outage"}),
)  # fmt: skip
"""Name, words and rule of each trouble that the page offers."""

LEDGER_LISTS = ("writes", "requests", "breaches")


def add_routes(app: web.Application, site: Site) -> None:
    """Add the pages and their forms."""
    part = _Overview(site)
    site.page(app, "/", part.overview)
    site.page(app, "/ledger", part.ledger)
    site.page(app, "/trouble", part.trouble)
    site.form(app, "/trouble", part.add_trouble, "/trouble")
    site.form(app, "/trouble/remove", part.remove_trouble, "/trouble")
    site.form(app, "/clock", part.set_clock, "/trouble")
    site.form(app, "/limits", part.set_limits, "/trouble")


class _Overview:
    def __init__(self, site: Site) -> None:
        self.site = site
        self.world = site.world

    async def overview(self, request: web.Request) -> web.StreamResponse:
        organisations = []
        for organisation in self.world.xero.organisations.values():
            documents = [row for rows in organisation.documents.values() for row in rows.values()]
            connected = sum(1 for row in self.world.xero.connections.values() if row.organisation_id == organisation.id)
            organisations.append((organisation, Counter(row.status for row in documents), connected))
        ledger = self.world.ledger
        return self.site.render(
            request,
            "overview.html",
            databases=list(self.world.autotask.databases.values()),
            organisations=organisations,
            writes=ledger.writes[-8:][::-1],
            calls=Counter(row["partner"] for row in ledger.requests),
        )

    async def ledger(self, request: web.Request) -> web.StreamResponse:
        shown = request.query.get("show", "writes")
        if shown not in LEDGER_LISTS:
            raise LookupError(shown)
        rows: list[dict[str, Any]] = getattr(self.world.ledger, shown)
        return self.site.render(
            request, "ledger.html", shown=shown, lists=LEDGER_LISTS, extract=extract(rows[::-1], request)
        )

    async def trouble(self, request: web.Request) -> web.StreamResponse:
        return self.site.render(request, "trouble.html", troubles=TROUBLES)

    def add_trouble(self, _: web.Request, sent: Mapping[str, str]) -> str:
        words, rule = next(row[1:] for row in TROUBLES if row[0] == sent["trouble"])
        times = int(sent["times"]) if sent.get("times") else None
        self.world.trouble.add(**rule, times=times)
        return f"Switched on: {words}."

    def remove_trouble(self, _: web.Request, sent: Mapping[str, str]) -> str:
        if sent.get("id"):
            self.world.trouble.remove(int(sent["id"]))
            return "Switched off."
        self.world.trouble.reset()
        return "All trouble is switched off."

    def set_clock(self, _: web.Request, sent: Mapping[str, str]) -> str:
        if sent.get("minutes"):
            self.world.clock.advance(float(sent["minutes"]) * 60)
            return f"The clock went on by {sent['minutes']} minutes."
        self.world.clock.reset()
        return "The clock is right again."

    def set_limits(self, _: web.Request, sent: Mapping[str, str]) -> str:
        changes: dict[str, dict[str, int]] = {}
        for name, value in sent.items():
            partner, __, limit = name.partition(".")
            changes.setdefault(partner, {})[limit] = int(value)
        self.world.limits.change(**changes)
        return "The limits are set."
