"""What `manage.py check` says of a deployment, and what the settings refuse outright."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from django.core.checks import run_checks
from django.db import connection
from pytest_django import Settings

REPOSITORY = Path(__file__).resolve().parent.parent
PRODUCTION = {
    "DEBUG": "0",
    "SECRET_KEY": "a long text of more than fifty characters, many of them different",
    "FIELD_ENCRYPTION_KEYS": Fernet.generate_key().decode(),
    "BASE_URL": "https://cloud-depot.example",
    "XERO_CLIENT_ID": "id",
    "XERO_CLIENT_SECRET": "secret",
}


def found(**kwargs: object) -> list[str | None]:
    """The ids of our own checks that have something to say."""
    messages = run_checks(**kwargs)  # type: ignore[arg-type]
    return [message.id for message in messages if message.id and message.id.startswith("cloud_depot.")]


def pretend_role(*, superuser: bool, bypassrls: bool) -> None:
    """A catalogue that says so of the current role: only a superuser could make such a role."""
    with connection.cursor() as cursor:
        cursor.execute("CREATE SCHEMA pretended")
        cursor.execute(
            f"CREATE VIEW pretended.pg_roles AS"
            f" SELECT current_user AS rolname, {superuser} AS rolsuper, {bypassrls} AS rolbypassrls"
        )
        cursor.execute("SET LOCAL search_path TO pretended, pg_catalog, public")


def manage(*arguments: str, without: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
    """`manage.py …` as on a machine with these variables and no others of ours, except `without`."""
    ours = {name: os.environ[name] for name in ("DATABASE_URL", "REDIS_URL", "PATH")} | PRODUCTION | environment
    ours.pop(without, None)
    command = [sys.executable, "manage.py", *arguments]
    return subprocess.run(command, cwd=REPOSITORY, env=ours, capture_output=True, text=True, check=False)


@pytest.mark.django_db
def test_the_role_of_the_tests_is_bound_by_row_level_security() -> None:
    assert found(databases=["default"]) == []


@pytest.mark.django_db
@pytest.mark.parametrize(("superuser", "bypassrls"), [(True, False), (False, True), (True, True)])
def test_a_role_that_reads_past_row_level_security_is_refused(superuser: bool, bypassrls: bool) -> None:
    pretend_role(superuser=superuser, bypassrls=bypassrls)
    assert found(databases=["default"]) == ["cloud_depot.E001"]


@pytest.mark.django_db
def test_requests_in_one_transaction_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(connection.settings_dict, "ATOMIC_REQUESTS", True)
    assert found(databases=["default"]) == ["cloud_depot.E002"]


def test_a_key_that_is_no_fernet_key_is_found(settings: Settings) -> None:
    settings.FIELD_ENCRYPTION_KEYS = [Fernet.generate_key().decode(), "too short"]
    assert found() == ["cloud_depot.E004"]


def test_half_of_xeros_credentials_is_found(settings: Settings) -> None:
    settings.XERO_CLIENT_ID, settings.XERO_CLIENT_SECRET = "id", ""
    assert found() == ["cloud_depot.E005"]


def test_a_deployment_without_xero_or_https_is_warned(settings: Settings) -> None:
    settings.XERO_CLIENT_ID = settings.XERO_CLIENT_SECRET = ""
    settings.IS_HTTPS = False
    assert found() == []
    assert found(include_deployment_checks=True) == ["cloud_depot.W001", "cloud_depot.W002"]


def test_a_production_machine_passes_every_check() -> None:
    done = manage("check", "--deploy", "--database", "default", "--fail-level", "WARNING")
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("name", ["SECRET_KEY", "FIELD_ENCRYPTION_KEYS"])
def test_keys_are_made_for_development_only(name: str) -> None:
    done = manage("check", without=name)
    assert done.returncode != 0
    assert f"{name} must be set when DEBUG is off." in done.stderr


def test_commands_of_a_development_machine_need_no_variables() -> None:
    done = manage("check", without="SECRET_KEY", DEBUG="1", BASE_URL="http://localhost:8000", FIELD_ENCRYPTION_KEYS="")
    assert (done.returncode, done.stderr) == (0, "")


def test_no_models_lack_a_migration() -> None:
    done = manage("makemigrations", "--check", "--dry-run")
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
