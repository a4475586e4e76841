"""What keeps accounts apart in the database: row-level security, as operations for migrations.

Every table of a customer's rows has an `account_id`, and a policy that PostgreSQL enforces on each query, forced upon
the owner of the table too. Three things a policy does not cover are handled beside it: foreign keys and unique
constraints are checked past all policies, so they lead with `account_id`; a superuser, or a role with BYPASSRLS, obeys
none, so the system checks and /readyz refuse to run as one; and migrations run outside any scope, so those that touch
rows walk the accounts with `for_each_account`.

An operator or function that is not leakproof (LIKE, full text, comparisons of numeric) is run after the policy and
never in an index: search with `tenants.search.StartsWith`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from django.apps.registry import Apps
from django.db import models, transaction
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.backends.utils import truncate_name
from django.db.migrations.operations.base import Operation, OperationCategory
from django.db.migrations.state import ProjectState

from tenants.scope import ACCOUNT_SETTING, SYSTEM_SETTING, account_scope

# A setting that was reset, or rolled back, reads '' and not NULL.
IN_ACCOUNT = f"account_id = nullif(current_setting('{ACCOUNT_SETTING}', true), '')::bigint"
IN_SYSTEM = f"nullif(current_setting('{SYSTEM_SETTING}', true), '') IS NOT NULL"

# The tables without a policy, and who may read them: needed before the account is known, or of no account.
TABLES_READ_BEFORE_ACCOUNT = {
    "tenants_account": "the middleware, to find the account of an address; the dispatcher, to see which are due; staff",
    "tenants_closedaccount": "staff, and the task that empties it: accounts that are no more",
    "tenants_user": "log-in; a person reads their own row, members those of their account",
    "tenants_user_groups": "log-in of staff",
    "tenants_user_user_permissions": "log-in of staff",
    "tenants_member": "the middleware, to find whether a person belongs to an account; the list of a person's accounts",
    "tenants_invitation": "who opens an invitation's link, by its digest; the members page, by account",
    "tenants_apitoken": "the middleware, by its digest; the tokens page, by account",
    "tenants_xerogrant": "syncing.xero.oauth only: one Xero user may serve two accounts",
    "account_emailaddress": "allauth: log-in",
    "account_emailconfirmation": "allauth: log-in",
    "mfa_authenticator": "allauth: the second factor of a log-in",
    "usersessions_usersession": "allauth: a person's own sessions",
    "auth_group": "log-in of staff",
    "auth_group_permissions": "log-in of staff",
    "auth_permission": "log-in of staff",
    "django_admin_log": "staff",
    "django_content_type": "Django itself",
    "django_migrations": "Django itself",
    "django_session": "the session middleware, by its key",
    "django_site": "allauth: the name in its mails",
    "faults_unknowntext": "staff: partners' texts that the catalogue does not know, without their values",
}


class IsolateTable(Operation):
    """Puts an account's table under its policy. Directly after the model's CreateModel.

    `system=True` lets a system scope read all rows. PostgreSQL joins a table's policies with OR, and OR keeps it from
    using an index on `account_id` for the policy's sake: only for small tables, and queries on them name the account.
    """

    category = OperationCategory.SQL
    reduces_to_sql = True

    def __init__(self, model_name: str, system: bool = False) -> None:
        self.model_name = model_name
        self.system = system

    def deconstruct(self) -> tuple[str, list[Any], dict[str, Any]]:
        return self.__class__.__name__, [self.model_name], {"system": True} if self.system else {}

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        """Django's picture of the models does not change."""

    def database_forwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        model = to_state.apps.get_model(app_label, self.model_name)
        if not self.allow_migrate_model(schema_editor.connection.alias, model):
            return
        table = schema_editor.quote_name(model._meta.db_table)
        schema_editor.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY")
        schema_editor.execute(f"CREATE POLICY in_account ON {table} USING ({IN_ACCOUNT}) WITH CHECK ({IN_ACCOUNT})")
        if self.system:
            schema_editor.execute(f"CREATE POLICY in_system ON {table} FOR SELECT USING ({IN_SYSTEM})")
        schema_editor.execute(f"ALTER TABLE {table} ADD CONSTRAINT {_row_key(model)} UNIQUE (account_id, id)")

    def database_backwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        model = from_state.apps.get_model(app_label, self.model_name)
        if not self.allow_migrate_model(schema_editor.connection.alias, model):
            return
        table = schema_editor.quote_name(model._meta.db_table)
        schema_editor.execute(f"ALTER TABLE {table} DROP CONSTRAINT {_row_key(model)}")
        schema_editor.execute(f"DROP POLICY IF EXISTS in_system ON {table}")
        schema_editor.execute(f"DROP POLICY in_account ON {table}")
        schema_editor.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY, DISABLE ROW LEVEL SECURITY")

    def describe(self) -> str:
        return f"Isolate the rows of {self.model_name} by account"

    @property
    def migration_name_fragment(self) -> str:
        return f"isolate_{self.model_name.lower()}"


class AccountReference(Operation):
    """Makes an AccountForeignKey a constraint within one account: (account_id, x_id) → (account_id, id).

    After the IsolateTable of both models.
    """

    category = OperationCategory.SQL
    reduces_to_sql = True

    def __init__(self, model_name: str, field_name: str) -> None:
        self.model_name = model_name
        self.field_name = field_name

    def deconstruct(self) -> tuple[str, list[Any], dict[str, Any]]:
        return self.__class__.__name__, [self.model_name, self.field_name], {}

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        """Django's picture of the models does not change."""

    def database_forwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        model = to_state.apps.get_model(app_label, self.model_name)
        if not self.allow_migrate_model(schema_editor.connection.alias, model):
            return
        field = cast("models.ForeignKey[Any, Any]", model._meta.get_field(self.field_name))
        quote = schema_editor.quote_name
        target = quote(cast(type[models.Model], field.related_model)._meta.db_table)
        schema_editor.execute(
            f"ALTER TABLE {quote(model._meta.db_table)} ADD CONSTRAINT {self._name(model)}"
            f" FOREIGN KEY (account_id, {quote(field.column)}) REFERENCES {target} (account_id, id)"
            " DEFERRABLE INITIALLY DEFERRED"
        )

    def database_backwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        model = from_state.apps.get_model(app_label, self.model_name)
        if not self.allow_migrate_model(schema_editor.connection.alias, model):
            return
        table = schema_editor.quote_name(model._meta.db_table)
        schema_editor.execute(f"ALTER TABLE {table} DROP CONSTRAINT {self._name(model)}")

    def describe(self) -> str:
        return f"Keep {self.model_name}.{self.field_name} within its account"

    @property
    def migration_name_fragment(self) -> str:
        return f"{self.model_name.lower()}_{self.field_name}_in_account"

    def _name(self, model: type[models.Model]) -> str:
        return truncate_name(f"{model._meta.db_table}_{self.field_name}_in_account", 63, 8)


def _row_key(model: type[models.Model]) -> str:
    return truncate_name(f"{model._meta.db_table}_account_id_id", 63, 8)


def for_each_account(apps: Apps, work: Callable[[int], None]) -> None:
    """Call `work(account_id)` for every account, in its scope and in a transaction of its own.

    For RunPython, whose `apps` it takes. The migration says `atomic = False`: a scope cannot be entered inside a
    transaction, and a transaction over all accounts would lock them all. `work` must be safe to run again.
    """
    accounts = apps.get_model("tenants", "Account")
    for account_id in list(accounts.objects.order_by("id").values_list("id", flat=True)):
        with account_scope(account_id), transaction.atomic():
            work(account_id)
