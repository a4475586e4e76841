"""Secrets are encrypted at rest, under keys that can be changed, and show up nowhere."""

import io
import json
import logging
import pickle
import uuid
from collections.abc import Iterator
from importlib import import_module

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from cryptography.fernet import Fernet
from django.apps import apps
from django.core.exceptions import FieldError, ImproperlyConfigured
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import Settings

from tenants.encryption import EncryptedTextField, Secret, UnreadableSecretError, decrypt, encrypt
from tenants.models import AutotaskConnection, XeroGrant
from tenants.scope import account_scope
from tests.factories import make_account, make_grant, make_user
from tests.staff import code_of

pytestmark = pytest.mark.django_db

PLAIN = "s3cret-which-must-not-show"


@pytest.fixture(autouse=True)
def keys(settings: Settings) -> list[str]:
    settings.FIELD_ENCRYPTION_KEYS = [Fernet.generate_key().decode()]
    return list(settings.FIELD_ENCRYPTION_KEYS)


@pytest.fixture
def autotask() -> Iterator[AutotaskConnection]:
    with account_scope(make_account().id):
        yield AutotaskConnection.objects.create(username="api@example.com", secret=PLAIN, integration_code="")


def stored(table: str, column: str) -> str:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {column} FROM {table}")  # noqa: S608 - names of this file
        return str(cursor.fetchone()[0])


def test_a_secret_is_stored_encrypted_and_read_in_plain(autotask: AutotaskConnection) -> None:
    assert PLAIN not in stored("tenants_autotaskconnection", "secret")
    assert AutotaskConnection.objects.get().secret == PLAIN


def test_an_empty_secret_stays_empty(autotask: AutotaskConnection) -> None:
    assert stored("tenants_autotaskconnection", "integration_code") == ""
    assert AutotaskConnection.objects.get().integration_code == ""


def test_bulk_writes_are_encrypted_too() -> None:
    XeroGrant.objects.bulk_create([XeroGrant(xero_user_id=uuid.uuid4(), expires_at=timezone.now(), access_token="old")])
    XeroGrant.objects.update(access_token=PLAIN)
    assert PLAIN not in stored("tenants_xerogrant", "access_token")
    assert XeroGrant.objects.values_list("access_token", flat=True).get() == PLAIN


def test_the_databases_log_sees_no_secret() -> None:
    with CaptureQueriesContext(connection) as queries:
        make_grant(access_token=PLAIN)
    assert queries.captured_queries
    assert not any(PLAIN in query["sql"] for query in queries.captured_queries)


def test_a_secret_is_not_searched_for() -> None:
    with pytest.raises(FieldError):
        XeroGrant.objects.filter(access_token=PLAIN).exists()


def test_a_new_first_key_encrypts_and_the_old_one_still_reads(settings: Settings, keys: list[str]) -> None:
    old = encrypt(PLAIN)
    settings.FIELD_ENCRYPTION_KEYS = [Fernet.generate_key().decode(), *keys]
    assert decrypt(old) == PLAIN
    new = encrypt(PLAIN)
    settings.FIELD_ENCRYPTION_KEYS = settings.FIELD_ENCRYPTION_KEYS[:1]
    assert decrypt(new) == PLAIN
    with pytest.raises(UnreadableSecretError):
        decrypt(old)


def test_rotating_the_keys_makes_the_old_one_needless(settings: Settings, keys: list[str]) -> None:
    accounts = [make_account().id for _ in range(2)]
    for account_id in accounts:
        with account_scope(account_id):
            AutotaskConnection.objects.create(username="api@example.com", secret=f"{PLAIN} {account_id}")
    grant = make_grant(refresh_token=PLAIN)
    new = Fernet.generate_key().decode()

    settings.FIELD_ENCRYPTION_KEYS = [new, *keys]
    out = io.StringIO()
    call_command("rotate_keys", stdout=out)
    settings.FIELD_ENCRYPTION_KEYS = [new]

    assert out.getvalue() == "Encrypted the secrets of 3 rows anew.\n"
    assert XeroGrant.objects.get(id=grant.id).refresh_token == PLAIN
    for account_id in accounts:
        with account_scope(account_id):
            assert AutotaskConnection.objects.get().secret == f"{PLAIN} {account_id}"


def test_a_second_factor_is_stored_encrypted() -> None:
    secret = generate_totp_secret()
    totp = TOTP.activate(make_user(), secret)
    assert secret not in stored("mfa_authenticator", "data")
    assert totp.validate_code(code_of(secret))


