"""How an account's two connections are, in words: what works, what does not, and what to do about it."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from faults.models import Fault
from syncing.xero.oauth import SETTINGS_SCOPE
from tenants.models import AutotaskConnection, XeroConnection, XeroGrant

Mark = Literal["good", "warn", "bad", ""]

# https://developer.xero.com/documentation/guides/oauth2/token-types/
SIGN_IN_LASTS = timedelta(days=60)
ENDS_SOON = timedelta(days=7)


@dataclass(frozen=True, kw_only=True)
class Health:
    """A word with its mark, one sentence of what that means, and what to do; `fault` where one is open about it."""

    mark: Mark
    word: str
    says: str
    remedy: str = ""
    fault: Fault | None = None


@dataclass(frozen=True, kw_only=True)
class FedOrganisation:
    """A Xero organisation of the account, as its page shows it. `sign_in_ends` is None where it has ended."""

    connection: XeroConnection
    health: Health
    is_fed: bool
    sign_in_days: int | None
    may_add_currencies: bool


def autotask_health(connection: AutotaskConnection | None, incidents: Collection[Fault]) -> Health:
    """Of the connection to Autotask; `incidents` are the connection faults that are not over."""
    if connection is None:
        return Health(
            mark="",
            word="Not connected",
            says="Cloud Depot reads invoices through an API user of your Autotask.",
            remedy="Make a user of the type “API User” in Autotask, and give its values here.",
        )
    if connection.state == AutotaskConnection.State.REFUSED:
        return Health(
            mark="bad",
            word="Log-in refused",
            says=f"Autotask does not take the credentials any more. {connection.last_problem}".strip(),
            remedy=(
                "See in Autotask that the API user is active and not locked. Give a new secret here if it was changed. "
                "Nothing is tried on schedule until then, so that the user is not locked out."
            ),
            fault=_about("Autotask", incidents),
        )
    if connection.state == AutotaskConnection.State.UNTESTED:
        return Health(mark="warn", word="Not tested", says="These credentials have not been tried yet.")
    return _answering("Autotask", connection.last_problem, incidents)


def xero_health(connection: XeroConnection, incidents: Collection[Fault], now: datetime) -> Health:
    """Of one organisation's connection."""
    if connection.state == XeroConnection.State.DISCONNECTED:
        return Health(
            mark="",
            word="Disconnected",
            says="Nothing is carried to this organisation.",
            remedy="Sign in at Xero again to go on where it stopped: nothing is sent twice.",
        )
    grant = connection.grant
    if grant.broken_at is not None:
        return Health(
            mark="bad",
            word="Sign in again",
            says=grant.broken_reason or "Xero has ended this sign-in.",
            remedy="Sign in at Xero again. What waits goes on by itself.",
            fault=_about("Xero", incidents),
        )
    ends_in = sign_in_ends(grant) - now
    if ends_in < ENDS_SOON:
        return Health(
            mark="warn",
            word="Sign-in ends soon",
            says=f"No sync has renewed the sign-in for long; Xero ends it in {max(ends_in.days, 0)} days.",
            remedy="Run a sync, or sign in at Xero again.",
        )
    return _answering("Xero", connection.last_problem, incidents)


def fed_organisations(
    connections: Iterable[XeroConnection], incidents: Collection[Fault], now: datetime
) -> list[FedOrganisation]:
    """The organisations for the page, the one that the account feeds first."""
    ordered = sorted(connections, key=lambda each: (each.state, -each.connected_at.timestamp()))
    return [
        FedOrganisation(
            connection=connection,
            health=xero_health(connection, incidents, now),
            is_fed=place == 0 and connection.state == XeroConnection.State.CONNECTED,
            sign_in_days=_days_left(connection, now),
            may_add_currencies=SETTINGS_SCOPE in connection.grant.scopes,
        )
        for place, connection in enumerate(ordered)
    ]


def sign_in_ends(grant: XeroGrant) -> datetime:
    """When Xero ends the sign-in, unless a sync renews it before."""
    return (grant.refreshed_at or grant.granted_at) + SIGN_IN_LASTS


def has_ended(connection: XeroConnection) -> bool:
    """Whether there is no sign-in any more that could end."""
    return connection.state == XeroConnection.State.DISCONNECTED or connection.grant.broken_at is not None


def _days_left(connection: XeroConnection, now: datetime) -> int | None:
    if has_ended(connection):
        return None
    return max((sign_in_ends(connection.grant) - now).days, 0)


def _answering(partner: str, last_problem: str, incidents: Collection[Fault]) -> Health:
    fault = _about(partner, incidents)
    if fault is not None and fault.state == Fault.State.OPEN:
        return Health(mark="bad", word=fault.kind.title, says=fault.detail or last_problem, fault=fault)
    if fault is not None:
        return Health(
            mark="warn",
            word=fault.kind.title,
            says="Cloud Depot tries again by itself, and goes on as soon as it is over.",
            fault=fault,
        )
    if last_problem:
        return Health(
            mark="warn",
            word="Last answer was a problem",
            says=last_problem,
            remedy="Run a sync to see whether it is over.",
        )
    return Health(mark="good", word="Connected", says=f"{partner} answers.")


def _about(partner: str, incidents: Collection[Fault]) -> Fault | None:
    """The most serious of the faults about this partner: one that needs a person before one that mends itself."""
    about = [fault for fault in incidents if fault.subject == partner]
    return min(about, key=lambda fault: fault.state != Fault.State.OPEN, default=None)
