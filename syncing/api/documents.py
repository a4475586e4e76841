"""Documents: found, read, carried again, left out."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.mixins import ListModelMixin
from rest_framework.request import Request
from rest_framework.response import Response

from syncing import on_demand
from syncing.api.document_shapes import DocumentQuery, DocumentShape, DocumentWithAttempts, Selection, documents
from syncing.api.fields import Flag, StrictSerializer
from syncing.api.pagination import CursorPage
from syncing.api.problems import Conflict
from syncing.api.views import AccountView
from syncing.models import Document
from syncing.states import DocumentState
from tenants.permissions import Permission

# Why a document is left alone, by what it is doing.
BUSY = {
    DocumentState.IN_FLIGHT: "It is being sent at this moment. Look again when that is done.",
    DocumentState.UNCERTAIN: "Whether Xero has it is being checked at this moment. Look again when that is done.",
    DocumentState.VOIDED: "It is voided, in Autotask and in Xero.",
}


class DocumentPage(CursorPage):
    ordering = ("-autotask_id", "-id")

    def get_ordering(self, request: Request, queryset: QuerySet[Document], view: Any) -> tuple[str, ...]:
        """As the page of documents has them: by what is found in order."""
        return (f"-{view.query['documents'].order}", "-id")


class DocumentList(ListModelMixin, AccountView):
    query_serializer = DocumentQuery
    is_paged = True
    serializer_class = DocumentShape
    pagination_class = DocumentPage

    @extend_schema(operation_id="documents_list")
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """The documents, newest in Autotask first."""
        return self.list(request)

    def get_queryset(self) -> QuerySet[Document]:
        found: QuerySet[Document] = self.query["documents"].apply(documents())
        return found


class DocumentDetail(AccountView):
    @extend_schema(responses=DocumentWithAttempts)
    def get(self, request: Request, document_id: int) -> Response:
        """One document, with its attempts."""
        shown = documents().defer(None).defer("source", "sent", "xero_history")
        return Response(DocumentWithAttempts(get_object_or_404(shown, id=document_id)).data)


class Asked(serializers.Serializer[Any]):
    """What was asked for happens next; each document tells how it went."""

    asked = serializers.IntegerField(help_text="How many documents will be carried again.")
    left_alone = serializers.IntegerField(help_text="How many are being sent at this moment, or are voided.")


class ResyncOptions(StrictSerializer):
    overwrite = Flag(default=False, help_text="Edits that a person made in Xero since it was sent give way.")


class BulkResync(Selection, ResyncOptions):
    pass


def resync(account_id: int, chosen: QuerySet[Document], *, overwrite: bool) -> Asked:
    """Ask for `chosen` again, and say how many that is."""
    total = chosen.count()
    asked = on_demand.resync(account_id, chosen, overwrite=overwrite)
    return Asked({"asked": asked, "left_alone": max(total - asked, 0)})


class DocumentResync(AccountView):
    permissions: ClassVar = {"POST": Permission.RESYNC}

    @extend_schema(request=ResyncOptions, responses={status.HTTP_202_ACCEPTED: Asked})
    def post(self, request: Request, document_id: int) -> Response:
        """Carry it (again) now. One that is in Xero is updated there; 409 while it is being sent."""
        options = self.body(ResyncOptions)
        chosen = Document.objects.filter(id=document_id)
        document = get_object_or_404(chosen.only("state"))
        answer = resync(self.account.id, chosen, overwrite=options["overwrite"])
        if not answer.data["asked"]:
            raise Conflict(BUSY.get(DocumentState(document.state), BUSY[DocumentState.IN_FLIGHT]))
        return Response(answer.data, status.HTTP_202_ACCEPTED)


class DocumentsResync(AccountView):
    permissions: ClassVar = {"POST": Permission.RESYNC}

    @extend_schema(
        operation_id="documents_resync_many", request=BulkResync, responses={status.HTTP_202_ACCEPTED: Asked}
    )
    def post(self, request: Request) -> Response:
        """Carry all of them (again) now, apart from those that are being sent."""
        wanted = self.body(BulkResync)
        answer = resync(self.account.id, wanted["selected"], overwrite=wanted["overwrite"])
        return Response(answer.data, status.HTTP_202_ACCEPTED)


class Reason(StrictSerializer):
    reason = serializers.CharField(max_length=500, help_text="For the next one who wonders.")


class DocumentSkip(AccountView):
    permissions: ClassVar = {"POST": Permission.SKIP}

    @extend_schema(request=Reason, responses=DocumentShape)
    def post(self, request: Request, document_id: int) -> Response:
        """Leave it out, or in Xero as it is where it got stuck there, until someone asks for it again.

        409 while it is being sent, and where it is in Xero and waits for nothing.
        """
        reason = self.body(Reason)["reason"]
        chosen = Document.objects.filter(id=document_id)
        document = get_object_or_404(chosen.only("state", "xero_id"))
        if not on_demand.skip(self.account.id, chosen, reason).total:
            raise Conflict(_why_not_skipped(document))
        return Response(DocumentShape(documents().get(id=document_id)).data)


def _why_not_skipped(document: Document) -> str:
    if document.state == DocumentState.SKIPPED:
        return "It is skipped already."
    if document.state in BUSY:
        return BUSY[DocumentState(document.state)]
    return "It is in Xero, and waits for nothing."
