"""For machines, without a log-in: `/healthz` (this process answers) and `/readyz` (it can do its work)."""

from collections.abc import Callable

import redis
from django.core.cache import cache
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe

from cloud_depot import checks


@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    return HttpResponse("ok", content_type="text/plain")


@require_safe
def readyz(request: HttpRequest) -> JsonResponse:
    """200 with every part "ok", or 503 saying of each part what is missing. Never a password, an address or a trace."""
    parts = {name: look() or "ok" for name, look in PARTS.items()}
    is_ready = set(parts.values()) == {"ok"}
    return JsonResponse({"ready": is_ready, "parts": parts}, status=200 if is_ready else 503)


def database_problem() -> str:
    try:
        connection.ensure_connection()
    except DatabaseError:
        return "cannot be reached"
    return ""


def role_problem() -> str:
    try:
        return checks.role_problem(connection)
    except DatabaseError:
        return "unknown, the database cannot be reached"


def migrations_problem() -> str:
    try:
        executor = MigrationExecutor(connection)
        return "not all applied" if executor.migration_plan(executor.loader.graph.leaf_nodes()) else ""
    except DatabaseError:
        return "unknown, the database cannot be reached"


def redis_problem() -> str:
    try:
        cache.has_key("readyz")
    except redis.RedisError:
        return "cannot be reached"
    return ""


PARTS: dict[str, Callable[[], str]] = {
    "database": database_problem,
    "database role": role_problem,
    "migrations": migrations_problem,
    "redis": redis_problem,
}
