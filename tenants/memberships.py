"""Who belongs to an account: invited, accepted, changed and removed.

Every request asks for the member again (tenants/middleware.py), so whoever is removed is out with the next one.
"""

from __future__ import annotations

import secrets
from datetime import timedelta

from allauth.account.models import EmailAddress
from allauth.usersessions.models import UserSession
from django.db import transaction
from django.utils import timezone

from tenants.api_tokens import digest
from tenants.models import Account, ApiToken, Invitation, Member, Role, User
from tenants.permissions import ROLE_PERMISSIONS, TOKEN_PERMISSIONS

INVITATION_LASTS = timedelta(days=7)
# Our mail server is nobody's loudspeaker.
INVITATIONS_A_DAY = 50


class LastOwnerError(Exception):
    """An account keeps at least one owner."""


class InvitationRefusedError(Exception):
    """The invitation is used up, withdrawn, too old or somebody else's; or its guest is a member already."""


@transaction.atomic
def change_role(member: Member, role: str) -> Member:
    """Give a member another role. Those of their API tokens that may do more than it are good to read from then on.

    Raises LastOwnerError where that would leave the account without an owner.
    """
    member = _locked(member)
    if member.role == Role.OWNER and role != Role.OWNER:
        _refuse_last_owner(member)
    member.role = Role(role).value
    member.save(update_fields=["role"])
    if not TOKEN_PERMISSIONS[ApiToken.Scope.WRITE] <= ROLE_PERMISSIONS[member.role]:
        theirs = ApiToken.objects.filter(account_id=member.account_id, created_by_id=member.user_id)
        theirs.filter(scope=ApiToken.Scope.WRITE).update(scope=ApiToken.Scope.READ)
    return member


@transaction.atomic
def remove_member(member: Member) -> None:
    """Take a person out of an account, and revoke the API tokens that they made there.

    Where it was their last account, their sessions end too. Raises LastOwnerError.
    """
    member = _locked(member)
    if member.role == Role.OWNER:
        _refuse_last_owner(member)
    ApiToken.objects.filter(account_id=member.account_id, created_by_id=member.user_id, revoked_at=None).update(
        revoked_at=timezone.now()
    )
    member.delete()
    if not member.user.is_staff and not Member.objects.filter(user_id=member.user_id).exists():
        for session in UserSession.objects.filter(user_id=member.user_id):
            session.end()


@transaction.atomic
def invite(account: Account, email: str, role: str, invited_by: User) -> tuple[Invitation, str]:
    """Offer a place: the invitation, and the secret for the link in its e-mail. An open one to that address is
    replaced.

    Raises InvitationRefusedError where the address belongs to a member, and after INVITATIONS_A_DAY.
    """
    Account.objects.select_for_update().get(id=account.id)
    email = email.strip().lower()
    if Member.objects.filter(account=account, user__email=email).exists():
        raise InvitationRefusedError(f"{email} is a member already.")
    a_day_ago = timezone.now() - timedelta(days=1)
    if Invitation.objects.filter(account=account, created_at__gt=a_day_ago).count() >= INVITATIONS_A_DAY:
        raise InvitationRefusedError(f"An account sends at most {INVITATIONS_A_DAY} invitations a day. Try tomorrow.")
    Invitation.objects.filter(account=account, email=email, accepted_at=None, revoked_at=None).update(
        revoked_at=timezone.now()
    )
    secret = secrets.token_urlsafe(32)
    invitation = Invitation.objects.create(
        account=account,
        email=email,
        role=Role(role).value,
        digest=digest(secret),
        invited_by=invited_by,
        expires_at=timezone.now() + INVITATION_LASTS,
    )
    return invitation, secret


def revoke_invitation(invitation: Invitation) -> None:
    Invitation.objects.filter(id=invitation.id, accepted_at=None, revoked_at=None).update(revoked_at=timezone.now())


def find_invitation(secret: str) -> Invitation | None:
    """The invitation of this link, open or not, with its account and who sent it."""
    return Invitation.objects.select_related("account", "invited_by").filter(digest=digest(secret)).first()


def is_guest(invitation: Invitation, user: User) -> bool:
    """Whether this person was invited: by the address they log in with, or by another that they confirmed."""
    if invitation.email == user.email:
        return True
    return bool(EmailAddress.objects.filter(user=user, email=invitation.email, verified=True).exists())


@transaction.atomic
def accept_invitation(secret: str, user: User) -> Member:
    """Take the offered place. `user` must be who was invited, by an address that is verified as theirs.

    Raises InvitationRefusedError.
    """
    invitation = Invitation.objects.select_for_update().filter(digest=digest(secret)).first()
    if invitation is None or not invitation.is_open(timezone.now()):
        raise InvitationRefusedError("This invitation is used, withdrawn or too old.")
    if not is_guest(invitation, user):
        raise InvitationRefusedError("This invitation is for another address.")
    invitation.accepted_at = timezone.now()
    invitation.save(update_fields=["accepted_at"])
    member, is_new = Member.objects.get_or_create(
        account_id=invitation.account_id, user=user, defaults={"role": invitation.role}
    )
    if not is_new:
        raise InvitationRefusedError("You are a member already.")
    return member


def _locked(member: Member) -> Member:
    """The member as it now is, while nobody else changes this account's members."""
    Account.objects.select_for_update().get(id=member.account_id)
    return Member.objects.get(id=member.id)


def _refuse_last_owner(member: Member) -> None:
    others = Member.objects.filter(account_id=member.account_id, role=Role.OWNER).exclude(id=member.id)
    if not others.exists():
        raise LastOwnerError("This is the account's last owner.")
