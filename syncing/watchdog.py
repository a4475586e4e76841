"""The watchdog: an account that is not paused, and has had no finished run for three intervals, has stopped.

It says so as the fault `sync-stopped`, names the cause that it sees, heals a run that got stuck, and goes quiet by
itself once a run finishes. Which accounts to look at stands on the account (`watch_at`), outside any scope.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from django.db.models import Q
from django.utils import timezone

from faults import record
from faults.catalogue import KINDS, WhoActs
from faults.models import Fault
from faults.problems import NeedsPerson, NeedsReconnect, NeedsSupport, SyncProblem, Transient
from syncing import health
from syncing.lease import abandon
from syncing.models import SyncRun, SyncState
from syncing.schedule import interval_of, patience_with
from tenants.models import Account, AutotaskConnection, XeroConnection

CODE = "sync-stopped"
# What a bug of ours that stops whole runs is about: one fault for all of them, over with the first that finishes.
EVERY_RUN = "Every run"
STOPPED = Q(code=CODE, subject="")
BUG_IN_EVERY_RUN = Q(code="unexpected", subject=EVERY_RUN)
# A run that a person asked for is taken within seconds; one that waits this long was lost on its way to a worker.
QUEUED_TOO_LONG = timedelta(minutes=2)
LIVING = (Fault.State.OPEN, Fault.State.RETRYING)
CAUSES = {
    "xero-disconnected": "disconnected",
    "xero-permission": "disconnected",
    "autotask-login-refused": "login_refused",
    "autotask-not-permitted": "login_refused",
}


@dataclass(frozen=True)
class Check:
    """One thing that a sync needs: whether it is so for this account, and in words."""

    name: str
    passes: bool
    words: str


@dataclass(frozen=True, kw_only=True)
class Vitals:
    """What can be told of an account's sync without asking a partner."""

    account: Account
    now: datetime
    autotask: AutotaskConnection | None
    xero: XeroConnection | None
    state: SyncState | None
    last_run: SyncRun | None  # the last one that ended by itself
    queued: SyncRun | None

    @property
    def patience(self) -> timedelta:
        return patience_with(self.account)

    @property
    def finished_at(self) -> datetime | None:
        return self.state.last_finished_at if self.state else None

    @property
    def has_finished_lately(self) -> bool:
        return self.finished_at is not None and self.now - self.finished_at < self.patience

    @property
    def is_running(self) -> bool:
        expires_at = self.state.lease_expires_at if self.state else None
        return expires_at is not None and expires_at > self.now

    @property
    def dead_run_id(self) -> int | None:
        """The run that holds the lease, though it has not renewed it in time."""
        return self.state.lease_run_id if self.state and not self.is_running else None

    @property
    def is_queue_stuck(self) -> bool:
        waiting = self.queued is not None and self.now - self.queued.requested_at > QUEUED_TOO_LONG
        return waiting and not self.is_running

    @property
    def stopped_by(self) -> str:
        """The code of the problem that ended the last run; "" where it finished."""
        return self.last_run.problem_code if self.last_run and self.last_run.state == SyncRun.State.STOPPED else ""


def note_finished(account: Account) -> None:
    """A run of the account has finished. In its scope."""
    Account.objects.filter(id=account.id).update(watch_at=timezone.now() + patience_with(account))
    _resolve(STOPPED | BUG_IN_EVERY_RUN)


def take_accounts_to_watch() -> Iterator[int]:
    """The ids of the accounts that are due to be looked at, each pushed on: a second watchdog passes it by."""
    now = timezone.now()
    for account in Account.objects.filter(watch_at__lte=now).order_by("watch_at"):
        mine = Account.objects.filter(id=account.id, watch_at=account.watch_at)
        if mine.update(watch_at=now + max(interval_of(account), timedelta(minutes=1))):
            yield account.id


def watch(account_id: int) -> bool:
    """Look at one account, in its scope. Returns whether a run is to be asked for, since one was lost or got stuck."""
    vitals = read_vitals(account_id)
    is_overdue = not (vitals.account.paused or vitals.has_finished_lately or vitals.is_running)
    if is_overdue and vitals.autotask is not None and vitals.xero is not None:
        record.record([_problem(vitals)])
    else:
        _resolve(STOPPED)
    if vitals.dead_run_id is not None:
        abandon(account_id, vitals.dead_run_id)
    health.refresh(account_id)  # no run has come to its end, so nothing else tells the desk
    is_never_begun = is_overdue and not vitals.stopped_by
    return vitals.dead_run_id is not None or vitals.is_queue_stuck or is_never_begun


def read_vitals(account_id: int) -> Vitals:
    """In the account's scope; six queries."""
    ended = SyncRun.objects.filter(state__in=(SyncRun.State.FINISHED, SyncRun.State.STOPPED))
    return Vitals(
        account=Account.objects.get(id=account_id),
        now=timezone.now(),
        autotask=AutotaskConnection.objects.defer("secret", "integration_code").first(),
        xero=XeroConnection.objects.order_by("state", "-connected_at").first(),
        state=SyncState.objects.filter(account_id=account_id).first(),
        last_run=ended.order_by("-id").first(),
        queued=SyncRun.objects.filter(state=SyncRun.State.QUEUED).first(),
    )


