"""The two sides of a run. Opening them asks nothing of a partner yet."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from django.conf import settings
from django.db.models import QuerySet
from django.utils import timezone

from faults.problems import NeedsPerson, NeedsReconnect, SyncProblem
from syncing.autotask.client import AutotaskClient, Credentials
from syncing.xero.client import XeroClient
from syncing.xero.oauth import GrantTokens
from tenants.models import AutotaskConnection, XeroConnection
from tenants.scope import require_account_id

Partner = Literal["Autotask", "Xero"]
PARTNERS: tuple[Partner, ...] = ("Autotask", "Xero")


@dataclass(frozen=True, kw_only=True)
class Partners:
    """An account's Autotask database and the Xero organisation that it feeds."""

    autotask_connection: AutotaskConnection
    autotask: AutotaskClient
    xero_connection: XeroConnection
    xero: XeroClient


class NotConnectedError(Exception):
    """The account has not connected both systems yet: there is nothing to run, and nothing at fault."""


def open_partners() -> Partners:
    """The account's two partners. In its scope.

    Raises NotConnectedError before the account is set up, and NeedsReconnect where a connection that was there is gone.
    """
    autotask_connection = AutotaskConnection.objects.first()
    # With its grant, or each of the threads that begin with Xero would open a connection to read that row.
    organisation = _organisations().select_related("grant").first()
    if autotask_connection is None or organisation is None:
        raise NotConnectedError
    return Partners(
        autotask_connection=autotask_connection,
        autotask=open_autotask(autotask_connection),
        xero_connection=organisation,
        xero=XeroClient(str(organisation.organisation_id), GrantTokens(organisation.grant)),
    )


def fed_organisation() -> XeroConnection | None:
    """The Xero organisation that the account feeds, or fed last. In its scope."""
    return _organisations().first()


def _organisations() -> QuerySet[XeroConnection]:
    """Those that the account has, in front the one that it feeds, or fed last."""
    mine = XeroConnection.objects.filter(account_id=require_account_id())
    return mine.order_by("state", "-connected_at")


def check_connected(partners: Partners, *, scheduled: bool) -> tuple[SyncProblem | None, Partner]:
    """Why a connection cannot be used at all, as far as we know without asking; and whose it is."""
    if scheduled and partners.autotask_connection.state == AutotaskConnection.State.REFUSED:
        return NeedsPerson("autotask-login-refused", partners.autotask_connection.last_problem, "Autotask"), "Autotask"
    if partners.xero_connection.state == XeroConnection.State.DISCONNECTED:
        return NeedsReconnect("xero-disconnected", partners.xero_connection.last_problem, "Xero"), "Xero"
    return None, "Autotask"


def note_answers(partners: Partners) -> None:
    """Remember that each side that was asked answered, and keep where Autotask has moved the database to."""
    now = timezone.now()
    if partners.autotask.calls:
        connection = AutotaskConnection.objects.filter(id=partners.autotask_connection.id)
        connection.update(state=AutotaskConnection.State.CONNECTED, last_answered_at=now, last_problem="")
        if (zone := partners.autotask.moved_to) is not None:
            connection.update(zone_url=zone.url, web_url=zone.web_url, database_id=zone.database_id)
    if partners.xero.calls:
        XeroConnection.objects.filter(id=partners.xero_connection.id).update(last_answered_at=now, last_problem="")


def note_problem(partners: Partners, partner: Partner, problem: SyncProblem) -> None:
    """Remember why a side could not be used. A refused log-in is not tried on schedule again, which would lock it."""
    if partner == "Xero":
        XeroConnection.objects.filter(id=partners.xero_connection.id).update(last_problem=problem.detail)
        return
    connection = AutotaskConnection.objects.filter(id=partners.autotask_connection.id)
    connection.update(last_problem=problem.detail)
    if problem.code == "autotask-login-refused":
        connection.update(state=AutotaskConnection.State.REFUSED)


def partner_of(problem: SyncProblem) -> Partner | None:
    """Whose connection is at fault, where the problem itself tells."""
    return next((partner for partner in PARTNERS if partner == problem.subject), None)


def open_autotask(connection: AutotaskConnection) -> AutotaskClient:
    return AutotaskClient(
        Credentials(
            username=connection.username,
            secret=connection.secret,
            integration_code=connection.integration_code or settings.AUTOTASK_INTEGRATION_CODE,
            zone_url=connection.zone_url,
            database_id=connection.database_id or 0,
        )
    )
