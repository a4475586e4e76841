"""Connecting to Xero, keeping the tokens fresh, and letting go.

A grant is one Xero user's consent; its token set reaches every organisation of that user and is kept in one row. Xero
gives a new refresh token with each refresh, and breaks the older copies of a set that several refresh: so a refresh is
claimed by one conditional UPDATE, and whoever else needs the token waits and reads it. No lock is held while we talk.

https://developer.xero.com/documentation/guides/oauth2/auth-flow/
"""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final
from urllib.parse import quote, urlencode
from uuid import UUID, uuid4

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Coalesce, Now
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.debug import sensitive_variables

from faults.problems import NeedsReconnect, NeedsSupport, SyncProblem, Transient
from syncing.xero import identity, replies
from syncing.xero.client import XeroClient
from syncing.xero.identity import InvalidGrantError, TokenSet
from syncing.xero.replies import SUBJECT, NoAnswer
from tenants.connections import (
    Organisation,
    OrganisationTakenError,
    accounts_feeding,
    connect_organisation,
    grant_is_used,
    mark_disconnected,
)
from tenants.models import XeroConnection, XeroGrant

logger = logging.getLogger(__name__)

# https://developer.xero.com/documentation/guides/oauth2/scopes/
SCOPES: Final = (
    "openid",
    "profile",
    "email",
    "offline_access",
    "accounting.invoices",
    "accounting.contacts",
    "accounting.settings.read",
    "accounting.payments.read",
    "accounting.attachments",
)
# Asked for in place of the reading one where currencies are to be added in Xero.
SETTINGS_SCOPE: Final = "accounting.settings"

# A token is renewed before it ends, so that no call starts with one that ends on the way.
MARGIN: Final = timedelta(seconds=60)
# Longer than a refresh with its second try may take. Then its claim counts as that of a dead worker.
CLAIM_LIFE: Final = timedelta(seconds=60)
WAIT_SECONDS: Final = 20.0
RETRY_SECONDS: Final = 15.0

CODE_REFUSED = "Xero did not accept the code of this sign-in: it is good once, and for five minutes."
CONSENT_ENDED = "Xero has ended this connection: it was disconnected in Xero, or not used for 60 days."
FORGOTTEN = "Disconnected here."


@dataclass(frozen=True)
class Consent:
    """A finished sign-in: the grant, and the organisations that it was given for."""

    grant: XeroGrant
    organisations: tuple[Organisation, ...]


# ---- connecting


def authorize_url(state: str, *, change_settings: bool = False) -> str:
    """Xero's consent page. `state` comes back with the answer; `change_settings` asks to add currencies as well."""
    scopes = [SETTINGS_SCOPE if change_settings and scope == "accounting.settings.read" else scope for scope in SCOPES]
    query = {
        "response_type": "code",
        "client_id": settings.XERO_CLIENT_ID,
        "redirect_uri": redirect_uri(),
        "scope": " ".join(scopes),
        "state": state,
    }
    return f"{settings.XERO_LOGIN_URL}/identity/connect/authorize?{urlencode(query, quote_via=quote)}"


def redirect_uri() -> str:
    """Where Xero sends the person back to; it must be registered with the app in exactly this form."""
    return settings.BASE_URL + reverse("xero-callback")


@sensitive_variables()
def connect(code: str) -> Consent:
    """Exchange the code of a consent for its tokens, keep them, and tell which organisations were given.

    Raises NeedsReconnect for a code that Xero does not take, and the problems of the identity service.
    """
    try:
        tokens = identity.request_tokens(grant_type="authorization_code", code=code, redirect_uri=redirect_uri())
    except InvalidGrantError:
        raise NeedsReconnect("xero-disconnected", CODE_REFUSED, SUBJECT) from None
    grant = _keep_grant(tokens)
    event = identity.claims(tokens.access_token).get("authentication_event_id")
    given = identity.organisations(tokens.access_token, event)
    return Consent(grant, tuple(given or identity.organisations(tokens.access_token)))


