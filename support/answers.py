"""What becomes of a customer's request: approved, declined or answered, once; and the customer is told by e-mail."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from support import desk
from support.models import StaffAction, SupportRequest
from support.tasks import mail_to_customer
from tenants.features import FeatureName
from tenants.models import User
from tenants.scope import account_scope

Kind, State, What = SupportRequest.Kind, SupportRequest.State, StaffAction.What


class SettledAlreadyError(Exception):
    """Somebody else of the staff was quicker. Nothing was done."""


def approve(request: SupportRequest, *, by: User, reason: str) -> int:
    """Turn on what was asked for; the number of documents that are carried again for it.

    `reason` is read by the customer. Raises SettledAlreadyError, and ValueError for what cannot be approved.
    """
    if request.kind != Kind.SERVICE_ADJUSTMENTS:
        raise ValueError("A message is answered, not approved.")
    with account_scope(request.account_id), transaction.atomic():
        _settle(request, State.APPROVED, What.APPROVED, by, reason)
        return desk.switch(request.account, FeatureName.SERVICE_ADJUSTMENTS, enabled=True, by=by, reason=reason)


def decline(request: SupportRequest, *, by: User, reason: str) -> None:
    """Leave it off. `reason` is read by the customer. Raises SettledAlreadyError, and ValueError as `approve`."""
    if request.kind != Kind.SERVICE_ADJUSTMENTS:
        raise ValueError("A message is answered, not declined.")
    with account_scope(request.account_id), transaction.atomic():
        _settle(request, State.DECLINED, What.DECLINED, by, reason)


def answer(request: SupportRequest, *, by: User, text: str) -> None:
    """Answer a message. Raises SettledAlreadyError, and ValueError for a request of another kind."""
    if request.kind != Kind.CONTACT:
        raise ValueError("A request is approved or declined, not answered.")
    with account_scope(request.account_id), transaction.atomic():
        _settle(request, State.ANSWERED, What.ANSWERED, by, text)


def _settle(request: SupportRequest, state: SupportRequest.State, what: StaffAction.What, by: User, text: str) -> None:
    if not text.strip():
        raise ValueError("The customer is told why.")
    mine = SupportRequest.objects.filter(id=request.id, state=State.OPEN)
    if not mine.update(state=state, answer=text.strip(), settled_by=by.email, settled_at=timezone.now()):
        raise SettledAlreadyError
    desk.note(request.account_id, what, by, subject=f"{request.get_kind_display()}, no. {request.id}", reason=text)
    transaction.on_commit(lambda: mail_to_customer.delay(account_id=request.account_id, request_id=request.id))
