"""What our staff did to an account, for those who answer for it."""

from __future__ import annotations

from typing import cast

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from support.models import StaffAction
from tenants.middleware import AccountRequest
from tenants.permissions import Permission, requires

ACTIONS_TO_A_PAGE = 30


@require_safe
@requires(Permission.CHANGE_SETTINGS)
def support_history(request: HttpRequest, slug: str) -> HttpResponse:
    """Newest first; owners and administrators read it."""
    account = cast(AccountRequest, request).account
    pages = Paginator(StaffAction.objects.filter(account=account).order_by("-id"), ACTIONS_TO_A_PAGE)
    return render(request, "support/history.html", {"pages": pages.get_page(request.GET.get("page"))})
