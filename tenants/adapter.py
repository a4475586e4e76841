"""django-allauth in our own words."""

from __future__ import annotations

from typing import ClassVar

from allauth.account.adapter import DefaultAccountAdapter


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
