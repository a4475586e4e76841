"""What our staff do to an account. Each is kept, with its reason, where the account's owner can read it."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from faults import record
from faults.models import Fault
from support.models import StaffAction
from syncing import diagnostics, on_demand
from syncing.change_settings import change_settings
from syncing.models import Document
from tenants.features import FeatureName, switch_feature
from tenants.models import Account, User
from tenants.scope import account_scope

What = StaffAction.What


def note(account_id: int, what: StaffAction.What, by: User, *, subject: str = "", reason: str = "") -> StaffAction:
    """Keep what was done. In the account's scope."""
    return StaffAction.objects.create(
        account_id=account_id, what=what, by=by.email, subject=subject[:500], reason=reason.strip()
    )


def pause(account: Account, *, by: User, reason: str) -> None:
    """No run on schedule from now on."""
    _set_paused(account, True, by, reason)


def resume(account: Account, *, by: User, reason: str) -> None:
    """Runs on schedule again, the first one at once."""
    _set_paused(account, False, by, reason)


def sync_now(account: Account, *, by: User, reason: str = "") -> None:
    """A run as soon as a worker is free, of a paused account too."""
    with account_scope(account.id), transaction.atomic():
        note(account.id, What.SYNC_ASKED, by, reason=reason)
        on_demand.request_run(account.id)


def switch(account: Account, name: str, *, enabled: bool, by: User, reason: str) -> int:
    """Turn a feature on or off; the number of documents that are carried again for it.

    Raises what `switch_feature` raises.
    """
    with account_scope(account.id), transaction.atomic():
        switch_feature(account, name, enabled=enabled, reason=reason, changed_by=by)
        note(account.id, What.FEATURE_ON if enabled else What.FEATURE_OFF, by, subject=name, reason=reason)
        if enabled and name == FeatureName.SERVICE_ADJUSTMENTS:
            return _carry_mismatches(account.id, by)
    return 0


def diagnose(account: Account, *, by: User, reason: str) -> datetime:
    """Keep the account's exchanges with the partners, for a day; the moment when that ends."""
    with account_scope(account.id), transaction.atomic():
        note(account.id, What.DIAGNOSE_ON, by, reason=reason)
        return diagnostics.switch_on()


def end_diagnosis(account: Account, *, by: User, reason: str) -> None:
    """Keep no more of them."""
    with account_scope(account.id), transaction.atomic():
        note(account.id, What.DIAGNOSE_OFF, by, reason=reason)
        diagnostics.switch_off()


def _set_paused(account: Account, paused: bool, by: User, reason: str) -> None:
    with account_scope(account.id), transaction.atomic():
        change_settings(account, {"paused": paused}, by=f"{by.email} (Cloud Depot support)")
        note(account.id, What.PAUSED if paused else What.RESUMED, by, reason=reason)


def _carry_mismatches(account_id: int, by: User) -> int:
    """Carry again all that is stuck because its amounts do not match."""
    stuck = Fault.objects.filter(code="amounts-do-not-match", blockers__isnull=False).distinct()
    for fault_id in stuck.values_list("id", flat=True):
        record.note_resync(fault_id, by=by.email, note="Service adjustment support was turned on.")
    return on_demand.resync(account_id, Document.objects.filter(blockers__fault__code="amounts-do-not-match"))
