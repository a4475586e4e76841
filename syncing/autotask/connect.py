"""Connecting an account to Autotask: the credentials are tried before they are kept."""

from __future__ import annotations

from django.conf import settings
from django.utils import timezone
from django.views.decorators.debug import sensitive_variables

from faults.problems import NeedsPerson
from syncing.autotask.client import AutotaskClient, Credentials
from syncing.autotask.zone import discover_zone
from tenants.models import AutotaskConnection


@sensitive_variables("secret", "integration_code", "credentials")
def connect_autotask(account_id: int, *, username: str, secret: str, integration_code: str = "") -> AutotaskConnection:
    """Find the database of this API user, see that it can be read, and keep the credentials. In the account's scope.

    Without an `integration_code` this installation's own is used. Raises NeedsPerson("autotask-login-refused") for
    credentials that Autotask does not take, NeedsPerson("autotask-not-permitted") where the security level lacks what
    is needed, and the client's other problems; then nothing is changed.
    """
    zone = discover_zone(username)
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
    return connection
