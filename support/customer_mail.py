"""The e-mail that tells a customer what became of a request."""

from __future__ import annotations

from django.conf import settings
from django.core.mail import EmailMessage
from django.template.loader import render_to_string

from support.models import SupportRequest
from tenants.models import Member, Role


def mail_answer(request_id: int) -> None:
    """Send it. In the account's scope; raises what the mail server raises."""
    request = SupportRequest.objects.select_related("account", "fault").get(id=request_id)
    page = f"{settings.BASE_URL}/a/{request.account.slug}/"
    context = {
        "request": request,
        "account": request.account,
        "fault_url": f"{page}faults/{request.fault_id}/" if request.fault_id else "",
        "support_url": f"{page}support/",
    }
    subject, _, body = render_to_string(f"support/mail/{request.state}.txt", context).partition("\n\n")
    headers = {"Auto-Submitted": "auto-generated", "X-Auto-Response-Suppress": "All"}
    EmailMessage(
        " ".join(subject.split()), body, to=_readers(request), reply_to=[settings.SUPPORT_EMAIL], headers=headers
    ).send()


def _readers(request: SupportRequest) -> list[str]:
    """Whoever asked; the owners, where that person has left the account since."""
    members = Member.objects.filter(account_id=request.account_id, user__is_active=True)
    asked = members.filter(user__email=request.asked_by)
    readers = asked if asked.exists() else members.filter(role=Role.OWNER)
    return list(readers.order_by("id").values_list("user__email", flat=True))
