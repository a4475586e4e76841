"""What the overview shows: is everything connected, is anything stuck, what happened, when is the next sync."""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from django.db.models import Count
from django.db.models.functions import TruncDate
from django.utils import timezone

from faults.models import Fault
from faults.stuck import Stuck, stuck_behind
from syncing.chart import Chart, draw
from syncing.connection_health import FedOrganisation, Health, autotask_health, fed_organisations
from syncing.document_list import LEFT_OUT, ON_THE_WAY, in_order
from syncing.incidents import is_incident, living_incidents
from syncing.models import Document, SyncState
from syncing.states import DocumentState
from syncing.tally import documents_by_state
from tenants.models import AutotaskConnection, XeroConnection
from tenants.scope import require_account_id

DAYS = 30
FAULTS_SHOWN = 5

# The parts of the chart, and of the figures, with the states that count to them.
STATES_OF_PART: dict[str, tuple[DocumentState, ...]] = {
    "synced": (DocumentState.SYNCED,),
    "stuck": (DocumentState.FAULTED,),
    "waiting": ON_THE_WAY,
    "skipped": LEFT_OUT,
}
PART_OF_STATE = {state: part for part, states in STATES_OF_PART.items() for state in states}


@dataclass(frozen=True, kw_only=True)
class Connections:
    """Both sides. `organisation` is None before the first one is connected."""

    autotask: AutotaskConnection | None
    autotask_health: Health
    organisation: FedOrganisation | None
    others: int

    @property
    def has_xero(self) -> bool:
        return self.organisation is not None and self.organisation.is_fed

    @property
    def are_both_there(self) -> bool:
        return self.autotask is not None and self.has_xero


@dataclass(frozen=True)
class Figure:
    """How many documents are in these states."""

    label: str
    count: int
    states: str  # as the list of documents takes them
    mark: str = ""


@dataclass(frozen=True)
class OpenFault:
    fault: Fault
    stuck: Stuck


@dataclass(frozen=True, kw_only=True)
class LivingFaults:
    """Those of the connections, and the last few that need a person; there may be `more`."""

    incidents: Collection[Fault]
    shown: Sequence[OpenFault]
    more: bool


def connections(incidents: Collection[Fault]) -> Connections:
    """Both sides, with the connection faults that are not over. In an account scope; two queries."""
    autotask = AutotaskConnection.objects.defer("secret", "integration_code").first()
    tokens = ("grant__access_token", "grant__refresh_token")
    mine = XeroConnection.objects.filter(account_id=require_account_id())
    fed = fed_organisations(mine.select_related("grant").defer(*tokens), incidents, timezone.now())
    return Connections(
        autotask=autotask,
        autotask_health=autotask_health(autotask, incidents),
        organisation=fed[0] if fed else None,
        others=max(len(fed) - 1, 0),
    )


def figures() -> list[Figure]:
    """Documents by what became of them. In an account scope; one query."""
    counts = documents_by_state()

    def figure(label: str, part: str, mark: str = "") -> Figure:
        states = STATES_OF_PART[part]
        return Figure(label, sum(counts[state] for state in states), in_order(states), mark)

    return [
        figure("In Xero", "synced", "good"),
        figure("Needs attention", "stuck", "bad"),
        figure("On the way", "waiting", "busy"),
        figure("Skipped or voided", "skipped"),
    ]


def chart_of_days() -> Chart:
    """The documents that Autotask made in the last 30 days of the reader. In an account scope; one query."""
    today = timezone.localdate()
    days = [today - datetime.timedelta(days=back) for back in range(DAYS - 1, -1, -1)]
    midnight = timezone.make_aware(datetime.datetime.combine(days[0], datetime.time.min))
    zone = timezone.get_current_timezone()
    rows = (
        Document.objects.filter(autotask_created_at__gte=midnight)
        .values_list(TruncDate("autotask_created_at", tzinfo=zone), "state")
        .annotate(count=Count("*"))
        .order_by()
    )
    counts: dict[datetime.date, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for day, state, count in rows:
        counts[day][PART_OF_STATE[DocumentState(state)]] += count
    return draw(days, counts)


def living_faults() -> LivingFaults:
    """The faults that the page tells of. In an account scope; two queries."""
    newest = Fault.objects.filter(state=Fault.State.OPEN).order_by("-last_seen", "-id")[: FAULTS_SHOWN + 1]
    found = {fault.id: fault for fault in living_incidents().union(newest, all=True)}.values()
    needing_someone = [fault for fault in found if fault.state == Fault.State.OPEN]
    shown = sorted(needing_someone, key=lambda fault: (fault.last_seen, fault.id), reverse=True)[:FAULTS_SHOWN]
    stuck = stuck_behind(fault.id for fault in shown)
    return LivingFaults(
        incidents=[fault for fault in found if is_incident(fault)],
        shown=[OpenFault(fault, stuck[fault.id]) for fault in shown],
        more=len(needing_someone) > len(shown),
    )


def last_finished_at() -> datetime.datetime | None:
    """When a run of the account last ended. In an account scope."""
    return SyncState.objects.values_list("last_finished_at", flat=True).first()
