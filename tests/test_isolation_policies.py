"""What the database lets through in an account's scope, in the wrong one, in none and in the system's."""

import pytest
from django.db import IntegrityError, ProgrammingError, connection, transaction

from tenants.models import Account, AutotaskConnection, Feature
from tenants.scope import account_scope, system_scope
from tests.factories import make_account

pytestmark = pytest.mark.django_db


@pytest.fixture
def ours() -> Account:
    account = make_account("Ours")
    with account_scope(account.id):
        Feature.objects.create(name="kept", reason="a test", changed_by="staff@example.com")
        AutotaskConnection.objects.create(username="api@ours.example", secret="hidden")
    return account


@pytest.fixture
def theirs() -> Account:
    return make_account("Theirs")


def raw_count(table: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {table}")  # noqa: S608 - names of this file
        return int(cursor.fetchone()[0])


def test_an_account_sees_its_own_rows(ours: Account) -> None:
    with account_scope(ours.id):
        assert raw_count("tenants_feature") == 1
        assert AutotaskConnection.objects.get().account == ours


def test_another_account_sees_none_of_them_whatever_it_asks(ours: Account, theirs: Account) -> None:
    with account_scope(theirs.id):
        assert raw_count("tenants_feature") == 0
        assert not Feature.objects.filter(account=ours).exists()


def test_outside_any_scope_the_table_reads_empty(ours: Account) -> None:
    assert raw_count("tenants_feature") == 0
    assert raw_count("tenants_autotaskconnection") == 0


def test_outside_any_scope_an_insert_is_refused(ours: Account) -> None:
    with pytest.raises(ProgrammingError, match="row-level security"), transaction.atomic():
        Feature.objects.create(account=ours, name="sneaked", reason="x", changed_by="x@example.com")


def test_outside_any_scope_a_row_needs_an_account_at_all() -> None:
    with pytest.raises((ProgrammingError, IntegrityError)), transaction.atomic():
        Feature.objects.create(name="sneaked", reason="x", changed_by="x@example.com")


def test_a_row_for_another_account_is_refused(ours: Account, theirs: Account) -> None:
    with account_scope(theirs.id), pytest.raises(ProgrammingError, match="row-level security"), transaction.atomic():
        Feature.objects.create(account=ours, name="sneaked", reason="x", changed_by="x@example.com")


def test_a_row_cannot_be_handed_to_another_account(ours: Account, theirs: Account) -> None:
    with account_scope(ours.id), pytest.raises(ProgrammingError, match="row-level security"), transaction.atomic():
        Feature.objects.update(account=theirs)


def test_updates_and_deletes_reach_no_row_of_another_account(ours: Account, theirs: Account) -> None:
    with account_scope(theirs.id):
        assert Feature.objects.filter(account_id=ours.id).update(enabled=True) == 0
        assert Feature.objects.filter(account_id=ours.id).delete()[0] == 0
    assert Feature.objects.update(enabled=True) == 0
    with account_scope(ours.id):
        assert not Feature.objects.get().enabled


def test_the_setting_that_a_reset_leaves_behind_reads_empty_and_raises_nothing(ours: Account) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET cloud_depot.account_id = '1'; RESET cloud_depot.account_id")
        cursor.execute("SELECT current_setting('cloud_depot.account_id', true)")
        assert cursor.fetchone() == ("",)
    assert raw_count("tenants_feature") == 0


def test_the_system_scope_reads_all_accounts_in_the_tables_that_allow_it_and_in_no_other(ours: Account) -> None:
    with system_scope("a test"):
        assert raw_count("tenants_feature") == 1
        assert raw_count("tenants_autotaskconnection") == 0


def test_the_system_scope_writes_nothing(ours: Account) -> None:
    with system_scope("a test"):
        assert Feature.objects.update(enabled=True) == 0
        assert Feature.objects.all()._raw_delete("default") == 0
        with pytest.raises(ProgrammingError, match="row-level security"), transaction.atomic():
            Feature.objects.create(account=ours, name="sneaked", reason="x", changed_by="x@example.com")


def test_an_account_cannot_be_deleted_from_outside_leaving_its_rows_behind(ours: Account) -> None:
    ours.delete()
    with pytest.raises(IntegrityError):
        connection.check_constraints()


def test_an_account_is_deleted_with_its_rows_in_its_scope(ours: Account) -> None:
    with account_scope(ours.id):
        ours.delete()
        connection.check_constraints()
        assert raw_count("tenants_feature") == 0


def test_the_role_that_runs_this_obeys_policies() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT rolsuper, rolbypassrls FROM pg_roles WHERE rolname = current_user")
        assert cursor.fetchone() == (False, False)
