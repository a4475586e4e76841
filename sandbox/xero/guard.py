"""What stands before every call of the Accounting API: token, organisation, limits, scope, size, idempotency.

https://developer.xero.com/documentation/oauth2/limits
https://developer.xero.com/documentation/guides/idempotent-requests/idempotency/
"""

from __future__ import annotations

import hashlib
import zlib
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from sandbox.jsontext import loads
from sandbox.trouble import Rule
from sandbox.world import World, exchange

from . import refusals
from .identity import Identity
from .refusals import Refusal
from .state import AccessToken, Organisation, Xero
from .wire import Row, Unreadable

# The gateway answers 404 to more (https://github.com/XeroAPI/xero-node/issues/404).
LONGEST_QUERY = 2048
LARGEST_JSON = 3_500_000
LARGEST_FILE = 10_000_000
KEY_LIFE_SECONDS = 360
LONGEST_KEY = 128
MINUTE, DAY = 60, 86_400


@dataclass
class Call:
    """One call of the API that has passed the guard. ``row`` is its row in the ledger; None: done by hand, in Xero."""

    world: World
    xero: Xero
    request: web.Request
    organisation: Organisation
    token: AccessToken
    provider: str
    body: bytes
    row: Row | None

    @property
    def query(self) -> Any:
        """The query of the address."""
        return self.request.query

    def path(self, name: str) -> str:
        """A variable part of the address."""
        return self.request.match_info[name]

    def json(self) -> Any:
        """The body. Raises the 400 for what is no JSON."""
        if "json" not in self.request.content_type:
            raise refusals.bad_post_data(f"Unsupported content type: {self.request.content_type}.")
        try:
            return loads(self.body)
        except ValueError as mistake:
            raise refusals.bad_post_data(f"{mistake}.") from None

    def wrote(self, endpoint: str, identifier: str, number: str | None, action: str, body: Any) -> None:
        """Tell the ledger, which keeps what clients write and not what people do."""
        if self.row is None:
            return
        where = {"organisation": self.organisation.id}
        self.world.ledger.wrote(
            self.row, endpoint=endpoint, identifier=identifier, number=number, action=action, body=body, **where
        )


@dataclass(frozen=True)
class Remembered:
    """A first answer under an Idempotency-Key, and what it answered."""

    at: float
    fingerprint: tuple[str, ...]
    status: int
    body: bytes
    content_type: str


Handle = Callable[[Call], web.Response]


