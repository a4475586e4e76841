"""Stage 1: find Autotask's new, late and voided invoices, and note each as a waiting document."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial

from django.db.models import QuerySet
from django.utils import timezone

from syncing.autotask.client import PAGE, AutotaskClient
from syncing.autotask.query import Filter, any_of, gt, gte
from syncing.autotask.records import Invoice
from syncing.batches import in_batches
from syncing.columns import kept_amount, kept_number
from syncing.hands import ALONE, Hands
from syncing.models import Document, SyncState
from syncing.states import DocumentState
from syncing.stopping import is_stopping

OVERLAP = timedelta(hours=24)
WALK_EVERY = timedelta(days=1)
# An idle poll is one call as long as what the overlap finds again fits one page of 500.
OVERLAP_DOCUMENTS = 400
# Records kept in memory so that gathering need not ask for them again.
KEPT_RECORDS = 20_000
VOIDED_BEFORE_SENT = "Voided in Autotask before it was sent"


@dataclass
class Discovery:
    """What one poll found: how many new documents, and the invoices as just read, by Autotask id.

    `rest` ends when all that there is has been found; it raises the client's SyncProblems.
    """

    new: int = 0
    invoices: dict[int, Invoice] = field(default_factory=dict)
    rest: Future[None] = field(default_factory=Future)

    def keep(self, invoice: Invoice) -> None:
        if len(self.invoices) < KEPT_RECORDS:
            self.invoices[invoice.id] = invoice


def discover(
    autotask: AutotaskClient,
    state: SyncState,
    lookback_days: int,
    *,
    hands: Hands = ALONE,
    seconds: float = math.inf,
    anew: bool = False,
) -> Discovery:
    """Ask Autotask once for what is new, and upsert its documents.

    The whole look-back is walked once a day, and `anew` where a person asks. What one page holds is stored when this
    returns; where there are more, one of `hands` goes on, for so many seconds, and the next discovery from there.
    Raises the client's SyncProblems; what was stored stays, and the cursor moves only over what was stored.
    """
    now = timezone.now()
    is_due = state.walked_at is None or state.cursor is None or now - state.walked_at >= WALK_EVERY
    walks = anew or is_due or state.walk_place is not None
    since = now - timedelta(days=lookback_days) if walks else overlap_start(now, _crowded_before())
    wanted: list[Filter] = [made_or_voided(state.cursor, since)]
    if walks and not anew and state.walk_place is not None:
        wanted.append(gt("id", state.walk_place))
    discovery = Discovery()
    pages = in_batches(autotask.find(Invoice, *wanted), PAGE)
    first = next(pages, [])
    _store(state, first, discovery)
    walk = partial(_walk_on, pages, state, discovery, walks=walks, until=time.monotonic() + seconds)
    discovery.rest = (hands if len(first) == PAGE else ALONE).start(walk)
    return discovery


def _walk_on(
    pages: Iterator[list[Invoice]], state: SyncState, discovery: Discovery, *, walks: bool, until: float
) -> None:
    """Store the pages that are left, and note how far they led; a walk that is cut short is taken up from there."""
    for invoices in pages:
        _store(state, invoices, discovery)
        if is_stopping() or time.monotonic() >= until:
            state.walk_place = invoices[-1].id if walks else None
            state.save(update_fields=["cursor", "walk_place"])
            return
    if walks:
        state.walked_at, state.walk_place = timezone.now(), None
    if walks or discovery.new:
        state.save(update_fields=["cursor", "walked_at", "walk_place"])


def made_or_voided(cursor: int | None, since: datetime) -> Filter:
    """What one query asks Autotask for: ids past the cursor, and what was made or voided since."""
    wanted: list[Filter] = [gte("createDateTime", since), gte("voidedDate", since)]
    return any_of(*wanted) if cursor is None else any_of(*wanted, gt("id", cursor))


def overlap_start(now: datetime, crowded_before: datetime | None) -> datetime:
    """24 hours back, or less where so much was made since that finding it again would cost a second call."""
    start = now - OVERLAP
    return start if crowded_before is None else max(start, crowded_before + timedelta(milliseconds=1))


def _crowded_before() -> datetime | None:
    return first_left_out().values_list("autotask_created_at", flat=True).first()


def first_left_out() -> QuerySet[Document]:
    """The youngest document that one page of an overlap leaves out, where there are so many. In an account scope."""
    made = Document.objects.filter(autotask_created_at__isnull=False).order_by("-autotask_created_at")
    return made[OVERLAP_DOCUMENTS : OVERLAP_DOCUMENTS + 1]


def _store(state: SyncState, invoices: list[Invoice], discovery: Discovery) -> None:
    if not invoices:
        return
    ids = [invoice.id for invoice in invoices]
    known = dict(
        Document.objects.filter(entity=Document.Entity.INVOICE, autotask_id__in=ids).values_list(
            "autotask_id", "autotask_voided_at"
        )
    )
    new = [invoice for invoice in invoices if invoice.id not in known]
    Document.objects.bulk_create([_document(state.account_id, invoice) for invoice in new], ignore_conflicts=True)
    for invoice in new:
        discovery.keep(invoice)
    discovery.new += len(new)
    for invoice in invoices:
        if invoice.is_voided and invoice.id in known and known[invoice.id] is None:
            _note_void(invoice)
    state.cursor = max(state.cursor or 0, ids[-1])


def _document(account_id: int, invoice: Invoice) -> Document:
    return Document(
        account_id=account_id,
        kind=Document.Kind.CREDIT_NOTE if invoice.total < 0 else Document.Kind.INVOICE,
        autotask_id=invoice.id,
        autotask_number=kept_number(invoice.number),
        autotask_created_at=invoice.created_at,
        autotask_voided_at=_voided_at(invoice),
        company_id=invoice.company_id,
        date=invoice.date,
        due_date=invoice.due_date,
        tax=kept_amount(invoice.tax),
        total=kept_amount(invoice.total),
        state=DocumentState.SKIPPED if invoice.is_voided else DocumentState.WAITING,
        skipped_reason=VOIDED_BEFORE_SENT if invoice.is_voided else "",
    )


def _voided_at(invoice: Invoice) -> datetime | None:
    return (invoice.voided_at or timezone.now()) if invoice.is_voided else None


def _note_void(invoice: Invoice) -> None:
    """Remember the void; a document that never reached Xero is skipped at once."""
    document = Document.objects.filter(entity=Document.Entity.INVOICE, autotask_id=invoice.id)
    document.update(autotask_voided_at=_voided_at(invoice))
    unsent = (DocumentState.WAITING, DocumentState.RETRYING, DocumentState.FAULTED)
    document.filter(state__in=unsent, xero_id=None).update(
        state=DocumentState.SKIPPED, skipped_reason=VOIDED_BEFORE_SENT, next_attempt_at=None
    )