def take_organisation(account_id: int, consent_grant: XeroGrant, organisation: Organisation) -> XeroConnection:
    """Let the account feed this organisation. Raises OrganisationTakenError where another account does.

    What Xero tells of the organisation itself is kept with it; where it does not answer now, a run asks again.
    """
    details = organisation
    try:
        found = XeroClient(str(organisation.organisation_id), GrantTokens(consent_grant)).organisation()
    except SyncProblem as problem:
        logger.warning("Organisation %s was connected without its details: %s", organisation.organisation_id, problem)
    else:
        details = Organisation(
            organisation_id=organisation.organisation_id,
            connection_id=organisation.connection_id,
            name=found.name or organisation.name,
            short_code=found.short_code,
            base_currency=found.base_currency,
        )
    try:
        return connect_organisation(account_id, consent_grant, details)
    except OrganisationTakenError:
        release_grant(consent_grant.id)
        raise


def _keep_grant(tokens: TokenSet) -> XeroGrant:
    """The row of this Xero user with the new tokens; a refresh that is under way for the old ones keeps nothing."""
    person = {**identity.claims(tokens.access_token), **identity.claims(tokens.id_token)}
    try:
        xero_user_id = UUID(person["xero_userid"])
    except (KeyError, ValueError):
        raise NeedsSupport("unexpected", "Xero's tokens do not say whose they are.", SUBJECT) from None
    grant, _ = XeroGrant.objects.update_or_create(
        xero_user_id=xero_user_id,
        defaults={
            "email": str(person.get("email") or "")[:254],
            "name": str(person.get("name") or "")[:200],
            "broken_at": None,
            "broken_reason": "",
            **_token_values(tokens),
        },
    )
    return grant


def _token_values(tokens: TokenSet) -> dict[str, Any]:
    return {
        "access_token": tokens.access_token,
        "refresh_token": tokens.refresh_token,
        "expires_at": tokens.expires_at,
        "scopes": list(tokens.scopes),
        "refreshed_at": timezone.now(),
        "refresh_claim": None,
        "refresh_claimed_at": None,
        "refresh_sent_at": None,
    }


# ---- tokens


class GrantTokens:
    """The access tokens of a grant, for one run: its row is read again when the token ends, or was refused."""

    def __init__(self, grant: XeroGrant) -> None:
        self._grant = grant

    def access_token(self, rejected: str | None = None) -> str:
        """See `access_token`."""
        if not _is_good(self._grant, rejected):
            self._grant = _good_grant(self._grant.id, rejected)
        token: str = self._grant.access_token
        return token


def access_token(grant_id: int, *, rejected: str | None = None) -> str:
    """A token of this grant that is good for a minute at least, and is not the one that Xero has just `rejected`.

    Refreshes where it must; of all workers that ask at once, one does. Outside transactions. Raises
    NeedsReconnect("xero-disconnected") where the consent has ended, Transient where Xero does not answer or another
    worker's refresh takes too long.
    """
    token: str = _good_grant(grant_id, rejected).access_token
    return token


def _is_good(grant: XeroGrant, rejected: str | None) -> bool:
    if grant.broken_at:
        return False
    now = timezone.now()
    is_new = grant.refreshed_at is not None and now - grant.refreshed_at < MARGIN  # no better one is to be had
    return grant.access_token not in ("", rejected) and grant.expires_at > now + (timedelta(0) if is_new else MARGIN)


def _good_grant(grant_id: int, rejected: str | None) -> XeroGrant:
    give_up_at = time.monotonic() + WAIT_SECONDS
    while True:
        grant = XeroGrant.objects.get(id=grant_id)
        if grant.broken_at:
            raise NeedsReconnect("xero-disconnected", grant.broken_reason, SUBJECT)
        if _is_good(grant, rejected):
            return grant
        if time.monotonic() > give_up_at:
            words = "Another worker is fetching a new access token from Xero."
            raise Transient("access-token-expired", words, SUBJECT, retry_after=RETRY_SECONDS)
        claim = uuid4()
        if _claim_refresh(grant, claim):
            _refresh(grant, claim)
        else:
            time.sleep(0.1)