class Guard:
    """Limits are counted for each app and organisation in fixed windows, which start at a different second for each."""

    def __init__(self, world: World, identity: Identity) -> None:
        self.world = world
        self.identity = identity
        self.in_flight: Counter[tuple[str, str]] = Counter()
        self.calls: Counter[tuple[str, str, int]] = Counter()
        self.keys: dict[tuple[str, str], Remembered] = {}

    def reset(self) -> None:
        """Forget all counts and keys."""
        self.in_flight.clear()
        self.calls.clear()
        self.keys.clear()

    def guarded(
        self, scopes: frozenset[str], handle: Handle, *, largest: int = LARGEST_JSON
    ) -> Callable[[web.Request], Any]:
        """The handler of a route: checked, answered, and every refusal turned into its answer."""

        async def respond(request: web.Request) -> web.Response:
            headers: dict[str, str] = {}
            try:
                if len(request.rel_url.raw_query_string) > LONGEST_QUERY:
                    raise refusals.not_found()
                call = self._admit(request, headers)
                if not scopes & call.token.scopes:
                    raise refusals.scope_missing()
                if len(call.body) > largest:
                    raise refusals.too_large()
                _check_accept(request)
                response = self._once(call, handle)
            except Refusal as refusal:
                response = refusal.response
            except Unreadable as mistake:
                response = refusals.bad_post_data(str(mistake)).response
            response.headers.update(headers)
            return response

        return respond

    def _admit(self, request: web.Request, headers: dict[str, str]) -> Call:
        """Token, organisation, connection and limits. ``headers`` gets what remains of the limits."""
        xero: Xero = self.world.xero
        this = exchange(request)
        organisation = xero.organisations.get(request.headers.get("xero-tenant-id", ""))
        if organisation:
            this.row["organisation"] = organisation.id
        token = self.identity.bearer(request)
        if organisation is None or not xero.connection(token.client_id, token.user_id, organisation.id):
            raise refusals.not_connected()
        self._count(request, token.client_id, organisation.id, headers)
        provider = xero.apps[token.client_id].name
        return Call(self.world, xero, request, organisation, token, provider, this.body, this.row)

    def _count(self, request: web.Request, client_id: str, organisation_id: str, headers: dict[str, str]) -> None:
        this, limits = exchange(request), self.world.limits.xero
        now = self.world.clock.timestamp()
        shift = zlib.crc32(organisation_id.encode())
        app, where = ("app", client_id), (client_id, organisation_id)
        used = {
            "minute": (limits.minute, (*where, int(now + shift) // MINUTE), MINUTE - int(now + shift) % MINUTE),
            "day": (limits.day, (*where, -1 - int(now + shift) // DAY), DAY - int(now + shift) % DAY),
            "appminute": (limits.app_minute, (*app, int(now) // MINUTE), None),
        }
        if this.suffers("rate_limit"):
            rule: Rule | None = this.trouble
            wait = int(rule.seconds) if rule and rule.seconds else used["minute"][2]
            raise refusals.too_many("minute", wait)
        if self.in_flight[where] >= limits.concurrent:
            self.world.ledger.broke(this.row, "concurrent", organisation=organisation_id)
            raise refusals.too_many("concurrent", None)
        for name, (limit, window, wait_seconds) in used.items():
            if self.calls[window] >= limit:
                self.world.ledger.broke(this.row, name, organisation=organisation_id)
                headers.update(self._remaining(used))
                raise refusals.too_many(name, wait_seconds)
        for _, window, _ in used.values():
            self.calls[window] += 1
        self.in_flight[where] += 1
        this.at_end.append(lambda: self._leave(where))
        headers.update(self._remaining(used))

    def _remaining(self, used: dict[str, tuple[int, tuple[str, str, int], int | None]]) -> dict[str, str]:
        names = {
            "minute": "X-MinLimit-Remaining",
            "day": "X-DayLimit-Remaining",
            "appminute": "X-AppMinLimit-Remaining",
        }
        return {names[k]: str(max(0, limit - self.calls[window])) for k, (limit, window, _) in used.items()}

    def _leave(self, where: tuple[str, str]) -> None:
        self.in_flight[where] -= 1

    def _once(self, call: Call, handle: Handle) -> web.Response:
        """The answer; under an Idempotency-Key the first one, errors too, for 6 minutes."""
        key = call.request.headers.get("Idempotency-Key")
        if key is None or call.request.method not in ("POST", "PUT", "PATCH"):
            return handle(call)
        row = exchange(call.request).row
        row["idempotency_key"] = key
        if not key or len(key) > LONGEST_KEY:
            raise refusals.invalid_request(f"Idempotency Key must be between 1 and {LONGEST_KEY} characters.")
        now = self.world.clock.timestamp()
        known = self.keys.get((call.token.client_id, key))
        print_ = (
            call.request.method,
            call.request.path_qs,
            call.organisation.id,
            hashlib.sha256(call.body).hexdigest(),
        )
        if known and 0 <= now - known.at < KEY_LIFE_SECONDS:
            if known.fingerprint != print_:
                raise refusals.invalid_request(f"Idempotency Key {key} is used with a different request.")
            row["replayed"] = True
            return web.Response(body=known.body, status=known.status, headers={"Content-Type": known.content_type})
        response = self._final(call, handle)
        body = response.body if isinstance(response.body, bytes) else b""
        content_type = response.headers.get("Content-Type", "application/json")
        self.keys[call.token.client_id, key] = Remembered(now, print_, response.status, body, content_type)
        return response

    def _final(self, call: Call, handle: Handle) -> web.Response:
        """The answer that is remembered, also where it is an error or one made by trouble."""
        try:
            response = handle(call)
        except Refusal as refusal:
            response = refusal.response
        except Unreadable as mistake:
            response = refusals.bad_post_data(str(mistake)).response
        struck = exchange(call.request).trouble
        if struck and struck.kind == "status_after":
            return struck.response()
        return response


def _check_accept(request: web.Request) -> None:
    """The service answers XML to whoever does not ask for JSON (or for the file itself)."""
    accept = request.headers.get("Accept", "")
    wants_file = "/pdf" in accept or "/Attachments/" in request.path
    if request.method != "DELETE" and "json" not in accept and not wants_file:
        raise refusals.not_json()
