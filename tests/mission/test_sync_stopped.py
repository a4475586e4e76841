"""My sync has stopped: the watchdog says so, names the cause, heals what it can, and goes quiet by itself."""

from __future__ import annotations

from datetime import timedelta

from django.db.models.functions import Now
from django.utils import timezone

from syncing import watchdog
from syncing.lease import take_lease
from syncing.models import AccountHealth, Document, SyncRun, SyncState
from tenants.models import Account
from tests.mission.bookkeeper import Bookkeeper


def twenty_minutes_later(bookkeeper: Bookkeeper) -> bool:
    """As if the last run had finished so long ago; then the watchdog looks. Whether it wants a run."""
    ago = timezone.now() - timedelta(minutes=20)
    with bookkeeper.connected.scope():
        SyncState.objects.update(last_finished_at=ago)
        Account.objects.update(watch_at=ago)
    assert list(watchdog.take_accounts_to_watch()) == [bookkeeper.connected.account.id]
    with bookkeeper.connected.scope():
        return watchdog.watch(bookkeeper.connected.account.id)


def failing_checks(bookkeeper: Bookkeeper) -> set[str]:
    with bookkeeper.connected.scope():
        checks = watchdog.checklist(bookkeeper.connected.account.id)
    return {check.name for check in checks if not check.passes}


def test_an_account_that_runs_has_not_stopped(bookkeeper: Bookkeeper) -> None:
    bookkeeper.connected.sync()

    with bookkeeper.connected.scope():
        assert not watchdog.watch(bookkeeper.connected.account.id)
    assert bookkeeper.living_codes() == []
    assert failing_checks(bookkeeper) == set()


def test_an_organisation_that_was_disconnected(bookkeeper: Bookkeeper) -> None:
    connected = bookkeeper.connected
    connected.sync()
    connected.autotask.bill(connected.pair.company_id)
    connected.xero.disconnect()
    connected.sync()

    twenty_minutes_later(bookkeeper)

    fault = bookkeeper.fault("sync-stopped")
    assert (fault["state"], fault["evidence"]["cause"]) == ("open", "disconnected")
    assert {"partners_answer", "finished_lately"} <= failing_checks(bookkeeper)


def test_a_refused_log_in(bookkeeper: Bookkeeper) -> None:
    connected = bookkeeper.connected
    connected.autotask.set_api_user(secret="changed by somebody")
    connected.sync()

    twenty_minutes_later(bookkeeper)

    fault = bookkeeper.fault("sync-stopped")
    assert (fault["state"], fault["evidence"]["cause"]) == ("open", "login_refused")
    assert "autotask_connected" in failing_checks(bookkeeper)


def test_the_desk_sees_it_as_soon_as_the_watchdog_does(bookkeeper: Bookkeeper) -> None:
    connected = bookkeeper.connected
    connected.autotask.set_api_user(secret="changed by somebody")
    connected.sync()
    with connected.scope():
        assert AccountHealth.objects.get().standing == AccountHealth.Standing.BROKEN

    twenty_minutes_later(bookkeeper)

    with connected.scope():
        seen = AccountHealth.objects.get()
    assert (seen.standing, seen.stopped_by) == (AccountHealth.Standing.STOPPED, "autotask-login-refused")


def test_an_outage_mends_itself_and_the_fault_with_it(bookkeeper: Bookkeeper) -> None:
    connected = bookkeeper.connected
    invoice = connected.autotask.bill(connected.pair.company_id)["id"]
    with connected.autotask.world.trouble("xero", "outage"):
        connected.sync()
        twenty_minutes_later(bookkeeper)
    fault = bookkeeper.fault("sync-stopped")
    assert (fault["state"], fault["evidence"]["cause"]) == ("retrying", "outage")

    with connected.scope():
        Document.objects.update(next_attempt_at=Now())
    connected.sync()

    bookkeeper.assert_mended(fault, invoice)


def test_a_run_whose_worker_died_is_ended_and_another_one_begins(bookkeeper: Bookkeeper) -> None:
    connected = bookkeeper.connected
    connected.sync()
    with connected.scope():
        dead = SyncRun.objects.create(trigger=SyncRun.Trigger.SCHEDULE, state=SyncRun.State.RUNNING)
        assert take_lease(dead)
        SyncState.objects.update(lease_expires_at=timezone.now() - timedelta(minutes=1))

    assert twenty_minutes_later(bookkeeper)

    fault = bookkeeper.fault("sync-stopped")
    assert (fault["state"], fault["evidence"]["cause"]) == ("retrying", "stuck_run")
    with connected.scope():
        dead.refresh_from_db()
    assert dead.state == SyncRun.State.ABANDONED
    connected.sync()
    assert bookkeeper.state_of(fault) == "resolved"


def test_a_queued_run_that_no_worker_takes_is_asked_for_again(bookkeeper: Bookkeeper) -> None:
    bookkeeper.connected.sync()
    with bookkeeper.connected.scope():
        SyncRun.objects.create(trigger=SyncRun.Trigger.PERSON)
        SyncRun.objects.filter(state="queued").update(requested_at=timezone.now() - timedelta(minutes=3))

    assert twenty_minutes_later(bookkeeper)

    assert bookkeeper.fault("sync-stopped")["evidence"]["cause"] == "stuck_run"


def test_a_paused_account_has_not_stopped_and_its_checklist_says_why_nothing_runs(bookkeeper: Bookkeeper) -> None:
    bookkeeper.connected.sync()
    Account.objects.update(paused=True)

    assert not twenty_minutes_later(bookkeeper)

    assert bookkeeper.living_codes() == []
    assert "not_paused" in failing_checks(bookkeeper)


def test_an_account_that_is_not_set_up_has_not_stopped(bookkeeper: Bookkeeper) -> None:
    from tenants.models import AutotaskConnection

    with bookkeeper.connected.scope():
        SyncState.objects.create()
        AutotaskConnection.objects.all().delete()

    twenty_minutes_later(bookkeeper)

    assert bookkeeper.living_codes() == []
    assert "autotask_connected" in failing_checks(bookkeeper)


def test_a_long_run_that_is_at_work_has_not_stopped(bookkeeper: Bookkeeper) -> None:
    bookkeeper.connected.sync()
    with bookkeeper.connected.scope():
        run = SyncRun.objects.create(trigger=SyncRun.Trigger.SCHEDULE, state=SyncRun.State.RUNNING)
        assert take_lease(run)

    assert not twenty_minutes_later(bookkeeper)

    assert bookkeeper.living_codes() == []


def test_each_finished_run_puts_the_watchdog_off(bookkeeper: Bookkeeper) -> None:
    bookkeeper.connected.sync()

    watch_at = Account.objects.get(id=bookkeeper.connected.account.id).watch_at
    assert watch_at is not None
    assert timedelta(minutes=14) < watch_at - timezone.now() < timedelta(minutes=16)
