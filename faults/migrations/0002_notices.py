import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import tenants.models.accounts
from tenants.isolation import AccountReference, IsolateTable


class Migration(migrations.Migration):
    dependencies = [
        ("faults", "0001_initial"),
        ("tenants", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AlterField(
            model_name="faultevent",
            name="what",
            field=models.CharField(
                choices=[
                    ("opened", "Opened"),
                    ("returned", "Came back"),
                    ("gave_up", "Does not mend itself"),
                    ("resolved", "Resolved"),
                    ("ignored", "Ignored"),
                    ("resynced", "Re-sync asked for"),
                ],
                max_length=10,
            ),
        ),
        migrations.CreateModel(
            name="FaultNotice",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("about", models.CharField(choices=[("opened", "Needs you"), ("resolved", "Resolved")], max_length=10)),
                ("episode", models.DateTimeField(help_text="The `opened_at` of the fault that it is about.")),
                ("sent_at", models.DateTimeField()),
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
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="notices",
                        to="faults.fault",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["account", "user", "-sent_at"], name="faults_faul_account_0cbda5_idx")
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("account", "fault", "user", "about", "episode"), name="one_notice_for_each_turn"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="NoticeQueue",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("due_at", models.DateTimeField(help_text="Empty: there is nothing to tell.", null=True)),
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
            options={
                "indexes": [models.Index(fields=["due_at"], name="faults_noti_due_at_4863d7_idx")],
                "constraints": [models.UniqueConstraint(fields=("account",), name="one_notice_queue_for_each_account")],
            },
        ),
        IsolateTable("FaultNotice"),
        AccountReference("FaultNotice", "fault"),
        IsolateTable("NoticeQueue", system=True),
    ]
