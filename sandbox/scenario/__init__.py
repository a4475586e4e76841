"""``POST /sandbox/scenario/…``: what the demo shows.

``month`` is a month of a managed service provider's billing, with its everyday troubles.

``{"autotask_database", "xero_organisation", "seed"?, "today"?, "trouble"?}`` fills a database and an organisation that
exist. The same seed gives the same companies and amounts, dated in the four weeks before ``today``. The answer counts
what was made and tells of each trouble its documents, its cause and how it is mended: by a person on a page, or by
``steps``, which are control requests. It supposes that Autotask's numbers are used in Xero; else none is taken.

Troubles of the network are rules (``transient``); ``"trouble": true`` puts them in force.

``stopped`` bills a few companies of another, smaller provider, and locks its API user: its sync stops.
"""

from __future__ import annotations

from typing import Any

from aiohttp import web

from sandbox.control import controlled, posted
from sandbox.world import World

from .month import make_month
from .stopped import stop_sync


def add_routes(app: web.Application, world: World) -> None:
    """Plug the scenario into the sandbox (see ``sandbox.world``)."""

    async def month(request: web.Request) -> Any:
        return make_month(world, request, await posted(request))

    async def stopped(request: web.Request) -> Any:
        return stop_sync(world, request, await posted(request))

    app.router.add_post("/sandbox/scenario/month", controlled(month))
    app.router.add_post("/sandbox/scenario/stopped", controlled(stopped))
