"""How a document reads in the API, and what it is asked for by."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from faults.catalogue import KINDS
from syncing.api.fields import LARGEST_ID, Identifier, Money, OneOrMore, StrictSerializer
from syncing.document_search import DocumentFilter, with_what_stops_them
from syncing.models import Attempt, Blocker, Document
from syncing.states import DocumentState
from syncing.xero.links import credit_note_url, invoice_url

MOST_DOCUMENTS = 10_000
MOST_ATTEMPTS = 100
LONGEST_TEXT = 200


class FaultOfDocument(serializers.Serializer[Blocker]):
    id = serializers.IntegerField(source="fault_id")
    code = serializers.CharField()
    title = serializers.CharField()


class DocumentInXero(serializers.Serializer[Document]):
    """The Xero document that a document has become, or was."""

    id = serializers.UUIDField(source="xero_id")
    number = serializers.CharField(source="xero_number")
    url = serializers.SerializerMethodField()
    status = serializers.CharField(source="xero_status", help_text="As Xero last told it: DRAFT, AUTHORISED …")

    def get_url(self, document: Document) -> str:
        short_code = document.organisation.short_code if document.organisation else ""
        url = credit_note_url if document.kind == Document.Kind.CREDIT_NOTE else invoice_url
        assert document.xero_id is not None
        return url(document.xero_id, short_code)


# One of each for all documents: to make one takes longer than to use it.
_FAULT = FaultOfDocument()
_IN_XERO = DocumentInXero()


class DocumentShape(serializers.Serializer[Document]):
    """A document of Autotask, and what became of it. Money is in `currency`, as strings."""

    id = serializers.IntegerField()
    kind = serializers.ChoiceField(Document.Kind.choices)
    autotask_id = serializers.IntegerField()
    autotask_number = serializers.CharField(help_text="Empty until Autotask gives one.")
    company = serializers.CharField(source="company_name")
    date = serializers.DateField(allow_null=True)
    due_date = serializers.DateField(allow_null=True)
    currency = serializers.CharField(help_text="Three letters; empty until the document was looked at.")
    subtotal = Money(allow_null=True)
    tax = Money(allow_null=True)
    total = Money(allow_null=True)
    state = serializers.ChoiceField(DocumentState.choices)
    skipped_reason = serializers.CharField()
    next_attempt_at = serializers.DateTimeField(allow_null=True)
    fault = serializers.SerializerMethodField(help_text="The first of `faults`.")
    faults = serializers.SerializerMethodField(help_text="What it waits for.")
    xero = serializers.SerializerMethodField()

    @extend_schema_field(FaultOfDocument(allow_null=True))
    def get_fault(self, document: Document) -> Any:
        faults = self.get_faults(document)
        return faults[0] if faults else None

    @extend_schema_field(FaultOfDocument(many=True))
    def get_faults(self, document: Document) -> Any:
        return [_FAULT.to_representation(blocker) for blocker in document.waits_for]

    @extend_schema_field(DocumentInXero(allow_null=True))
    def get_xero(self, document: Document) -> Any:
        return None if document.xero_id is None else _IN_XERO.to_representation(document)


class AttemptShape(serializers.Serializer[Attempt]):
    """One try to carry a document, and what became of it, in the partner's own words."""

    id = serializers.IntegerField()
    at = serializers.DateTimeField()
    outcome = serializers.ChoiceField(Attempt.Outcome.choices)
    code = serializers.CharField(help_text="The fault kind of its first problem; empty where it had none.")
    detail = serializers.CharField()


class DocumentWithAttempts(DocumentShape):
    notices = serializers.ListField(child=serializers.CharField(), help_text="What is worth knowing and needs no one.")
    attempts = serializers.SerializerMethodField(help_text=f"The last {MOST_ATTEMPTS}, newest first.")

    @extend_schema_field(AttemptShape(many=True))
    def get_attempts(self, document: Document) -> Any:
        return [AttemptShape(attempt).data for attempt in document.attempts.order_by("-id")[:MOST_ATTEMPTS]]


def documents() -> QuerySet[Document]:
    """The account's documents with what their shape shows, in three queries however many they are."""
    shown = ("organisation__short_code", *_COLUMNS)
    return with_what_stops_them(Document.objects.select_related("organisation").only(*shown))


_COLUMNS = (
    "kind",
    "autotask_id",
    "autotask_number",
    "company_name",
    "date",
    "due_date",
    "currency",
    "subtotal",
    "tax",
    "total",
    "state",
    "skipped_reason",
    "next_attempt_at",
    "organisation",
    "xero_id",
    "xero_number",
    "xero_status",
)


class DocumentQuery(StrictSerializer):
    """What documents are asked for. What is left out does not matter."""

    state = OneOrMore(
        child=serializers.ChoiceField(DocumentState.choices), required=False, help_text="One, or several with commas."
    )
    kind = serializers.ChoiceField(Document.Kind.choices, required=False)
    fault = serializers.CharField(
        required=False, max_length=40, help_text="The id of a fault, or a code of the catalogue."
    )
    q = serializers.CharField(
        required=False,
        allow_blank=True,
        max_length=LONGEST_TEXT,
        help_text="How the Autotask number, the Xero number or the company begins; or the Autotask id.",
    )

    def validate_fault(self, text: str) -> int | str:
        if text.isascii() and text.isdigit():
            return min(int(text), LARGEST_ID)
        if text not in KINDS:
            raise serializers.ValidationError("There is no fault kind of this code.", code="unknown")
        return text

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        attrs["documents"] = DocumentFilter(
            states=frozenset(attrs.pop("state", ())),
            kind=attrs.pop("kind", ""),
            fault=attrs.pop("fault", None),
            text=attrs.pop("q", ""),
        )
        return attrs


class Selection(StrictSerializer):
    """Documents by their ids, or by what a list of them could be asked for; not both."""

    ids = serializers.ListField(child=Identifier(), required=False, max_length=MOST_DOCUMENTS, allow_empty=False)
    filter = DocumentQuery(required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if ("ids" in attrs) == ("filter" in attrs):
            raise serializers.ValidationError("Give either ids or filter.")
        if "filter" in attrs and attrs["filter"]["documents"] == DocumentFilter():
            raise serializers.ValidationError({"filter": "Name at least one thing to filter by."})
        attrs["selected"] = _by_filter(attrs["filter"]) if "filter" in attrs else _by_ids(attrs["ids"])
        return attrs


def _by_filter(query: dict[str, Any]) -> QuerySet[Document]:
    chosen: DocumentFilter = query["documents"]
    return chosen.apply(Document.objects.all())


def _by_ids(ids: list[int]) -> QuerySet[Document]:
    """Raises ValidationError for those that are not there, each at its place."""
    chosen = Document.objects.filter(id__in=ids)
    found = set(chosen.values_list("id", flat=True))
    missing = {str(index): f"There is no document {id_}." for index, id_ in enumerate(ids) if id_ not in found}
    if missing:
        raise serializers.ValidationError({"ids": missing})
    return chosen
