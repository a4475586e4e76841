"""A backlog is carried in short turns, between which the accounts that wait longer have theirs."""

from __future__ import annotations

from collections import Counter

import pytest
from django.utils import timezone

from syncing import queue, schedule, tasks
from syncing.states import DocumentState
from tenants.models import Account
from tests.connected import connect
from tests.world import SandboxWorld


def test_a_new_invoice_goes_between_two_turns_of_another_accounts_backlog(
    sandbox: SandboxWorld, transactional_db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tasks, "TASK_SECONDS", 0.01)
    monkeypatch.setattr(queue, "CLAIMED_AT_ONCE", 50)
    big, small = (connect(sandbox, sandbox.pair(xero={"users": [f"{name}@example.com"]})) for name in ("big", "small"))
    big.autotask.bill_many([{"companyID": big.pair.company_id, "items": [{"rate": "100"}]}] * 240)
    small.autotask.bill(small.pair.company_id)
    started = timezone.now()

    tasks.sync_account(account_id=big.account.id)

    states = Counter(document.state for document in big.documents())
    assert states[DocumentState.WAITING] >= 100
    assert states[DocumentState.IN_FLIGHT] == 0
    Account.objects.filter(id=small.account.id).update(next_sync_at=started)
    assert list(schedule.take_due_accounts()) == [small.account.id, big.account.id]

    tasks.sync_account(account_id=small.account.id)

    assert len(small.xero.invoices()) == 1
    tasks.sync_account(account_id=big.account.id)
    while big.account.id in schedule.take_due_accounts():
        tasks.sync_account(account_id=big.account.id)
    assert Counter(document.state for document in big.documents()) == {DocumentState.SYNCED: 240}
    assert len(big.xero.invoices()) == 240
