"""The sandbox's Autotask: its REST API, its data, and the part of the control API that sets it up."""

from __future__ import annotations

from aiohttp import web

from sandbox.world import World

from . import api, control
from .store import Autotask


def add_routes(app: web.Application, world: World) -> None:
    """Plug Autotask into the sandbox (see ``sandbox.world``)."""

    def make_afresh() -> None:
        world.autotask = Autotask(world.clock)

    world.on_reset(make_afresh)
    control.add_routes(app, world)
    api.add_routes(app, world)
