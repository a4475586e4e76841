"""What a document's page shows: both sides, line by line, and what may be done with it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Prefetch
from django.utils import timezone

from faults.models import Fault
from syncing import on_demand, queue
from syncing.models import Attempt, Blocker, Document, SyncState
from syncing.states import DocumentState

ATTEMPTS_SHOWN = 100
# A document that no run takes for so long is no longer watched: its page would ask for ever.
WATCHED = timedelta(minutes=5)
BUSY = (DocumentState.IN_FLIGHT, DocumentState.UNCERTAIN)


@dataclass(frozen=True, kw_only=True)
class Pair:
    """A line of the Xero document, and the billing items of Autotask that it stands for; either may be missing.

    Both are as the document's row keeps them (`source` and `sent`). `gap` is by how much their money differs.
    """

    items: tuple[dict[str, Any], ...] = ()
    line: dict[str, Any] | None = None
    gap: Decimal = Decimal(0)

    @property
    def height(self) -> int:
        """How many rows of the page it takes."""
        return max(len(self.items), 1)

    @property
    def rows(self) -> Sequence[dict[str, Any] | None]:
        """The left side of each of its rows."""
        return self.items or (None,)


@dataclass(frozen=True, kw_only=True)
class Amounts:
    """The invoice's money as Autotask has it. `net` is None as long as nobody can tell whether its total is net."""

    net: Decimal | None
    tax: Decimal
    total: Decimal


@dataclass(frozen=True, kw_only=True)
class DocumentPage:
    """The document, what it waits for, its tries, and what a person may do now."""

    document: Document
    faults: Sequence[Fault]
    attempts: Sequence[Attempt]
    pairs: Sequence[Pair]
    amounts: Amounts | None
    is_live: bool
    may_be_resynced: bool
    may_be_skipped: bool
    was_edited: bool
    why_send_again: str
    old_one_stays: bool  # in Xero, open, where it is sent again


def document_page(document_id: int) -> DocumentPage:
    """Raises Document.DoesNotExist. In an account scope; six queries."""
    blockers = Blocker.objects.select_related("fault").order_by("id")
    rows = Document.objects.select_related("organisation").prefetch_related(Prefetch("blockers", blockers))
    document = rows.get(id=document_id)
    faults = [blocker.fault for blocker in document.blockers.all()]
    why_send_again = on_demand.why_send_again(document, faults)
    return DocumentPage(
        document=document,
        faults=faults,
        attempts=list(document.attempts.order_by("-id")[:ATTEMPTS_SHOWN]),
        pairs=pair_lines(document.source.get("lines") or [], document.sent.get("lines") or [], document.kind),
        amounts=amounts_in_autotask(document.source),
        is_live=is_live(document),
        may_be_resynced=document.state in queue.ASKABLE,
        may_be_skipped=queue.skippable(Document.objects.filter(id=document_id)).exists(),
        was_edited=not why_send_again and any(was_edited(fault) for fault in faults),
        why_send_again=why_send_again,
        old_one_stays=any(fault.evidence.get("became") for fault in faults),
    )


def amounts_in_autotask(source: dict[str, Any]) -> Amounts | None:
    """From what the row keeps of the invoice; None before it was read. In an account scope; one query."""
    if source.get("invoice_total") is None:
        return None
    told, tax = Decimal(str(source["invoice_total"])), Decimal(str(source.get("tax") or 0))
    total_is = SyncState.objects.values_list("total_is", flat=True).first()
    if total_is == "gross":
        return Amounts(net=told - tax, tax=tax, total=told)
    return Amounts(net=told, tax=tax, total=told + tax) if total_is == "net" else Amounts(net=None, tax=tax, total=told)


def was_edited(fault: Fault) -> bool:
    """Whether what stops the document is that a person edited it in Xero: they are asked before it is overwritten."""
    return fault.code == "invoice-not-modifiable" and bool(fault.evidence.get("edited"))


def is_live(document: Document) -> bool:
    """Whether the document is about to change by itself, so that its page watches it."""
    if document.state in BUSY:
        return True
    asked_at = document.requested_at
    return document.state == DocumentState.WAITING and asked_at is not None and timezone.now() - asked_at < WATCHED


def pair_lines(items: Sequence[dict[str, Any]], lines: Sequence[dict[str, Any]], kind: str) -> list[Pair]:
    """Each line that we sent with the billing items it stands for, in Xero's order; then what was not sent."""
    by_id = {item["id"]: item for item in items}
    pairs = [_pair(tuple(by_id.pop(id_) for id_ in _ids(line) if id_ in by_id), line, kind) for line in lines]
    return pairs + [Pair(items=(item,)) for item in items if item["id"] in by_id]


def _ids(line: dict[str, Any]) -> list[int]:
    return line.get("billing_item_ids") or []


def _pair(items: tuple[dict[str, Any], ...], line: dict[str, Any], kind: str) -> Pair:
    if not items:
        return Pair(line=line)
    sign = -1 if kind == Document.Kind.CREDIT_NOTE else 1
    expected = sum((Decimal(str(item["total"] or 0)) for item in items), Decimal(0)) * sign
    return Pair(
        items=items, line=line, gap=abs(expected - Decimal(str(line.get("amount") or 0))).quantize(Decimal("0.01"))
    )
