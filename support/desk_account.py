"""One account as the desk shows it: its health, what stops it, its features, and what was done to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from support.models import StaffAction, SupportRequest
from syncing import diagnostics, health, watchdog
from syncing.models import AccountHealth
from syncing.overview import OpenFault, living_faults
from tenants.features import DESCRIPTIONS, FeatureName
from tenants.models import Account, Feature, Member

MOST_SHOWN = 20


@dataclass(frozen=True)
class FeatureSwitch:
    """A feature of the account; `last` is who turned it last, and why, where anybody did."""

    name: FeatureName
    description: str
    is_on: bool
    last: Feature | None

    @property
    def title(self) -> str:
        return self.name.value.replace("_", " ").capitalize()


@dataclass(frozen=True, kw_only=True)
class DeskAccount:
    account: Account
    health: AccountHealth
    checks: Sequence[watchdog.Check]
    faults: Sequence[OpenFault]  # the last few that need the customer
    features: Sequence[FeatureSwitch]
    requests: Sequence[SupportRequest]
    actions: Sequence[StaffAction]
    members: Sequence[Member]
    diagnosis_ends_at: datetime | None


def read_account(account: Account) -> DeskAccount:
    """As it is now; in its scope. Its health is refreshed on the way. A constant number of queries."""
    return DeskAccount(
        account=account,
        health=health.refresh(account.id),
        checks=watchdog.checklist(account.id),
        faults=living_faults().shown,
        features=_features(account),
        requests=list(SupportRequest.objects.filter(account=account).order_by("-id")[:MOST_SHOWN]),
        actions=list(StaffAction.objects.filter(account=account).order_by("-id")[:MOST_SHOWN]),
        members=list(Member.objects.filter(account=account).select_related("user").order_by("id")[:MOST_SHOWN]),
        diagnosis_ends_at=diagnostics.ends_at(),
    )


def _features(account: Account) -> list[FeatureSwitch]:
    kept = {feature.name: feature for feature in Feature.objects.filter(account=account)}
    return [
        FeatureSwitch(name, DESCRIPTIONS[name], name in kept and kept[name].enabled, kept.get(name))
        for name in FeatureName
    ]
