"""Scopes: which account's rows this thread may see.

The database keeps accounts apart (tenants/isolation.py): its policies compare each row with a setting of the session,
and a scope is what sets it. Outside any scope the customers' tables read empty and refuse writes.

A scope belongs to the session, not to a transaction: a rollback would bring the setting of before back, so scopes are
entered and left outside transactions. For the same reason a pooler that shares one session between clients while they
are connected (pgbouncer's transaction mode) cannot be used.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from django.db import DEFAULT_DB_ALIAS, Error, connection
from django.db.backends.base.base import BaseDatabaseWrapper

logger = logging.getLogger(__name__)

ACCOUNT_SETTING = "cloud_depot.account_id"
SYSTEM_SETTING = "cloud_depot.system"
_SET = f"SELECT set_config('{ACCOUNT_SETTING}', %s, false), set_config('{SYSTEM_SETTING}', %s, false)"


class ScopeError(RuntimeError):
    """A scope was entered, left or asked for where that would open one account to another."""


@dataclass(frozen=True)
class _Scope:
    account_id: int | None = None
    system_reason: str = ""
    bound_to: int | None = None  # the account that work inside must keep to, also within a system scope

    @property
    def parameters(self) -> list[str]:
        return ["" if self.account_id is None else str(self.account_id), self.system_reason]


_NONE = _Scope()
_current: ContextVar[_Scope] = ContextVar("scope", default=_NONE)


@contextmanager
def account_scope(account_id: int) -> Iterator[None]:
    """Work inside sees and writes the rows of this account, and of no other.

    Entering the scope that is already current changes nothing. Raises ScopeError inside a transaction, and inside the
    scope of another account.
    """
    outer = _current.get()
    if outer.account_id == account_id:
        yield
        return
    if outer.bound_to not in (None, account_id):
        raise ScopeError(f"Account {account_id} was asked for inside the scope of account {outer.bound_to}.")
    with _entered(_Scope(account_id=account_id, bound_to=account_id)):
        yield


@contextmanager
def system_scope(reason: str) -> Iterator[None]:
    """Work inside may read all accounts' rows in the few tables that allow it (`IsolateTable(…, system=True)`).

    It writes nothing: a write belongs to an account, and goes through that account's scope. `reason` names who reads
    and why; it stands in the session's settings, where the database's own log can show it. An account scope around it
    is suspended meanwhile. Raises ScopeError inside a transaction.
    """
    if not reason:
        raise ScopeError("A system scope needs a reason.")
    logger.debug("System scope: %s", reason)
    with _entered(_Scope(system_reason=reason, bound_to=_current.get().bound_to)):
        yield


def current_account_id() -> int | None:
    """The account whose scope this is; None outside any, and in a system scope."""
    return _current.get().account_id


def require_account_id() -> int:
    """The account whose scope this is. Raises ScopeError outside any."""
    account_id = current_account_id()
    if account_id is None:
        raise ScopeError("This works only in the scope of an account.")
    return account_id


def apply_on_connect(connection: BaseDatabaseWrapper, **kwargs: Any) -> None:
    """Give a new session the current scope: a connection that was lost comes back without it."""
    scope = _current.get()
    if connection.alias == DEFAULT_DB_ALIAS and scope is not _NONE:
        _apply(scope)


@contextmanager
def _entered(scope: _Scope) -> Iterator[None]:
    if _inside_transaction():
        raise ScopeError("A scope cannot be entered inside a transaction.")
    outer = _current.get()
    _apply(scope)
    _current.set(scope)
    try:
        yield
    finally:
        _current.set(outer)
        _return_to(outer)


def _return_to(outer: _Scope) -> None:
    if connection.connection is None:
        return
    if _inside_transaction():
        connection.close()  # its rollback would bring the inner scope back
        raise ScopeError("A scope cannot be left inside a transaction.")
    try:
        _apply(outer)
    except Error:
        logger.warning("The connection could not leave its scope, and is closed.")
        connection.close()


def _apply(scope: _Scope) -> None:
    with connection.cursor() as cursor:
        cursor.execute(_SET, scope.parameters)


def _inside_transaction() -> bool:
    if not connection.in_atomic_block:
        return not connection.get_autocommit()
    # As with atomic(durable=True), the transaction that a test case wraps around itself does not count.
    return not getattr(connection.atomic_blocks[-1], "_from_testcase", False)
