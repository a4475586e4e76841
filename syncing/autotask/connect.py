"""Connecting an account to Autotask: the credentials are tried before they are kept."""

from __future__ import annotations

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.views.decorators.debug import sensitive_variables

from faults.problems import NeedsPerson
from syncing import incidents
from syncing.autotask.client import AutotaskClient, Credentials
from syncing.autotask.zone import Zone, discover_zone
from syncing.models import Document, ReferenceData, SyncState
from tenants.models import Account, AutotaskConnection


class OtherDatabaseError(Exception):
    """The API user is of another Autotask database than the one whose documents this account has carried."""


@sensitive_variables("secret", "integration_code", "credentials")
def connect_autotask(account_id: int, *, username: str, secret: str, integration_code: str = "") -> AutotaskConnection:
    """Find the database of this API user, see that it can be read, and keep the credentials. In the account's scope.

    Without an `integration_code` this installation's own is used. What stood in the way of the connection before is
    over, and the next run, which is due at once, walks the whole look-back: this API user may see more.

    Raises NeedsPerson("autotask-login-refused") for credentials that Autotask does not take,
    NeedsPerson("autotask-not-permitted") where the security level lacks what is needed, OtherDatabaseError, and the
    client's other problems; then nothing is changed.
    """
    zone = discover_zone(username)
    _refuse_other_database(zone)
    credentials = Credentials(
        username=username,
        secret=secret,
        integration_code=integration_code or settings.AUTOTASK_INTEGRATION_CODE,
        zone_url=zone.url,
        database_id=zone.database_id,
    )
    client = AutotaskClient(credentials)
    access = client.check_access()
    if access.missing:
        words = f"This API user may not read {', '.join(access.missing)}."
        raise NeedsPerson("autotask-not-permitted", words, "Autotask")
    found = client.moved_to or zone
    now = timezone.now()
    with transaction.atomic():
        connection, _ = AutotaskConnection.objects.update_or_create(
            account_id=account_id,
            defaults={
                "username": username.strip(),
                "secret": secret.strip(),
                "integration_code": integration_code.strip(),
                "zone_url": found.url,
                "web_url": found.web_url,
                "database_id": found.database_id,
                "resource_id": access.resource_id,
                "state": AutotaskConnection.State.CONNECTED,
                "connected_at": now,
                "last_answered_at": now,
                "last_problem": "",
            },
        )
        _begin_again(account_id)
    return connection


def _refuse_other_database(zone: Zone) -> None:
    """Autotask's ids mean something in their database only: another one's invoices would be taken for known ones."""
    known = AutotaskConnection.objects.values_list("database_id", flat=True).first()
    if known not in (None, zone.database_id) and Document.objects.exists():
        raise OtherDatabaseError(
            f"This user belongs to Autotask database {zone.database_id}; this account has carried invoices of database "
            f"{known}. Use a user of that one, or make another account for this one."
        )


def _begin_again(account_id: int) -> None:
    """Forget what was known by the earlier credentials, release what waited for the connection, and run soon."""
    SyncState.objects.update_or_create(account_id=account_id, defaults={"walked_at": None, "walk_place": None})
    ReferenceData.objects.filter(account_id=account_id, name__startswith="autotask:").delete()
    incidents.clear(incidents.open_incidents(), "Autotask")
    Account.objects.filter(id=account_id).update(next_sync_at=timezone.now())
