"""Runs: asked for, and watched."""

from __future__ import annotations

from typing import Any, ClassVar

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from faults.catalogue import KINDS
from syncing import on_demand
from syncing.api.views import AccountView
from syncing.models import SyncRun
from tenants.permissions import Permission


class StoppedBy(serializers.Serializer[Any]):
    code = serializers.CharField()
    title = serializers.CharField()
    detail = serializers.CharField()


def stopped_by(code: str, detail: str) -> dict[str, str] | None:
    """Why a run or a preview stopped; None where it did not."""
    kind = KINDS.get(code, KINDS["unexpected"])
    return {"code": code, "title": kind.title, "detail": detail} if code else None


class SyncShape(serializers.Serializer[SyncRun]):
    """One run over the account."""

    id = serializers.IntegerField()
    state = serializers.ChoiceField(SyncRun.State.choices)
    trigger = serializers.ChoiceField(SyncRun.Trigger.choices)
    requested_at = serializers.DateTimeField()
    started_at = serializers.DateTimeField(allow_null=True)
    finished_at = serializers.DateTimeField(allow_null=True)
    counts = serializers.DictField(
        child=serializers.IntegerField(),
        help_text="At its end: `new` documents, calls to each partner, and documents by what became of them.",
    )
    problem = serializers.SerializerMethodField(help_text="Why it stopped, where it did.")

    @extend_schema_field(StoppedBy(allow_null=True))
    def get_problem(self, run: SyncRun) -> Any:
        return stopped_by(run.problem_code, run.problem_detail)


class Syncs(AccountView):
    permissions: ClassVar = {"POST": Permission.RESYNC}

    @extend_schema(operation_id="syncs_create", request=None, responses={status.HTTP_202_ACCEPTED: SyncShape})
    def post(self, request: Request) -> Response:
        """Ask for a run now, also where the account is paused. Asked for twice before it begins, it is one run."""
        return Response(SyncShape(on_demand.request_run(self.account.id)).data, status.HTTP_202_ACCEPTED)


class SyncDetail(AccountView):
    @extend_schema(responses=SyncShape)
    def get(self, request: Request, sync_id: int) -> Response:
        """How far a run is, and what it did."""
        return Response(SyncShape(get_object_or_404(SyncRun, id=sync_id)).data)
