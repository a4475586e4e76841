from typing import Any

from allauth.mfa.models import Authenticator
from django.apps import apps
from django.core.management.base import BaseCommand
from django.db import models, transaction

from tenants.encryption import EncryptedTextField, decrypt, encrypt
from tenants.isolation import for_each_account
from tenants.models import AccountModel

# An authenticator app's key, and what recovery codes are made of.
SECRETS_OF_SECOND_FACTORS = ("secret", "seed")


class Command(BaseCommand):
    help = "Encrypt every stored secret anew, under the first of FIELD_ENCRYPTION_KEYS. Safe while others work."

    def handle(self, *args: Any, **options: Any) -> None:
        rotated = 0

        def rotate_account(account_id: int) -> None:
            nonlocal rotated
            rotated += sum(rotate(model) for model in models_with_secrets() if issubclass(model, AccountModel))

        for_each_account(apps, rotate_account)
        for model in models_with_secrets():
            if not issubclass(model, AccountModel):
                with transaction.atomic():
                    rotated += rotate(model)
        with transaction.atomic():
            rotated += rotate_second_factors()
        self.stdout.write(f"Encrypted the secrets of {rotated} rows anew.")


def models_with_secrets() -> list[type[models.Model]]:
    return [model for model in apps.get_models() if secret_fields(model)]


def secret_fields(model: type[models.Model]) -> list[str]:
    return [field.attname for field in model._meta.concrete_fields if isinstance(field, EncryptedTextField)]


def rotate(model: type[models.Model]) -> int:
    """Write the secrets of all rows in sight anew, under their locks, so that no fresh token is overwritten."""
    rows = model._default_manager.select_for_update().only("pk", *secret_fields(model))
    for row in rows:
        row.save(update_fields=secret_fields(model))
    return len(rows)


def rotate_second_factors() -> int:
    """The same for those of allauth, which keeps them in a column of JSON (tenants.adapter.SecondFactorAdapter)."""
    factors = Authenticator.objects.select_for_update()
    for factor in factors:
        kept = {name: factor.data[name] for name in SECRETS_OF_SECOND_FACTORS if name in factor.data}
        factor.data |= {name: encrypt(decrypt(secret)) for name, secret in kept.items()}
        factor.save(update_fields=["data"])
    return len(factors)
