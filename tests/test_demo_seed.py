"""What the demo begins with: a month that waits to be carried, and a second account whose sync has stopped."""

from __future__ import annotations

import json
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.utils import timezone

from faults.models import Fault
from syncing.models import AccountHealth, SyncState
from tenants.models import Account, AutotaskConnection, User
from tenants.scope import account_scope
from tests.world import SandboxWorld

pytestmark = pytest.mark.django_db(transaction=True)


def seeded(sandbox: SandboxWorld) -> Any:
    told = StringIO()
    call_command("seed_demo", sandbox.base_url, stdout=told)
    return json.loads(told.getvalue().splitlines()[-1])


def test_the_demo_begins_with_a_month_to_carry_and_a_sync_that_has_stopped(sandbox: SandboxWorld) -> None:
    demo = seeded(sandbox)

    assert {login["email"] for login in demo["logins"]} == set(User.objects.values_list("email", flat=True))
    assert {rule["kind"] for rule in sandbox.call("GET", "/trouble")} == {
        "expire_tokens",
        "outage",
        "drop_before",
        "drop_after",
    }
    month = Account.objects.get(slug=demo["slug"])
    assert month.next_sync_at is not None
    assert month.next_sync_at <= timezone.now()

    stopped = Account.objects.get(slug=demo["stopped"]["slug"])
    two_days_ago = timezone.now() - timedelta(days=2)
    with account_scope(stopped.id):
        assert set(Fault.objects.values_list("code", "state")) == {
            ("autotask-login-refused", "open"),
            ("sync-stopped", "open"),
        }
        assert AccountHealth.objects.get().standing == AccountHealth.Standing.STOPPED
        last = SyncState.objects.get().last_finished_at
        answered = AutotaskConnection.objects.get().last_answered_at
    assert last is not None
    assert answered is not None
    assert max(last, answered) < two_days_ago
