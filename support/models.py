"""What customers ask of us."""

from __future__ import annotations

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import Q

from faults.models import Fault
from tenants.models import AccountForeignKey, AccountModel


class SupportRequest(AccountModel):
    """A member's words to us, with the facts of what they were looking at. Staff read those of all accounts."""

    class Kind(models.TextChoices):
        CONTACT = "contact", "Message"
        SERVICE_ADJUSTMENTS = "service_adjustments", "Service adjustment support"

    class State(models.TextChoices):
        OPEN = "open", "With our team"
        ANSWERED = "answered", "Answered"
        APPROVED = "approved", "Approved"
        DECLINED = "declined", "Declined"

    kind = models.CharField(max_length=20, choices=Kind)
    state = models.CharField(max_length=10, choices=State, default=State.OPEN)
    fault = AccountForeignKey(Fault, on_delete=models.CASCADE, null=True, related_name="requests", db_index=False)
    message = models.TextField(blank=True)
    context = models.JSONField(
        default=dict, encoder=DjangoJSONEncoder, help_text="The fault and its evidence at that moment."
    )
    asked_by = models.EmailField(help_text="Kept as text, to outlive a log-in.")
    asked_at = models.DateTimeField(auto_now_add=True)
    answer = models.TextField(blank=True)
    settled_by = models.EmailField(blank=True, help_text="Who of the staff.")
    settled_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["account", "fault"]),
            models.Index(fields=["account", "-id"]),
            models.Index(fields=["asked_at"], condition=Q(state="open"), name="request_open"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["account"],
                condition=Q(kind="service_adjustments", state="open"),
                name="one_open_request_for_service_adjustments",
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} from {self.asked_by}"


class StaffAction(AccountModel):
    """One thing that a person of our staff did to an account, or looked at in it. Never changed, and never deleted.

    The account's owner can read it. Queries name the account, or go by the id: staff read those of all accounts, and
    the policy for that keeps PostgreSQL from using an index for the account's policy.
    """

    class What(models.TextChoices):
        PAUSED = "paused", "Paused the sync"
        RESUMED = "resumed", "Resumed the sync"
        SYNC_ASKED = "sync_asked", "Asked for a sync"
        FEATURE_ON = "feature_on", "Turned a feature on"
        FEATURE_OFF = "feature_off", "Turned a feature off"
        DIAGNOSE_ON = "diagnose_on", "Turned the diagnostic mode on"
        DIAGNOSE_OFF = "diagnose_off", "Turned the diagnostic mode off"
        APPROVED = "approved", "Approved a request"
        DECLINED = "declined", "Declined a request"
        ANSWERED = "answered", "Answered a message"
        VISIT_BEGUN = "visit_begun", "Began to look at the account"
        VIEWED = "viewed", "Looked at a page"
        VISIT_ENDED = "visit_ended", "Ended the look at the account"

    what = models.CharField(max_length=12, choices=What)
    subject = models.CharField(max_length=500, blank=True, help_text="The feature, the request, the page.")
    reason = models.TextField(blank=True)
    by = models.EmailField(help_text="Who of the staff. Kept as text, to outlive their log-in.")
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes = [models.Index(fields=["account", "-id"])]

    def __str__(self) -> str:
        return f"{self.get_what_display()}: {self.subject}" if self.subject else self.get_what_display()
