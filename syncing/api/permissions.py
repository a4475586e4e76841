"""What the token may do: the same table that the pages ask (tenants/permissions.py)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rest_framework.exceptions import PermissionDenied
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from tenants.permissions import Permission, granted

if TYPE_CHECKING:
    from rest_framework.views import APIView

    from syncing.api.views import AccountView


class AccountPermission(BasePermission):
    """For an AccountView: a good token, and the permission that the view names for the method."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        if request.auth is None:
            return False
        account_view: AccountView = view  # type: ignore[assignment]
        wanted = account_view.permissions.get(request.method or "", Permission.SEE)
        if wanted not in granted(request):
            raise PermissionDenied(f"This token may not {wanted}.")
        return True
