from __future__ import annotations

import json
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db.models import Count
from django.utils import timezone

from syncing import runs
from syncing.models import Document, SyncRun
from syncing.schedule import LIMIT_CODES
from syncing.stopping import ask_to_stop, is_stopping
from tenants.models import Account
from tenants.scope import account_scope

LONGEST_WAIT = 120.0


class Command(BaseCommand):
    help = "Runs one sync of an account in this process, until nothing is ready. The last line is its summary as JSON."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("slug", help="The account's slug, as in its address.")

    def handle(self, *args: Any, slug: str, **options: Any) -> None:
        account = Account.objects.filter(slug=slug).first()
        if account is None:
            raise CommandError(f"There is no account “{slug}”.")
        with account_scope(account.id), _ending_soon_at_sigterm():
            run = _run(account)
            while _waits_for_a_limit(run) and not is_stopping():
                self.stderr.write(f"{run.problem_detail} Going on in a moment.")
                time.sleep(_seconds_until_next(account))
                run = _run(account)
            self.stdout.write(json.dumps(_summary(run)))


@contextmanager
def _ending_soon_at_sigterm() -> Iterator[None]:
    """The run ends with the call that it is at, and gives back what it did not send."""
    before = signal.signal(signal.SIGTERM, lambda number, frame: ask_to_stop())
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _run(account: Account) -> SyncRun:
    run = runs.run_now(account.id, SyncRun.Trigger.COMMAND)
    if run is None:
        raise CommandError("Another run is working on this account; it is not disturbed.")
    return run


def _waits_for_a_limit(run: SyncRun) -> bool:
    """Whether it stopped for a limit that passes soon: then something is ready, and only has to wait its turn."""
    return run.problem_code in LIMIT_CODES and _seconds_until_next(run.account) <= LONGEST_WAIT


def _seconds_until_next(account: Account) -> float:
    account.refresh_from_db(fields=["next_sync_at"])
    if account.next_sync_at is None:
        return 0.0
    return max((account.next_sync_at - timezone.now()).total_seconds(), 0.0)


def _summary(run: SyncRun) -> dict[str, Any]:
    states = Document.objects.values("state").annotate(documents=Count("id")).order_by("state")
    return {
        "run": run.id,
        "state": run.state,
        "problem": {"code": run.problem_code, "detail": run.problem_detail} if run.problem_code else None,
        **run.counts,
        "documents": {row["state"]: row["documents"] for row in states},
    }
