"""The e-mail that tells our desk of a request."""

from __future__ import annotations

from django.conf import settings
from django.core.mail import EmailMessage

from support.models import SupportRequest


def mail_request(request_id: int) -> None:
    """Tell the desk of a request. In the account's scope; raises what the mail server raises."""
    request = SupportRequest.objects.select_related("account", "fault").get(id=request_id)
    lines = [request.message or "(no message)", "", f"Account: {request.account.name} ({request.account.slug})"]
    if request.fault is not None:
        lines += [
            f"Fault: {request.fault}",
            f"{settings.BASE_URL}/a/{request.account.slug}/faults/{request.fault_id}/",
        ]
    subject = f"{request.get_kind_display()}: {request.account.name}"
    EmailMessage(
        " ".join(subject.split()), "\n".join(lines), to=[settings.SUPPORT_EMAIL], reply_to=[request.asked_by]
    ).send()
