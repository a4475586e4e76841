"""What Celery carries for faults: ids in, a service call, nothing else. Every task may be delivered twice."""

from __future__ import annotations

from celery import shared_task

from faults import notify
from tenants.tasks import AccountTask


@shared_task
def tell_of_faults() -> None:
    """Beat's task: have the members told of every account where something is due."""
    for account_id in notify.accounts_to_tell():
        tell_members.delay(account_id=account_id)


@shared_task(base=AccountTask)
def tell_members(account_id: int) -> None:
    notify.tell_members(account_id)
