"""How an account is, kept in its one row that the desk reads: written where something may have changed it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db.models import Count
from django.utils import timezone

from faults.models import Fault
from syncing.document_list import ON_THE_WAY
from syncing.incidents import open_incidents
from syncing.models import AccountHealth, Blocker, Document, SyncRun
from syncing.overview import Connections, connections, last_finished_at
from syncing.states import DocumentState

Standing = AccountHealth.Standing
UNSETTLED = (DocumentState.FAULTED, *ON_THE_WAY)
AT_REST = tuple(set(DocumentState) - set(UNSETTLED))
# Those at rest are nearly all of an account's documents, and counting a million of them takes a moment.
COUNTED_EVERY = timedelta(hours=1)


def refresh(account_id: int) -> AccountHealth:
    """Look at the account anew, and keep what is seen. In its scope; nine queries, and one more once an hour."""
    both = connections(open_incidents())
    xero = both.organisation.health if both.organisation else None
    faults = Fault.objects.filter(state__in=(Fault.State.OPEN, Fault.State.RETRYING))
    counts = dict(faults.values_list("state").annotate(Count("id")).order_by())
    states = _count(UNSETTLED)
    at_rest, counted_at = _count_at_rest(account_id)
    row = AccountHealth(
        account_id=account_id,
        standing=_standing(both, counts),
        autotask=both.autotask_health.word,
        autotask_mark=both.autotask_health.mark,
        xero=xero.word if xero else "Not connected",
        xero_mark=xero.mark if xero else "",
        organisation=both.organisation.connection.name if both.organisation else "",
        last_finished_at=last_finished_at(),
        stopped_by=_stopped_by(),
        open_faults=counts.get(Fault.State.OPEN.value, 0),
        stuck=states.get(DocumentState.FAULTED.value, 0),
        waiting=sum(states.get(state.value, 0) for state in ON_THE_WAY),
        documents=at_rest | states,
        counted_at=counted_at,
        faults=dict(Blocker.objects.values_list("fault__code").annotate(Count("id")).order_by()),
        refreshed_at=timezone.now(),
    )
    names = [field.name for field in AccountHealth._meta.concrete_fields if field.name not in ("id", "account")]
    AccountHealth.objects.bulk_create([row], update_conflicts=True, unique_fields=["account"], update_fields=names)
    return row


def _count(states: Iterable[DocumentState]) -> dict[str, int]:
    documents = Document.objects.filter(state__in=states)
    return dict(documents.values_list("state").annotate(Count("id")).order_by())


def _count_at_rest(account_id: int) -> tuple[dict[str, int], datetime]:
    """The documents that need nothing more, by state, as they were counted at that time."""
    now = timezone.now()
    kept = AccountHealth.objects.filter(account_id=account_id, counted_at__gt=now - COUNTED_EVERY).first()
    if kept is None or kept.counted_at is None:
        return _count(AT_REST), now
    return {state: count for state, count in kept.documents.items() if state in AT_REST}, kept.counted_at


def _standing(both: Connections, faults: dict[str, int]) -> Standing:
    """The worst that is so."""
    if both.autotask is None or both.organisation is None:
        return Standing.NEW
    if Fault.objects.filter(code="sync-stopped", state=Fault.State.OPEN).exists():
        return Standing.STOPPED
    if not both.has_xero or "bad" in (both.autotask_health.mark, both.organisation.health.mark):
        return Standing.BROKEN
    if faults.get(Fault.State.OPEN.value):
        return Standing.FAULTS
    return Standing.TROUBLE if faults.get(Fault.State.RETRYING.value) else Standing.WELL


def _stopped_by() -> str:
    """The code of what stopped the last run that ended; empty where it finished."""
    ended = SyncRun.objects.filter(state__in=(SyncRun.State.FINISHED, SyncRun.State.STOPPED))
    return ended.order_by("-id").values_list("problem_code", flat=True).first() or ""
