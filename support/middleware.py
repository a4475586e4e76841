"""Lets staff look at the account that they are visiting, as a viewer of it would."""

from __future__ import annotations

from typing import cast

from django.core.exceptions import PermissionDenied
from django.http.response import HttpResponseBase

from support import visits
from support.visits import Visit
from tenants.middleware import AccountRequest, AccountScopeMiddleware, memberships_of
from tenants.models import Account, Member, Role, User

READING = ("GET", "HEAD", "OPTIONS")


class VisitRequest(AccountRequest):
    visit: Visit


class VisitMiddleware(AccountScopeMiddleware):
    """As its parent; and where staff are on a visit, its account opens to them as to a viewer.

    A visit goes before a place of the person's own in that account: what is written down stays read-only.
    """

    def _page(self, request: AccountRequest, slug: str) -> HttpResponseBase:
        visit = visits.present(request) if request.user.is_authenticated else None
        account = Account.objects.filter(id=visit.account_id, slug=slug).first() if visit else None
        if visit is None or account is None:
            return super()._page(request, slug)
        if request.method not in READING:
            raise PermissionDenied("You are looking at this account for support, and may change nothing.")
        person = cast(User, request.user)
        visits.write_down(visit, person, request.get_full_path())
        cast(VisitRequest, request).visit = visit
        request.account, request.api_token, request.memberships = account, None, memberships_of(person)
        request.member = Member(account=account, user=person, role=Role.VIEWER)
        return self._in_scope(request)
