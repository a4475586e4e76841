"""What each role, and each API token, may do. Pages and the API both ask here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from functools import wraps
from typing import Concatenate, ParamSpec

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from tenants.models import ApiToken, Role

Parameters = ParamSpec("Parameters")


class Permission(StrEnum):
    """One thing that a member may do, in words that fit “You may not …”."""

    SEE = "see this account"
    RESYNC = "re-sync documents"
    SKIP = "skip documents and ignore faults"
    CHANGE_SETTINGS = "change settings"
    CONNECT = "connect Autotask and Xero"
    MANAGE_TOKENS = "manage API tokens"
    MANAGE_MEMBERS = "manage members"
    EXPORT = "download all data of this account"
    DELETE_ACCOUNT = "delete this account"


_VIEWER = frozenset({Permission.SEE})
_STANDARD = _VIEWER | {Permission.RESYNC, Permission.SKIP}
_ADMINISTRATOR = _STANDARD | {Permission.CHANGE_SETTINGS, Permission.CONNECT, Permission.MANAGE_TOKENS}

ROLE_PERMISSIONS: dict[str, frozenset[Permission]] = {
    Role.VIEWER: _VIEWER,
    Role.STANDARD: _STANDARD,
    Role.ADMINISTRATOR: _ADMINISTRATOR,
    Role.OWNER: frozenset(Permission),
}
TOKEN_PERMISSIONS: dict[str, frozenset[Permission]] = {
    ApiToken.Scope.READ: _VIEWER,
    ApiToken.Scope.WRITE: _ADMINISTRATOR - {Permission.MANAGE_TOKENS},
}


def granted(request: HttpRequest) -> frozenset[Permission]:
    """What this request may do: that of its API token, else that of its member. Nothing outside an account."""
    token: ApiToken | None = getattr(request, "api_token", None)
    if token is not None:
        return TOKEN_PERMISSIONS[token.scope]
    member = getattr(request, "member", None)
    return ROLE_PERMISSIONS[member.role] if member is not None else frozenset()


View = Callable[Concatenate[HttpRequest, Parameters], HttpResponseBase]


SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


@dataclass(frozen=True)
class Needs:
    """What a view takes: to be read, and to be sent anything. A view tells its own as `needs`."""

    to_read: Permission
    to_send: Permission

    def for_method(self, method: str | None) -> Permission:
        return self.to_read if method in SAFE_METHODS else self.to_send


def requires(
    permission: Permission, *, to_send: Permission | None = None
) -> Callable[[View[Parameters]], View[Parameters]]:
    """For a view: a request that lacks this permission is answered with 403. `to_send`: what another than a reading
    request takes, where that is more."""
    needs = Needs(permission, to_send or permission)

    def decorate(view: View[Parameters]) -> View[Parameters]:
        @wraps(view)
        def guarded(request: HttpRequest, /, *args: Parameters.args, **kwargs: Parameters.kwargs) -> HttpResponseBase:
            wanted = needs.for_method(request.method)
            if wanted not in granted(request):
                raise PermissionDenied(f"You may not {wanted}.")
            return view(request, *args, **kwargs)

        guarded.needs = needs  # type: ignore[attr-defined]
        return guarded

    return decorate
