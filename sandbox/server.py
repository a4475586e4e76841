"""The web application: one port for both partners, the control API and the page."""

from __future__ import annotations

import asyncio

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from . import autotask, control, page, scenario, xero
from .trouble import Rule
from .world import EXCHANGE, Exchange, World

LARGEST_BODY = 64 * 1024 * 1024  # the partners' own limits are theirs to tell

PARTNER_PATHS = (
    ("/api.xro/", "xero"),
    ("/connections", "xero"),
    ("/identity/", "identity"),
    ("/connect/", "identity"),
    ("/atservicesrest/", "autotask"),
)


def make_app(world: World) -> web.Application:
    """The whole sandbox over this world."""
    app = web.Application(client_max_size=LARGEST_BODY, middlewares=[recording(world)])
    control.add_routes(app, world)
    for part in (xero, autotask, scenario, page):
        part.add_routes(app, world)
    return app


def partner_of(path: str) -> str | None:
    """Whose address this is; None for the sandbox's own."""
    lowered = path.lower()
    return next((partner for prefix, partner in PARTNER_PATHS if lowered.startswith(prefix)), None)


def recording(world: World) -> Middleware:
    """Each partner request: written to the ledger, struck by trouble where there is some, answered, measured."""

    @web.middleware
    async def record(request: web.Request, handler: Handler) -> web.StreamResponse:
        partner = partner_of(request.path)
        if partner is None:
            return await handler(request)
        body = await request.read()
        row = world.ledger.request(partner, request.method, request.path, request.query_string, len(body))
        rule = world.trouble.strike(partner, request.method, request.path_qs)
        if rule:
            row["trouble"] = rule.kind
        request[EXCHANGE] = exchange = Exchange(row, body, rule)
        try:
            response = await _troubled(request, handler, rule, world.latency_seconds)
        finally:
            for undo in exchange.at_end:
                undo()
        if request.transport is None or request.transport.is_closing():
            return response
        row["status"] = response.status
        row["bytes_out"] = (
            len(response.body) if isinstance(response, web.Response) and isinstance(response.body, bytes) else 0
        )
        return response

    return record


async def _troubled(request: web.Request, handler: Handler, rule: Rule | None, latency: float) -> web.StreamResponse:
    """The handler's answer, with the trouble that strikes it."""
    if rule is None:
        response = await _answer(request, handler)
        if latency:
            await asyncio.sleep(latency)
        return response
    if rule.kind == "drop_before":
        return _cut(request)
    if rule.kind in ("outage", "status"):
        return rule.response()
    if rule.kind == "late":
        await asyncio.sleep(rule.seconds)
    response = await _answer(request, handler)
    if rule.kind == "drop_after":
        return _cut(request)
    if rule.kind == "status_after":
        return rule.response()
    if rule.kind == "slow":
        await asyncio.sleep(rule.seconds)
    return response


async def _answer(request: web.Request, handler: Handler) -> web.StreamResponse:
    """The handler's answer, also where it raised it (404 and 405 of the router)."""
    try:
        return await handler(request)
    except web.HTTPException as refusal:
        return web.Response(
            status=refusal.status, text=refusal.text, headers={k: v for k, v in refusal.headers.items() if k == "Allow"}
        )


def _cut(request: web.Request) -> web.Response:
    """Abort the connection, as a broken network does; the answer goes nowhere."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response()