def test_rotating_the_keys_rotates_second_factors_too(settings: Settings, keys: list[str]) -> None:
    user, secret = make_user(), generate_totp_secret()
    TOTP.activate(user, secret)
    [code, *_] = RecoveryCodes.activate(user).get_unused_codes()
    new = Fernet.generate_key().decode()

    settings.FIELD_ENCRYPTION_KEYS = [new, *keys]
    call_command("rotate_keys", stdout=io.StringIO())
    settings.FIELD_ENCRYPTION_KEYS = [new]

    assert TOTP(Authenticator.objects.get(type=Authenticator.Type.TOTP)).validate_code(code_of(secret))
    assert RecoveryCodes(Authenticator.objects.get(type=Authenticator.Type.RECOVERY_CODES)).validate_code(code)


def test_a_second_factor_from_before_it_was_encrypted_goes_on_working() -> None:
    secret = generate_totp_secret()
    factor = Authenticator.objects.create(user=make_user(), type="totp", data={"secret": secret, "kept": 1})
    migration = import_module("tenants.migrations.0004_encrypt_second_factors")
    with connection.schema_editor() as editor:
        migration.encrypt_second_factors(apps, editor)
    factor.refresh_from_db()
    assert secret not in json.dumps(factor.data)
    assert factor.data["kept"] == 1
    assert TOTP(factor).validate_code(code_of(secret))
    with connection.schema_editor() as editor:
        migration.decrypt_second_factors(apps, editor)
    factor.refresh_from_db()
    assert factor.data == {"secret": secret, "kept": 1}


def test_a_phone_may_be_half_a_minute_off(settings: Settings) -> None:
    secret = generate_totp_secret()
    totp = TOTP.activate(make_user(), secret)
    assert totp.validate_code(code_of(secret, steps=1))
    assert not totp.validate_code(code_of(secret, steps=-3))


@pytest.mark.parametrize("bad", [[], ["short"], ["not base64 at all, and rather too long for a key of Fernet"]])
def test_a_bad_key_is_said_plainly_and_not_shown(settings: Settings, bad: list[str]) -> None:
    settings.FIELD_ENCRYPTION_KEYS = bad
    with pytest.raises(ImproperlyConfigured) as refused:
        encrypt(PLAIN)
    assert not any(key in str(refused.value) for key in bad)


def test_a_secret_hides_where_values_are_shown_for_debugging(autotask: AutotaskConnection) -> None:
    secret = AutotaskConnection.objects.get().secret
    assert isinstance(secret, Secret)
    assert PLAIN not in repr({"secret": secret})
    assert (str(secret), f"{secret}", secret.encode()) == (PLAIN, PLAIN, PLAIN.encode())
    assert pickle.loads(pickle.dumps(secret)) == PLAIN  # noqa: S301 - our own


def test_an_unreadable_secret_is_an_error_that_shows_nothing(autotask: AutotaskConnection, settings: Settings) -> None:
    settings.FIELD_ENCRYPTION_KEYS = [Fernet.generate_key().decode()]
    with pytest.raises(UnreadableSecretError) as refused:
        AutotaskConnection.objects.get()
    assert stored("tenants_autotaskconnection", "secret") not in str(refused.value)


def secret_models() -> list[type]:
    return [
        model
        for model in apps.get_models()
        if any(isinstance(field, EncryptedTextField) for field in model._meta.concrete_fields)
    ]


@pytest.mark.parametrize("model", secret_models(), ids=lambda model: model.__name__)
def test_no_model_shows_its_secrets(model: type, caplog: pytest.LogCaptureFixture) -> None:
    """Of every model that has any: those made later too."""
    names = [field.name for field in model._meta.concrete_fields if isinstance(field, EncryptedTextField)]  # type: ignore[attr-defined]
    for row in (model(**dict.fromkeys(names, PLAIN)), model(**dict.fromkeys(names, Secret(PLAIN)))):
        with caplog.at_level(logging.DEBUG):
            logging.getLogger(__name__).warning("%s %r %s", row, row, [row])
        assert PLAIN not in f"{row} {row!r} {[row]} {caplog.text}"


def test_what_holds_a_secret_is_encrypted_or_a_digest() -> None:
    """A column with such a name in plain text would be a mistake."""
    telling = ("secret", "token", "password", "integration_code")
    plain = {
        f"{model._meta.label}.{field.name}"
        for model in apps.get_models()
        if model._meta.app_label in {"tenants", "faults", "syncing", "support"}
        for field in model._meta.concrete_fields
        if any(word in field.name for word in telling) and not isinstance(field, EncryptedTextField)
    }
    assert plain == {"tenants.User.password"}
