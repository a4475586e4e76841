"""What Celery carries for the desk: ids in, a service call, nothing else."""

from __future__ import annotations

import smtplib

from celery import shared_task

from support.customer_mail import mail_answer
from support.desk_mail import mail_request
from tenants.tasks import AccountTask


@shared_task(base=AccountTask, autoretry_for=(smtplib.SMTPException, OSError), retry_backoff=30, max_retries=6)
def mail_to_desk(account_id: int, request_id: int) -> None:
    mail_request(request_id)


@shared_task(base=AccountTask, autoretry_for=(smtplib.SMTPException, OSError), retry_backoff=30, max_retries=6)
def mail_to_customer(account_id: int, request_id: int) -> None:
    mail_answer(request_id)
