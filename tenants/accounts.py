"""Accounts: whose they are, and making them."""

from __future__ import annotations

from itertools import count

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils.text import slugify

from tenants.models import Account, Member, Role, User


def accounts_of(user: User) -> QuerySet[Account]:
    """The accounts that this person is a member of, by name."""
    return Account.objects.filter(members__user=user).order_by("name", "id")


@transaction.atomic
def create_account(name: str, owner: User, *, paused: bool = False) -> Account:
    """A new account with its owner. Its slug comes from its name, with a number where that is taken already. A paused
    one waits for its set-up: nothing runs on schedule, and what a person asks for does.

    Raises ValueError for an empty name.
    """
    name = " ".join(name.split())
    if not name:
        raise ValueError("An account needs a name.")
    beginning = slugify(name)[:50].strip("-") or "account"
    for number in count(1):
        slug = beginning if number == 1 else f"{beginning}-{number}"
        if Account.objects.filter(slug=slug).exists():
            continue
        try:
            with transaction.atomic():
                account = Account.objects.create(name=name[:200], slug=slug, paused=paused)
        except IntegrityError:
            continue  # another process took the slug in between
        break
    Member.objects.create(account=account, user=owner, role=Role.OWNER)
    return account
