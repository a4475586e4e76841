"""Who may call, how often, and what they then see.

https://ww1.autotask.net/help/DeveloperHelp/Content/APIs/REST/General_Topics/REST_Security_Auth.htm
https://ww1.autotask.net/help/DeveloperHelp/Content/APIs/REST/General_Topics/REST_Thresholds_Limits.htm
"""

from __future__ import annotations

from aiohttp import web

from sandbox.world import Exchange, World

from .billing import LINE_OF_BUSINESS
from .query import Test
from .refusals import Refusal, unauthorized
from .store import Database
from .tables import Row

HOUR_SECONDS = 3600.0
BAD_LOGINS_TO_LOCK = 20
COST_FIELDS = {"ourCost", "unitCost", "cost", "extendedCost"}
HEADERS = ("UserName", "Secret", "ApiIntegrationCode")


def authenticated(world: World, request: web.Request, exchange: Exchange) -> Database:
    """The database whose API user calls. Raises ``Refusal``: 401, or 500 for a wrong user name or integration code."""
    if exchange.suffers("expire_tokens") or not all(request.headers.get(name) for name in HEADERS):
        raise unauthorized()
    database: Database | None = world.autotask.of_user(request.headers["UserName"])
    if database is None:
        raise Refusal("The logged in Resource does not have the adequate permissions: invalid user name.")
    exchange.row["database"] = database.id
    user = database.api_user
    if request.headers["ApiIntegrationCode"] != user.integration_code:
        raise Refusal("Invalid API tracking identifier (IntegrationCode).")
    if user.locked or request.headers["Secret"] != user.secret:
        user.bad_logins += 1
        user.locked = user.locked or user.bad_logins >= BAD_LOGINS_TO_LOCK
        raise unauthorized()
    user.bad_logins = 0
    return database


def count_call(world: World, database: Database, exchange: Exchange) -> None:
    """Count a call against the rolling hour. Raises ``Refusal`` (429) over it."""
    limit, now = world.limits.autotask.hour, world.clock.timestamp()
    calls = database.calls
    while calls and calls[0] <= now - HOUR_SECONDS:
        calls.popleft()
    if exchange.suffers("rate_limit"):
        assert exchange.trouble is not None
        raise _over_threshold(limit, exchange.trouble.seconds or 60)
    if len(calls) >= limit:
        world.ledger.broke(exchange.row, "hour", database=database.id)
        raise _over_threshold(limit, calls[0] + HOUR_SECONDS - now)
    calls.append(now)


def _over_threshold(limit: int, seconds: float) -> Refusal:
    return Refusal(
        f"You have exceeded the external request threshold of {limit} requests per 60 minutes for this database.",
        status=429,
        headers={"Retry-After": str(max(1, round(seconds)))},
    )


def occupy_thread(world: World, database: Database, entity: str, exchange: Exchange) -> None:
    """Take one of the entity's threads until the answer is out. Raises ``Refusal`` where all are taken."""
    key = (database.api_user.integration_code, entity.lower())
    if database.in_flight[key] >= world.limits.autotask.threads:
        world.ledger.broke(exchange.row, "threads", database=database.id)
        raise Refusal(f"Thread Threshold Exceeded. (Itgenatr005) Too many concurrent requests for {entity}.")
    database.in_flight[key] += 1

    def leave() -> None:
        database.in_flight[key] -= 1

    exchange.at_end.append(leave)


def added_latency(world: World, database: Database) -> float:
    """Seconds added to a call where the database ``slows_down``: none below half of the threshold, then 0.5, then 1."""
    used = len(database.calls) / max(1, world.limits.autotask.hour)
    if not database.slows_down or used < 0.5:
        return 0.0
    return 1.0 if used >= 0.75 else 0.5


def check_query_right(database: Database, entity: str) -> None:
    """Raises ``Refusal`` (403) where the security level forbids the entity."""
    if database.api_user.may(entity) == "forbidden":
        raise Refusal(f"The logged in Resource does not have permission to query {entity}.", status=403)


def sees(database: Database, entity: str) -> Test:
    """Whether the API user may see a row: what it may not is left out without a word.

    With the organizational structure on, a user who belongs to any line of business sees only what has none or has one
    of its own: https://ww1.autotask.net/help/DeveloperHelp/Content/APIs/REST/Entities/BillingItemsEntity.htm
    """
    if database.api_user.may(entity) == "none":
        return lambda _: False
    field = {"BillingItems": "organizationalLevelAssociationID", "Invoices": LINE_OF_BUSINESS}.get(entity)
    own = database.seen_lines_of_business() if field else frozenset()
    if field is None or not own:
        return lambda _: True

    def test(row: Row) -> bool:
        line_of_business = row.get(field)
        return line_of_business is None or line_of_business in own

    return test
