"""The documents that we carry, the tries to carry them, and the writes to Xero."""

from __future__ import annotations

import uuid

from django.contrib.postgres.fields import ArrayField
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import Q

from faults.catalogue import KINDS
from faults.models import Fault
from syncing.columns import LONGEST_KEPT_NUMBER
from syncing.models.search import searchable
from syncing.states import DocumentState
from tenants.models import AccountForeignKey, AccountModel, XeroConnection


class SyncRun(AccountModel):
    """One run over the account. Its id stamps the documents that it claims, which fences every later write."""

    class Trigger(models.TextChoices):
        SCHEDULE = "schedule", "Schedule"
        PERSON = "person", "A person"
        COMMAND = "command", "Command"

    class State(models.TextChoices):
        QUEUED = "queued", "Queued"
        RUNNING = "running", "Running"
        FINISHED = "finished", "Finished"
        STOPPED = "stopped", "Stopped"
        ABANDONED = "abandoned", "Abandoned"

    trigger = models.CharField(max_length=10, choices=Trigger)
    state = models.CharField(max_length=10, choices=State, default=State.QUEUED)
    requested_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    counts = models.JSONField(
        default=dict, help_text="Documents by what became of them, and the calls to each partner."
    )
    problem_code = models.CharField(max_length=40, blank=True, help_text="Why it stopped, where it did.")
    problem_detail = models.TextField(blank=True)

    class Meta:
        indexes = [models.Index(fields=["account", "-id"])]
        constraints = [
            models.UniqueConstraint(
                fields=["account"], condition=Q(state="queued"), name="one_queued_run_for_each_account"
            )
        ]


class Document(AccountModel):
    """One Autotask invoice or credit that we carry; one row for its whole life.

    Amounts are in `currency`. The Xero id is kept apart from the state: a failed update does not make a document
    "not in Xero".
    """

    class Entity(models.TextChoices):
        """Where it comes from. It, and not the kind, identifies the row: an invoice may become a credit."""

        INVOICE = "invoice", "Invoice"
        PURCHASE_ORDER = "purchase_order", "Purchase order"

    class Kind(models.TextChoices):
        INVOICE = "invoice", "Invoice"
        CREDIT_NOTE = "credit_note", "Credit note"
        PURCHASE_ORDER = "purchase_order", "Purchase order"

    uuid = models.UUIDField(default=uuid.uuid4, editable=False)
    entity = models.CharField(max_length=20, choices=Entity, default=Entity.INVOICE)
    kind = models.CharField(max_length=20, choices=Kind)
    autotask_id = models.BigIntegerField()
    autotask_number = models.CharField(max_length=LONGEST_KEPT_NUMBER, blank=True)
    autotask_created_at = models.DateTimeField(null=True)
    autotask_voided_at = models.DateTimeField(null=True)
    company_id = models.BigIntegerField(null=True, help_text="The Autotask company that is billed.")
    company_name = models.CharField(max_length=255, blank=True)
    date = models.DateField(null=True)
    due_date = models.DateField(null=True)
    currency = models.CharField(max_length=3, blank=True)
    subtotal = models.DecimalField(max_digits=18, decimal_places=4, null=True)
    tax = models.DecimalField(max_digits=18, decimal_places=4, null=True)
    total = models.DecimalField(max_digits=18, decimal_places=4, null=True)

    source = models.JSONField(
        default=dict, encoder=DjangoJSONEncoder, help_text="The invoice and its lines as Autotask last told them."
    )
    source_fetched_at = models.DateTimeField(null=True)

    state = models.CharField(max_length=10, choices=DocumentState, default=DocumentState.WAITING)
    skipped_reason = models.CharField(max_length=500, blank=True)
    skipped_by = models.CharField(
        max_length=40,
        blank=True,
        default="",
        db_default="",
        help_text="The setting that asks for it; empty where none does.",
    )
    notices = models.JSONField(default=list, help_text="What is worth knowing and needs no one.")
    claimed_by = models.BigIntegerField(null=True, help_text="The SyncRun that has it in flight.")
    requested_at = models.DateTimeField(null=True, help_text="When a person asked for it; such go first.")
    next_attempt_at = models.DateTimeField(null=True)
    tries = models.PositiveIntegerField(default=0, help_text="Transient failures in a row.")
    failing_since = models.DateTimeField(null=True)
    confirmed_overwrite = models.BooleanField(
        default=False, help_text="A person agreed to overwrite edits made in Xero."
    )

    void_declined = models.BooleanField(
        default=False, db_default=False, help_text="Autotask voided it, and a person keeps it in Xero as it is."
    )

    organisation = AccountForeignKey(XeroConnection, on_delete=models.RESTRICT, null=True, related_name="+")
    xero_id = models.UUIDField(null=True)
    xero_number = models.CharField(max_length=255, blank=True)
    xero_status = models.CharField(max_length=20, blank=True)
    xero_updated_at = models.DateTimeField(null=True, help_text="UpdatedDateUTC of our last write.")
    twins = models.JSONField(null=True, help_text="The ids of further invoices in Xero that carry our mark.")
    xero_history = models.JSONField(default=list, help_text="Earlier links, where it was sent again as a new document.")
    sent = models.JSONField(
        default=dict, encoder=DjangoJSONEncoder, help_text="What we last sent, with Xero's line ids."
    )
    sent_digest = models.CharField(max_length=64, blank=True)
    synced_at = models.DateTimeField(null=True)
    discovered_at = models.DateTimeField(auto_now_add=True)

    waits_for: list[Blocker]  # where a list has read it along (syncing/document_search.py)

    number_searched = searchable("autotask_number")
    company_searched = searchable("company_name")
    xero_number_searched = searchable("xero_number")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["account", "entity", "autotask_id"], name="one_document_for_each_source"),
            models.UniqueConstraint(fields=["account", "uuid"], name="document_uuid"),
            models.UniqueConstraint(
                fields=["account", "organisation", "xero_id"],
                condition=Q(xero_id__isnull=False),
                name="one_document_for_each_xero_document",
            ),
            models.CheckConstraint(condition=Q(state__in=DocumentState.values), name="document_state_is_known"),
        ]
        indexes = [
            # The last columns narrow a list within the index, so that what it leaves out is never read.
            models.Index(fields=["account", "-autotask_id", "state", "kind"], name="document_list"),
            models.Index(fields=["account", "-date", "-id", "state", "kind"], name="document_list_by_date"),
            models.Index(fields=["account", "state", "-autotask_id"]),
            models.Index(
                fields=["account", "requested_at", "-state", "autotask_id"],
                condition=Q(state__in=["waiting", "retrying"]),
                name="document_queue",
            ),
            models.Index(
                fields=["account"], condition=Q(state__in=["in_flight", "uncertain"]), name="document_unsettled"
            ),
            models.Index(fields=["account", "-autotask_created_at"], include=["state"], name="document_days"),
            models.Index(fields=["account", "number_searched"]),
            models.Index(fields=["account", "company_searched", "state"], name="document_company"),
            models.Index(fields=["account", "xero_number_searched"]),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.autotask_number or self.autotask_id}"


