"""A look at an account as its members see it: by staff, read-only, for half an hour, and every page written down."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import cast

from django.http import HttpRequest
from django.utils import timezone

from support import desk
from support.models import StaffAction
from support.second_factor import is_staff_at_work
from tenants.models import Account, User
from tenants.scope import account_scope

LASTS = timedelta(minutes=30)
What = StaffAction.What
_SESSION_KEY = "visit"


@dataclass(frozen=True)
class Visit:
    """The look that a session is allowed. One at a time."""

    account_id: int
    begun_at: datetime

    @property
    def ends_at(self) -> datetime:
        return self.begun_at + LASTS


def begin(request: HttpRequest, account: Account, reason: str) -> Visit:
    """Allow this session to look at the account from now on, for a reason that its owner can read."""
    end(request)
    visit = Visit(account.id, timezone.now())
    with account_scope(account.id):
        desk.note(account.id, What.VISIT_BEGUN, cast(User, request.user), reason=reason)
    request.session[_SESSION_KEY] = {"account": account.id, "begun_at": visit.begun_at.isoformat()}
    return visit


def end(request: HttpRequest) -> None:
    """Nothing is to be seen any more."""
    visit = present(request)
    request.session.pop(_SESSION_KEY, None)
    if visit is not None and Account.objects.filter(id=visit.account_id).exists():
        with account_scope(visit.account_id):
            desk.note(visit.account_id, What.VISIT_ENDED, cast(User, request.user))


def present(request: HttpRequest) -> Visit | None:
    """The look that is going on in this session: of staff with a second factor, and not over."""
    kept = request.session.get(_SESSION_KEY)
    if kept is None or not is_staff_at_work(request):
        return None
    visit = Visit(kept["account"], datetime.fromisoformat(kept["begun_at"]))
    return visit if timezone.now() < visit.ends_at else None


def write_down(visit: Visit, by: User, address: str) -> None:
    """Keep that this page was looked at; once in a visit, since a page asks again for its own parts."""
    address = address[:500]
    with account_scope(visit.account_id):
        seen = StaffAction.objects.filter(account_id=visit.account_id, what=What.VIEWED, at__gte=visit.begun_at)
        if not seen.filter(by=by.email, subject=address).exists():
            desk.note(visit.account_id, What.VIEWED, by, subject=address)
