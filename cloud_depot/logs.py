"""How log lines look: JSON for machines, a plain line for people. One handler, standard error, for every process.

A line carries the ids of what it is about (tenants/log_context.py) and those given as `extra`, under the names of
FIELDS and no others, so that nothing gets in by accident. An address is logged as its route: addresses of invitations
and of new passwords are secrets.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from tenants.log_context import current_log_fields

FIELDS: Final = (
    "account",
    "sync",
    "document",
    "outcome",
    "fault",
    "method",
    "route",
    "status",
    "milliseconds",
    "user",
)
# Asked for every few seconds, by machines.
UNLOGGED: Final = frozenset({"healthz", "readyz", "metrics"})

logger = logging.getLogger(__name__)


class Context(logging.Filter):
    """Gives each line the ids of what it is about; what its `extra` says goes first."""

    def filter(self, record: logging.LogRecord) -> bool:
        for name, value in current_log_fields().items():
            if not hasattr(record, name):
                setattr(record, name, value)
        return True


class Routes(logging.Filter):
    """Puts the route in place of the address in what Django says of a request."""

    def filter(self, record: logging.LogRecord) -> bool:
        request = getattr(record, "request", None)
        match = getattr(request, "resolver_match", None)
        if isinstance(request, HttpRequest) and match is not None and isinstance(record.args, tuple):
            record.args = tuple(match.route if argument == request.path else argument for argument in record.args)
        return True


class Json(logging.Formatter):
    """One JSON object to a line: `time` (UTC), `level`, `logger`, `message`, FIELDS, and `exception` where one is."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            **_fields(record),
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str, ensure_ascii=False)


class Line(logging.Formatter):
    """For people: the time, the level, who says it, the ids in brackets, and the message."""

    def __init__(self) -> None:
        super().__init__("{asctime} {levelname} {name}{ids}: {message}", style="{")

    def format(self, record: logging.LogRecord) -> str:
        ids = " ".join(f"{name}={value}" for name, value in _fields(record).items())
        record.ids = f" [{ids}]" if ids else ""
        return super().format(record)


def _fields(record: logging.LogRecord) -> dict[str, Any]:
    return {name: getattr(record, name) for name in FIELDS if hasattr(record, name)}


class RequestLogMiddleware:
    """One line for each request: its route, status and time, and whose it was. In place of the server's access log."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        started = time.monotonic()
        response = self.get_response(request)
        match = request.resolver_match
        if match is None or match.url_name not in UNLOGGED:
            extra = {
                "method": request.method,
                "route": match.route if match else "",
                "status": response.status_code,
                "milliseconds": round((time.monotonic() - started) * 1000),
                **_whose(request),
            }
            logger.info("%(method)s /%(route)s → %(status)s", extra, extra=extra)
        return response


def _whose(request: HttpRequest) -> dict[str, int]:
    """The account and the person, as far as the request came to know them; nobody is looked up for the log's sake."""
    account = getattr(request, "account", None)
    user = getattr(request, "_cached_user", None)
    return {name: row.pk for name, row in (("account", account), ("user", user)) if row is not None and row.pk}
