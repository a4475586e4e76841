"""The run that is going on, as a page watches it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from django.db.models import Q, Subquery
from django.db.models.functions import Now
from django.utils import timezone

from faults.catalogue import KINDS
from syncing import incidents
from syncing.models import Attempt, Document, SyncRun, SyncState
from syncing.queue import ready_documents
from syncing.states import DocumentState

# A run that no worker takes for so long tells of a worker that is away.
WORKER_IS_LATE = timedelta(seconds=20)

ARRIVED = (Attempt.Outcome.CREATED, Attempt.Outcome.UPDATED, Attempt.Outcome.UNCHANGED, Attempt.Outcome.ADOPTED)


@dataclass(frozen=True, kw_only=True)
class Progress:
    """A run and how far it is: `left` of `of` documents are still to be carried, where that can be told."""

    run: SyncRun
    is_live: bool
    left: int = 0
    of: int = 0

    @property
    def done(self) -> int:
        return self.of - self.left

    @property
    def is_late(self) -> bool:
        return self.run.state == SyncRun.State.QUEUED and timezone.now() - self.run.requested_at > WORKER_IS_LATE

    @property
    def waits_for_connection(self) -> bool:
        """No partner is asked on schedule before a person has mended a connection."""
        return self.run.problem_code in incidents.OVER_WITH_ANY_ANSWER

    @property
    def words(self) -> str:
        """What it is doing, or did."""
        if self.run.state == SyncRun.State.QUEUED:
            return "Waiting for a worker to take it"
        if self.is_live:
            return f"{self.left:,} to go" if self.left else "Asking Autotask for what is new"
        if self.run.state == SyncRun.State.RUNNING:
            return "Broke off; the next one takes up what it left"
        return what_it_did(self.run)


def what_it_did(run: SyncRun) -> str:
    """“12 into Xero, 1 to look at”; and what stopped it, where something did."""
    counts = run.counts
    parts = [
        (sum(counts.get(outcome, 0) for outcome in ARRIVED), "into Xero"),
        (counts.get(Attempt.Outcome.FAULTED, 0), "to look at"),
        (counts.get(Attempt.Outcome.RETRYING, 0), "tried again later"),
        (counts.get(Attempt.Outcome.UNCERTAIN, 0), "being checked with Xero"),
        (counts.get(Attempt.Outcome.SKIPPED, 0), "skipped"),
        (counts.get(Attempt.Outcome.VOIDED, 0), "voided"),
    ]
    done = ", ".join(f"{count:,} {words}" for count, words in parts if count)
    if not run.problem_code:
        return done or "Nothing new"
    stopped_by = KINDS.get(run.problem_code, KINDS["unexpected"]).title
    return f"{done}, then stopped by “{stopped_by}”" if done else f"stopped by “{stopped_by}”"


def live_run() -> SyncRun | None:
    """The run that works on the account now, else the one that waits for a worker. In an account scope.

    A run whose lease ran out died with its worker, whatever its row says.
    """
    return SyncRun.objects.filter(_is_live()).order_by("-state", "id").first()


def _is_live() -> Q:
    holder = SyncState.objects.filter(lease_run_id__isnull=False, lease_expires_at__gt=Now())
    # A value, and not a list of them: so each of the two is found by its index.
    held = Q(state=SyncRun.State.RUNNING, id=Subquery(holder.values("lease_run_id")[:1]))
    return held | Q(state=SyncRun.State.QUEUED)


def progress(run: SyncRun, of: int = 0) -> Progress:
    """How far `run` is; `of` is the most that was left when its page looked before."""
    live = live_run()
    if live is None or live.id != run.id:
        run.refresh_from_db()  # it may have ended since it was read
        return Progress(run=run, is_live=False)
    return _live(live, of)


def present_progress() -> Progress | None:
    """Of the run that is going on, else of the one that was asked for last; None before the first one.

    In an account scope; one query, and two more while a run is at work.
    """
    latest = Q(id=Subquery(SyncRun.objects.order_by("-id").values("id")[:1]))
    found = SyncRun.objects.filter(_is_live() | latest).annotate(is_live=_is_live())
    run = found.order_by("-is_live", "-state", "id").first()
    if run is None:
        return None
    return _live(run) if run.is_live else Progress(run=run, is_live=False)


def _live(run: SyncRun, of: int = 0) -> Progress:
    left = documents_under_way() if run.state == SyncRun.State.RUNNING else 0
    return Progress(run=run, is_live=True, left=left, of=max(of, left))


def documents_under_way() -> int:
    """What a run has in hand or would take next."""
    in_hand = Document.objects.filter(state__in=(DocumentState.IN_FLIGHT, DocumentState.UNCERTAIN))
    return ready_documents().count() + in_hand.count()
