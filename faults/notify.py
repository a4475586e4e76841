"""Telling members by e-mail: of faults that need them, and of those that are over.

What is told follows from the faults themselves and from what each member was told before, so that a task that is lost
or runs twice loses and doubles nothing. A member's first mail goes out at once; what comes within the next hour (a day,
for those who want it so) is gathered into one.
"""

from __future__ import annotations

import logging
import smtplib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import connection
from django.db.models import Exists, OuterRef, Q
from django.template.loader import render_to_string
from django.utils import timezone

from faults.models import Fault, FaultNotice, NoticeQueue
from faults.stuck import Stuck, add, stuck_behind
from faults.words import why
from tenants.models import Account, Member
from tenants.permissions import ROLE_PERMISSIONS, Permission
from tenants.scope import system_scope

logger = logging.getLogger(__name__)
About = FaultNotice.About

# What one run finds is told in one mail.
GATHER = timedelta(seconds=30)
GAPS = {"at_once": timedelta(hours=1), "digest": timedelta(days=1)}
# Longer than an account's mails take; then they count as those of a dead worker.
LEASE = timedelta(minutes=10)
RETRY = timedelta(minutes=5)
# Whoever joins, or turns mails on, is not told of what was over before.
RESOLVED_WITHIN = timedelta(days=7)
MOST_SHOWN = 20
DOCUMENTS_NAMED = 5


def wake(account_id: int) -> None:
    """Have the account's members told soon. In its scope; within the transaction that moved its faults."""
    due = timezone.now() + GATHER
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO faults_noticequeue (account_id, due_at) VALUES (%s, %s) ON CONFLICT (account_id)"
            " DO UPDATE SET due_at = least(faults_noticequeue.due_at, excluded.due_at)",
            [account_id, due],
        )


def accounts_to_tell() -> list[int]:
    """The ids of the accounts whose members are to be told something now. Outside transactions."""
    with system_scope("whose members are to be told of faults"):
        due = NoticeQueue.objects.filter(due_at__lte=timezone.now()).order_by("due_at")
        return list(due.values_list("account_id", flat=True))


def tell_members(account_id: int) -> int:
    """Send what is due, and plan the rest; the number of mails sent. In the account's scope, outside transactions."""
    now = timezone.now()
    leased_until = now + LEASE
    queue = NoticeQueue.objects.filter(account_id=account_id)
    if not queue.filter(due_at__lte=now).update(due_at=leased_until):
        return 0
    account = Account.objects.get(id=account_id)
    sent, later = 0, []
    for member in _members(account):
        for about in About:
            turn = _Turn(account, member, about, now)
            if not turn.faults:
                continue
            if turn.opens_at > now:
                later.append(turn.opens_at)
            elif turn.tell():
                sent += 1
            else:
                later.append(now + RETRY)
    # Whoever woke the account meanwhile has set an earlier moment, which stays.
    queue.filter(due_at=leased_until).update(due_at=min(later, default=None))
    return sent


def _members(account: Account) -> list[Member]:
    """Those who can do something about a fault, and want to be told."""
    roles = [role for role, permissions in ROLE_PERMISSIONS.items() if Permission.RESYNC in permissions]
    members = Member.objects.filter(account=account, role__in=roles, user__is_active=True)
    return list(members.exclude(notify_faults="never").select_related("user").order_by("id"))


class _Turn:
    """What one member is to be told now about faults that opened, or that are over."""

    def __init__(self, account: Account, member: Member, about: About, now: datetime) -> None:
        self.account, self.member, self.about, self.now = account, member, about, now
        self.faults = self._untold()

    @property
    def opens_at(self) -> datetime:
        """When the next mail of this sort may go."""
        told = FaultNotice.objects.filter(user_id=self.member.user_id, about=self.about).order_by("-sent_at")
        last = told.values_list("sent_at", flat=True).first()
        return self.now if last is None else last + GAPS[self.member.notify_faults]

    def _untold(self) -> list[Fault]:
        notices = FaultNotice.objects.filter(
            fault=OuterRef("pk"), user_id=self.member.user_id, episode=OuterRef("opened_at")
        )
        told = Exists(notices.filter(about=self.about))
        if self.about == About.OPENED:
            return list(Fault.objects.filter(~told, state=Fault.State.OPEN).order_by("opened_at", "id"))
        if not self.member.notify_resolved:
            return []
        over = Q(state=Fault.State.RESOLVED, resolved_at__gte=self.now - RESOLVED_WITHIN)
        told_of_opening = Exists(notices.filter(about=About.OPENED))
        return list(Fault.objects.filter(over, told_of_opening, ~told).order_by("resolved_at", "id"))

    def tell(self) -> bool:
        """Send one mail of them all. False where the mail server does not take it now."""
        message = _message(self.account, self.member, self.about, self.faults)
        try:
            message.send()
        except smtplib.SMTPRecipientsRefused as refusal:
            if any(code < 500 for code, _ in refusal.recipients.values()):
                return False
            logger.warning("The mail server takes no mail for member %s of %s", self.member.id, self.account.slug)
        except (smtplib.SMTPException, OSError):
            logger.warning("The mail server does not answer; notices of %s wait", self.account.slug, exc_info=True)
            return False
        FaultNotice.objects.bulk_create(
            [
                FaultNotice(
                    account_id=self.account.id,
                    fault=fault,
                    user_id=self.member.user_id,
                    about=self.about,
                    episode=fault.opened_at,
                    sent_at=self.now,
                )
                for fault in self.faults
            ],
            ignore_conflicts=True,
        )
        return True


@dataclass(frozen=True)
class _Told:
    """A fault as the mail tells it."""

    fault: Fault
    stuck: Stuck
    documents: Sequence[str]
    url: str

    @property
    def why(self) -> str:
        return why(self.fault)

    @property
    def more(self) -> int:
        return self.stuck.count - len(self.documents)


def _message(account: Account, member: Member, about: About, faults: Sequence[Fault]) -> EmailMessage:
    shown = _told(account, faults[:MOST_SHOWN])
    context = {
        "account": account,
        "told": shown,
        "left_out": len(faults) - len(shown),
        "whole": add(each.stuck for each in shown),
        "faults_url": f"{settings.BASE_URL}/a/{account.slug}/faults/",
        "gap": member.notify_faults,
    }
    subject, _, body = render_to_string(f"faults/mail/{about}.txt", context).partition("\n\n")
    headers = {"Auto-Submitted": "auto-generated", "X-Auto-Response-Suppress": "All"}
    return EmailMessage(" ".join(subject.split()), body, to=[member.user.email], headers=headers)


def _told(account: Account, faults: Iterable[Fault]) -> list[_Told]:
    faults = list(faults)
    behind = stuck_behind(fault.id for fault in faults)
    return [
        _Told(fault, behind[fault.id], _names(fault), f"{settings.BASE_URL}/a/{account.slug}/faults/{fault.id}/")
        for fault in faults
    ]


def _names(fault: Fault) -> list[str]:
    """The first of its documents, by the number that people know them by."""
    first = fault.blockers.order_by("-document__autotask_id").select_related("document")[:DOCUMENTS_NAMED]
    return [blocker.document.autotask_number or str(blocker.document.autotask_id) for blocker in first]
