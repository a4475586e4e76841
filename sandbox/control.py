"""The control API under ``/sandbox/``: JSON in, JSON out, for tests, the demo and the sandbox's own page.

====================================  ==============================================================================
``POST   /sandbox/reset``             as if just started
``GET    /sandbox/clock``             ``{"now", "offset_seconds"}``; ``PUT`` ``{"offset_seconds"}``
``POST   /sandbox/clock/advance``     ``{"seconds"}``
``GET    /sandbox/limits``            ``{"xero": {…}, "autotask": {…}}``; ``PUT`` changes what it names
``GET    /sandbox/trouble``           ``[rule, …]``; ``POST`` adds a ``trouble.Rule``; ``DELETE`` removes all
``DELETE /sandbox/trouble/{id}``      removes one
``GET    /sandbox/ledger``            requests, writes, breaches; ``?partner=&organisation=&database=&since_n=``
====================================  ==============================================================================

Each partner adds its own paths. A mistake in a control request is answered 400 with ``{"error": …}``.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from .jsontext import dumps, loads
from .world import World


def answer(value: Any, status: int = 200) -> web.Response:
    """A JSON answer of the control API."""
    return web.Response(text=dumps(value), status=status, content_type="application/json")


async def posted(request: web.Request) -> dict[str, Any]:
    """The JSON object of a control request; an empty body is an empty one. Raises ``ValueError`` for anything else."""
    body = await request.read()
    value = loads(body) if body else {}
    if not isinstance(value, dict):
        raise ValueError("a JSON object is expected")
    return value


def controlled(
    handler: Callable[[web.Request], Awaitable[Any]],
) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    """A control handler that returns a plain value, answered as JSON; what is wrong with the request is a 400."""

    async def respond(request: web.Request) -> web.StreamResponse:
        try:
            value = await handler(request)
        except (ValueError, TypeError, KeyError, LookupError) as mistake:
            return answer({"error": f"{type(mistake).__name__}: {mistake}"}, status=400)
        return value if isinstance(value, web.StreamResponse) else answer(value)

    return respond


class Control:
    """The handlers of the table above."""

    def __init__(self, world: World) -> None:
        self.world = world

    async def reset(self, _: web.Request) -> Any:
        self.world.reset()
        return {}

    async def clock(self, _: web.Request) -> Any:
        return {"now": self.world.clock.now(), "offset_seconds": self.world.clock.offset_seconds}

    async def set_clock(self, request: web.Request) -> Any:
        self.world.clock.offset_seconds = float((await posted(request))["offset_seconds"])
        return await self.clock(request)

    async def advance_clock(self, request: web.Request) -> Any:
        self.world.clock.advance(float((await posted(request))["seconds"]))
        return await self.clock(request)

    async def limits(self, _: web.Request) -> Any:
        return self.world.limits.as_dict()

    async def set_limits(self, request: web.Request) -> Any:
        self.world.limits.change(**await posted(request))
        return await self.limits(request)

    async def trouble(self, _: web.Request) -> Any:
        return [rule.as_dict() for rule in self.world.trouble.rules]

    async def add_trouble(self, request: web.Request) -> Any:
        fields = await posted(request)
        if "seconds" in fields:
            fields["seconds"] = float(fields["seconds"])
        return self.world.trouble.add(**fields).as_dict()

    async def remove_trouble(self, request: web.Request) -> Any:
        if "id" in request.match_info:
            self.world.trouble.remove(int(request.match_info["id"]))
        else:
            self.world.trouble.reset()
        return await self.trouble(request)

    async def ledger(self, request: web.Request) -> Any:
        query = request.query
        since = int(query.get("since_n", 0))
        return self.world.ledger.read(query.get("partner"), query.get("organisation"), query.get("database"), since)


def add_routes(app: web.Application, world: World) -> None:
    """Add the paths of the table above."""
    control = Control(world)
    routes: list[tuple[str, str, Callable[[web.Request], Awaitable[Any]]]] = [
        ("POST", "/sandbox/reset", control.reset),
        ("GET", "/sandbox/clock", control.clock),
        ("PUT", "/sandbox/clock", control.set_clock),
        ("POST", "/sandbox/clock/advance", control.advance_clock),
        ("GET", "/sandbox/limits", control.limits),
        ("PUT", "/sandbox/limits", control.set_limits),
        ("GET", "/sandbox/trouble", control.trouble),
        ("POST", "/sandbox/trouble", control.add_trouble),
        ("DELETE", "/sandbox/trouble", control.remove_trouble),
        ("DELETE", "/sandbox/trouble/{id}", control.remove_trouble),
        ("GET", "/sandbox/ledger", control.ledger),
    ]
    for method, path, handler in routes:
        app.router.add_route(method, path, controlled(handler))
