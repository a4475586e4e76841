"""One SyncRun of one account, stage by stage, under the account's lease and in its scope.

discover → claim → gather → translate → check amounts → contacts → deliver → settle → write back and follow up.
No stage talks to a partner inside a database transaction, and one bad document never holds up its neighbours.
"""

from __future__ import annotations

import logging
import math
import time
import uuid
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import Future, wait
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

from django.db import InterfaceError, OperationalError
from django.db.models import Count, Q
from django.utils import timezone

from faults import record
from faults.models import Fault
from faults.problems import SyncProblem
from syncing import counters, diagnostics, incidents, limits, queue, release, schedule, watchdog
from syncing.contact_terms import ContactTerms
from syncing.contacts import find_or_create_contacts
from syncing.create import create_in_xero
from syncing.deliver import ReadyDocument, XeroSide
from syncing.discover import Discovery, discover
from syncing.gather import HANDS_OF_GATHERER, Gatherer
from syncing.hands import Hands
from syncing.late_arrivals import look_for_late_arrivals, settle_on_one
from syncing.lease import LEASE, LeaseLostError, give_up, release_lease, renew_lease, take_lease
from syncing.models import Attempt, Blocker, Document, SyncRun, SyncSettings, SyncState
from syncing.partners import (
    NotConnectedError,
    Partner,
    Partners,
    check_connected,
    note_answers,
    note_problem,
    open_partners,
    partner_of,
)
from syncing.prepare import Prepared, prepare, unexpected
from syncing.price_list import see_to_items
from syncing.reference import ReferenceLists
from syncing.resync import update_in_xero
from syncing.rulebook import RESTS_ON, Rulebook
from syncing.settle import settle, stuck
from syncing.states import DocumentState
from syncing.stopping import is_stopping
from syncing.uncertain import resolve_uncertain
from syncing.void import void_in_xero
from syncing.write_back import write_back
from tenants.log_context import log_context

logger = logging.getLogger(__name__)

# No fault of a document, nor a bug of ours: the run ends, and the next one goes on from what was committed.
DATABASE_AWAY = (OperationalError, InterfaceError)


def sync(run: SyncRun, seconds: float = math.inf) -> bool:
    """Do `run`, from discovery until nothing is ready, or until no batch is begun any more after so many seconds.

    False where another run has the account, or this one was done before; then nothing was done. Problems of documents
    end on the documents; a problem of a connection stops the run, and stands on it.
    """
    if not take_lease(run):
        return False
    if not _begin(run):
        release_lease(run)
        return False
    try:
        with log_context(sync=run.id), diagnostics.looked_up_once():
            _carry_account(run, seconds)
    except LeaseLostError:
        logger.warning("Run %s lost its lease", run.id)
        give_up(run)
    except BaseException:  # the database went away, or the process ends: the next run sees to what this one left
        give_up(run)
        raise
    else:
        release_lease(run)
    return True


def _begin(run: SyncRun) -> bool:
    """Begin a run once: its id is what fences its writes. False where a task that came twice has begun it before."""
    run.state, run.started_at = SyncRun.State.RUNNING, timezone.now()
    new = SyncRun.objects.filter(id=run.id, started_at=None)
    return new.update(state=run.state, started_at=run.started_at) == 1


def _carry_account(run: SyncRun, seconds: float) -> None:
    queue.recover_from_dead_runs(run)
    try:
        partners = open_partners()
    except NotConnectedError:
        _finish(run, None, Counter())
        return
    stages = _Stages(run, partners)
    stopped_by: SyncProblem | None = None
    again_at: datetime | None = None
    try:
        with stages.hands:
            try:
                stages.go(seconds)
            except SyncProblem as problem:  # its wait begins now, and not when all hands are back
                again_at = schedule.next_try(problem, stages.state.stops, stages.preparation)
                raise
        note_answers(partners)
    except SyncProblem as problem:
        stopped_by = problem
        partner = partner_of(problem) or stages.partner
        note_problem(partners, partner, problem)
        incidents.hold(run, partner, problem, again_at)
    except (LeaseLostError, *DATABASE_AWAY):
        raise
    except Exception:  # noqa: BLE001 - a bug of ours, logged and shown; the next run is not to wait for it
        stopped_by = _unexpected(run)
    _finish(run, stopped_by, stages.counts(), again_at)


