"""Causes that have cleared: one document goes ahead of those that wait behind a fault, and the others follow it.

Nothing but the way itself can tell that it is free. So each open fault is looked at now and then, with growing waits,
by carrying one of its documents as if it were new, past the caches that the fault rests on. All that are due go in one
batch, which costs a few calls however many they are. A document that gets through releases the others behind its fault
(`syncing.settle`), whoever sent it: this look, or a person's click.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef, QuerySet, Subquery
from django.utils import timezone

from faults.catalogue import KINDS, Retry
from faults.models import Fault
from faults.retry import next_look
from syncing import queue
from syncing.models import Blocker, Document
from syncing.states import DocumentState

MOST_AT_ONCE = queue.CLAIMED_AT_ONCE
BY_HAND = tuple(code for code, kind in KINDS.items() if kind.retry == Retry.BY_HAND)
STUCK = (DocumentState.FAULTED, DocumentState.RETRYING)


def faults_to_look_at(*, all_of_them: bool = False) -> list[Fault]:
    """The open faults whose look is due, or `all_of_them`; those that only a person asks for again are not among them.

    In an account scope.
    """
    faults = looked_at() if all_of_them else looked_at().filter(next_look_at__lte=timezone.now())
    return list(faults.order_by("next_look_at", "id")[:MOST_AT_ONCE])


def looked_at() -> QuerySet[Fault]:
    """The open faults that are looked at now and then. In an account scope."""
    return Fault.objects.filter(state=Fault.State.OPEN).exclude(code__in=BY_HAND)


def send_one_ahead(faults: Sequence[Fault]) -> int:
    """Let one document of each fault take its turn, and plan the next look. Returns how many go."""
    now = timezone.now()
    for fault in faults:
        fault.looks += 1
        fault.next_look_at = now + timedelta(seconds=next_look(fault.looks))
    Fault.objects.bulk_update(faults, ["looks", "next_look_at"])
    ids = [fault.id for fault in faults]
    # What was refused of a document in Xero is tried again at the end of this run (syncing/follow_ups.py).
    Document.objects.filter(blockers__fault_id__in=ids, state=DocumentState.SYNCED).update(next_attempt_at=now)
    return queue.release(Document.objects.filter(id__in=_first_behind(ids)))


def release_behind(fault_ids: Collection[int]) -> int:
    """A document got through: those that wait for these faults alone go on; the others wait for what is left.

    The faults stand until what was behind them is carried. Returns how many go on.
    """
    faults = Fault.objects.filter(id__in=fault_ids).exclude(code__in=BY_HAND)
    cleared = list(faults.values_list("id", flat=True))
    if not cleared:
        return 0
    others = Blocker.objects.filter(document=OuterRef("pk")).exclude(fault_id__in=cleared)
    behind = Document.objects.filter(blockers__fault_id__in=cleared, state__in=STUCK)
    waiting_for_more = list(behind.filter(Exists(others)).values_list("id", flat=True))
    Blocker.objects.filter(fault_id__in=cleared, document_id__in=waiting_for_more).delete()
    return queue.release(behind.exclude(Exists(others)))


def next_look_due() -> datetime | None:
    """When the next fault is to be looked at; what is overdue waits for the run that comes anyway."""
    faults = looked_at().filter(next_look_at__gt=timezone.now())
    return faults.order_by("next_look_at").values_list("next_look_at", flat=True).first()


def _first_behind(fault_ids: Collection[int]) -> list[int]:
    """Of each fault one document: one that waits for no other fault, if there is one; of these the oldest."""
    others = Blocker.objects.filter(document=OuterRef("document")).exclude(fault=OuterRef("fault"))
    behind = Blocker.objects.filter(fault=OuterRef("pk"), document__state__in=STUCK).annotate(others=Exists(others))
    first = Subquery(behind.order_by("others", "document_id").values("document_id")[:1])
    chosen = Fault.objects.filter(id__in=fault_ids).annotate(first=first).exclude(first=None)
    return list(chosen.values_list("first", flat=True))
