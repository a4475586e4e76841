import django.core.serializers.json
import django.db.models.deletion
from django.db import migrations, models

import tenants.models.accounts
from tenants.isolation import AccountReference, IsolateTable


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("faults", "0001_initial"),
        ("tenants", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="SupportRequest",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[("contact", "Message"), ("service_adjustments", "Service adjustment support")],
                        max_length=20,
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("open", "With our team"),
                            ("answered", "Answered"),
                            ("approved", "Approved"),
                            ("declined", "Declined"),
                        ],
                        default="open",
                        max_length=10,
                    ),
                ),
                ("message", models.TextField(blank=True)),
                (
                    "context",
                    models.JSONField(
                        default=dict,
                        encoder=django.core.serializers.json.DjangoJSONEncoder,
                        help_text="The fault and its evidence at that moment.",
                    ),
                ),
                ("asked_by", models.EmailField(help_text="Kept as text, to outlive a log-in.", max_length=254)),
                ("asked_at", models.DateTimeField(auto_now_add=True)),
                ("answer", models.TextField(blank=True)),
                ("settled_by", models.EmailField(blank=True, help_text="Who of the staff.", max_length=254)),
                ("settled_at", models.DateTimeField(null=True)),
                (
                    "account",
                    tenants.models.accounts.OwningAccount(
                        db_index=False,
                        editable=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="tenants.account",
                    ),
                ),
                (
                    "fault",
                    tenants.models.accounts.AccountForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="requests",
                        to="faults.fault",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["account", "fault"], name="support_sup_account_704e8e_idx"),
                    models.Index(fields=["account", "-id"], name="support_sup_account_8265d9_idx"),
                    models.Index(condition=models.Q(("state", "open")), fields=["asked_at"], name="request_open"),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("kind", "service_adjustments"), ("state", "open")),
                        fields=("account",),
                        name="one_open_request_for_service_adjustments",
                    )
                ],
            },
        ),
        IsolateTable("SupportRequest", system=True),
        AccountReference("SupportRequest", "fault"),
    ]
