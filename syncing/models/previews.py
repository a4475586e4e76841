"""Dry runs: what Xero would be sent, and every problem that would arise. Nothing of it leaves us."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models

from syncing.models.documents import Document
from tenants.models import AccountForeignKey, AccountModel


class Preview(AccountModel):
    """A dry run that a person asked for, over the documents of that moment. How far it is tells `done`."""

    class State(models.TextChoices):
        QUEUED = "queued", "Queued"
        RUNNING = "running", "Running"
        FINISHED = "finished", "Finished"
        STOPPED = "stopped", "Stopped"

    state = models.CharField(max_length=10, choices=State, default=State.QUEUED)
    documents = ArrayField(models.BigIntegerField(), help_text="Their ids, newest first.")
    of_backlog = models.BooleanField(
        default=False, help_text="Over all that waits; Autotask is asked for what is new before."
    )
    done = models.PositiveIntegerField(default=0)
    requested_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    causes = models.JSONField(
        default=list, help_text="At its end: each problem once, with how many documents it stops, and their totals."
    )
    problem_code = models.CharField(max_length=40, blank=True, help_text="Why it stopped, where it did.")
    problem_detail = models.TextField(blank=True)

    class Meta:
        indexes = [models.Index(fields=["account", "-id"])]


class PreviewedDocument(AccountModel):
    """What the dry run told of one document. Amounts inside the JSON are strings, in the document's currency."""

    class Action(models.TextChoices):
        CREATE = "create", "Would be created in Xero"
        UPDATE = "update", "Would be updated in Xero"
        UNCHANGED = "unchanged", "Is in Xero as it would be sent"
        SKIP = "skip", "Would be skipped"
        WAIT = "wait", "Would wait, and go on by itself"
        STOP = "stop", "Would be stopped by a problem"

    preview = AccountForeignKey(Preview, on_delete=models.CASCADE, related_name="results", db_index=False)
    document = AccountForeignKey(Document, on_delete=models.CASCADE, related_name="+", db_index=False)
    action = models.CharField(max_length=10, choices=Action)
    skipped_reason = models.CharField(max_length=500, blank=True)
    currency = models.CharField(max_length=3, blank=True)
    total = models.DecimalField(max_digits=18, decimal_places=4, null=True, help_text="As Xero would compute it.")
    source = models.JSONField(null=True, encoder=DjangoJSONEncoder, help_text="The lines as Autotask has them.")
    content = models.JSONField(
        null=True, encoder=DjangoJSONEncoder, help_text="The Xero document, as far as it can be told."
    )
    contact = models.JSONField(null=True, help_text="Whom it would be billed to.")
    amounts = models.JSONField(null=True, encoder=DjangoJSONEncoder, help_text="The amount check.")
    problems = models.JSONField(default=list, encoder=DjangoJSONEncoder)
    notices = models.JSONField(default=list)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["account", "preview", "document"], name="one_result_for_each_document")
        ]
        indexes = [models.Index(fields=["account", "document"])]
