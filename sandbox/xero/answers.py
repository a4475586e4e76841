"""The envelope that every successful answer comes in."""

from __future__ import annotations

from collections.abc import Iterable

from aiohttp import web

from .guard import Call
from .wire import Row, dumps, ms_moment, new_id


def answer(call: Call, plural: str, rows: Iterable[Row], pagination: Row | None = None) -> web.Response:
    """200 with ``{"Id", "Status", "ProviderName", "DateTimeUTC", "pagination"?, "<plural>": [...]}``."""
    head: Row = {
        "Id": new_id(),
        "Status": "OK",
        "ProviderName": call.provider,
        "DateTimeUTC": ms_moment(call.world.clock.now()).replace("+0000", ""),
    }
    if pagination is not None:
        head["pagination"] = pagination
    body = dumps({**head, plural: list(rows)})
    return web.Response(body=body.encode(), content_type="application/json", charset="utf-8")