def _claim_refresh(grant: XeroGrant, claim: UUID) -> bool:
    """Whether this worker is the one to refresh: nobody else is at it, and nobody has since the row was read."""
    free = Q(refresh_claim=None) | Q(refresh_claimed_at__lt=Now() - CLAIM_LIFE)
    unchanged = XeroGrant.objects.filter(free, id=grant.id, refreshed_at=grant.refreshed_at, broken_at=None)
    with transaction.atomic(durable=True):  # a claim inside another transaction would lock the row while we talk
        claimed = unchanged.update(
            refresh_claim=claim, refresh_claimed_at=Now(), refresh_sent_at=Coalesce("refresh_sent_at", Now())
        )
    return bool(claimed)


@sensitive_variables()
def _refresh(grant: XeroGrant, claim: UUID) -> None:
    """Fetch new tokens under the claim, and keep them if it still holds.

    A lost answer is asked for again: Xero takes the old refresh token for 30 minutes after its first use.
    """
    ours = XeroGrant.objects.filter(id=grant.id, refresh_claim=claim)
    form = {"grant_type": "refresh_token", "refresh_token": grant.refresh_token}
    try:
        try:
            tokens = identity.request_tokens(**form)
        except NoAnswer:
            tokens = identity.request_tokens(**form)
    except InvalidGrantError:
        # Only for the token that was sent: where the row has a newer one by now, the claim is gone with the old.
        ours.update(broken_at=Now(), broken_reason=CONSENT_ENDED, refresh_claim=None, refresh_claimed_at=None)
    except SyncProblem:
        ours.update(refresh_claim=None, refresh_claimed_at=None)
        raise
    else:
        ours.update(**_token_values(tokens))


# ---- letting go


def disconnect(xero_connection: XeroConnection) -> None:
    """The account feeds this organisation no longer: the one connection is deleted in Xero, and the consent revoked
    with the last that rests on it. In the account's scope, outside transactions.

    Raises Transient where Xero cannot be told now; then everything stays as it was.
    """
    others = set(accounts_feeding(xero_connection.organisation_id)) - {xero_connection.account_id}
    if xero_connection.connection_id and not others:
        _delete_connection(xero_connection.grant_id, xero_connection.connection_id)
    mark_disconnected(xero_connection)
    release_grant(xero_connection.grant_id)


def release_grant(grant_id: int) -> None:
    """Revoke a grant on which no connection rests, and forget its tokens. Outside transactions."""
    if grant_is_used(grant_id):
        return
    grant = XeroGrant.objects.get(id=grant_id)
    if grant.refresh_token:
        _revoke(grant)
    XeroGrant.objects.filter(id=grant_id, refreshed_at=grant.refreshed_at).update(
        access_token="",
        refresh_token="",
        broken_at=Now(),
        broken_reason=FORGOTTEN,
        refresh_claim=None,
        refresh_claimed_at=None,
        refresh_sent_at=None,
    )


def _delete_connection(grant_id: int, connection_id: UUID) -> None:
    """Delete the connection in Xero; one that is gone there already is as good as deleted."""
    try:
        token = access_token(grant_id)
        answer = identity.delete_connection(token, connection_id)
        if answer.status == 401:
            answer = identity.delete_connection(access_token(grant_id, rejected=token), connection_id)
    except NeedsReconnect:
        return  # the consent has ended, and the connection with it
    if answer.status not in (200, 204, 401, 403, 404):
        raise replies.problem(answer)


def _revoke(grant: XeroGrant) -> None:
    """Tell Xero that the consent ends. Where it does not answer, the tokens are forgotten all the same."""
    try:
        answer = identity.revoke(grant.refresh_token)
    except NoAnswer as problem:
        logger.warning("Grant %s was forgotten without being revoked in Xero: %s", grant.id, problem)
        return
    if answer.status != 200:
        logger.warning("Grant %s was forgotten; Xero answered %s to its end.", grant.id, answer.status)
