"""Who asks: `Authorization: Token …`. The middleware has looked the token up and entered its account's scope by now."""

from __future__ import annotations

from django.contrib.auth.models import AnonymousUser
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from tenants.models import ApiToken


class TokenAuthentication(BaseAuthentication):
    """The token is `request.auth`. It acts for its account and for no person, so `request.user` is nobody."""

    def authenticate(self, request: Request) -> tuple[AnonymousUser, ApiToken] | None:
        token: ApiToken | None = getattr(request, "api_token", None)
        if token is not None:
            return AnonymousUser(), token
        if "Authorization" in request.headers:
            raise AuthenticationFailed("This token is not known, or was revoked. Send “Authorization: Token …”.")
        return None

    def authenticate_header(self, request: Request) -> str:
        return "Token"
