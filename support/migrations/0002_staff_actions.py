import django.db.models.deletion
from django.db import migrations, models

import tenants.models.accounts
from tenants.isolation import IsolateTable


class Migration(migrations.Migration):
    dependencies = [
        ("support", "0001_initial"),
        ("tenants", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="StaffAction",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "what",
                    models.CharField(
                        choices=[
                            ("paused", "Paused the sync"),
                            ("resumed", "Resumed the sync"),
                            ("sync_asked", "Asked for a sync"),
                            ("feature_on", "Turned a feature on"),
                            ("feature_off", "Turned a feature off"),
                            ("approved", "Approved a request"),
                            ("declined", "Declined a request"),
                            ("answered", "Answered a message"),
                            ("visit_begun", "Began to look at the account"),
                            ("viewed", "Looked at a page"),
                            ("visit_ended", "Ended the look at the account"),
                        ],
                        max_length=12,
                    ),
                ),
                (
                    "subject",
                    models.CharField(blank=True, help_text="The feature, the request, the page.", max_length=500),
                ),
                ("reason", models.TextField(blank=True)),
                (
                    "by",
                    models.EmailField(
                        help_text="Who of the staff. Kept as text, to outlive their log-in.", max_length=254
                    ),
                ),
                ("at", models.DateTimeField(auto_now_add=True)),
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
                "indexes": [models.Index(fields=["account", "-id"], name="support_sta_account_7dd960_idx")],
            },
        ),
        IsolateTable("StaffAction", system=True),
    ]
