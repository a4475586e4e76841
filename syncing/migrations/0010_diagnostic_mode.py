import django.db.models.deletion
from django.db import migrations, models

import tenants.models.accounts
from tenants.isolation import IsolateTable


def account() -> tenants.models.accounts.OwningAccount:
    return tenants.models.accounts.OwningAccount(
        db_index=False,
        editable=False,
        on_delete=django.db.models.deletion.CASCADE,
        related_name="+",
        to="tenants.account",
    )


def row_id() -> models.BigAutoField:
    return models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")


class Migration(migrations.Migration):
    dependencies = [
        ("syncing", "0009_bill_the_company_of_the_contract"),
        ("tenants", "0004_encrypt_second_factors"),
    ]

    operations = [
        migrations.CreateModel(
            name="Diagnosis",
            fields=[("id", row_id()), ("ends_at", models.DateTimeField()), ("account", account())],
            options={
                "constraints": [models.UniqueConstraint(fields=["account"], name="one_diagnosis_for_each_account")],
            },
        ),
        IsolateTable("Diagnosis", system=True),
        migrations.CreateModel(
            name="KeptExchange",
            fields=[
                ("id", row_id()),
                ("at", models.DateTimeField(auto_now_add=True)),
                ("sync", models.BigIntegerField(help_text="The run that it belongs to.", null=True)),
                ("partner", models.CharField(max_length=10)),
                ("method", models.CharField(max_length=10)),
                ("url", models.TextField()),
                ("headers", models.JSONField(default=dict)),
                ("body", models.TextField(blank=True)),
                ("status", models.PositiveSmallIntegerField(help_text="Empty: no answer came.", null=True)),
                ("answer_headers", models.JSONField(default=dict)),
                ("answer", models.TextField(blank=True)),
                ("milliseconds", models.PositiveIntegerField()),
                ("account", account()),
            ],
            options={"indexes": [models.Index(fields=["account", "-id"], name="syncing_kep_account_458a83_idx")]},
        ),
        IsolateTable("KeptExchange"),
    ]