class Blocker(AccountModel):
    """A fault that a document waits for; with the last one gone it is released.

    Its last columns are those of its fault and its document, so that what is stuck is added up, and listed by kind of
    fault, without reading these. Triggers of the database keep them, whatever is written here.
    """

    document = AccountForeignKey(Document, on_delete=models.CASCADE, related_name="blockers", db_index=False)
    fault = AccountForeignKey(Fault, on_delete=models.CASCADE, related_name="blockers", db_index=False)
    created_at = models.DateTimeField(auto_now_add=True)
    code = models.CharField(max_length=40, db_default="", editable=False)
    kind = models.CharField(max_length=20, db_default="", editable=False)
    currency = models.CharField(max_length=3, db_default="", editable=False)
    total = models.DecimalField(max_digits=18, decimal_places=4, null=True, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["account", "document", "fault"], name="one_blocker_for_each_fault")
        ]
        indexes = [
            models.Index(
                fields=["account", "fault", "-document"],
                include=["kind", "currency", "total"],
                name="blocker_by_fault",
            ),
            models.Index(fields=["account", "code", "-document"], name="blocker_by_kind"),
        ]

    @property
    def title(self) -> str:
        """Of its fault's kind."""
        return KINDS.get(self.code, KINDS["unexpected"]).title


class Attempt(AccountModel):
    """One try to carry a document, and what became of it, in the partner's own words."""

    class Outcome(models.TextChoices):
        CREATED = "created", "Created in Xero"
        UPDATED = "updated", "Updated in Xero"
        UNCHANGED = "unchanged", "Nothing to change"
        ADOPTED = "adopted", "Found in Xero"
        FAULTED = "faulted", "Needs attention"
        RETRYING = "retrying", "Will try again"
        UNCERTAIN = "uncertain", "No answer"
        SKIPPED = "skipped", "Skipped"
        LEFT = "left", "Left as it is in Xero"
        VOIDED = "voided", "Voided in Xero"

    document = AccountForeignKey(Document, on_delete=models.CASCADE, related_name="attempts", db_index=False)
    run_id = models.BigIntegerField(null=True)
    at = models.DateTimeField(auto_now_add=True)
    outcome = models.CharField(max_length=10, choices=Outcome)
    code = models.CharField(max_length=40, blank=True)
    detail = models.TextField(blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["account", "document", "-id"]),
            models.Index(fields=["account", "-id", "outcome", "at"], name="attempt_log"),
            models.Index(fields=["account", "run_id"], name="attempt_of_run"),
            models.Index(fields=["account", "-id"], condition=~Q(detail=""), name="attempt_said"),
        ]


class Delivery(AccountModel):
    """One write to Xero. Committed before the call, so that a crash leaves what to replay, or to look up.

    `body` holds the exact bytes until the write is settled, and is erased then.
    """

    class State(models.TextChoices):
        OPEN = "open", "Open"
        SETTLED = "settled", "Settled"
        REFUSED = "refused", "Refused"
        ABSENT = "absent", "Surely not in Xero"

    uuid = models.UUIDField(default=uuid.uuid4, editable=False)
    run_id = models.BigIntegerField()
    organisation = AccountForeignKey(XeroConnection, on_delete=models.RESTRICT, related_name="+")
    endpoint = models.CharField(max_length=20)
    method = models.CharField(max_length=4)
    idempotency_key = models.CharField(max_length=128)
    body = models.BinaryField(null=True)
    documents = ArrayField(models.BigIntegerField(), help_text="Ids, in the order of the body's elements.")
    state = models.CharField(max_length=10, choices=State, default=State.OPEN)
    first_sent_at = models.DateTimeField(help_text="By the database's clock.")
    replayable = models.BooleanField(default=True, help_text="False once Xero answered with an error of its own (5xx).")
    settled_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["account"], condition=Q(state="open"), name="delivery_open"),
            models.Index(fields=["account"], condition=Q(state="absent"), name="delivery_absent"),
        ]
