import django.db.models.deletion
from django.db import migrations, models

import tenants.models.accounts
from tenants.isolation import IsolateTable


class Migration(migrations.Migration):
    dependencies = [
        ("syncing", "0005_contact_links_remember_details"),
        ("tenants", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="AccountHealth",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "standing",
                    models.CharField(
                        choices=[
                            ("stopped", "Sync has stopped"),
                            ("broken", "Not connected"),
                            ("faults", "Faults open"),
                            ("trouble", "Trying again"),
                            ("well", "Well"),
                            ("new", "Being set up"),
                        ],
                        max_length=10,
                    ),
                ),
                ("autotask", models.CharField(help_text="The connection, in a word.", max_length=100)),
                ("autotask_mark", models.CharField(blank=True, max_length=5)),
                ("xero", models.CharField(help_text="The connection, in a word.", max_length=100)),
                ("xero_mark", models.CharField(blank=True, max_length=5)),
                ("organisation", models.CharField(blank=True, max_length=255)),
                ("last_finished_at", models.DateTimeField(help_text="When a run last finished.", null=True)),
                (
                    "stopped_by",
                    models.CharField(blank=True, help_text="The code of what stopped the last run.", max_length=40),
                ),
                ("open_faults", models.PositiveIntegerField(default=0)),
                ("stuck", models.PositiveIntegerField(default=0, help_text="Documents that need someone.")),
                ("waiting", models.PositiveIntegerField(default=0, help_text="Documents on their way.")),
                ("refreshed_at", models.DateTimeField()),
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
                "constraints": [models.UniqueConstraint(fields=("account",), name="one_health_row_for_each_account")],
            },
        ),
        IsolateTable("AccountHealth", system=True),
    ]
