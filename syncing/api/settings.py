"""What a customer decides, flat, under one name each."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from syncing.api.fields import Flag, Identifier, refused_names
from syncing.api.views import AccountView
from syncing.change_settings import OF_ACCOUNT, change_settings
from syncing.choices import Choices
from syncing.models import SyncSettings
from syncing.rules import CONTACT_RULES
from tenants.permissions import Permission


class Settings(serializers.ModelSerializer[SyncSettings]):
    """All settings, with what each may be. What is not given stays as it is."""

    serializer_field_mapping = serializers.ModelSerializer.serializer_field_mapping | {models.BooleanField: Flag}

    paused = Flag(help_text="Runs on no schedule; a run that is asked for still happens.")
    interval_minutes = serializers.IntegerField(
        min_value=1, max_value=24 * 60, allow_null=True, help_text="null: this installation's own."
    )
    skip_templates = serializers.ListField(
        child=Identifier(), max_length=200, help_text="Ids of Autotask invoice templates whose invoices are not sent."
    )
    contact_rules = serializers.ListField(
        child=serializers.ChoiceField(CONTACT_RULES),
        allow_empty=False,
        help_text="By which the billing contact is found, in this order; those that are not named are not tried.",
    )

    class Meta:
        model = SyncSettings
        fields = ("paused", "interval_minutes", *SyncSettings.names())

    def to_internal_value(self, data: Any) -> Any:
        unknown = refused_names(data, self.fields) if isinstance(data, dict) else {}
        try:
            values = super().to_internal_value(data)
        except serializers.ValidationError as error:
            raise serializers.ValidationError(error.detail | unknown) from None  # type: ignore[operator]
        if unknown:
            raise serializers.ValidationError(unknown)
        return values

    def validate_contact_rules(self, rules: list[str]) -> list[str]:
        return _each_once(rules)

    def validate_skip_templates(self, templates: list[int]) -> list[int]:
        return _each_once(templates)

    def validate_default_sales_account(self, code: str) -> str:
        choices: Choices = self.context["choices"]
        if code and choices.unknown_accounts({code}):
            raise serializers.ValidationError("There is no active account of this code in Xero.", code="unknown")
        return code


def _each_once(values: list[Any]) -> list[Any]:
    if len(set(values)) < len(values):
        raise serializers.ValidationError("Each but once.")
    return values


class SettingsDetail(AccountView):
    permissions: ClassVar = {"PATCH": Permission.CHANGE_SETTINGS}

    @extend_schema(operation_id="settings_retrieve", responses=Settings)
    def get(self, request: Request) -> Response:
        """All settings."""
        return Response(self._shown(SyncSettings.of_account(self.account.id)))

    @extend_schema(operation_id="settings_partial_update", request=Settings, responses=Settings)
    def patch(self, request: Request) -> Response:
        """Change those that are given: all of them, or, where one is wrong, none."""
        current = SyncSettings.of_account(self.account.id)
        context = {"choices": Choices(self.account.id)}
        serializer = Settings(current, data=request.data, partial=True, context=context)
        serializer.is_valid(raise_exception=True)
        return Response(self._shown(change_settings(self.account, serializer.validated_data, by=self.by)))

    def _shown(self, current: SyncSettings) -> Any:
        for name in OF_ACCOUNT:
            setattr(current, name, getattr(self.account, name))
        return Settings(current).data
