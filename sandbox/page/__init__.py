"""The sandbox's own pages, for people: both sides at a glance, causes to mend, trouble to switch on."""

from __future__ import annotations

from aiohttp import web

from sandbox.world import World

from . import autotask, overview, xero
from .site import Site


def add_routes(app: web.Application, world: World) -> None:
    """Plug the page into the sandbox (see ``sandbox.world``)."""
    site = Site(world)
    site.add_style(app)
    for part in (overview, autotask, xero):
        part.add_routes(app, site)
