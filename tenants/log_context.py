"""What a log line is about: the account of the scope, and what the work inside it names.

with log_context(sync=run.id):
    logger.info("…")            # carries the account and the sync
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar

from tenants.scope import current_account_id

_fields: ContextVar[Mapping[str, int | str]] = ContextVar("log_fields", default={})  # noqa: B039 - never changed


@contextmanager
def log_context(**fields: int | str) -> Iterator[None]:
    """Every line that is logged inside carries these ids."""
    token = _fields.set({**_fields.get(), **fields})
    try:
        yield
    finally:
        _fields.reset(token)


def current_log_fields() -> dict[str, int | str]:
    account_id = current_account_id()
    return {**({} if account_id is None else {"account": account_id}), **_fields.get()}
