import django.contrib.postgres.fields
import django.core.validators
import django.db.models.deletion
import django.db.models.functions.text
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

import tenants.encryption
import tenants.models.accounts
from tenants.isolation import IsolateTable


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("auth", "0012_alter_user_first_name_max_length"),
    ]

    operations = [
        migrations.CreateModel(
            name="XeroGrant",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("xero_user_id", models.UUIDField(unique=True)),
                ("email", models.EmailField(blank=True, max_length=254)),
                ("name", models.CharField(blank=True, max_length=200)),
                ("access_token", tenants.encryption.EncryptedTextField(blank=True)),
                ("refresh_token", tenants.encryption.EncryptedTextField(blank=True)),
                ("expires_at", models.DateTimeField(help_text="When the access token ends.")),
                (
                    "scopes",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=100), blank=True, default=list, size=None
                    ),
                ),
                ("granted_at", models.DateTimeField(auto_now_add=True)),
                (
                    "refreshed_at",
                    models.DateTimeField(blank=True, help_text="The refresh token lives 60 days from here.", null=True),
                ),
                ("refresh_claim", models.UUIDField(blank=True, null=True)),
                ("refresh_claimed_at", models.DateTimeField(blank=True, null=True)),
                ("refresh_sent_at", models.DateTimeField(blank=True, null=True)),
                (
                    "broken_at",
                    models.DateTimeField(blank=True, help_text="Since when only a new sign-in helps.", null=True),
                ),
                ("broken_reason", models.TextField(blank=True)),
            ],
        ),
        migrations.CreateModel(
            name="User",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("password", models.CharField(max_length=128, verbose_name="password")),
                ("last_login", models.DateTimeField(blank=True, null=True, verbose_name="last login")),
                (
                    "is_superuser",
                    models.BooleanField(
                        default=False,
                        help_text="Designates that this user has all permissions without explicitly assigning them.",
                        verbose_name="superuser status",
                    ),
                ),
                ("email", models.EmailField(max_length=254, unique=True)),
                ("name", models.CharField(blank=True, max_length=150)),
                (
                    "time_zone",
                    models.CharField(
                        default="UTC", max_length=64, validators=[tenants.models.accounts.validate_time_zone]
                    ),
                ),
                (
                    "is_staff",
                    models.BooleanField(default=False, help_text="Works for Cloud Depot, and may use the admin."),
                ),
                ("is_active", models.BooleanField(default=True)),
                ("date_joined", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "groups",
                    models.ManyToManyField(
                        blank=True,
                        help_text="The groups this user belongs to. A user will get all permissions granted to each of their groups.",
                        related_name="user_set",
                        related_query_name="user",
                        to="auth.group",
                        verbose_name="groups",
                    ),
                ),
                (
                    "user_permissions",
                    models.ManyToManyField(
                        blank=True,
                        help_text="Specific permissions for this user.",
                        related_name="user_set",
                        related_query_name="user",
                        to="auth.permission",
                        verbose_name="user permissions",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Account",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=200)),
                ("slug", models.SlugField(max_length=60, unique=True)),
                (
                    "paused",
                    models.BooleanField(
                        default=False, help_text="Runs on no schedule; a run that a person asks for happens."
                    ),
                ),
                (
                    "interval_minutes",
                    models.PositiveSmallIntegerField(
                        blank=True,
                        help_text="Empty: this installation's own, SYNC_INTERVAL_SECONDS.",
                        null=True,
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(1440),
                        ],
                    ),
                ),
                (
                    "next_sync_at",
                    models.DateTimeField(blank=True, help_text="When the dispatcher asks for the next run.", null=True),
                ),
                (
                    "time_zone",
                    models.CharField(
                        default="UTC", max_length=64, validators=[tenants.models.accounts.validate_time_zone]
                    ),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True)),
            ],
            options={
                "indexes": [
                    models.Index(condition=models.Q(("paused", False)), fields=["next_sync_at"], name="account_due")
                ],
            },
        ),
        migrations.CreateModel(
            name="ApiToken",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=100)),
                ("scope", models.CharField(choices=[("read", "Read"), ("write", "Read and write")], max_length=5)),
                ("digest", models.CharField(max_length=64, unique=True)),
                ("beginning", models.CharField(help_text="The first characters, to recognise it by.", max_length=12)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("last_used_at", models.DateTimeField(blank=True, help_text="To the minute.", null=True)),
                ("revoked_at", models.DateTimeField(blank=True, null=True)),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="api_tokens", to="tenants.account"
                    ),
                ),
                (
                    "created_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="AutotaskConnection",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("username", models.CharField(max_length=254)),
                ("secret", tenants.encryption.EncryptedTextField()),
                (
                    "integration_code",
                    tenants.encryption.EncryptedTextField(blank=True, help_text="Empty: this installation's own."),
                ),
                (
                    "zone_url",
                    models.URLField(
                        blank=True, help_text="Where the API of this database is, as its zone look-up told."
                    ),
                ),
                ("web_url", models.URLField(blank=True, help_text="Where people open it.")),
                ("database_id", models.BigIntegerField(blank=True, null=True)),
                (
                    "resource_id",
                    models.BigIntegerField(blank=True, help_text="The API user's own Resource.", null=True),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("untested", "Not tested yet"),
                            ("connected", "Connected"),
                            ("refused", "Log-in refused"),
                        ],
                        default="untested",
                        max_length=10,
                    ),
                ),
                ("connected_at", models.DateTimeField(blank=True, null=True)),
                ("last_answered_at", models.DateTimeField(blank=True, null=True)),
                ("last_problem", models.TextField(blank=True)),
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
            name="Feature",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=50)),
                ("enabled", models.BooleanField(default=False)),
                ("reason", models.TextField(help_text="Why it was switched, for the next one who wonders.")),
                (
                    "changed_by",
                    models.EmailField(
                        help_text="Who of the staff. Kept as text, to outlive their log-in.", max_length=254
                    ),
                ),
                ("changed_at", models.DateTimeField(auto_now=True)),
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
            name="Invitation",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("email", models.EmailField(max_length=254)),
                (
                    "role",
                    models.CharField(
                        choices=[
                            ("owner", "Owner"),
                            ("administrator", "Administrator"),
                            ("standard", "Standard"),
                            ("viewer", "Viewer"),
                        ],
                        max_length=15,
                    ),
                ),
                ("digest", models.CharField(max_length=64, unique=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("expires_at", models.DateTimeField()),
                ("accepted_at", models.DateTimeField(blank=True, null=True)),
                ("revoked_at", models.DateTimeField(blank=True, null=True)),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="invitations", to="tenants.account"
                    ),
                ),
                (
                    "invited_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Member",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "role",
                    models.CharField(
                        choices=[
                            ("owner", "Owner"),
                            ("administrator", "Administrator"),
                            ("standard", "Standard"),
                            ("viewer", "Viewer"),
                        ],
                        max_length=15,
                    ),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="members", to="tenants.account"
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="memberships",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="XeroConnection",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("organisation_id", models.UUIDField(help_text="Xero's tenant id.")),
                (
                    "connection_id",
                    models.UUIDField(blank=True, help_text="Xero's id of the link, to delete it by.", null=True),
                ),
                ("name", models.CharField(blank=True, max_length=255)),
                ("short_code", models.CharField(blank=True, help_text="For links into Xero.", max_length=20)),
                ("base_currency", models.CharField(blank=True, max_length=3)),
                (
                    "state",
                    models.CharField(
                        choices=[("connected", "Connected"), ("disconnected", "Disconnected")],
                        default="connected",
                        max_length=12,
                    ),
                ),
                ("connected_at", models.DateTimeField()),
                ("disconnected_at", models.DateTimeField(blank=True, null=True)),
                ("last_answered_at", models.DateTimeField(blank=True, null=True)),
                ("last_problem", models.TextField(blank=True)),
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
                    "grant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="tenants.xerogrant"
                    ),
                ),
            ],
        ),
        migrations.AddConstraint(
            model_name="user",
            constraint=models.CheckConstraint(
                condition=models.Q(("email", django.db.models.functions.text.Lower(models.F("email")))),
                name="user_email_in_lower_case",
            ),
        ),
        migrations.AddIndex(
            model_name="apitoken",
            index=models.Index(fields=["account", "-id"], name="tenants_api_account_5799a8_idx"),
        ),
        migrations.AddConstraint(
            model_name="autotaskconnection",
            constraint=models.UniqueConstraint(fields=("account",), name="one_autotask_for_each_account"),
        ),
        migrations.AddConstraint(
            model_name="feature",
            constraint=models.UniqueConstraint(fields=("account", "name"), name="one_row_for_each_feature"),
        ),
        migrations.AddConstraint(
            model_name="invitation",
            constraint=models.UniqueConstraint(
                condition=models.Q(("accepted_at", None), ("revoked_at", None)),
                fields=("account", "email"),
                name="one_open_invitation_for_each_address",
            ),
        ),
        migrations.AddConstraint(
            model_name="member",
            constraint=models.UniqueConstraint(fields=("account", "user"), name="one_place_for_each_member"),
        ),
        migrations.AddIndex(
            model_name="xeroconnection",
            index=models.Index(fields=["organisation_id"], name="tenants_xer_organis_67d4d8_idx"),
        ),
        migrations.AddConstraint(
            model_name="xeroconnection",
            constraint=models.UniqueConstraint(
                fields=("account", "organisation_id"), name="one_connection_for_each_organisation"
            ),
        ),
        IsolateTable("AutotaskConnection"),
        IsolateTable("Feature", system=True),
        IsolateTable("XeroConnection", system=True),
    ]
