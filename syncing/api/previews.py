"""Dry runs: what Xero would be sent, and every problem that would arise. They send nothing."""

from __future__ import annotations

from typing import Any, ClassVar

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from syncing import previews
from syncing.api.document_shapes import MOST_DOCUMENTS, Selection
from syncing.api.fields import Money, Quantity
from syncing.api.pagination import CursorPage
from syncing.api.syncs import StoppedBy, stopped_by
from syncing.api.views import AccountView
from syncing.models import Document, Preview, PreviewedDocument
from syncing.partners import open_partners
from syncing.tasks import make_preview
from tenants.permissions import Permission


class ForeseenContact(serializers.Serializer[Any]):
    """Whom it would be billed to. Without a `contact_id`, the contact would be created."""

    company_id = serializers.IntegerField(help_text="Of the Autotask company.")
    name = serializers.CharField()
    email = serializers.CharField()
    contact_id = serializers.CharField(allow_null=True)
    contact_name = serializers.CharField(allow_null=True)
    rule = serializers.CharField(allow_null=True, help_text="How it was found.")


class SourceLine(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    name = serializers.CharField()
    description = serializers.CharField()
    quantity = Quantity()
    rate = Money()
    total = Money()
    tax = Money()
    billing_code_id = serializers.IntegerField(allow_null=True)


class Source(serializers.Serializer[Any]):
    """The invoice as Autotask has it."""

    invoice_total = Money()
    tax = Money()
    order_number = serializers.CharField()
    lines = SourceLine(many=True)


class TrackingChoice(serializers.Serializer[Any]):
    category_id = serializers.CharField()
    option_id = serializers.CharField()


class ForeseenLine(serializers.Serializer[Any]):
    """A line as Xero would be sent it, with the amounts that Xero would compute. A line of text has no quantity."""

    description = serializers.CharField()
    quantity = Quantity(allow_null=True)
    unit_amount = Money(allow_null=True)
    account_code = serializers.CharField(allow_null=True)
    tax_type = serializers.CharField(allow_null=True)
    item_code = serializers.CharField(allow_null=True)
    tracking = TrackingChoice(many=True)
    amount = Money()
    tax = Money()
    billing_item_ids = serializers.ListField(child=serializers.IntegerField())


class ForeseenDocument(serializers.Serializer[Any]):
    """The Xero document that would be sent."""

    type = serializers.ChoiceField(["ACCREC", "ACCRECCREDIT"])
    number = serializers.CharField(allow_null=True, help_text="null: Xero's own.")
    date = serializers.DateField()
    due_date = serializers.DateField(allow_null=True)
    currency = serializers.CharField()
    reference = serializers.CharField()
    status = serializers.CharField()
    sent_to_contact = serializers.BooleanField()
    branding_theme_id = serializers.CharField(allow_null=True)
    line_amount_types = serializers.CharField()
    subtotal = Money()
    tax = Money()
    total = Money()
    lines = ForeseenLine(many=True)


class Amounts(serializers.Serializer[Any]):
    """Autotask's total against what Xero would compute, like with like."""

    expected = Money()
    computed = Money()
    difference = Money()
    compared = serializers.ChoiceField(["net", "gross"])
    tax_difference = Money(allow_null=True)


class ForeseenProblem(serializers.Serializer[Any]):
    code = serializers.CharField()
    title = serializers.CharField()
    detail = serializers.CharField()
    subject = serializers.CharField()
    evidence = serializers.DictField(child=serializers.JSONField())


class PreviewedShape(serializers.Serializer[PreviewedDocument]):
    """What would become of one document."""

    document_id = serializers.IntegerField()
    action = serializers.ChoiceField(PreviewedDocument.Action.choices)
    skipped_reason = serializers.CharField()
    currency = serializers.CharField()
    total = Money(allow_null=True)
    contact = ForeseenContact(allow_null=True)
    autotask = Source(source="source", allow_null=True)
    xero = ForeseenDocument(source="content", allow_null=True)
    amounts = Amounts(allow_null=True)
    problems = ForeseenProblem(many=True)
    notices = serializers.ListField(child=serializers.CharField())


class Cause(serializers.Serializer[Any]):
    """One thing to mend. `released` documents wait for nothing else, and come to `totals`, by currency."""

    code = serializers.CharField()
    title = serializers.CharField()
    subject = serializers.CharField()
    documents = serializers.IntegerField()
    released = serializers.IntegerField()
    totals = serializers.DictField(child=Money())


class PreviewState(serializers.Serializer[Preview]):
    """How far a preview is."""

    id = serializers.IntegerField()
    state = serializers.ChoiceField(Preview.State.choices)
    total = serializers.SerializerMethodField(help_text="How many documents it is over.")
    done = serializers.IntegerField()
    requested_at = serializers.DateTimeField()
    started_at = serializers.DateTimeField(allow_null=True)
    finished_at = serializers.DateTimeField(allow_null=True)
    problem = serializers.SerializerMethodField(help_text="Why it stopped, where it did.")

    def get_total(self, preview: Preview) -> int:
        return len(preview.documents)

    @extend_schema_field(StoppedBy(allow_null=True))
    def get_problem(self, preview: Preview) -> Any:
        return stopped_by(preview.problem_code, preview.problem_detail)


class PreviewShape(PreviewState):
    causes = Cause(many=True, help_text="At its end: what to mend, the most telling first.")
    results = PreviewedShape(many=True)
    next = serializers.CharField(allow_null=True)
    previous = serializers.CharField(allow_null=True)


class ResultPage(CursorPage):
    ordering = "id"


class DocumentPreview(AccountView):
    permissions: ClassVar = {"POST": Permission.SEE}

    @extend_schema(request=None, responses=PreviewedShape)
    def post(self, request: Request, document_id: int) -> Response:
        """What Xero would be sent for it now, and every problem that would arise. Sends nothing."""
        document = get_object_or_404(Document.objects.defer("source", "sent"), id=document_id)
        return Response(_told(previews.preview_one(self.account.id, document)))


class Previews(AccountView):
    permissions: ClassVar = {"POST": Permission.SEE}

    @extend_schema(
        operation_id="previews_create", request=Selection, responses={status.HTTP_202_ACCEPTED: PreviewState}
    )
    def post(self, request: Request) -> Response:
        """The dry run of many documents, in the background. Kept for a week."""
        chosen = self.body(Selection)["selected"]
        open_partners()
        preview = previews.new_preview(self.account.id, chosen, MOST_DOCUMENTS)
        make_preview.delay(account_id=self.account.id, preview_id=preview.id)
        return Response(PreviewState(preview).data, status.HTTP_202_ACCEPTED)


class PreviewDetail(AccountView):
    is_paged = True
    pagination_class = None

    @extend_schema(responses=PreviewShape, parameters=ResultPage.parameters())
    def get(self, request: Request, preview_id: int) -> Response:
        """How far it is, with a page of its results; newest documents first."""
        preview = get_object_or_404(Preview, id=preview_id)
        page = ResultPage()
        results = page.paginate_queryset(preview.results.all(), request, view=self)
        shown = page.get_paginated_response([_told(result) for result in results or []]).data
        return Response(
            {**PreviewState(preview).data, "causes": [Cause(cause).data for cause in preview.causes], **shown}
        )


def _told(result: PreviewedDocument) -> Any:
    return PreviewedShape(result).data
