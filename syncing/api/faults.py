"""Faults: what stands in the way, with the documents behind it; and the catalogue of their kinds."""

from __future__ import annotations

from typing import Any, ClassVar

from django.conf import settings
from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.mixins import ListModelMixin
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from faults import record
from faults.catalogue import KINDS, FaultKind, Place, Retry, Severity, WhoActs
from faults.models import Fault
from syncing import on_demand
from syncing.api.documents import Asked, Reason, ResyncOptions, resync
from syncing.api.fields import OneOrMore, StrictSerializer
from syncing.api.pagination import CursorPage
from syncing.api.problems import Conflict
from syncing.api.views import AccountView, StrictQueryView
from syncing.models import Blocker, Document
from tenants.models import ApiToken
from tenants.permissions import Permission

LIVING = (Fault.State.OPEN, Fault.State.RETRYING)


class FaultShape(serializers.Serializer[Fault]):
    """One cause, with how many documents are stuck behind it."""

    id = serializers.IntegerField()
    code = serializers.CharField()
    title = serializers.CharField(source="kind.title")
    subject = serializers.CharField(help_text="What has to be mended: a currency, a contact, an account code …")
    state = serializers.ChoiceField(Fault.State.choices)
    regressed = serializers.BooleanField(help_text="It was over before, and came back.")
    who_acts = serializers.ChoiceField(WhoActs.choices)
    severity = serializers.ChoiceField(Severity.choices, source="kind.severity")
    first_seen = serializers.DateTimeField()
    last_seen = serializers.DateTimeField()
    times_seen = serializers.IntegerField()
    documents = serializers.IntegerField()
    detail = serializers.CharField(help_text="The partner's own words, as last heard.")
    evidence = serializers.DictField(child=serializers.JSONField(), help_text="The facts of this case, by kind.")
    article_url = serializers.SerializerMethodField()

    def get_article_url(self, fault: Fault) -> str:
        return settings.BASE_URL + fault.kind.article_path


class FaultQuery(StrictSerializer):
    state = OneOrMore(
        child=serializers.ChoiceField(Fault.State.choices), required=False, help_text="One, or several with commas."
    )
    code = OneOrMore(
        child=serializers.ChoiceField(list(KINDS)), required=False, help_text="One, or several with commas."
    )


def faults() -> QuerySet[Fault]:
    """The account's faults, each with how many documents wait for it."""
    waiting = Blocker.objects.filter(fault=OuterRef("pk")).order_by().values("fault")
    return Fault.objects.annotate(documents=Coalesce(Subquery(waiting.values(count=Count("id"))), 0))


class FaultList(ListModelMixin, AccountView):
    query_serializer = FaultQuery
    is_paged = True
    serializer_class = FaultShape
    pagination_class = CursorPage

    @extend_schema(operation_id="faults_list")
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """The faults, newest first; all of them, unless `state` says which."""
        return self.list(request)

    def get_queryset(self) -> QuerySet[Fault]:
        found = faults()
        if states := self.query.get("state"):
            found = found.filter(state__in=states)
        if codes := self.query.get("code"):
            found = found.filter(code__in=codes)
        return found


class FaultDetail(AccountView):
    @extend_schema(responses=FaultShape)
    def get(self, request: Request, fault_id: int) -> Response:
        """One fault, with the facts of this case."""
        return Response(FaultShape(get_object_or_404(faults(), id=fault_id)).data)


class FaultResync(AccountView):
    permissions: ClassVar = {"POST": Permission.RESYNC}

    @extend_schema(request=ResyncOptions, responses={status.HTTP_202_ACCEPTED: Asked})
    def post(self, request: Request, fault_id: int) -> Response:
        """Carry every document behind it (again) now. Behind an outage, a run looks whether it is over."""
        options = self.body(ResyncOptions)
        fault = get_object_or_404(Fault.objects.only("state"), id=fault_id)
        behind = Blocker.objects.filter(fault=fault).values("document")
        answer = resync(self.account.id, Document.objects.filter(id__in=behind), overwrite=options["overwrite"])
        if not answer.data["asked"] and fault.state in LIVING:
            on_demand.request_run(self.account.id)
        return Response(answer.data, status.HTTP_202_ACCEPTED)


class FaultIgnore(AccountView):
    permissions: ClassVar = {"POST": Permission.SKIP}

    @extend_schema(request=Reason, responses=FaultShape)
    def post(self, request: Request, fault_id: int) -> Response:
        """Put it aside; its documents stay where they are, and it opens again if its cause returns."""
        reason = self.body(Reason)["reason"]
        fault = get_object_or_404(faults(), id=fault_id)
        if not record.ignore(fault.id, reason=reason, by=_who(self.token)):
            raise Conflict(f"It is {fault.get_state_display().lower()} already.")
        return Response(FaultShape(faults().get(id=fault_id)).data)


def _who(token: ApiToken) -> str:
    """Whoever made the token, or, where they are gone, its name."""
    return token.created_by.email if token.created_by else f"token {token.name}"


class StepShape(serializers.Serializer[Any]):
    text = serializers.CharField()
    place = serializers.ChoiceField(Place.choices, allow_null=True, help_text="Where it happens.")


class FaultKindShape(serializers.Serializer[FaultKind]):
    """An entry of the catalogue."""

    code = serializers.CharField()
    title = serializers.CharField()
    what_happened = serializers.CharField()
    what_it_means = serializers.CharField()
    steps = StepShape(many=True)
    who_acts = serializers.ChoiceField(WhoActs.choices)
    severity = serializers.ChoiceField(Severity.choices)
    retry = serializers.ChoiceField(Retry.choices)
    article_url = serializers.SerializerMethodField()

    def get_article_url(self, kind: FaultKind) -> str:
        return settings.BASE_URL + kind.article_path


class FaultKindPage(serializers.Serializer[Any]):
    results = FaultKindShape(many=True)
    next = serializers.CharField(allow_null=True)
    previous = serializers.CharField(allow_null=True)


class FaultKindList(StrictQueryView):
    """Public: what the help centre shows, for programs."""

    authentication_classes = ()
    permission_classes = (AllowAny,)

    @extend_schema(operation_id="fault_kinds_list", responses=FaultKindPage)
    def get(self, request: Request) -> Response:
        """Every kind of fault there is, on one page."""
        kinds = [FaultKindShape(kind).data for kind in KINDS.values()]
        return Response({"results": kinds, "next": None, "previous": None})
