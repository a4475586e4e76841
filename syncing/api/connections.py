"""The links to Autotask and Xero, and their health. No secret ever comes back."""

from __future__ import annotations

from typing import Any, ClassVar

from django.conf import settings
from django.db.models import QuerySet
from django.http import Http404
from django.utils import timezone
from django.views.decorators.debug import sensitive_variables
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers, status
from rest_framework.mixins import ListModelMixin
from rest_framework.request import Request
from rest_framework.response import Response

from faults.problems import NeedsPerson
from syncing import incidents
from syncing.api.fields import StrictSerializer
from syncing.api.pagination import CursorPage
from syncing.api.problems import Conflict, of_sync_problem
from syncing.api.views import AccountView
from syncing.autotask.connect import OtherDatabaseError, connect_autotask
from syncing.connection_health import Health, has_ended, sign_in_ends, xero_health
from tenants.models import AutotaskConnection, XeroConnection
from tenants.permissions import Permission


class AutotaskShape(serializers.Serializer[AutotaskConnection]):
    """The API user with which Autotask is read."""

    username = serializers.CharField()
    own_integration_code = serializers.SerializerMethodField(
        help_text="Whether it has a tracking identifier of its own."
    )
    state = serializers.ChoiceField(AutotaskConnection.State.choices)
    database_id = serializers.IntegerField(allow_null=True)
    zone_url = serializers.CharField(help_text="Where its API is.")
    web_url = serializers.CharField(help_text="Where people open it.")
    connected_at = serializers.DateTimeField(allow_null=True)
    last_answered_at = serializers.DateTimeField(allow_null=True)
    last_problem = serializers.CharField(help_text="Empty while all is well.")

    def get_own_integration_code(self, connection: AutotaskConnection) -> bool:
        return bool(connection.integration_code)


class AutotaskCredentials(StrictSerializer):
    username = serializers.CharField(max_length=254)
    secret = serializers.CharField(max_length=200, write_only=True)
    integration_code = serializers.CharField(
        max_length=200,
        required=False,
        allow_blank=True,
        default="",
        write_only=True,
        help_text="The tracking identifier of your own integration; without it, this installation's is used.",
    )

    def validate_integration_code(self, code: str) -> str:
        if not code and not settings.AUTOTASK_INTEGRATION_CODE:
            raise serializers.ValidationError("This installation has none of its own: give yours.", code="required")
        return code


class Autotask(AccountView):
    permissions: ClassVar = {"PUT": Permission.CONNECT}

    @extend_schema(operation_id="connections_autotask_retrieve", responses=AutotaskShape)
    def get(self, request: Request) -> Response:
        """The connection to Autotask; 404 before there is one."""
        connection = AutotaskConnection.objects.first()
        if connection is None:
            raise Http404
        return Response(AutotaskShape(connection).data)

    @sensitive_variables()
    @extend_schema(operation_id="connections_autotask_update", request=AutotaskCredentials, responses=AutotaskShape)
    def put(self, request: Request) -> Response:
        """Try these credentials, and keep them where they work; where they do not, nothing is changed."""
        credentials = self.body(AutotaskCredentials)
        try:
            connection = connect_autotask(self.account.id, **credentials)
        except NeedsPerson as refusal:
            return of_sync_problem(refusal, status.HTTP_400_BAD_REQUEST)
        except OtherDatabaseError as error:
            raise Conflict(str(error)) from None
        return Response(AutotaskShape(connection).data)


class HealthShape(serializers.Serializer[Health]):
    """How the connection is, in the words of its page."""

    mark = serializers.ChoiceField(["good", "warn", "bad", ""], help_text="Empty where it is not in use.")
    word = serializers.CharField()
    says = serializers.CharField()
    remedy = serializers.CharField(help_text="What to do about it; empty where nothing is to be done.")


class XeroShape(serializers.Serializer[XeroConnection]):
    """A Xero organisation that the account feeds, or fed."""

    id = serializers.IntegerField()
    organisation_id = serializers.UUIDField(help_text="Xero's tenant id.")
    name = serializers.CharField()
    short_code = serializers.CharField()
    base_currency = serializers.CharField()
    state = serializers.ChoiceField(XeroConnection.State.choices)
    signed_in_by = serializers.CharField(source="grant.email", help_text="Whose consent it rests on.")
    connected_at = serializers.DateTimeField()
    disconnected_at = serializers.DateTimeField(allow_null=True)
    last_answered_at = serializers.DateTimeField(allow_null=True)
    last_problem = serializers.CharField(help_text="Empty while all is well.")
    sign_in_ends_at = serializers.SerializerMethodField(
        help_text="Unless a sync renews it before; null where it has ended."
    )
    health = serializers.SerializerMethodField()

    @extend_schema_field(serializers.DateTimeField(allow_null=True))
    def get_sign_in_ends_at(self, connection: XeroConnection) -> Any:
        ends_at = None if has_ended(connection) else sign_in_ends(connection.grant)
        return serializers.DateTimeField().to_representation(ends_at) if ends_at else None

    @extend_schema_field(HealthShape)
    def get_health(self, connection: XeroConnection) -> Any:
        return HealthShape(xero_health(connection, self.context["incidents"], timezone.now())).data


class Xero(ListModelMixin, AccountView):
    is_paged = True
    serializer_class = XeroShape
    pagination_class = CursorPage

    @extend_schema(operation_id="connections_xero_list")
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """The organisations and their health. Connecting one takes a person, who consents on Xero's page."""
        return self.list(request)

    def get_queryset(self) -> QuerySet[XeroConnection]:
        tokens = ("grant__access_token", "grant__refresh_token")
        return XeroConnection.objects.select_related("grant").defer(*tokens)

    def get_serializer_context(self) -> dict[str, Any]:
        return super().get_serializer_context() | {"incidents": incidents.open_incidents()}
