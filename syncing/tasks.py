"""What Celery carries: ids in, a service call, nothing else. Every task may be delivered twice."""

from __future__ import annotations

from celery import shared_task

from syncing import account_closing, diagnostics, poll, previews, runs, schedule, tidy, watchdog
from syncing.models import SyncRun
from tenants.tasks import AccountTask

# A backlog, or a long preview, is worked through by many short tasks, between which other accounts have their turn:
# they wait for one of these at the most, and for the batch that it has begun.
TASK_SECONDS = 20.0


@shared_task
def dispatch_due_accounts() -> None:
    """Beat's task: ask for a run of every account whose time has come."""
    for account_id in schedule.take_due_accounts():
        sync_account.delay(account_id=account_id)


@shared_task(base=AccountTask)
def sync_account(account_id: int) -> None:
    """Do the account's queued run, or a scheduled one unless it is at rest; and what was queued meanwhile after it."""
    if poll.finds_nothing(account_id):
        return
    if runs.run_now(account_id, SyncRun.Trigger.SCHEDULE, TASK_SECONDS) and runs.queued_run(account_id):
        sync_account.delay(account_id=account_id)


@shared_task
def watch_accounts() -> None:
    """Beat's task: look at every account that should have finished a run by now."""
    for account_id in watchdog.take_accounts_to_watch():
        watch_account.delay(account_id=account_id)


@shared_task(base=AccountTask)
def watch_account(account_id: int) -> None:
    """Say whether the account's sync has stopped, and ask for a run where one was lost."""
    if watchdog.watch(account_id):
        sync_account.delay(account_id=account_id)


@shared_task(base=AccountTask)
def make_preview(account_id: int, preview_id: int) -> None:
    """Work through a preview, and come again where it is not done by the end of its turn."""
    wait = previews.work_through(account_id, preview_id, TASK_SECONDS)
    if wait is not None:
        make_preview.apply_async(kwargs={"account_id": account_id, "preview_id": preview_id}, countdown=wait)


@shared_task
def forget_old_exchanges() -> None:
    """Beat's task: what was kept for a diagnosis is not kept for ever."""
    diagnostics.forget_old()


@shared_task(base=AccountTask)
def empty_account(account_id: int) -> None:
    """Remove what a closed account held."""
    account_closing.empty_account(account_id)


@shared_task
def empty_closed_accounts() -> None:
    """Beat's task: see to closed accounts whose emptying was lost."""
    for account_id in account_closing.accounts_to_empty():
        empty_account.delay(account_id=account_id)


@shared_task
def tidy_accounts() -> None:
    """Beat's task: clear away in every account what would grow for ever."""
    for account_id in tidy.accounts_to_tidy():
        tidy_account.delay(account_id=account_id)


@shared_task(base=AccountTask)
def tidy_account(account_id: int) -> None:
    """Clear it away in one account, in whose scope this is."""
    tidy.tidy()
