"""The poll of an account at rest: one look at our rows, one call to Autotask, one note. Nearly all polls find nothing.

What they would find goes to a run, which looks for itself; so a poll may say "something" where there is nothing, and
never the other way round.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import Any

from django.db import connection
from django.db.models import Exists, F, Q, QuerySet, Subquery
from django.db.models.functions import Now
from django.utils import timezone

from faults.models import Fault
from faults.problems import SyncProblem
from syncing import queue, release, watchdog, write_back
from syncing.autotask.records import Invoice
from syncing.discover import WALK_EVERY, first_left_out, made_or_voided, overlap_start
from syncing.health import COUNTED_EVERY
from syncing.incidents import CONNECTION_CODES
from syncing.late_arrivals import unsure_deliveries
from syncing.models import AccountHealth, Delivery, Document, SyncRun, SyncSettings, SyncState
from syncing.partners import PARTNERS, open_autotask
from syncing.schedule import interval_of, patience_with
from syncing.states import DocumentState
from syncing.void import voided_in_autotask
from tenants.models import Account, AutotaskConnection, XeroConnection

LIVING = (Fault.State.OPEN, Fault.State.RETRYING)


def finds_nothing(account_id: int) -> bool:
    """Whether the account is at rest and Autotask has nothing new; that it was looked is noted then. In its scope.

    False also where a problem stood in the way: the run meets it again, and says so.
    """
    now = timezone.now()
    autotask: Any = next(iter(AutotaskConnection.objects.raw(*_query())), None)
    if autotask is None:
        return False
    client = open_autotask(autotask)
    wanted = made_or_voided(autotask.cursor, overlap_start(now, autotask.crowded_before))
    try:
        found = list(client.find(Invoice, wanted, fields=("is_voided",)))
    except SyncProblem:
        return False
    if client.moved_to is not None or not _are_known(found):
        return False
    _note(account_id, autotask, now)
    return True


@cache
def _query() -> tuple[str, tuple[Any, ...]]:
    """SQL and parameters that read the connection of an account at rest, with what the poll needs besides.

    It reads nothing where a run has something to do in any case, or where only a run can tell. Django takes longer to
    write it than all else takes, so that is done once.
    """
    states = SyncState.objects.filter(lease_run_id=None, stops=0, walk_place=None, walked_at__gt=Now() - WALK_EVERY)
    faults = Fault.objects.filter(state__in=LIVING)
    unsettled = (DocumentState.IN_FLIGHT, DocumentState.UNCERTAIN)
    at_rest = AutotaskConnection.objects.filter(
        Exists(states),
        Exists(XeroConnection.objects.filter(state=XeroConnection.State.CONNECTED)),
        Exists(AccountHealth.objects.filter(counted_at__gt=Now() - COUNTED_EVERY)),
        ~Exists(SyncRun.objects.filter(state=SyncRun.State.QUEUED)),
        ~Exists(queue.ready_documents()),
        ~Exists(Document.objects.filter(state__in=unsettled)),
        ~Exists(Delivery.objects.filter(state=Delivery.State.OPEN)),
        ~Exists(unsure_deliveries().filter(organisation__state=XeroConnection.State.CONNECTED)),
        ~Exists(faults.filter(Q(code__in=CONNECTION_CODES, subject__in=PARTNERS) | Q(code=watchdog.CODE))),
        ~Exists(release.looked_at().filter(next_look_at__lte=Now())),
        ~(Exists(SyncSettings.objects.filter(void_sync=True)) & Exists(voided_in_autotask())),
        ~(Exists(SyncSettings.objects.filter(write_back_number=True)) & Exists(write_back.due())),
        state=AutotaskConnection.State.CONNECTED,
    )
    known = at_rest.annotate(
        interval_minutes=F("account__interval_minutes"),
        cursor=Subquery(states.values("cursor")[:1]),
        crowded_before=Subquery(first_left_out().values("autotask_created_at")),
        next_attempt=_earliest(Document.objects.filter(state=DocumentState.RETRYING), "next_attempt_at"),
        next_look=_earliest(release.looked_at(), "next_look_at"),
    )
    return known.query.sql_with_params()


def _earliest(rows: QuerySet[Any], moment: str) -> Subquery:
    return Subquery(rows.order_by(moment).values(moment)[:1])


def _are_known(found: Sequence[Invoice]) -> bool:
    """Whether a document stands for each, and knows of its being voided."""
    ids = [invoice.id for invoice in found]
    documents = Document.objects.filter(entity=Document.Entity.INVOICE, autotask_id__in=ids)
    voided_at = dict(documents.values_list("autotask_id", "autotask_voided_at"))
    return all(id_ in voided_at for id_ in ids) and all(voided_at[one.id] for one in found if one.is_voided)


def _note(account_id: int, autotask: Any, now: datetime) -> None:
    """As at the end of a run that found nothing: all went well, and when the account is looked at again."""
    account = Account(id=account_id, interval_minutes=autotask.interval_minutes)
    moments = (now + interval_of(account), autotask.next_attempt, autotask.next_look)
    values = {
        "account": account_id,
        "now": now,
        "next": min(moment for moment in moments if moment is not None),
        "watch": now + patience_with(account),
    }
    with connection.cursor() as cursor:
        cursor.execute(_NOTE, values)


# In one statement, as it is made hundreds of times a minute. What somebody has planned meanwhile comes first.
_NOTE = """
    WITH state AS (UPDATE syncing_syncstate SET last_finished_at = %(now)s WHERE account_id = %(account)s),
         answer AS (UPDATE tenants_autotaskconnection SET last_answered_at = %(now)s WHERE account_id = %(account)s),
         health AS (UPDATE syncing_accounthealth SET last_finished_at = %(now)s, refreshed_at = %(now)s
                    WHERE account_id = %(account)s)
    UPDATE tenants_account SET next_sync_at = least(next_sync_at, %(next)s), watch_at = %(watch)s
    WHERE id = %(account)s
"""
