"""Xero's log-in and token service: the consent page, the token endpoint, revocation, and the connections.

https://developer.xero.com/documentation/guides/oauth2/auth-flow/
"""

from __future__ import annotations

import base64
import html
import json
import secrets
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode

from aiohttp import web

from sandbox.world import World, exchange

from . import refusals
from .refusals import Refusal
from .state import (
    ACCESS_LIFE,
    CODE_LIFE,
    REFRESH_GRACE,
    REFRESH_LIFE,
    AccessToken,
    App,
    Code,
    Connection,
    RefreshToken,
    Xero,
)
from .wire import new_id

_SPLIT = ("invoices", "payments", "banktransactions", "manualjournals", "settings", "contacts", "attachments")
GRANULAR = frozenset(
    {"openid", "profile", "email", "offline_access", "accounting.budgets.read", "accounting.journals.read"}
    | {f"accounting.{name}" for name in _SPLIT}
    | {f"accounting.{name}.read" for name in _SPLIT}
)
BROAD = frozenset({"accounting.transactions", "accounting.transactions.read", "accounting.reports.read"})

_PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Authorise | Xero sandbox</title></head>
<body><h1>{app} wants access to your Xero data</h1><p>It asks for: <code>{scopes}</code></p>
<form method="post" action="/identity/connect/authorize?{query}">
<p><label>Log in as <select name="user">{users}</select></label></p>
<fieldset><legend>Organisation</legend>{organisations}</fieldset>
<p><button name="decision" value="allow">Allow access</button> <button name="decision" value="deny">Cancel</button></p>
</form></body></html>"""


class Identity:
    """The handlers."""

    def __init__(self, world: World) -> None:
        self.world = world

    @property
    def xero(self) -> Xero:
        """The state as it is now; a reset replaces it."""
        state: Xero = self.world.xero
        return state

    # The consent page

    async def authorize(self, request: web.Request) -> web.Response:
        """The page on which a person chooses who he is and which organisation the app may reach."""
        app, scopes = self._asked(request)
        users = "".join(
            f'<option value="{user.id}">{html.escape(user.name)} ({html.escape(user.email)})</option>'
            for user in self.xero.users.values()
        )
        kind = "checkbox" if app.bulk_connections else "radio"
        organisations = "".join(
            f'<p><label><input type="{kind}" name="organisation" value="{row.id}"> {html.escape(row.name)}</label></p>'
            for row in self.xero.organisations.values()
        )
        page = _PAGE.format(
            app=html.escape(app.name),
            scopes=html.escape(" ".join(scopes)),
            query=html.escape(request.query_string),
            users=users,
            organisations=organisations,
        )
        return web.Response(text=page, content_type="text/html")

    async def decide(self, request: web.Request) -> web.Response:
        """The person's answer: back to the app with a code, or with ``access_denied``."""
        app, scopes = self._asked(request)
        form = await request.post()
        redirect_uri, state = request.query["redirect_uri"], request.query.get("state")
        if form.get("decision") != "allow":
            return _back(redirect_uri, error="access_denied", error_description="The user denied access", state=state)
        user = self.xero.users.get(str(form.get("user")))
        chosen = [str(value) for value in form.getall("organisation", [])]
        if user is None or not all(user.id in self._users_of(organisation_id) for organisation_id in chosen):
            raise _error_page("This user has no access to that organisation.")
        if not chosen or (len(chosen) > 1 and not app.bulk_connections):
            raise _error_page("Choose one organisation.")
        auth_event = new_id()
        self.xero.connect(app.client_id, user.id, chosen, auth_event)
        code = secrets.token_urlsafe(32)
        expires_at = self.world.clock.now() + CODE_LIFE
        self.xero.codes[code] = Code(app.client_id, user.id, redirect_uri, scopes, auth_event, expires_at)
        return _back(redirect_uri, code=code, scope=" ".join(scopes), state=state, session_state=secrets.token_hex(8))

    def _asked(self, request: web.Request) -> tuple[App, tuple[str, ...]]:
        """The app and the scopes of an authorise address. A fault in it is a 500 page, never a way back to the app."""
        query = request.query
        app = self.xero.apps.get(query.get("client_id", ""))
        if app is None:
            raise _error_page("unauthorized_client: Unknown client or client not enabled")
        if query.get("response_type") != "code":
            raise _error_page("unsupported_response_type: Invalid response_type")
        if query.get("redirect_uri") not in app.redirect_uris:
            raise _error_page("unauthorized_client: Invalid redirect_uri")
        scopes = tuple(query.get("scope", "").split())
        allowed = GRANULAR if app.granular else GRANULAR | BROAD
        if not scopes or not set(scopes) <= allowed:
            raise _error_page("invalid_scope: Invalid scope for client")
        return app, scopes

    def _users_of(self, organisation_id: str) -> list[str]:
        organisation = self.xero.organisations.get(organisation_id)
        return organisation.users if organisation else []

    # Tokens

    async def token(self, request: web.Request) -> web.Response:
        """``POST /connect/token`` with a code or a refresh token."""
        form = _form(request)
        app = self._client(request, form)
        grant_type = form.get("grant_type")
        if grant_type == "authorization_code":
            return refusals.json_response(self._redeem(app, form))
        if grant_type == "refresh_token":
            if exchange(request).suffers("expire_tokens"):
                raise _oauth_error("invalid_grant")
            return refusals.json_response(self._refresh(app, form))
        raise _oauth_error("unsupported_grant_type")

    async def revoke(self, request: web.Request) -> web.Response:
        """``POST /connect/revocation``: the whole grant ends, with all of its user's connections to the app."""
        form = _form(request)
        app = self._client(request, form)
        token = self.xero.refresh_tokens.get(form.get("token", ""))
        if token and token.client_id == app.client_id:
            self.end_grant(app.client_id, token.user_id)
        return web.Response()

    def end_grant(self, client_id: str, user_id: str) -> None:
        """Forget a user's tokens and connections for an app."""
        xero, who = self.xero, (client_id, user_id)
        xero.access_tokens = {k: t for k, t in xero.access_tokens.items() if (t.client_id, t.user_id) != who}
        xero.refresh_tokens = {k: t for k, t in xero.refresh_tokens.items() if (t.client_id, t.user_id) != who}
        xero.connections = {k: c for k, c in xero.connections.items() if (c.client_id, c.user_id) != who}

    def issue(self, client_id: str, user_id: str, scopes: tuple[str, ...], auth_event: str) -> dict[str, Any]:
        """A fresh token set, as the token endpoint answers it."""
        now = self.world.clock.now()
        access = _jwt(self._claims(client_id, user_id, scopes, auth_event, now))
        self.xero.access_tokens[access] = AccessToken(
            client_id, user_id, frozenset(scopes), auth_event, now + ACCESS_LIFE
        )
        answer = {
            "access_token": access,
            "expires_in": int(ACCESS_LIFE.total_seconds()),
            "token_type": "Bearer",
            "scope": " ".join(scopes),
        }
        if "offline_access" in scopes:
            refresh = secrets.token_urlsafe(32)
            expires_at = now + REFRESH_LIFE
            self.xero.refresh_tokens[refresh] = RefreshToken(client_id, user_id, scopes, auth_event, expires_at)
            answer["refresh_token"] = refresh
        if "openid" in scopes:
            answer["id_token"] = _jwt(self._id_claims(client_id, user_id, now))
        return answer

    def _client(self, request: web.Request, form: dict[str, str]) -> App:
        client_id, secret = form.get("client_id", ""), form.get("client_secret", "")
        scheme, _, credentials = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() == "basic":
            try:
                client_id, _, secret = base64.b64decode(credentials, validate=True).decode().partition(":")
            except ValueError:
                raise _oauth_error("invalid_client") from None
        app = self.xero.apps.get(client_id)
        if app is None or not secrets.compare_digest(app.client_secret.encode(), secret.encode()):
            raise _oauth_error("invalid_client")
        return app

    def _redeem(self, app: App, form: dict[str, str]) -> dict[str, Any]:
        code = self.xero.codes.get(form.get("code", ""))
        if (
            code is None
            or code.used
            or code.client_id != app.client_id
            or code.redirect_uri != form.get("redirect_uri")
            or code.expires_at <= self.world.clock.now()
        ):
            raise _oauth_error("invalid_grant")
        code.used = True
        return self.issue(code.client_id, code.user_id, code.scopes, code.auth_event_id)

    def _refresh(self, app: App, form: dict[str, str]) -> dict[str, Any]:
        xero, now = self.xero, self.world.clock.now()
        token = xero.refresh_tokens.get(form.get("refresh_token", ""))
        if token is None or token.client_id != app.client_id or token.expires_at <= now:
            raise _oauth_error("invalid_grant")
        if token.first_used_at and now - token.first_used_at > REFRESH_GRACE:
            raise _oauth_error("invalid_grant")
        if token.successor:  # the answer was lost: the set that it carried is not the one in use any more
            xero.refresh_tokens.pop(token.successor, None)
        answer = self.issue(token.client_id, token.user_id, token.scopes, token.auth_event_id)
        token.first_used_at = token.first_used_at or now
        token.successor = answer["refresh_token"]
        return answer

    def _claims(
        self, client_id: str, user_id: str, scopes: tuple[str, ...], auth_event: str, now: datetime
    ) -> dict[str, Any]:
        at = int(now.timestamp())
        return {
            "nbf": at,
            "exp": at + int(ACCESS_LIFE.total_seconds()),
            "iss": "https://identity.xero.com",
            "aud": "https://identity.xero.com/resources",
            "client_id": client_id,
            "sub": user_id.replace("-", ""),
            "auth_time": at,
            "xero_userid": user_id,
            "jti": secrets.token_hex(16),
            "authentication_event_id": auth_event,
            "scope": list(scopes),
        }

    def _id_claims(self, client_id: str, user_id: str, now: datetime) -> dict[str, Any]:
        user = self.xero.users[user_id]
        at = int(now.timestamp())
        given, _, family = user.name.partition(" ")
        return {
            "nbf": at,
            "exp": at + 300,
            "iss": "https://identity.xero.com",
            "aud": client_id,
            "sub": user_id.replace("-", ""),
            "xero_userid": user_id,
            "preferred_username": user.email,
            "email": user.email,
            "given_name": given,
            "family_name": family,
            "name": user.name,
        }

    # Connections

    async def connections(self, request: web.Request) -> web.Response:
        """``GET /connections``: what this user's token reaches, or what was joined in one consent (``authEventId``)."""
        token = self.bearer(request)
        event = request.query.get("authEventId")
        rows = [row for row in self._connections_of(token) if event is None or row.auth_event_id == event]
        return refusals.json_response([self._connection(row) for row in rows])

    async def disconnect(self, request: web.Request) -> web.Response:
        """``DELETE /connections/{id}``: 204, or 404 where this user has no such connection."""
        token = self.bearer(request)
        connection = self.xero.connections.get(request.match_info["id"])
        if connection is None or connection not in self._connections_of(token):
            raise refusals.not_found()
        del self.xero.connections[connection.id]
        return web.Response(status=204)

    def bearer(self, request: web.Request) -> AccessToken:
        """The token of a request. Raises the 401 that fits."""
        scheme, _, value = request.headers.get("Authorization", "").partition(" ")
        token = self.xero.access_tokens.get(value.strip()) if scheme.lower() == "bearer" else None
        if token is None:
            raise refusals.token_unknown()
        now = self.world.clock.now()
        if exchange(request).suffers("expire_tokens"):
            token.expires_at = min(token.expires_at, now)
        if token.expires_at <= now:
            raise refusals.token_expired(token.expires_at)
        return token

    def _connections_of(self, token: AccessToken) -> list[Connection]:
        who = (token.client_id, token.user_id)
        return [row for row in self.xero.connections.values() if (row.client_id, row.user_id) == who]

    def _connection(self, row: Connection) -> dict[str, Any]:
        organisation = self.xero.organisations[row.organisation_id]
        return {
            "id": row.id,
            "authEventId": row.auth_event_id,
            "tenantId": organisation.id,
            "tenantType": "ORGANISATION",
            "tenantName": organisation.name,
            "createdDateUtc": f"{row.created_at:%Y-%m-%dT%H:%M:%S.%f}0",
            "updatedDateUtc": f"{row.updated_at:%Y-%m-%dT%H:%M:%S.%f}0",
        }


def _form(request: web.Request) -> dict[str, str]:
    return dict(parse_qsl(exchange(request).body.decode("utf-8", "replace"), keep_blank_values=True))


def _back(redirect_uri: str, **answer: str | None) -> web.Response:
    joint = "&" if "?" in redirect_uri else "?"
    query = urlencode({name: value for name, value in answer.items() if value is not None}, quote_via=quote)
    return web.Response(status=302, headers={"Location": redirect_uri + joint + query})


def _error_page(why: str) -> Refusal:
    return refusals.html(500, f"<!doctype html><title>Error</title><h1>Sorry, something went wrong</h1><p>{why}</p>")


def _oauth_error(code: str) -> Refusal:
    body = json.dumps({"error": code}, separators=(",", ":")).encode()
    return Refusal(web.Response(status=400, body=body, content_type="application/json"))


def _jwt(claims: dict[str, Any]) -> str:
    """Three parts that look like a signed token; nobody but the sandbox checks it."""
    head = {"alg": "RS256", "typ": "JWT", "kid": "sandbox"}
    parts = [json.dumps(part, separators=(",", ":")).encode() for part in (head, claims)]
    return ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in (*parts, secrets.token_bytes(32)))
