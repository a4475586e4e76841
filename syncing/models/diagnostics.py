"""What our staff keep while they look closely at one account: its exchanges with the partners, word for word."""

from __future__ import annotations

from django.db import models

from tenants.models import AccountModel


class Diagnosis(AccountModel):
    """The diagnostic mode of an account, on until `ends_at`. Who switched it, and why, is a StaffAction."""

    ends_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["account"], name="one_diagnosis_for_each_account")]


class KeptExchange(AccountModel):
    """One request to a partner and its answer, without the secrets (syncing/diagnostics.py)."""

    at = models.DateTimeField(auto_now_add=True)
    sync = models.BigIntegerField(null=True, help_text="The run that it belongs to.")
    partner = models.CharField(max_length=10)
    method = models.CharField(max_length=10)
    url = models.TextField()
    headers = models.JSONField(default=dict)
    body = models.TextField(blank=True)
    status = models.PositiveSmallIntegerField(null=True, help_text="Empty: no answer came.")
    answer_headers = models.JSONField(default=dict)
    answer = models.TextField(blank=True)
    milliseconds = models.PositiveIntegerField()

    class Meta:
        indexes = [models.Index(fields=["account", "-id"])]
