"""How an account is, in one row that our staff may read for all accounts."""

from __future__ import annotations

from django.db import models

from tenants.models import AccountModel


class AccountHealth(AccountModel):
    """What the desk's list of accounts shows, so that it reads no customer's tables. syncing/health.py keeps it."""

    class Standing(models.TextChoices):
        STOPPED = "stopped", "Sync has stopped"
        BROKEN = "broken", "Not connected"
        FAULTS = "faults", "Faults open"
        TROUBLE = "trouble", "Trying again"
        WELL = "well", "Well"
        NEW = "new", "Being set up"

    standing = models.CharField(max_length=10, choices=Standing)
    autotask = models.CharField(max_length=100, help_text="The connection, in a word.")
    autotask_mark = models.CharField(max_length=5, blank=True)
    xero = models.CharField(max_length=100, help_text="The connection, in a word.")
    xero_mark = models.CharField(max_length=5, blank=True)
    organisation = models.CharField(max_length=255, blank=True)
    last_finished_at = models.DateTimeField(null=True, help_text="When a run last finished.")
    stopped_by = models.CharField(max_length=40, blank=True, help_text="The code of what stopped the last run.")
    open_faults = models.PositiveIntegerField(default=0)
    stuck = models.PositiveIntegerField(default=0, help_text="Documents that need someone.")
    waiting = models.PositiveIntegerField(default=0, help_text="Documents on their way.")
    documents = models.JSONField(
        default=dict, db_default={}, help_text="How many, by state; those at rest counted once in a while."
    )
    counted_at = models.DateTimeField(null=True, help_text="When those at rest were last counted.")
    faults = models.JSONField(default=dict, db_default={}, help_text="Documents that wait behind a fault, by its code.")
    refreshed_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["account"], name="one_health_row_for_each_account")]

    def __str__(self) -> str:
        return self.get_standing_display()
