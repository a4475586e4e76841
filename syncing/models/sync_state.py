"""Where an account's sync stands: its lease, its cursors and the reference data that it keeps."""

from __future__ import annotations

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models

from tenants.models import AccountModel


class SyncState(AccountModel):
    """One row for each account. The lease lets one run at a time work on it."""

    lease_run_id = models.BigIntegerField(null=True)
    lease_expires_at = models.DateTimeField(null=True)
    cursor = models.BigIntegerField(null=True, help_text="The highest Autotask invoice id discovered.")
    walked_at = models.DateTimeField(null=True, help_text="When the whole look-back was last walked.")
    walk_place = models.BigIntegerField(null=True, help_text="The id that a walk which is not over has come to.")
    total_is = models.CharField(max_length=5, blank=True, help_text="Whether Autotask's invoiceTotal is net or gross.")
    stops = models.PositiveIntegerField(default=0, help_text="Runs in a row that a connection problem stopped.")
    last_finished_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["account"], name="one_sync_state_for_each_account")]


class ReferenceData(AccountModel):
    """A list that seldom changes (billing codes, tax rates, ledger accounts …), as the partner told it."""

    name = models.CharField(max_length=60, help_text="What it is, and for Xero of which organisation.")
    payload = models.JSONField(encoder=DjangoJSONEncoder)
    fetched_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["account", "name"], name="one_reference_list_for_each_name")]
