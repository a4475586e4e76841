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
