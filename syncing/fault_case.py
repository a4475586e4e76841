"""One fault as its page shows it: what is stuck, why, what to do, the facts, the documents, the history."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from faults.catalogue import Step
from faults.models import Fault, FaultEvent
from faults.stuck import Stuck, stuck_behind
from faults.words import why
from syncing.fault_list import OVER, documents_waiting, next_tries
from syncing.fault_places import Link, Places
from syncing.incidents import is_incident
from syncing.keyset import Page, page_of
from syncing.models import Document
from syncing.partners import fed_organisation
from syncing.watchdog import CODE as SYNC_STOPPED
from syncing.watchdog import Check, checklist
from tenants.models import Account, AutotaskConnection, XeroConnection

DOCUMENTS_TO_A_PAGE = 25
MOST_EVENTS = 50

# What can be done about a fault from its own page, by code: each has a template in templates/faults/remedies/.
REMEDIES: dict[str, tuple[str, ...]] = {
    "amounts-do-not-match": ("service_adjustments",),
    "contact-archived": ("choose_contact",),
    "contact-name-taken": ("choose_contact",),
    "contact-number-taken": ("choose_contact",),
    "currency-not-subscribed": ("add_currency",),
    "invoice-not-modifiable": ("send_again", "overwrite"),
    "no-valid-contact": ("choose_contact",),
    "xero-disconnected": ("reconnect_xero",),
    "xero-permission": ("reconnect_xero",),
    "access-token-expired": ("reconnect_xero",),
}


@dataclass(frozen=True)
class ShownStep:
    text: str
    link: Link | None


@dataclass(frozen=True)
class FaultCase:
    """Everything that the page of one fault shows, read in a constant number of queries. In the account's scope."""

    account: Account
    fault: Fault
    stuck: Stuck
    documents: Page[Document]
    events: Sequence[FaultEvent]
    autotask: AutotaskConnection | None
    xero: XeroConnection | None
    next_try: datetime | None
    waiting: int
    checks: Sequence[Check] = ()  # where the sync has stopped: what it needs, as it is now

    @property
    def facts(self) -> dict[str, Any]:
        facts: dict[str, Any] = self.fault.evidence
        return facts

    @property
    def is_over(self) -> bool:
        return self.fault.state in OVER

    @property
    def is_incident(self) -> bool:
        return is_incident(self.fault)

    @property
    def why(self) -> str:
        return why(self.fault, self.xero.name if self.xero else "")

    @cached_property
    def places(self) -> Places:
        first = self.documents.rows[0] if self.documents.rows else None
        return Places(self.account.slug, self.fault, first, self.autotask, self.xero)

    @property
    def steps(self) -> list[ShownStep]:
        return [self._shown(step) for step in self.fault.kind.steps]

    @property
    def holder_url(self) -> str:
        return self.places.holder_url()

    @property
    def company_id(self) -> int | None:
        """The Autotask company that the fault is about."""
        known = self.facts.get("company_id")
        return known if isinstance(known, int) else None

    @property
    def remedies(self) -> list[str]:
        """Those that fit this case."""
        if self.is_over:
            return []
        return [name for name in REMEDIES.get(self.fault.code, ()) if self._fits(name)]

    @property
    def skipping(self) -> str:
        """What skipping does to the documents shown."""
        in_xero = {document.xero_id is not None for document in self.documents.rows}
        if in_xero == {True}:
            return "Leave in Xero as it is"
        return "Skip, or leave in Xero as it is" if True in in_xero else "Skip"

    @property
    def evidence_templates(self) -> list[str]:
        return [f"faults/evidence/{self.fault.code}.html", "faults/evidence/other.html"]

    @property
    def quoted(self) -> list[str]:
        """The partner's own words, each once."""
        said = self.facts.get("messages")
        texts = [str(text) for text in said] if isinstance(said, list) else []
        return list(dict.fromkeys(filter(None, [*texts, self.fault.detail])))

    def _shown(self, step: Step) -> ShownStep:
        return ShownStep(step.text, self.places.link(step.place))

    def _fits(self, remedy: str) -> bool:
        if remedy == "service_adjustments":
            return service_adjustments_would_help(self.fault)
        if remedy == "add_currency":
            return self.xero is not None and self.facts.get("cause") != "setting_differs"
        if remedy == "choose_contact":
            return self.xero is not None and self.company_id is not None
        if remedy == "overwrite":
            return bool(self.facts.get("edited"))
        if remedy == "send_again":
            return bool(self.facts.get("missing") or self.facts.get("became"))
        return self.fault.state == Fault.State.OPEN


def service_adjustments_would_help(fault: Fault) -> bool:
    """Whether the diagnosis found that the totals would meet with service adjustment support, to the cent."""
    diagnosis = fault.evidence.get("diagnosis") or []
    return any(cause.get("cause") == "service_adjustments" and cause.get("fits") for cause in diagnosis)


def read_case(account: Account, fault: Fault, *, before: str = "", after: str = "") -> FaultCase:
    """The case of `fault`, with the page of its documents that lies before or after that place."""
    behind = Document.objects.filter(blockers__fault=fault).select_related("organisation").defer("source", "sent")
    documents = page_of(behind, "id", before=before, after=after, size=DOCUMENTS_TO_A_PAGE)
    return FaultCase(
        account=account,
        fault=fault,
        stuck=stuck_behind([fault.id])[fault.id],
        documents=documents,
        events=list(FaultEvent.objects.filter(fault=fault).order_by("-id")[:MOST_EVENTS]),
        autotask=AutotaskConnection.objects.first(),
        xero=fed_organisation(),
        next_try=next_tries(account, [fault]).get(fault.id),
        waiting=documents_waiting() if is_incident(fault) else 0,
        checks=checklist(account.id) if fault.code == SYNC_STOPPED else (),
    )
