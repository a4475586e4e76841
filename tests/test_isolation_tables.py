"""Every model and every table there is, so that a new one is covered the day it is made."""

import re
from dataclasses import dataclass, field

import pytest
from django.apps import apps
from django.db import connection, models

from tenants.isolation import IN_ACCOUNT, TABLES_READ_BEFORE_ACCOUNT
from tenants.models import Account, AccountForeignKey, AccountModel, Member

pytestmark = pytest.mark.django_db

ALL_MODELS = apps.get_models(include_auto_created=True)
ISOLATED = [model for model in ALL_MODELS if model._meta.db_table not in TABLES_READ_BEFORE_ACCOUNT]
NO_RULE = """
    A table of the customers' rows is an AccountModel, and its migration isolates it:
        IsolateTable("{0}"), and AccountReference("{0}", field) for each AccountForeignKey.
    One that must be read before the account is known stands in tenants.isolation.TABLES_READ_BEFORE_ACCOUNT.
"""


@dataclass
class Table:
    """What the database itself says of a table."""

    secured: bool
    forced: bool
    policies: dict[str, tuple[str, str, str]] = field(default_factory=dict)
    uniques: list[list[str]] = field(default_factory=list)
    references: dict[tuple[str, ...], str] = field(default_factory=dict)
    indexes: list[list[str]] = field(default_factory=list)


@pytest.fixture
def tables(db: None) -> dict[str, Table]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname, relrowsecurity, relforcerowsecurity FROM pg_class"
            " WHERE relkind IN ('r', 'p') AND relnamespace = 'public'::regnamespace"
        )
        found = {name: Table(secured, forced) for name, secured, forced in cursor.fetchall()}
        cursor.execute("SELECT tablename, policyname, cmd, qual, coalesce(with_check, '') FROM pg_policies")
        for table, policy, command, using, check in cursor.fetchall():
            found[table].policies[policy] = (command, using, check)
        columns = (
            "(SELECT array_agg(attname::text ORDER BY ord) FROM unnest({0}) WITH ORDINALITY AS c(num, ord)"
            " JOIN pg_attribute ON attrelid = {1} AND attnum = c.num)"
        )
        cursor.execute(
            f"SELECT indrelid::regclass::text, indisunique, indpred IS NULL, {columns.format('indkey', 'indrelid')}"  # noqa: S608
            " FROM pg_index WHERE NOT indisprimary AND indrelid::regclass::text = ANY(%s)",
            [list(found)],
        )
        for table, is_unique, is_whole, names in cursor.fetchall():
            if is_unique:
                found[table].uniques.append(names)
            if is_whole:
                found[table].indexes.append(names)
        cursor.execute(
            f"SELECT conrelid::regclass::text, {columns.format('conkey', 'conrelid')}, confrelid::regclass::text,"  # noqa: S608
            f" {columns.format('confkey', 'confrelid')} FROM pg_constraint WHERE contype = 'f'"
        )
        for table, names, target, target_names in cursor.fetchall():
            found[table].references[tuple(names)] = f"{target}({', '.join(target_names)})"
    return found


def table_of(model: type[models.Model], tables: dict[str, Table]) -> Table:
    assert model._meta.db_table in tables, f"{model._meta.label} has no table yet: manage.py makemigrations."
    return tables[model._meta.db_table]


def plain(expression: str) -> str:
    return re.sub(r"[\s()]|::text|::bigint", "", expression).lower()


def test_every_table_is_isolated_or_listed_with_who_may_read_it(tables: dict[str, Table]) -> None:
    open_tables = [name for name, table in tables.items() if not (table.secured and table.forced and table.policies)]
    strangers = sorted(set(open_tables) - set(TABLES_READ_BEFORE_ACCOUNT))
    assert not strangers, f"{strangers} are open to every account.{NO_RULE.format('Model')}"


def test_the_list_names_no_isolated_table(tables: dict[str, Table]) -> None:
    assert not [name for name in TABLES_READ_BEFORE_ACCOUNT if name in tables and tables[name].secured]


@pytest.mark.parametrize("model", ISOLATED, ids=lambda model: model._meta.label)
def test_the_table_of_a_customers_rows(model: type[models.Model], tables: dict[str, Table]) -> None:
    table = table_of(model, tables)
    advice = NO_RULE.format(model.__name__)

    assert issubclass(model, AccountModel), advice
    assert (table.secured, table.forced) == (True, True), advice
    command, using, check = table.policies["in_account"]
    assert command == "ALL"
    assert plain(using) == plain(check) == plain(IN_ACCOUNT)
    assert set(table.policies) <= {"in_account", "in_system"}
    if "in_system" in table.policies:
        assert table.policies["in_system"][0] == "SELECT"

    assert ["account_id", "id"] in table.uniques, advice
    for columns in table.uniques:
        assert columns[0] == "account_id", f"The unique constraint on {columns} tells one account about another."


@pytest.mark.parametrize("model", ISOLATED, ids=lambda model: model._meta.label)
def test_the_references_of_a_customers_row_stay_in_the_account(
    model: type[models.Model], tables: dict[str, Table]
) -> None:
    table = table_of(model, tables)
    for reference in model._meta.concrete_fields:
        if not isinstance(reference, models.ForeignKey):
            continue
        target = reference.remote_field.model
        where = f"{model._meta.label}.{reference.name}"
        if target._meta.db_table in TABLES_READ_BEFORE_ACCOUNT:
            assert not isinstance(reference, AccountForeignKey), f"{where} leads out of the account."
            continue
        assert isinstance(reference, AccountForeignKey), f"{where} is to be an AccountForeignKey."
        composite = table.references.get(("account_id", reference.column))
        assert composite == f"{target._meta.db_table}(account_id, id)", (
            f"{where} has no constraint within its account: AccountReference({model.__name__!r}, {reference.name!r})."
        )
        covered = [
            columns[:2] == ["account_id", reference.column] or columns[0] == reference.column
            for columns in table.indexes
        ]
        assert any(covered), f"No index serves {where}: deleting what it points at would scan the table."


def test_no_plain_constraint_joins_two_isolated_tables(tables: dict[str, Table]) -> None:
    isolated = {model._meta.db_table for model in ISOLATED}
    leaks = [
        (name, columns, target)
        for name, table in tables.items()
        for columns, target in table.references.items()
        if target.partition("(")[0] in isolated and columns[0] != "account_id"
    ]
    assert not leaks


def test_models_with_an_account_that_are_not_isolated_are_the_known_ones() -> None:
    with_account = {
        model._meta.label
        for model in ALL_MODELS
        if not issubclass(model, AccountModel)
        and any(field.remote_field and field.related_model is Account for field in model._meta.concrete_fields)
    }
    assert with_account == {Member._meta.label, "tenants.Invitation", "tenants.ApiToken"}
