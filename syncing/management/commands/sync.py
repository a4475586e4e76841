from __future__ import annotations

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db.models import Count

from syncing import runs
from syncing.models import Document, SyncRun
from tenants.models import Account
from tenants.scope import account_scope


class Command(BaseCommand):
    help = "Runs one sync of an account in this process, until nothing is ready. The last line is its summary as JSON."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("slug", help="The account's slug, as in its address.")

    def handle(self, *args: Any, slug: str, **options: Any) -> None:
        account = Account.objects.filter(slug=slug).first()
        if account is None:
            raise CommandError(f"There is no account “{slug}”.")
        with account_scope(account.id):
            run = runs.run_now(account.id, SyncRun.Trigger.COMMAND)
            if run is None:
                raise CommandError("Another run is working on this account; it is not disturbed.")
            self.stdout.write(json.dumps(_summary(run)))


def _summary(run: SyncRun) -> dict[str, Any]:
    states = Document.objects.values("state").annotate(documents=Count("id")).order_by("state")
    return {
        "run": run.id,
        "state": run.state,
        "problem": {"code": run.problem_code, "detail": run.problem_detail} if run.problem_code else None,
        **run.counts,
        "documents": {row["state"]: row["documents"] for row in states},
    }
