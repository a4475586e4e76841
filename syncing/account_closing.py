"""Deleting an account: first it is closed to everyone, at once; then a task removes its rows.

What is written down before the first row goes (ClosedAccount) is what beat finds again, should a task get lost. Nothing
is changed in Autotask, nor among the documents in Xero.
"""

from __future__ import annotations

import logging
import smtplib

from django.core.mail import send_mail
from django.db import transaction
from django.template.loader import render_to_string
from django.utils import timezone

from syncing.account_export import account_models
from syncing.lease import release_lease, take_lease
from syncing.models import SyncRun
from syncing.xero import oauth
from tenants.connections import CONNECTED, forget_grant
from tenants.models import Account, AccountModel, ClosedAccount, Member, Role, User, XeroConnection

logger = logging.getLogger(__name__)

ROWS_AT_ONCE = 5000


class SyncGoesOnError(Exception):
    """A run is at work on the account; what it has just sent to Xero must be written down before anything goes."""


def close_account(account: Account, *, by: User) -> None:
    """Let Xero go, and shut the account to its members and its programs. In its scope, outside transactions.

    Raises SyncGoesOnError, and Transient where Xero cannot be told now; then nothing is deleted.
    """
    _hold_off_runs(account)
    owners = list(Member.objects.filter(account=account, role=Role.OWNER).values_list("user__email", flat=True))
    _shut(account, by)
    _tell(account, by, owners)


def _hold_off_runs(account: Account) -> None:
    """Take the account's lease, as a run would, and disconnect under it. It is never given back: no run follows."""
    run = SyncRun.objects.create(account=account, trigger=SyncRun.Trigger.PERSON, state=SyncRun.State.RUNNING)
    try:
        if not take_lease(run):
            raise SyncGoesOnError
        for connection in XeroConnection.objects.filter(state=CONNECTED).select_related("grant"):
            oauth.disconnect(connection)
    except Exception:
        release_lease(run)
        run.delete()
        raise


@transaction.atomic
def _shut(account: Account, by: User) -> None:
    Account.objects.filter(id=account.id).update(paused=True, next_sync_at=None)
    ClosedAccount.objects.create(number=account.id, name=account.name, slug=account.slug, closed_by=by.email)
    account.api_tokens.all().delete()
    account.invitations.all().delete()
    account.members.all().delete()


def _tell(account: Account, by: User, owners: list[str]) -> None:
    """An e-mail to each owner. One that cannot be sent holds nothing up."""
    subject, _, body = (
        render_to_string("emails/account_closed.txt", {"account": account, "by": by}).strip().partition("\n")
    )
    for owner in owners:
        try:
            send_mail(subject, body.lstrip(), None, [owner])
        except (OSError, smtplib.SMTPException) as error:
            logger.warning("That account %s is deleted could not be mailed: %s", account.id, type(error).__name__)


def empty_account(account_id: int) -> None:
    """Remove every row of a closed account, and the account. In its scope; does no harm when done again."""
    if not ClosedAccount.objects.filter(number=account_id, emptied_at=None).exists():
        return
    grants = set(XeroConnection.objects.values_list("grant_id", flat=True))
    for model in account_models():
        _remove_rows(model)
    for grant_id in grants:
        forget_grant(grant_id)
    Account.objects.filter(id=account_id).delete()
    ClosedAccount.objects.filter(number=account_id).update(emptied_at=timezone.now())


def _remove_rows(model: type[AccountModel]) -> None:
    """Some at a time, each time with what points at them, so that no transaction grows with the account."""
    rows = model._default_manager.order_by("pk")
    while ids := list(rows.values_list("pk", flat=True)[:ROWS_AT_ONCE]):
        model._default_manager.filter(pk__in=ids).delete()


def accounts_to_empty() -> list[int]:
    """The closed accounts whose rows are not all gone yet."""
    return list(ClosedAccount.objects.filter(emptied_at=None).order_by("id").values_list("number", flat=True))
