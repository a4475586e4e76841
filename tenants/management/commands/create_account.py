import json
import sys
from argparse import ArgumentParser
from typing import Any

from allauth.account.models import EmailAddress
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.core.validators import validate_email
from django.db import transaction

from tenants.accounts import create_account
from tenants.api_tokens import create_token
from tenants.models import ApiToken, User


class Command(BaseCommand):
    help = "Make an account with a verified owner. Prints its slug, and an API token shown only now, as JSON."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", help="What the account is called.")
        parser.add_argument("--owner", required=True, metavar="EMAIL", help="A new log-in, or one that there is.")
        parser.add_argument(
            "--password",
            required=True,
            help="Of that log-in; '-' reads it from standard input, past the shell's history.",
        )

    def handle(self, *args: Any, name: str, owner: str, password: str, **options: Any) -> None:
        email = owner.strip().lower()
        try:
            validate_email(email)
        except ValidationError:
            raise CommandError(f"{owner} is no e-mail address.") from None
        if not name.strip():
            raise CommandError("An account needs a name.")
        if password == "-":  # noqa: S105 - stands for standard input
            password = sys.stdin.readline().rstrip("\r\n")
        if not password:
            raise CommandError("The password is empty.")
        with transaction.atomic():
            user = verified_user(email, password)
            account = create_account(name, user)
            _, secret = create_token(account, "Made with the account", ApiToken.Scope.WRITE, created_by=user)
        self.stdout.write(f"Made {account.name}, owned by {email}.")
        self.stdout.write(json.dumps({"account": account.slug, "api_token": secret}))


def verified_user(email: str, password: str) -> User:
    """The log-in of this address. One that there is keeps its password, which must be the one given."""
    user = User.objects.filter(email=email).first()
    if user is None:
        user = User.objects.create_user(email, password)
    elif not user.check_password(password):
        raise CommandError(f"{email} has a log-in with another password.")
    EmailAddress.objects.update_or_create(user=user, email=email, defaults={"verified": True, "primary": True})
    return user
