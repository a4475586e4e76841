from collections.abc import Callable

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from tenants.encryption import decrypt, encrypt


def encrypt_second_factors(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    _change_each(apps, encrypt)


def decrypt_second_factors(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    _change_each(apps, decrypt)


def _change_each(apps: Apps, change: Callable[[str], str]) -> None:
    for factor in apps.get_model("mfa", "Authenticator").objects.select_for_update():
        factor.data |= {name: change(factor.data[name]) for name in ("secret", "seed") if name in factor.data}
        factor.save(update_fields=["data"])


class Migration(migrations.Migration):
    """From here on allauth's secrets are kept by tenants.adapter.SecondFactorAdapter, which reads no plain ones."""

    dependencies = [
        ("tenants", "0003_account_watch_at"),
        ("mfa", "0003_authenticator_type_uniq"),
    ]

    operations = [
        migrations.RunPython(encrypt_second_factors, decrypt_second_factors),
    ]