@dataclass(frozen=True, kw_only=True)
class _Batch:
    """Documents that this run has claimed, and what they are translated to, where that is made ahead of their turn."""

    documents: Sequence[Document]
    prepared: Future[Prepared] | None = None


class _Stages:
    """The stages of one run, and what they share."""

    def __init__(self, run: SyncRun, partners: Partners) -> None:
        self.run = run
        self.partners = partners
        self.partner: Partner = "Autotask"
        self.discovery = Discovery()
        self.state = SyncState.objects.get(account_id=run.account_id)
        self.settings = SyncSettings.of_account(run.account_id)
        self.incidents = incidents.open_incidents()
        self.lists = ReferenceLists(run.account_id)
        self.fetched_anew: set[str] = set()
        # One discovers, one prepares the next batch, with others to help it gather, and as many deliver as Xero takes.
        self.hands = Hands(2 + HANDS_OF_GATHERER + limits.xero_at_once())
        self.rulebook = Rulebook(self.settings, self.state, partners, self.lists, self.hands)
        self.ahead: _Batch | None = None
        self.preparation = 0.0  # seconds that the last batch took to gather and translate
        self.side = XeroSide(run=run, connection=partners.xero_connection, client=partners.xero, hands=self.hands)
        self.terms = ContactTerms(partners.xero, self.settings)

    def go(self, seconds: float) -> None:
        """All stages, until nothing is ready or the time is over. Raises SyncProblem where a connection is at fault.

        The time begins with the first batch: one is carried however long the discovery took.
        """
        looks_at_all = self._looks_at_all()
        self._check_connections()
        self._talk_to("Autotask")
        self.discovery = discover(
            self.partners.autotask,
            self.state,
            self.settings.lookback_days,
            hands=self.hands,
            seconds=seconds,
            anew=looks_at_all and self.run.trigger == SyncRun.Trigger.PERSON,
        )
        self.incidents = incidents.clear_answered(self.incidents, "Autotask")
        self.gatherer = Gatherer(self.partners.autotask, self.discovery, self.lists, self.settings, self.hands)

        self._talk_to("Xero")
        resolve_uncertain(self.side)
        look_for_late_arrivals(self.side)
        until = time.monotonic() + seconds
        self._carry_what_is_ready(until)
        self._end_discovery()
        if is_stopping():
            return
        release.send_one_ahead(self._faults_to_look_at(looks_at_all))
        self._carry_what_is_ready(until)
        self._talk_to("Xero")
        if self.settings.void_sync:
            void_in_xero(self.side)
        self._end_idle_incidents()
        self._talk_to("Autotask")
        write_back(self.run, self.partners.autotask, self.settings)

    def counts(self) -> Counter[str]:
        """What it did: new documents, calls to each partner, and documents by what became of them."""
        counts = Counter(
            new=self.discovery.new, autotask_calls=self.partners.autotask.calls, xero_calls=self.partners.xero.calls
        )
        outcomes = Attempt.objects.filter(run_id=self.run.id).values_list("outcome").annotate(Count("id"))
        return counts + Counter(dict(outcomes))

    def _check_connections(self) -> None:
        problem, self.partner = check_connected(self.partners, scheduled=self.run.trigger == SyncRun.Trigger.SCHEDULE)
        if problem is not None:
            raise problem

    def _talk_to(self, partner: Partner) -> None:
        """From here on a connection's problem is this partner's."""
        self.partner = partner

    def _looks_at_all(self) -> bool:
        """Whether a person wants this run for its own sake: it looks at all that is stuck, whatever its turn."""
        asked_for = Document.objects.filter(requested_at__isnull=False, state=DocumentState.WAITING)
        return self.run.trigger != SyncRun.Trigger.SCHEDULE and not asked_for.exists()

    def _faults_to_look_at(self, looks_at_all: bool) -> list[Fault]:
        """The faults that one document goes ahead for; while an incident stands, that one alone."""
        due = release.faults_to_look_at(all_of_them=looks_at_all)
        if not self.incidents:
            return due
        ids = {fault.id for fault in due}
        return [fault for fault in self.incidents if looks_at_all or fault.id in ids][:1]

    def _carry_what_is_ready(self, until: float) -> None:
        """Batch after batch, each prepared while the one before it is delivered."""
        while batch := self._next_batch(until):
            self._carry(batch, until)
            renew_lease(self.run)

    def _next_batch(self, until: float) -> _Batch | None:
        """What is made ahead, else what is ready; one document as a probe, as long as an incident is not over."""
        batch, self.ahead = self.ahead, None
        if batch is not None or is_stopping() or time.monotonic() >= until:
            return batch if not is_stopping() else None
        documents = queue.claim(self.run, 1 if self.incidents else queue.CLAIMED_AT_ONCE)
        return _Batch(documents=documents) if documents else None

    def _end_discovery(self) -> None:
        """Wait for the pages after the first. Raises the SyncProblem that stood in their way."""
        self._talk_to("Autotask")
        while not wait([self.discovery.rest], timeout=LEASE.total_seconds() / 5).done:
            renew_lease(self.run)
        self.discovery.rest.result()

    def _prepare_ahead(self, until: float) -> None:
        """Have the next batch gathered and translated while this one is delivered; a probe goes alone."""
        if self.incidents or not (batch := self._next_batch(until)):
            return
        self._forget_what_faults_rest_on(batch.documents)
        self.ahead = replace(batch, prepared=self.hands.start(partial(self._prepare, batch.documents)))

    def _prepare(self, documents: Sequence[Document]) -> Prepared:
        began = time.monotonic()
        prepared = prepare(documents, self.gatherer.gather(documents), self.rulebook)
        self.preparation = time.monotonic() - began
        return prepared

    def _end_idle_incidents(self) -> None:
        """Xero answers, though no document needs it now: an incident that none waits behind is over as well."""
        if not any(fault.subject == "Xero" for fault in self.incidents) or queue.documents_in_open_deliveries():
            return
        if not self.partners.xero.calls:
            self.partners.xero.organisation()
        self.incidents = incidents.clear_answered(self.incidents, "Xero")

    def _carry(self, batch: _Batch, until: float) -> None:
        """One batch, from gathering to settling. A bug of ours sets its documents aside, and the run goes on."""
        try:
            self._carry_batch(batch, until)
        except (SyncProblem, LeaseLostError, *DATABASE_AWAY):
            raise
        except Exception:  # noqa: BLE001 - a bug of ours, logged and shown on the documents that it struck
            self._set_aside(batch.documents)

    def _carry_batch(self, batch: _Batch, until: float) -> None:
        documents = batch.documents
        if batch.prepared is None:
            self._forget_what_faults_rest_on(documents)
        self._talk_to("Xero")
        self.rulebook.read_xero()
        self._talk_to("Autotask")
        prepared = batch.prepared.result() if batch.prepared else self._prepare(documents)
        self._prepare_ahead(until)
        self.incidents = incidents.clear(self.incidents, "Autotask")
        settle(self.run, prepared.outcomes)

        self._talk_to("Xero")
        calls_before = self.partners.xero.calls
        addressed = find_or_create_contacts(self.side, prepared.translated, self.settings)
        settle(self.run, addressed.outcomes)
        ready = self._with_items(self.terms.applied_to_all(addressed.ready, self.rulebook.organisation()))
        ready, outcomes = settle_on_one(self.side, ready)
        settle(self.run, outcomes)
        update_in_xero(self.side, [item for item in ready if item.document.xero_id is not None])
        create_in_xero(self.side, [item for item in ready if item.document.xero_id is None])
        if self.partners.xero.calls > calls_before:
            self.incidents = incidents.clear(self.incidents, "Xero")

    def _with_items(self, ready: Sequence[ReadyDocument]) -> Sequence[ReadyDocument]:
        """Those whose items Xero has, or has now got."""
        makes_items = self.settings.xero_items != SyncSettings.XeroItems.EXISTING
        if not makes_items or not any(line.item_code for item in ready for line in item.content.lines):
            return ready
        products = self.gatherer.products_by_code
        sendable, outcomes = see_to_items(self.partners.xero, ready, self.settings, self.rulebook.items(), products)
        self.lists.forget("xero:items")
        settle(self.run, outcomes)
        return sendable

    def _forget_what_faults_rest_on(self, documents: Sequence[Document]) -> None:
        """Fetch anew, once in a run, what faults of documents that a person or a look sends again rest on."""
        names = _rested_on(documents) - self.fetched_anew
        self.fetched_anew |= names
        self.lists.forget(*names)

    def _set_aside(self, documents: Sequence[Document]) -> None:
        """Keep a bug of ours on the documents that it struck, by the reference that its log entry carries."""
        reference = uuid.uuid4().hex[:12]
        logger.exception("Unexpected error %s in run %s", reference, self.run.id)
        ids = [document.id for document in documents]
        held = Document.objects.filter(id__in=ids, claimed_by=self.run.id, state=DocumentState.IN_FLIGHT)
        held.filter(id__in=queue.documents_in_open_deliveries()).update(state=DocumentState.UNCERTAIN, claimed_by=None)
        settle(self.run, [stuck(document, [unexpected(reference)]) for document in held.defer("source")])


