"""What would grow for ever is cleared away."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from syncing import tasks
from syncing.models import Document, DocumentTally, SyncRun
from syncing.states import DocumentState
from tenants.scope import account_scope
from tests.documents import make_documents
from tests.factories import make_account

pytestmark = pytest.mark.django_db


def test_scheduled_runs_that_found_nothing_are_kept_for_a_month() -> None:
    account = make_account()
    with account_scope(account.id):
        idle, busy = {"autotask_calls": 1}, {"autotask_calls": 6, "new": 1}
        ended = {"trigger": SyncRun.Trigger.SCHEDULE, "state": SyncRun.State.FINISHED, "counts": idle}
        made = [
            SyncRun.objects.create(**{**ended, **fields})
            for fields in (
                {},
                {"counts": busy},
                {"counts": {"faulted": 1}},
                {"trigger": SyncRun.Trigger.PERSON},
                {"state": SyncRun.State.STOPPED},
            )
        ]
        SyncRun.objects.update(requested_at=timezone.now() - timedelta(days=31))
        recent = SyncRun.objects.create(**ended)
    tasks.tidy_account.apply(kwargs={"account_id": account.id})
    with account_scope(account.id):
        assert set(SyncRun.objects.values_list("id", flat=True)) == {*(run.id for run in made[1:]), recent.id}


def test_the_tally_is_folded() -> None:
    account = make_account()
    with account_scope(account.id):
        for document in make_documents(3):
            Document.objects.filter(id=document.id).update(state=DocumentState.SYNCED)
    tasks.tidy_account.apply(kwargs={"account_id": account.id})
    with account_scope(account.id):
        assert list(DocumentTally.objects.values_list("state", "documents")) == [("synced", 3)]
