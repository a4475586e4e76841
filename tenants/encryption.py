"""Secrets at rest: a text column that the database, its backups and its logs see only encrypted.

Fernet (AES-128-CBC with HMAC-SHA256) under the keys of FIELD_ENCRYPTION_KEYS: the first encrypts, all decrypt. To
change the key, put a new one first, run `manage.py rotate_keys`, and take the old one away.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import models


class Secret(str):
    """Text that hides itself where values are shown for debugging. As an ordinary string it is complete."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "'••••••'"


class UnreadableSecretError(Exception):
    """None of the keys decrypts what is stored."""


class EncryptedTextField(models.TextField):  # type: ignore[type-arg]
    """Text, encrypted when it is written and decrypted when it is read. An empty string stays empty.

    It cannot be searched. Reading raises UnreadableSecretError where the key is missing.
    """

    def get_prep_value(self, value: Any) -> Any:
        value = super().get_prep_value(value)
        return encrypt(value) if value else value

    def from_db_value(self, value: str | None, expression: Any, connection: Any) -> str | None:
        return Secret(decrypt(value)) if value else value

    def get_lookup(self, lookup_name: str) -> Any:
        return super().get_lookup(lookup_name) if lookup_name == "isnull" else None


def encrypt(text: str) -> str:
    return _keys().encrypt(text.encode()).decode()


def decrypt(token: str) -> str:
    try:
        return _keys().decrypt(token.encode()).decode()
    except InvalidToken:
        raise UnreadableSecretError("None of FIELD_ENCRYPTION_KEYS decrypts a stored secret.") from None


def _keys() -> MultiFernet:
    return _fernet(tuple(settings.FIELD_ENCRYPTION_KEYS))


@lru_cache(maxsize=4)
def _fernet(keys: tuple[str, ...]) -> MultiFernet:
    if not keys:
        raise ImproperlyConfigured("FIELD_ENCRYPTION_KEYS holds no key.")
    try:
        return MultiFernet([Fernet(key) for key in keys])
    except ValueError:
        raise ImproperlyConfigured("A key of FIELD_ENCRYPTION_KEYS is not 32 bytes in URL-safe base64.") from None
