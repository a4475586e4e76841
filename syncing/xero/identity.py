"""Talking to Xero's identity service: tokens for a code or a refresh token, the connections, and their end.

https://developer.xero.com/documentation/guides/oauth2/auth-flow/
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import requests
from django.conf import settings
from django.utils import timezone
from django.views.decorators.debug import sensitive_variables

from faults.problems import NeedsSupport
from syncing.exchanges import exchange, why_no_answer
from syncing.xero import replies
from syncing.xero.replies import SUBJECT, Answer, NoAnswer, ServerError
from tenants.connections import Organisation
from tenants.encryption import Secret

CONNECT_SECONDS, READ_SECONDS = 5, 20


class InvalidGrantError(Exception):
    """``{"error": "invalid_grant"}``: the code or the refresh token is used up, too old, or revoked."""


@dataclass(frozen=True)
class TokenSet:
    """What the token endpoint gives. The secrets hide themselves."""

    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    id_token: str = field(repr=False)
    expires_at: datetime
    scopes: tuple[str, ...]


@sensitive_variables()
def request_tokens(**form: str) -> TokenSet:
    """``POST /connect/token``. Raises InvalidGrantError, NeedsSupport where Xero does not take this app, and the
    problems of an answer that is no token set."""
    asked_at = timezone.now()
    answer = _send("POST", f"{settings.XERO_IDENTITY_URL}/connect/token", data=form)
    if answer.status == 400:
        error = str(_json(answer).get("error", "HTTP 400"))[:100]
        if error == "invalid_grant":
            raise InvalidGrantError
        raise NeedsSupport("unexpected", f"Xero's token service refuses this installation: {error}.", SUBJECT)
    if answer.status != 200:
        raise replies.problem(answer)
    given = _json(answer)
    try:
        return TokenSet(
            access_token=Secret(given["access_token"]),
            refresh_token=Secret(given.get("refresh_token") or ""),
            id_token=Secret(given.get("id_token") or ""),
            expires_at=asked_at + timedelta(seconds=int(given["expires_in"])),
            scopes=tuple(str(given.get("scope") or "").split()),
        )
    except (ValueError, TypeError, KeyError):
        raise ServerError("Xero's answer holds no tokens.", answer.status) from None


def organisations(access_token: str, auth_event_id: str | None = None) -> list[Organisation]:
    """The organisations that the token reaches, or those of one consent. Other kinds of tenants are left out."""
    query = {"authEventId": auth_event_id} if auth_event_id else {}
    answer = _send("GET", f"{settings.XERO_API_URL}/connections", access_token, params=query)
    if answer.status != 200:
        raise replies.problem(answer)
    try:
        rows = [row for row in json.loads(answer.body) if row.get("tenantType") == "ORGANISATION"]
        return [Organisation(UUID(row["tenantId"]), UUID(row["id"]), row.get("tenantName") or "") for row in rows]
    except (ValueError, TypeError, KeyError, AttributeError):
        raise ServerError("Xero's list of connections cannot be read.", answer.status) from None


def delete_connection(access_token: str, connection_id: UUID) -> Answer:
    """``DELETE /connections/{id}``: 204, or 404 for one that Xero does not know (any more)."""
    return _send("DELETE", f"{settings.XERO_API_URL}/connections/{connection_id}", access_token)


def revoke(refresh_token: str) -> Answer:
    """``POST /connect/revocation``: the whole consent ends, with every connection of its user. 200, also if unknown."""
    return _send("POST", f"{settings.XERO_IDENTITY_URL}/connect/revocation", data={"token": refresh_token})


def claims(token: str) -> dict[str, Any]:
    """The claims of a token that came from Xero itself over TLS, so that its signature need not be checked:
    https://openid.net/specs/openid-connect-core-1_0.html#IDTokenValidation (6). Empty where it has none."""
    parts = token.split(".")
    if len(parts) != 3:
        return {}
    try:
        found = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


@sensitive_variables()
def _send(
    method: str,
    url: str,
    bearer: str | None = None,
    *,
    params: Mapping[str, str] | None = None,
    data: Mapping[str, str] | None = None,
) -> Answer:
    """One request, as the bearer of a token, else as the app. Raises NoAnswer."""
    headers = {"Accept": "application/json"}
    if bearer is not None:
        headers["Authorization"] = f"Bearer {bearer}"
    try:
        with exchange(SUBJECT, method, url, headers, urlencode(data or {})) as now, requests.Session() as session:
            session.trust_env = False  # a .netrc would replace the bearer
            response = session.request(
                method,
                url,
                params=params,
                data=data,
                headers=headers,
                auth=None if bearer is not None else (settings.XERO_CLIENT_ID, settings.XERO_CLIENT_SECRET),
                timeout=(CONNECT_SECONDS, READ_SECONDS),
                allow_redirects=False,
            )
            now.answered(response.status_code, response.headers, response.content)
    except requests.RequestException as error:
        # Not chained: the exception holds the request, with its secrets.
        sent = not isinstance(error, requests.ConnectTimeout)
        words = why_no_answer(error, "Xero's sign-in service", CONNECT_SECONDS, READ_SECONDS)
        raise NoAnswer(words, sent=sent) from None
    return Answer(response.status_code, response.headers, response.content)


def _json(answer: Answer) -> dict[str, Any]:
    """The object of an answer; empty where it is none."""
    try:
        value = json.loads(answer.body)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}
