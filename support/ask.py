"""What a customer asks of us: kept with the facts of the fault it is about, and mailed to the desk."""

from __future__ import annotations

from typing import Any

from django.db import IntegrityError, transaction

from faults.models import Fault
from faults.stuck import stuck_behind
from support.models import SupportRequest
from support.tasks import mail_to_desk
from tenants.models import Account

Kind, State = SupportRequest.Kind, SupportRequest.State


def ask(
    account: Account, *, kind: str, message: str, asked_by: str, fault: Fault | None
) -> tuple[SupportRequest, bool]:
    """Keep a request; whether it is new. In the account's scope.

    Of requests for service adjustment support one is open in an account: a second click answers with the first.
    """
    try:
        with transaction.atomic():
            request = SupportRequest.objects.create(
                kind=kind, message=message, asked_by=asked_by, fault=fault, context=_context(fault) if fault else {}
            )
    except IntegrityError:
        return open_service_adjustments(), False
    transaction.on_commit(lambda: mail_to_desk.delay(account_id=account.id, request_id=request.id))
    return request, True


def open_service_adjustments() -> SupportRequest:
    """The account's open request for service adjustment support. Raises SupportRequest.DoesNotExist."""
    return SupportRequest.objects.get(kind=Kind.SERVICE_ADJUSTMENTS, state=State.OPEN)


def _context(fault: Fault) -> dict[str, Any]:
    """The fault as the person saw it, which may have changed when we read."""
    stuck = stuck_behind([fault.id])[fault.id]
    return {
        "code": fault.code,
        "title": fault.kind.title,
        "subject": fault.subject,
        "state": fault.state,
        "detail": fault.detail,
        "evidence": fault.evidence,
        "opened_at": fault.opened_at,
        "documents": stuck.count,
        "amounts": stuck.amounts,
    }
