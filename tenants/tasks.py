"""The base class of the tasks that work for one account."""

from __future__ import annotations

from typing import Any

from celery.contrib.django.task import DjangoTask

from tenants.scope import account_scope


class AccountTask(DjangoTask[Any, Any]):
    """A task whose first keyword is `account_id`: it runs in that account's scope.

    Ids among its arguments are looked up in the scope, so that those of another account find nothing. Send it by
    keyword, and never with a secret: arguments stand in the broker and in logs.
    """

    abstract = True

    def __call__(self, *args: Any, account_id: int, **kwargs: Any) -> Any:
        with account_scope(account_id):
            return super().__call__(*args, account_id=account_id, **kwargs)
