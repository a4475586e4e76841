"""What an API user of Autotask may see, and what of it would stop invoices later: told at set-up, before it faults."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from syncing.autotask.access import Access, EntityAccess
from syncing.models import SyncSettings

NAMES = {
    "Invoices": "Invoices",
    "BillingItems": "Billing items",
    "Companies": "Companies",
    "Contacts": "Contacts",
    "PurchaseOrders": "Purchase orders",
}
# Autotask slows all integrations of a database down from half of its hourly calls.
BUSY_SHARE = 0.5


@dataclass(frozen=True, kw_only=True)
class Concern:
    """What would go wrong, and how it is mended in Autotask. `article` is the fault that it would become."""

    mark: Literal["bad", "warn"]
    title: str
    says: str
    article: str = ""


@dataclass(frozen=True, kw_only=True)
class Sight:
    """One kind of records, and how much of it the API user is shown."""

    name: str
    mark: Literal["good", "warn", "bad", ""]
    word: str


def sights(access: Access) -> list[Sight]:
    return [_sight(entity) for entity in access.entities]


def concerns(access: Access, settings: SyncSettings) -> list[Concern]:
    """The most serious first."""
    found = [*_hidden_lines(access), *_rights(access, settings), *_calls(access)]
    return sorted(found, key=lambda concern: concern.mark)


def _sight(entity: EntityAccess) -> Sight:
    name = NAMES.get(entity.entity, entity.entity)
    if not entity.may_query:
        return Sight(name=name, mark="bad" if entity.is_needed else "", word="Not visible")
    if not entity.shows_any:
        return Sight(name=name, mark="warn" if entity.is_needed else "", word="None seen")
    return Sight(name=name, mark="good", word="Visible")


def _hidden_lines(access: Access) -> Iterator[Concern]:
    hidden = [line for line in access.hidden_lines_of_business if line.is_active]
    if hidden:
        names = ", ".join(filter(None, (line.name or line.division for line in hidden)))
        yield Concern(
            mark="bad",
            title="Lines of business are hidden",
            says=(
                f"Autotask leaves out what was billed under {names}, without a word. Such invoices would arrive with "
                "lines missing, so they would be stopped. Open the API user under Admin ▸ Resources, and give it "
                "these lines of business."
            ),
            article="amounts-do-not-match",
        )
    elif access.lines_of_business and all(line.seen is None for line in access.lines_of_business):
        yield Concern(
            mark="warn",
            title="Lines of business could not be checked",
            says="Autotask does not tell which of them this API user has. See under Admin ▸ Resources that it has all.",
            article="amounts-do-not-match",
        )


def _rights(access: Access, settings: SyncSettings) -> Iterator[Concern]:
    unseen = [
        NAMES[one.entity].lower() for one in access.entities if one.is_needed and one.may_query and not one.shows_any
    ]
    if unseen:
        yield Concern(
            mark="warn",
            title=f"No {' and no '.join(unseen)} can be seen",
            says="Either there are none yet, or the security level of this API user hides them.",
            article="no-line-items",
        )
    if not access.may_write_invoices:
        wanted = settings.write_back_number
        yield Concern(
            mark="bad" if wanted else "warn",
            title="Numbers cannot be written back",
            says="This API user may not change invoices in Autotask."
            + (
                " The account's settings ask for it."
                if wanted
                else " That is needed only where numbers are written back."
            ),
            article="autotask-not-permitted",
        )


def _calls(access: Access) -> Iterator[Concern]:
    threshold = access.threshold
    if threshold.limit and threshold.used > threshold.limit * BUSY_SHARE:
        yield Concern(
            mark="warn",
            title="Autotask is busy with integrations",
            says=(
                f"All integrations of this database together made {threshold.used:,} of {threshold.limit:,} calls in "
                f"the last {threshold.minutes} minutes. Autotask slows them down from half of it."
            ),
            article="autotask-threshold",
        )
