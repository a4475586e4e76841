"""A stand-in Xero: the identity service, the connections and the Accounting API 2.0.

https://developer.xero.com/documentation/api/accounting/overview
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from aiohttp import web

from sandbox.world import World

from . import control
from .guard import Guard
from .identity import Identity
from .refusals import Refusal
from .routes import add_api
from .state import Xero

__all__ = ["Xero", "add_routes"]

_Handler = Callable[[web.Request], Awaitable[web.Response]]


def add_routes(app: web.Application, world: World) -> None:
    """Plug Xero into the sandbox; see ``sandbox.world``."""
    identity = Identity(world)
    guard = Guard(world, identity)

    def fresh() -> None:
        world.xero = Xero(world.clock)
        guard.reset()

    world.on_reset(fresh)
    app.router.add_get("/identity/connect/authorize", _answered(identity.authorize))
    app.router.add_post("/identity/connect/authorize", _answered(identity.decide))
    app.router.add_post("/connect/token", _answered(identity.token))
    app.router.add_post("/connect/revocation", _answered(identity.revoke))
    for path in ("/connections", "/Connections"):  # the official client writes it with a capital
        app.router.add_get(path, _answered(identity.connections))
        app.router.add_delete(path + "/{id}", _answered(identity.disconnect))
    add_api(app, guard)
    control.add_routes(app, world, identity)


def _answered(handler: _Handler) -> _Handler:
    """A refusal becomes its answer."""

    async def respond(request: web.Request) -> web.Response:
        try:
            return await handler(request)
        except Refusal as refusal:
            return refusal.response

    return respond