def checklist(account_id: int) -> Sequence[Check]:
    """What a sync of this account needs, in the order in which people check it. In the account's scope."""
    return checks_of(read_vitals(account_id))


def checks_of(vitals: Vitals) -> Sequence[Check]:
    return (
        _check_paused(vitals),
        _check_autotask(vitals),
        _check_xero(vitals),
        _check_answers(vitals),
        _check_runs(vitals),
        _check_finished(vitals),
        _check_planned(vitals),
    )


def _problem(vitals: Vitals) -> SyncProblem:
    """Why no run finishes, as far as it can be seen; its class says who acts."""
    cause, kind, detail = _cause(vitals)
    evidence = {
        "cause": cause,
        "reason": detail,
        "stopped_by": vitals.stopped_by,
        "last_finished_at": vitals.finished_at.isoformat() if vitals.finished_at else None,
        "checks": [asdict(check) for check in checks_of(vitals)],
    }
    return kind(CODE, detail, evidence=evidence)


def _cause(vitals: Vitals) -> tuple[str, type[SyncProblem], str]:
    """The cause by its name, the class of its problem, and in words."""
    code = vitals.stopped_by
    if vitals.dead_run_id is not None or vitals.is_queue_stuck:
        return "stuck_run", Transient, "A run got stuck. It was ended, and another one asked for."
    if vitals.xero and vitals.xero.state == XeroConnection.State.DISCONNECTED:
        return "disconnected", NeedsReconnect, "Xero is disconnected."
    if vitals.autotask and vitals.autotask.state == AutotaskConnection.State.REFUSED:
        return "login_refused", NeedsPerson, "Autotask refuses the log-in."
    if code in KINDS:
        kind = KINDS[code]
        cause = CAUSES.get(code, "unexpected" if code == "unexpected" else "outage")
        return cause, _KIND_BY_WHO_ACTS[kind.who_acts], f"{kind.title}."
    return "not_started", Transient, "No run was begun. One was asked for."


_KIND_BY_WHO_ACTS: dict[WhoActs, type[SyncProblem]] = {
    WhoActs.NOBODY: Transient,
    WhoActs.CUSTOMER: NeedsPerson,
    WhoActs.CUSTOMER_RECONNECT: NeedsReconnect,
    WhoActs.SUPPORT: NeedsSupport,
}


def _resolve(over: Q) -> None:
    faults = Fault.objects.filter(over, state__in=LIVING)
    record.resolve(faults.values_list("id", flat=True))


# ---- the checks


def _check_paused(vitals: Vitals) -> Check:
    if vitals.account.paused:
        return Check("not_paused", False, "The sync is paused: resume it in the settings.")
    return Check("not_paused", True, "The sync is not paused.")


def _check_autotask(vitals: Vitals) -> Check:
    if vitals.autotask is None:
        return Check("autotask_connected", False, "Autotask is not connected yet.")
    if vitals.autotask.state == AutotaskConnection.State.REFUSED:
        return Check("autotask_connected", False, "Autotask refuses the log-in: enter it again under Connections.")
    return Check("autotask_connected", True, "Autotask is connected.")


def _check_xero(vitals: Vitals) -> Check:
    if vitals.xero is None:
        return Check("xero_connected", False, "Xero is not connected yet.")
    if vitals.xero.state == XeroConnection.State.DISCONNECTED:
        return Check("xero_connected", False, "Xero is disconnected: connect it again under Connections.")
    return Check("xero_connected", True, "Xero is connected.")


def _check_answers(vitals: Vitals) -> Check:
    code = vitals.stopped_by
    if code:
        kind = KINDS.get(code, KINDS["unexpected"])
        return Check("partners_answer", False, f"The last run was stopped: {kind.title}.")
    return Check("partners_answer", True, "Nothing stopped the last run.")


def _check_runs(vitals: Vitals) -> Check:
    if vitals.dead_run_id is not None:
        return Check("no_run_stuck", False, "A run got stuck: it is ended by itself, and another one begins.")
    if vitals.is_queue_stuck:
        return Check("no_run_stuck", False, "A run was asked for and not begun: it is asked for again by itself.")
    return Check("no_run_stuck", True, "A run is at work." if vitals.is_running else "No run is stuck.")


def _check_finished(vitals: Vitals) -> Check:
    if vitals.finished_at is None:
        return Check("finished_lately", False, "No run has finished yet.")
    words = f"The last run finished on {_told(vitals.finished_at)}."
    return Check("finished_lately", vitals.has_finished_lately, words)


def _check_planned(vitals: Vitals) -> Check:
    due = vitals.account.next_sync_at
    if vitals.account.paused or due is None:
        return Check("next_run_planned", False, "No run is planned.")
    if vitals.now - due > QUEUED_TOO_LONG:
        return Check("next_run_planned", False, f"The run planned for {_told(due)} has not begun.")
    return Check("next_run_planned", True, f"The next run is planned for {_told(due)}.")


def _told(moment: datetime) -> str:
    """In the zone of who reads it: “22 November, 03:15 UTC”."""
    local = timezone.localtime(moment)
    return f"{local.day} {local:%B, %H:%M} {local.tzname()}"
