"""The e-mail that offers somebody a place in an account."""

from __future__ import annotations

import logging
import smtplib

from django.conf import settings
from django.core.mail import send_mail
from django.template.loader import render_to_string
from django.urls import reverse

from tenants.models import Invitation

logger = logging.getLogger(__name__)


def send_invitation(invitation: Invitation, secret: str) -> bool:
    """Send the link with this secret; whether the mail server took it.

    It is sent here and now, and not by a task: a secret is no argument of a task.
    """
    context = {"invitation": invitation, "url": settings.BASE_URL + reverse("invitation", args=[secret])}
    subject, _, body = render_to_string("emails/invitation.txt", context).strip().partition("\n")
    try:
        send_mail(subject, body.lstrip(), None, [invitation.email])
    except (OSError, smtplib.SMTPException) as error:
        logger.warning("The invitation %s could not be sent: %s", invitation.id, type(error).__name__)
        return False
    return True
