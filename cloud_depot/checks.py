"""System checks for what a deployment forgets, each with an id and a hint.

`manage.py check --deploy --database default` runs them all; `migrate` runs those of the database.
"""

from collections.abc import Sequence
from typing import Any

from cryptography.fernet import Fernet
from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register
from django.core.checks import Warning as Caution
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper


@register(Tags.database)
def check_database(
    app_configs: Sequence[AppConfig] | None, databases: Sequence[str] | None = None, **kwargs: Any
) -> list[CheckMessage]:
    """A role that row-level security does not bind, or an old server, is refused."""
    found: list[CheckMessage] = []
    for alias in databases or ():
        connection = connections[alias]
        if problem := role_problem(connection):
            found.append(
                Error(
                    f"The database role {problem}, so row-level security does not keep the accounts apart.",
                    hint="Connect as a role with LOGIN NOSUPERUSER NOBYPASSRLS that owns the database.",
                    id="cloud_depot.E001",
                )
            )
        if connection.settings_dict["ATOMIC_REQUESTS"]:
            found.append(
                Error(
                    "ATOMIC_REQUESTS is on; account scopes cannot be entered inside a transaction.",
                    hint="Remove atomic_requests from DATABASE_URL.",
                    id="cloud_depot.E002",
                )
            )
        with connection.cursor() as cursor:
            cursor.execute("SELECT current_setting('server_version_num')::int")
            (version,) = cursor.fetchone()
        if version < 150000:
            found.append(Error("PostgreSQL 15 or newer is needed.", hint="Upgrade the server.", id="cloud_depot.E003"))
    return found


def role_problem(connection: BaseDatabaseWrapper) -> str:
    """Why the connected role may read past row-level security, as the end of a sentence; empty where it may not."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT rolsuper, rolbypassrls FROM pg_roles WHERE rolname = current_user")
        is_superuser, bypasses = cursor.fetchone()
    if is_superuser:
        return "is a superuser"
    return "has BYPASSRLS" if bypasses else ""


@register(Tags.security)
def check_encryption_keys(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """Each key must be one that Fernet takes; a bad one would be met only when a secret is read."""
    found: list[CheckMessage] = []
    for position, key in enumerate(settings.FIELD_ENCRYPTION_KEYS, start=1):
        try:
            Fernet(key)
        except ValueError:
            found.append(
                Error(
                    f"Key {position} of FIELD_ENCRYPTION_KEYS is not a Fernet key.",
                    hint="Each is 32 random bytes in url-safe base64; commas separate them, the first one encrypts.",
                    id="cloud_depot.E004",
                )
            )
    return found


@register(Tags.security)
def check_xero(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    if bool(settings.XERO_CLIENT_ID) == bool(settings.XERO_CLIENT_SECRET):
        return []
    return [
        Error(
            "XERO_CLIENT_ID and XERO_CLIENT_SECRET belong together; one of them is missing.",
            hint="Both stand on the app's page at https://developer.xero.com/app/manage.",
            id="cloud_depot.E005",
        )
    ]


@register(Tags.security, deploy=True)
def check_deployment(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    found: list[CheckMessage] = []
    if not settings.XERO_CLIENT_ID:
        found.append(
            Caution(
                "XERO_CLIENT_ID is not set, so no account can connect to Xero.",
                hint="Make an app at https://developer.xero.com/app/manage and set its id and its secret.",
                id="cloud_depot.W001",
            )
        )
    if not settings.IS_HTTPS:
        found.append(
            Caution(
                "BASE_URL is not https, so cookies and links travel in the clear.",
                hint="Set BASE_URL to the address that people type, with https.",
                id="cloud_depot.W002",
            )
        )
    return found