def _unexpected(run: SyncRun) -> SyncProblem:
    """A bug of ours outside any document, as the fault of the account."""
    reference = uuid.uuid4().hex[:12]
    logger.exception("Unexpected error %s in run %s", reference, run.id)
    problem = unexpected(reference, watchdog.EVERY_RUN)
    record.record([problem])
    return problem


def _rested_on(documents: Sequence[Document]) -> set[str]:
    """The cached lists that a fault of these rests on, where it is open or a person asked for its document."""
    blockers = Blocker.objects.filter(document_id__in=[document.id for document in documents])
    sent_again = Q(document__requested_at__isnull=False) | Q(fault__state=Fault.State.OPEN)
    codes = blockers.filter(sent_again).values_list("fault__code", flat=True).distinct()
    return {name for code in codes for name in RESTS_ON.get(code, ())}


def _finish(
    run: SyncRun, stopped_by: SyncProblem | None, counts: Counter[str], again_at: datetime | None = None
) -> None:
    """Note how the run ended, and when the next one is due. One that was stopped has not finished its work."""
    queue.give_back(run)
    run.finished_at = timezone.now()
    state = SyncState.objects.get(account_id=run.account_id)
    state.stops = state.stops + 1 if stopped_by else 0
    if stopped_by is None:
        state.last_finished_at = run.finished_at
        watchdog.note_finished(run.account)
    state.save(update_fields=["stops", "last_finished_at"])
    schedule.plan_next_run(run.account, stopped=stopped_by is not None, again_at=again_at)
    run.state = SyncRun.State.STOPPED if stopped_by else SyncRun.State.FINISHED
    run.problem_code = stopped_by.code if stopped_by else ""
    run.problem_detail = stopped_by.detail if stopped_by else ""
    run.counts = dict(counts)
    run.save(update_fields=["finished_at", "state", "problem_code", "problem_detail", "counts"])
    logger.info("The run has %s%s", run.state, f": {run.problem_code}" if stopped_by else "")
    counters.run_ended(run, {str(outcome): counts[outcome] for outcome in Attempt.Outcome if counts[outcome]})
