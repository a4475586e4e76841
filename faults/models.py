"""Faults: one cause in one account, with every document stuck behind it; and what partners said that nobody knows yet.

The documents point here (syncing.models.Blocker), so that this package needs to know nothing of syncing.
"""

from __future__ import annotations

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models

from faults.catalogue import KINDS, FaultKind, Partner, WhoActs
from tenants.models import AccountForeignKey, AccountModel


class Fault(AccountModel):
    """One cause in one account. `code` and `subject` are its fingerprint, and stay one row however often it returns.

    An *episode* is the time from its opening to its resolution: `opened_at`, `detail` and `evidence` are of the latest.
    faults/record.py moves the states.
    """

    class State(models.TextChoices):
        OPEN = "open", "Needs you"
        RETRYING = "retrying", "Trying again"
        RESOLVED = "resolved", "Resolved"
        IGNORED = "ignored", "Ignored"

    code = models.CharField(max_length=40)
    subject = models.CharField(max_length=255, blank=True, help_text="What has to be mended.")
    state = models.CharField(max_length=10, choices=State)
    regressed = models.BooleanField(default=False, help_text="It was resolved or ignored before, and came back.")
    detail = models.TextField(blank=True, help_text="The partner's own words, as last heard.")
    evidence = models.JSONField(default=dict, encoder=DjangoJSONEncoder, help_text="The facts of this case.")
    first_seen = models.DateTimeField()
    opened_at = models.DateTimeField(help_text="When its latest episode began.")
    last_seen = models.DateTimeField()
    times_seen = models.PositiveIntegerField(default=0)
    resolved_at = models.DateTimeField(null=True)
    ignored_reason = models.TextField(blank=True)
    looks = models.PositiveIntegerField(default=0, help_text="How often it was looked whether its cause has cleared.")
    next_look_at = models.DateTimeField(null=True, help_text="When that is looked at again, while it is open.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["account", "code", "subject"], name="one_fault_for_each_cause")]
        indexes = [
            models.Index(fields=["account", "state", "-last_seen"]),
            models.Index(fields=["account", "-last_seen"]),
            models.Index(fields=["account", "state", "code"], name="fault_codes"),
        ]

    def __str__(self) -> str:
        return f"{self.kind.title}: {self.subject}" if self.subject else self.kind.title

    @property
    def about(self) -> str:
        """What has to be mended, as people read it: “Account code 260”."""
        return self.kind.about(self.subject)

    @property
    def kind(self) -> FaultKind:
        """Its entry of the catalogue. One whose code has left the catalogue reads as unexpected."""
        return KINDS.get(self.code, KINDS["unexpected"])

    @property
    def who_acts(self) -> WhoActs:
        """Who must act now: nobody while it is tried again, and the customer on what no longer mends itself."""
        if self.state == self.State.RETRYING:
            return WhoActs.NOBODY
        return WhoActs.CUSTOMER if self.kind.who_acts == WhoActs.NOBODY else self.kind.who_acts


class FaultEvent(AccountModel):
    """One turn in the life of a fault."""

    class What(models.TextChoices):
        OPENED = "opened", "Opened"
        RETURNED = "returned", "Came back"
        GAVE_UP = "gave_up", "Does not mend itself"
        RESOLVED = "resolved", "Resolved"
        IGNORED = "ignored", "Ignored"
        RESYNCED = "resynced", "Re-sync asked for"

    fault = AccountForeignKey(Fault, on_delete=models.CASCADE, related_name="events")
    what = models.CharField(max_length=10, choices=What)
    at = models.DateTimeField()
    by = models.EmailField(blank=True, help_text="Who; empty: Cloud Depot itself. Kept as text, to outlive a log-in.")
    note = models.TextField(blank=True)

    class Meta:
        indexes = [models.Index(fields=["account", "fault", "-id"])]

    def __str__(self) -> str:
        return f"{self.get_what_display()} {self.at:%Y-%m-%d %H:%M}"


class FaultNotice(AccountModel):
    """One e-mail told one person of one turn of a fault: that it needs them, or that it is over."""

    class About(models.TextChoices):
        OPENED = "opened", "Needs you"
        RESOLVED = "resolved", "Resolved"

    fault = AccountForeignKey(Fault, on_delete=models.CASCADE, related_name="notices", db_index=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    about = models.CharField(max_length=10, choices=About)
    episode = models.DateTimeField(help_text="The `opened_at` of the fault that it is about.")
    sent_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["account", "fault", "user", "about", "episode"], name="one_notice_for_each_turn"
            )
        ]
        indexes = [models.Index(fields=["account", "user", "-sent_at"])]


class NoticeQueue(AccountModel):
    """When the members of an account are to be told next. The dispatcher reads it for all accounts."""

    due_at = models.DateTimeField(null=True, help_text="Empty: there is nothing to tell.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["account"], name="one_notice_queue_for_each_account")]
        indexes = [models.Index(fields=["due_at"])]


class UnknownText(models.Model):
    """A text of a partner that the catalogue does not know, with its values left out, over all accounts.

    Staff see how often it comes, and give it a kind in the catalogue.
    """

    partner = models.CharField(max_length=10, choices=Partner)
    text = models.CharField(max_length=500)
    times_seen = models.PositiveIntegerField(default=0)
    first_seen = models.DateTimeField()
    last_seen = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["partner", "text"], name="one_row_for_each_unknown_text")]
        ordering = ["-times_seen", "text"]

    def __str__(self) -> str:
        return self.text
