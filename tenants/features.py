"""Features: what only staff switch on, account by account, after weighing the customer's case."""

from __future__ import annotations

from enum import StrEnum

from tenants.models import Account, Feature, User
from tenants.scope import account_scope, require_account_id


class FeatureName(StrEnum):
    """Each feature there is. All are off until staff turn one on."""

    SERVICE_ADJUSTMENTS = "service_adjustments"
    SHARED_ORGANISATION = "shared_organisation"


DESCRIPTIONS = {
    FeatureName.SERVICE_ADJUSTMENTS: "Send a line with a negative quantity as quantity 1 × its total.",
    FeatureName.SHARED_ORGANISATION: "Connect a Xero organisation that another account feeds already.",
}


def is_enabled(name: str) -> bool:
    """Whether it is on for the account of this scope. Raises ValueError for an unknown one, ScopeError outside any."""
    account_id = require_account_id()
    return Feature.objects.filter(account_id=account_id, name=FeatureName(name), enabled=True).exists()


def enabled_features() -> dict[str, bool]:
    """Every feature, and whether it is on for the account of this scope. Raises ScopeError outside any."""
    account_id = require_account_id()
    enabled = set(Feature.objects.filter(account_id=account_id, enabled=True).values_list("name", flat=True))
    return {name.value: name.value in enabled for name in FeatureName}


def switch_feature(account: Account, name: str, *, enabled: bool, reason: str, changed_by: User) -> Feature:
    """Turn a feature on or off for an account. `changed_by` is staff, and says why.

    Raises PermissionError for anyone else, and ValueError for an unknown feature or an empty reason.
    """
    if not (changed_by.is_active and changed_by.is_staff):
        raise PermissionError("Only staff switch features.")
    if not reason.strip():
        raise ValueError("A feature is switched for a reason.")
    with account_scope(account.id):
        feature, _ = Feature.objects.update_or_create(
            account_id=account.id,
            name=FeatureName(name).value,
            defaults={"enabled": enabled, "reason": reason.strip(), "changed_by": changed_by.email},
        )
    return feature
