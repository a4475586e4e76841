"""Which Xero organisation an account feeds, and whose grant that rests on.

Questions about other accounts are asked here and nowhere else, in a system scope. None of this speaks to Xero.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from uuid import UUID

from django.db import connection
from django.utils import timezone

from tenants.features import FeatureName, is_enabled
from tenants.models import XeroConnection, XeroGrant
from tenants.scope import account_scope, system_scope

CONNECTED = XeroConnection.State.CONNECTED


class OrganisationTakenError(Exception):
    """Another account feeds this organisation, and staff have not allowed two. Says nothing about who it is."""


@dataclass(frozen=True)
class Organisation:
    """A Xero organisation, as its consent page and `GET /Organisation` tell of it."""

    organisation_id: UUID
    connection_id: UUID | None
    name: str
    short_code: str = ""
    base_currency: str = ""


def connect_organisation(account_id: int, grant: XeroGrant, organisation: Organisation) -> XeroConnection:
    """Let the account feed this organisation by that grant; where it did before, its connection is renewed.

    Raises OrganisationTakenError where another account feeds it and the feature `shared_organisation` is off.
    """
    with _one_at_a_time(organisation.organisation_id):
        others = set(accounts_feeding(organisation.organisation_id)) - {account_id}
        with account_scope(account_id):
            if others and not is_enabled(FeatureName.SHARED_ORGANISATION):
                raise OrganisationTakenError("Another account feeds this organisation already.")
            known = {
                name: value
                for name, value in (
                    ("short_code", organisation.short_code),
                    ("base_currency", organisation.base_currency),
                )
                if value
            }
            xero_connection, _ = XeroConnection.objects.update_or_create(
                account_id=account_id,
                organisation_id=organisation.organisation_id,
                defaults={
                    "grant": grant,
                    "connection_id": organisation.connection_id,
                    "name": organisation.name,
                    "state": CONNECTED,
                    "connected_at": timezone.now(),
                    "disconnected_at": None,
                    "last_problem": "",
                    **known,
                },
            )
    return xero_connection


def mark_disconnected(xero_connection: XeroConnection, problem: str = "") -> None:
    """The account feeds this organisation no longer. In the account's scope; nothing is told to Xero."""
    XeroConnection.objects.filter(id=xero_connection.id).update(
        state=XeroConnection.State.DISCONNECTED,
        disconnected_at=timezone.now(),
        connection_id=None,
        last_problem=problem,
    )


def accounts_feeding(organisation_id: UUID) -> list[int]:
    """The ids of the accounts that feed this organisation. Outside transactions."""
    with system_scope("who feeds a Xero organisation"):
        feeding = XeroConnection.objects.filter(organisation_id=organisation_id, state=CONNECTED)
        return list(feeding.order_by("account_id").values_list("account_id", flat=True))


def grant_is_used(grant_id: int) -> bool:
    """Whether any account's connection rests on this grant. With the last one it may be revoked. Outside
    transactions."""
    with system_scope("whether a Xero grant is still used"):
        return XeroConnection.objects.filter(grant_id=grant_id, state=CONNECTED).exists()


def forget_grant(grant_id: int) -> None:
    """Remove a grant that no account's connection names any more, not even a past one. Outside transactions."""
    with system_scope("whether a Xero grant is still named"):
        is_named = XeroConnection.objects.filter(grant_id=grant_id).exists()
    if not is_named:
        XeroGrant.objects.filter(id=grant_id).delete()


@contextmanager
def _one_at_a_time(organisation_id: UUID) -> Iterator[None]:
    """Two accounts that connect one organisation at the same moment: the second waits, and then sees the first."""
    key = organisation_id.int % 2**63
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [key])
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [key])
