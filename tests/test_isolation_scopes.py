"""When a scope may be entered and left, and what it survives."""

import os
import subprocess
import sys
import threading
from contextlib import ExitStack
from pathlib import Path

import pytest
from django.db import connection, transaction

from tenants.models import Feature
from tenants.scope import ScopeError, account_scope, current_account_id, require_account_id, system_scope
from tests.factories import make_account

pytestmark = pytest.mark.django_db(transaction=True)


def session_setting(name: str = "cloud_depot.account_id") -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting(%s, true)", [name])
        return cursor.fetchone()[0] or ""


def test_a_scope_sets_the_session_and_clears_it() -> None:
    assert current_account_id() is None
    with account_scope(7):
        assert (session_setting(), current_account_id(), require_account_id()) == ("7", 7, 7)
    assert (session_setting(), current_account_id()) == ("", None)


def test_a_scope_is_cleared_after_an_error() -> None:
    with pytest.raises(ZeroDivisionError), account_scope(7):
        _ = 1 / 0
    assert session_setting() == ""


def test_a_scope_is_not_entered_inside_a_transaction() -> None:
    with transaction.atomic(), pytest.raises(ScopeError), account_scope(7):
        pass
    with transaction.atomic(), pytest.raises(ScopeError), system_scope("a test"):
        pass
    assert session_setting() == ""


def test_a_scope_is_not_left_inside_a_transaction_whose_rollback_would_bring_it_back() -> None:
    stack = ExitStack()
    stack.enter_context(account_scope(7))
    with pytest.raises(ScopeError), transaction.atomic():
        stack.close()
    assert current_account_id() is None
    assert session_setting() == ""


def test_a_rollback_inside_leaves_the_scope_as_it_is() -> None:
    with account_scope(7):
        with pytest.raises(ZeroDivisionError), transaction.atomic():
            _ = 1 / 0
        assert session_setting() == "7"
    assert session_setting() == ""


def test_entering_the_current_scope_again_changes_nothing_even_inside_a_transaction() -> None:
    with account_scope(7):
        with transaction.atomic(), account_scope(7):
            assert session_setting() == "7"
        assert session_setting() == "7"


def test_the_scope_of_another_account_is_refused_inside() -> None:
    with account_scope(7), pytest.raises(ScopeError), account_scope(8):
        pass


def test_not_even_a_system_scope_leads_from_one_account_to_another() -> None:
    with account_scope(7), system_scope("a test"), pytest.raises(ScopeError), account_scope(8):
        pass


def test_a_system_scope_suspends_the_account_and_gives_it_back() -> None:
    with account_scope(7):
        with system_scope("counting"):
            assert (session_setting(), session_setting("cloud_depot.system")) == ("", "counting")
            assert current_account_id() is None
        assert (session_setting(), session_setting("cloud_depot.system")) == ("7", "")


def test_a_system_scope_needs_a_reason() -> None:
    with pytest.raises(ScopeError), system_scope(""):
        pass


def test_nothing_belongs_to_an_account_outside_a_scope() -> None:
    with pytest.raises(ScopeError):
        require_account_id()


def test_a_new_connection_takes_the_scope_over() -> None:
    with account_scope(7):
        connection.close()
        assert session_setting() == "7"
        with system_scope("counting"):
            connection.close()
            assert session_setting("cloud_depot.system") == "counting"
        assert session_setting() == "7"
    connection.close()
    assert session_setting() == ""


def test_a_connection_that_the_server_ended_is_replaced_and_still_in_scope() -> None:
    account = make_account()
    with account_scope(account.id):
        Feature.objects.create(name="kept", reason="a test", changed_by="staff@example.com")
        end_session_of(connection)
        connection.close_if_unusable_or_obsolete()
        assert Feature.objects.count() == 1
    assert Feature.objects.count() == 0


def test_a_connection_that_breaks_as_the_scope_is_left_is_thrown_away() -> None:
    with account_scope(7):
        end_session_of(connection)
    assert session_setting() == ""


def end_session_of(victim: object) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (pid,) = cursor.fetchone()
    killer = connection.copy()
    with killer.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s, 2000)", [pid])
    killer.close()


def test_a_thread_begins_outside_any_scope() -> None:
    seen: list[object] = []

    def look() -> None:
        seen.extend([current_account_id(), session_setting()])
        connection.close()

    with account_scope(7):
        thread = threading.Thread(target=look)
        thread.start()
        thread.join()
    assert seen == [None, ""]


POOLED = """
import django
django.setup()
from django.db import connection, connections
from tenants.scope import _current, account_scope

def session():
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid(), current_setting('cloud_depot.account_id', true)")
        return cursor.fetchone()

with account_scope(7):
    pid, account = session()
    assert account == "7", account
    scope = _current.get()
    connection.close()          # back to the pool in the middle of the scope, which nobody clears
    _current.set(type(scope)())
again, account = session()
assert again == pid, "another session"
assert account == "", account
connection.close()
connection.close_pool()
print("clean")
"""


def test_a_connection_comes_out_of_the_pool_without_the_scope_that_it_went_in_with() -> None:
    settings = connection.settings_dict
    url = "postgres://{USER}:{PASSWORD}@{HOST}:{PORT}/{NAME}".format(**settings)
    done = subprocess.run(
        [sys.executable, "-c", POOLED],
        cwd=Path(__file__).parent.parent,
        env={**os.environ, "DATABASE_URL": url, "DATABASE_POOL_SIZE": "1"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.stdout == "clean\n", done.stderr
