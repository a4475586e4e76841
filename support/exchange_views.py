"""What was kept of an account's exchanges with the partners. Reached as support/desk_views.py is; each look is kept."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import cast

from django.contrib.admin import AdminSite
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from support import desk
from support.models import StaffAction
from syncing import diagnostics
from syncing.models import KeptExchange
from tenants.models import Account, User
from tenants.scope import account_scope

TO_A_PAGE = 50


@require_safe
def exchanges(request: HttpRequest, account_id: int, site: AdminSite) -> HttpResponse:
    """All that is there, newest first, without the bodies."""
    account = get_object_or_404(Account, id=account_id)
    with account_scope(account.id):
        kept = KeptExchange.objects.defer("body", "answer", "headers", "answer_headers").order_by("-id")
        context = {
            **site.each_context(request),
            "title": "Exchanges with the partners",
            "account": account,
            "ends_at": diagnostics.ends_at(),
            "pages": Paginator(kept, TO_A_PAGE).get_page(request.GET.get("page")),
            "most": diagnostics.MOST_KEPT,
            "days": diagnostics.KEPT_FOR.days,
        }
        return render(request, "admin/desk/exchanges.html", context)


@require_safe
def exchange(request: HttpRequest, account_id: int, exchange_id: int, site: AdminSite) -> HttpResponse:
    """One, in full. That it was looked at is kept, where the account's owner can read it."""
    account = get_object_or_404(Account, id=account_id)
    with account_scope(account.id):
        kept = get_object_or_404(KeptExchange, id=exchange_id)
        what = f"an exchange with {kept.partner} of {kept.at:%Y-%m-%d %H:%M:%S} UTC"
        desk.note(account.id, StaffAction.What.VIEWED, cast(User, request.user), subject=what)
        context = {
            **site.each_context(request),
            "title": f"{kept.partner}: {kept.method}",
            "account": account,
            "exchange": kept,
            "halves": list(_halves(kept)),
        }
        return render(request, "admin/desk/exchange.html", context)


def _halves(kept: KeptExchange) -> Iterator[tuple[str, dict[str, str], str]]:
    yield "The request", kept.headers, _readable(kept.body)
    yield "The answer", kept.answer_headers, _readable(kept.answer)


def _readable(body: str) -> str:
    """JSON with its lines broken, other texts as they are."""
    try:
        return json.dumps(json.loads(body), indent=2, ensure_ascii=False)
    except ValueError:
        return body
