"""The faults of an account as their page lists them: what needs someone, what mends itself, and what is over."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Exists, Min, OuterRef, Q, QuerySet
from django.utils.http import urlencode

from faults.catalogue import KINDS, Severity
from faults.models import Fault, FaultEvent
from faults.stuck import Stuck, stuck_behind
from faults.words import why
from syncing.document_search import DocumentFilter
from syncing.incidents import is_incident
from syncing.keyset import page_of
from syncing.models import Blocker, Document
from syncing.partners import fed_organisation
from syncing.states import DocumentState
from tenants.models import Account

LIVING = (Fault.State.OPEN, Fault.State.RETRYING)
OVER = (Fault.State.RESOLVED, Fault.State.IGNORED)
RANK = {severity: rank for rank, severity in enumerate(Severity)}


@dataclass(frozen=True)
class FaultFilter:
    """What is asked for; what is left empty does not matter. No state stands for all that is not over."""

    state: str = ""
    code: str = ""
    text: str = ""

    @property
    def is_narrow(self) -> bool:
        return bool(self.state or self.code or self.text)

    @property
    def query(self) -> str:
        """The query string that asks for it again."""
        given = {"state": self.state, "code": self.code, "q": self.text}
        return urlencode({name: value for name, value in given.items() if value})

    def apply(self, faults: QuerySet[Fault]) -> QuerySet[Fault]:
        if self.state:
            faults = faults.filter(state=self.state)
        if self.code:
            faults = faults.filter(code=self.code)
        return faults.filter(_matching(self.text)) if self.text else faults


def _matching(text: str) -> Q:
    """In its title, its subject or the partner's words; or one of its documents is found by it."""
    wanted = text.casefold().replace("'", "’")  # as titles have it
    titles = [code for code, kind in KINDS.items() if wanted in kind.title.casefold()]
    found = DocumentFilter(text=text).apply(Document.objects.all()).values("id")
    behind = Blocker.objects.filter(fault=OuterRef("pk"), document__in=found)
    return Q(code__in=titles) | Q(subject__icontains=text) | Q(detail__icontains=text) | Q(Exists(behind))


@dataclass(frozen=True)
class FaultRow:
    """A fault with what waits behind it. `next_try` is set while it mends itself; `last` is the turn that ended it."""

    fault: Fault
    stuck: Stuck
    why: str
    next_try: datetime | None = None
    waiting: int = 0  # in the whole queue, behind a connection's trouble
    last: FaultEvent | None = None


@dataclass(frozen=True)
class FaultPage:
    """`open` needs someone, the most serious first; `retrying` mends itself; `over` is history, the latest first.

    Where there is more than a page, they come as they were last seen, page by page. `newer` and `older` are the places
    of the pages beside this one.
    """

    open: Sequence[FaultRow] = ()
    retrying: Sequence[FaultRow] = ()
    over: Sequence[FaultRow] = ()
    newer: str = ""
    older: str = ""

    @property
    def is_empty(self) -> bool:
        return not (self.open or self.retrying or self.over)


def list_faults(account: Account, wanted: FaultFilter, *, before: str = "", after: str = "") -> FaultPage:
    """The page for `wanted` that lies before or after that place; a constant number of queries. In the account's
    scope."""
    faults = wanted.apply(Fault.objects.all())
    if not wanted.state:
        faults = faults.filter(state__in=LIVING)
    page = page_of(faults, "last_seen", before=before, after=after)
    rows = _rows(account, page.rows)
    needs_someone = [row for row in rows if row.fault.state == Fault.State.OPEN]
    return FaultPage(
        open=sorted(needs_someone, key=lambda row: (RANK[row.fault.kind.severity], -row.stuck.count)),
        retrying=[row for row in rows if row.fault.state == Fault.State.RETRYING],
        over=[row for row in rows if row.fault.state in OVER],
        newer=page.newer,
        older=page.older,
    )


def _rows(account: Account, faults: Sequence[Fault]) -> list[FaultRow]:
    ids = [fault.id for fault in faults]
    behind = stuck_behind(ids)
    tries = next_tries(account, faults)
    waiting = documents_waiting() if any(is_incident(fault) for fault in faults) else 0
    last = _last_turns(fault.id for fault in faults if fault.state in OVER)
    connection = fed_organisation()
    name = connection.name if connection else ""
    return [
        FaultRow(
            fault=fault,
            stuck=behind[fault.id],
            why=why(fault, name),
            next_try=tries.get(fault.id),
            waiting=waiting if is_incident(fault) else 0,
            last=last.get(fault.id),
        )
        for fault in faults
    ]


def documents_waiting() -> int:
    """What would go to Xero if it could. In an account scope."""
    states = (DocumentState.WAITING, DocumentState.RETRYING, DocumentState.UNCERTAIN, DocumentState.IN_FLIGHT)
    return Document.objects.filter(state__in=states).count()


def next_tries(account: Account, faults: Iterable[Fault]) -> dict[int, datetime]:
    """By fault, for those that mend themselves: when they are tried again. An incident with the account's next run."""
    retrying = [fault for fault in faults if fault.state == Fault.State.RETRYING]
    if not retrying:
        return {}
    due = Blocker.objects.filter(fault__in=retrying, document__next_attempt_at__isnull=False).order_by()
    moments = dict(due.values_list("fault_id").annotate(Min("document__next_attempt_at")))
    if account.next_sync_at is not None:
        moments |= {fault.id: account.next_sync_at for fault in retrying if is_incident(fault)}
    return moments


def _last_turns(fault_ids: Iterable[int]) -> dict[int, FaultEvent]:
    ids = list(fault_ids)
    if not ids:
        return {}
    ends = FaultEvent.objects.filter(fault_id__in=ids, what__in=(FaultEvent.What.RESOLVED, FaultEvent.What.IGNORED))
    return {event.fault_id: event for event in ends.order_by("id")}
