"""The account of the token."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema, inline_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from syncing.api.views import AccountView
from tenants.features import DESCRIPTIONS, FeatureName, enabled_features
from tenants.models import Account, ApiToken

FEATURES = inline_serializer(
    "Features", {name.value: serializers.BooleanField(help_text=DESCRIPTIONS[name]) for name in FeatureName}
)


class TokenShape(serializers.Serializer[ApiToken]):
    name = serializers.CharField()
    scope = serializers.ChoiceField(ApiToken.Scope.choices)


class AccountShape(serializers.Serializer[Any]):
    """What may be changed of it is among the settings; its features are for our staff to switch."""

    slug = serializers.CharField(help_text="As in the addresses of its pages.")
    name = serializers.CharField()
    time_zone = serializers.CharField()
    created_at = serializers.DateTimeField()
    paused = serializers.BooleanField()
    next_sync_at = serializers.DateTimeField(allow_null=True)
    features = FEATURES
    token = TokenShape(help_text="The token of this request.")


class AccountDetail(AccountView):
    @extend_schema(operation_id="account_retrieve", responses=AccountShape)
    def get(self, request: Request) -> Response:
        """The account of the token, with its features."""
        account: Account = self.account
        names = ("slug", "name", "time_zone", "created_at", "paused", "next_sync_at")
        shown = {name: getattr(account, name) for name in names}
        return Response(AccountShape({**shown, "features": enabled_features(), "token": self.token}).data)
