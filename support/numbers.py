"""What waits for our staff, in numbers."""

from __future__ import annotations

from dataclasses import dataclass

from django.urls import reverse

from faults.models import UnknownText
from support.models import SupportRequest
from syncing.models import AccountHealth
from tenants.models import Account


@dataclass(frozen=True)
class Number:
    """A figure of the desk's first page, and where it leads."""

    label: str
    count: int
    url: str
    mark: str = ""


def numbers() -> list[Number]:
    """In a system scope; five queries."""
    accounts = reverse("admin:tenants_account_changelist")
    standing = AccountHealth.Standing

    def of_standing(label: str, value: str, mark: str) -> Number:
        count = AccountHealth.objects.filter(standing=value).count()
        return Number(label, count, f"{accounts}?standing={value}", mark if count else "")

    waiting = SupportRequest.objects.filter(state=SupportRequest.State.OPEN).count()
    return [
        Number(
            "Open requests", waiting, reverse("admin:support_supportrequest_changelist"), "warn" if waiting else "good"
        ),
        of_standing("Stopped", standing.STOPPED, "bad"),
        of_standing("Not connected", standing.BROKEN, "bad"),
        Number("Paused", Account.objects.filter(paused=True).count(), f"{accounts}?paused__exact=1"),
        Number("Unknown texts", UnknownText.objects.count(), reverse("admin:faults_unknowntext_changelist")),
    ]
