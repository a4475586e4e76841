"""What a customer decides, flat, under one name each."""

from __future__ import annotations

import re
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

# A credit note is found in Xero by its number, and Xero's search takes neither of these.
UNSEARCHABLE = re.compile(r'["\\]')
NO_LINE_BREAKS = re.compile(r"[\x00-\x1f\x7f]")


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
        # The names are a contract: a column that is added to the model is no setting of the API by that alone.
        fields = (
            "paused",
            "interval_minutes",
            "currency",
            "import_status",
            "numbering",
            "number_prefix",
            "credit_note_prefix",
            "write_back_number",
            "due_date",
            "due_days",
            "lookback_days",
            "po_reference",
            "line_description",
            "line_grouping",
            "zero_lines",
            "zero_totals",
            "decimals",
            "rounding_line",
            "void_sync",
            "skip_udf",
            "skip_total_below",
            "skip_templates",
            "locked_period",
            "contact_rules",
            "match_account_number",
            "match_name",
            "create_contacts",
            "update_contacts",
            "bill_parent",
            "unmapped_billing_code",
            "default_sales_account",
            "tax_mapping",
            "tax_guard",
        )

    def to_internal_value(self, data: Any) -> Any:
        unknown = refused_names(data, self.fields) if isinstance(data, dict) else {}
        try:
            values = super().to_internal_value(data)
        except serializers.ValidationError as error:
            raise serializers.ValidationError(error.detail | unknown) from None  # type: ignore[operator]
        if unknown:
            raise serializers.ValidationError(unknown)
        return values

    def validate_currency(self, currency: str) -> str:
        if currency and not re.fullmatch(r"[A-Z]{3}", currency):
            raise serializers.ValidationError("Three capital letters, as in NZD; or nothing.")
        return currency

    def validate_number_prefix(self, prefix: str) -> str:
        return _one_line(prefix)

    def validate_skip_udf(self, name: str) -> str:
        return _one_line(name)

    def validate_credit_note_prefix(self, prefix: str) -> str:
        if UNSEARCHABLE.search(prefix):
            raise serializers.ValidationError('Xero cannot search for a number with " or \\ in it.')
        return _one_line(prefix)

    def validate_contact_rules(self, rules: list[str]) -> list[str]:
        return _each_once(rules)

    def validate_skip_templates(self, templates: list[int]) -> list[int]:
        return _each_once(templates)

    def validate_default_sales_account(self, code: str) -> str:
        choices: Choices = self.context["choices"]
        if code and choices.unknown_accounts({code}):
            raise serializers.ValidationError("There is no active account of this code in Xero.", code="unknown")
        return code


def _one_line(text: str) -> str:
    if NO_LINE_BREAKS.search(text):
        raise serializers.ValidationError("No line breaks.")
    return text


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
        return Response(self._shown(change_settings(self.account, serializer.validated_data)))

    def _shown(self, current: SyncSettings) -> Any:
        for name in OF_ACCOUNT:
            setattr(current, name, getattr(self.account, name))
        return Settings(current).data
