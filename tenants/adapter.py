"""django-allauth in our own words, and with its secrets encrypted."""

from __future__ import annotations

from typing import ClassVar

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter

from tenants.encryption import decrypt, encrypt


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """What a log-in says when it cannot be done. Everything else is allauth's own."""

    error_messages: ClassVar[dict[str, object]] = {
        **DefaultAccountAdapter.error_messages,
        "account_inactive": "Nobody can log in with this at present.",
        "cannot_remove_primary_email": "This is your main address. Make another one the main one first.",
        "duplicate_email": "This address is yours already.",
        "email_password_mismatch": "This e-mail and this password do not belong together.",
        "enter_current_password": "This is not your password as it is now.",
        "incorrect_code": "This code is not right. Codes change every 30 seconds.",
        "incorrect_password": "This is not your password.",
        "max_email_addresses": "You can have %d addresses at most.",
        "rate_limited": "Too many tries. Wait a few minutes, and go on.",
        "too_many_login_attempts": "Too many tries. Wait a few minutes, and go on.",
        "unverified_primary_email": "Confirm an address before you make it the main one.",
    }


class SecondFactorAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    """What a second factor rests on is stored encrypted, as every secret is. `manage.py rotate_keys` knows of it."""

    error_messages: ClassVar[dict[str, object]] = {
        **DefaultMFAAdapter.error_messages,
        "incorrect_code": "This code is not right. The app shows a new one every 30 seconds, and each is good once.",
        "unverified_email": "Confirm your address before you turn the two-step log-in on.",
        "add_email_blocked": "Turn the two-step log-in off before you add an address.",
    }

    def encrypt(self, text: str) -> str:
        return encrypt(text)

    def decrypt(self, encrypted_text: str) -> str:
        return decrypt(encrypted_text)
