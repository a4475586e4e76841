import django.core.serializers.json
import django.db.models.deletion
from django.db import migrations, models

import tenants.models.accounts
from tenants.isolation import AccountReference, IsolateTable


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("tenants", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="Fault",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("code", models.CharField(max_length=40)),
                ("subject", models.CharField(blank=True, help_text="What has to be mended.", max_length=255)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("open", "Needs you"),
                            ("retrying", "Trying again"),
                            ("resolved", "Resolved"),
                            ("ignored", "Ignored"),
                        ],
                        max_length=10,
                    ),
                ),
                (
                    "regressed",
                    models.BooleanField(default=False, help_text="It was resolved or ignored before, and came back."),
                ),
                ("detail", models.TextField(blank=True, help_text="The partner's own words, as last heard.")),
                (
                    "evidence",
                    models.JSONField(
                        default=dict,
                        encoder=django.core.serializers.json.DjangoJSONEncoder,
                        help_text="The facts of this case.",
                    ),
                ),
                ("first_seen", models.DateTimeField()),
                ("opened_at", models.DateTimeField(help_text="When its latest episode began.")),
                ("last_seen", models.DateTimeField()),
                ("times_seen", models.PositiveIntegerField(default=0)),
                ("resolved_at", models.DateTimeField(null=True)),
                ("ignored_reason", models.TextField(blank=True)),
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
            ],
        ),
        migrations.CreateModel(
            name="FaultEvent",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "what",
                    models.CharField(
                        choices=[
                            ("opened", "Opened"),
                            ("returned", "Came back"),
                            ("gave_up", "Does not mend itself"),
                            ("resolved", "Resolved"),
                            ("ignored", "Ignored"),
                        ],
                        max_length=10,
                    ),
                ),
                ("at", models.DateTimeField()),
                (
                    "by",
                    models.EmailField(
                        blank=True,
                        help_text="Who; empty: Cloud Depot itself. Kept as text, to outlive a log-in.",
                        max_length=254,
                    ),
                ),
                ("note", models.TextField(blank=True)),
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
                        on_delete=django.db.models.deletion.CASCADE, related_name="events", to="faults.fault"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="UnknownText",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("partner", models.CharField(choices=[("autotask", "Autotask"), ("xero", "Xero")], max_length=10)),
                ("text", models.CharField(max_length=500)),
                ("times_seen", models.PositiveIntegerField(default=0)),
                ("first_seen", models.DateTimeField()),
                ("last_seen", models.DateTimeField()),
            ],
            options={
                "ordering": ["-times_seen", "text"],
                "constraints": [
                    models.UniqueConstraint(fields=("partner", "text"), name="one_row_for_each_unknown_text")
                ],
            },
        ),
        migrations.AddIndex(
            model_name="fault",
            index=models.Index(fields=["account", "state", "-last_seen"], name="faults_faul_account_e35732_idx"),
        ),
        migrations.AddIndex(
            model_name="fault",
            index=models.Index(fields=["account", "-last_seen"], name="faults_faul_account_361b94_idx"),
        ),
        migrations.AddConstraint(
            model_name="fault",
            constraint=models.UniqueConstraint(fields=("account", "code", "subject"), name="one_fault_for_each_cause"),
        ),
        migrations.AddIndex(
            model_name="faultevent",
            index=models.Index(fields=["account", "fault", "-id"], name="faults_faul_account_0ed850_idx"),
        ),
        IsolateTable("Fault"),
        IsolateTable("FaultEvent"),
        AccountReference("FaultEvent", "fault"),
    ]
