"""The demo's person of our staff, and the second factor that goes with the log-in."""

import time

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, generate_totp_secret, hotp_value

from cloud_depot.settings import kept_secret
from tenants.models import User

EMAIL = "staff@cloud-depot.example"
STEP_SECONDS = 30


def make_staff(password: str) -> User:
    """A superuser with a second factor, whose secret is this machine's: an authenticator app keeps it for all demos."""
    user = User.objects.filter(email=EMAIL).first() or User.objects.create_superuser(EMAIL, password)
    EmailAddress.objects.update_or_create(user=user, email=EMAIL, defaults={"verified": True, "primary": True})
    Authenticator.objects.filter(user=user).delete()
    TOTP.activate(user, _secret())
    return user


def code_now() -> str:
    """What an authenticator app would show now."""
    return str(format_hotp_value(hotp_value(_secret(), int(time.time()) // STEP_SECONDS)))


def _secret() -> str:
    return kept_secret("demo_staff_second_factor", generate_totp_secret)
