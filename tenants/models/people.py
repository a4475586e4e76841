"""People, what they may do in which account, and the programs that act for them."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower
from django.utils import timezone

from .accounts import Account, validate_time_zone


class UserManager(BaseUserManager["User"]):
    """Users by their e-mail address, which is kept in lower case."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> User:
        if not email:
            raise ValueError("A user needs an e-mail address.")
        user = self.model(email=email.strip().lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> User:
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)

    def get_by_natural_key(self, username: str | None) -> User:
        return self.get(email=(username or "").strip().lower())


class User(AbstractBaseUser, PermissionsMixin):
    """A person. They log in with their e-mail address, and may belong to several accounts."""

    email = models.EmailField(unique=True)
    name = models.CharField(max_length=150, blank=True)
    time_zone = models.CharField(max_length=64, default="UTC", validators=[validate_time_zone])
    is_staff = models.BooleanField(default=False, help_text="Works for Cloud Depot, and may use the admin.")
    is_active = models.BooleanField(default=True)
    date_joined = models.DateTimeField(default=timezone.now)

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(email=Lower(F("email"))), name="user_email_in_lower_case")]

    def __str__(self) -> str:
        return self.email

    def clean(self) -> None:
        self.email = self.email.strip().lower()

    def get_full_name(self) -> str:
        return self.name or self.email

    def get_short_name(self) -> str:
        return self.get_full_name()


class Role(models.TextChoices):
    """What a member is in an account. What each may do stands in tenants/permissions.py."""

    OWNER = "owner", "Owner"
    ADMINISTRATOR = "administrator", "Administrator"
    STANDARD = "standard", "Standard"
    VIEWER = "viewer", "Viewer"

    @property
    def in_words(self) -> str:
        """As it fits “You are …”."""
        words = {Role.OWNER: "an owner", Role.ADMINISTRATOR: "an administrator", Role.STANDARD: "a standard member"}
        return words.get(self, "a viewer")


class Member(models.Model):
    """A person's place in an account. Read before the account is known."""

    class NotifyFaults(models.TextChoices):
        AT_ONCE = "at_once", "Within two minutes, and then at most once an hour"
        DIGEST = "digest", "At most once a day"
        NEVER = "never", "Never"

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="members")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=15, choices=Role)
    notify_faults = models.CharField(
        "E-mail about faults",
        max_length=10,
        choices=NotifyFaults,
        default=NotifyFaults.AT_ONCE,
        help_text="When a fault needs someone. Sent to members who may re-sync.",
    )
    notify_resolved = models.BooleanField(
        "E-mail when a fault is resolved", default=True, help_text="For faults that you were told of."
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["account", "user"], name="one_place_for_each_member")]

    def __str__(self) -> str:
        return f"{self.user}, {self.get_role_display()}"

    @property
    def role_in_words(self) -> str:
        return Role(self.role).in_words


class Invitation(models.Model):
    """An e-mail that offers a place in an account. Only the digest of its secret is kept."""

    class Standing(StrEnum):
        OPEN = "open"
        ACCEPTED = "accepted"
        REVOKED = "revoked"
        EXPIRED = "expired"

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="invitations")
    email = models.EmailField()
    role = models.CharField(max_length=15, choices=Role)
    digest = models.CharField(max_length=64, unique=True)
    invited_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["account", "email"],
                condition=Q(accepted_at=None, revoked_at=None),
                name="one_open_invitation_for_each_address",
            )
        ]

    def __str__(self) -> str:
        return f"{self.email}, {self.get_role_display()}"

    @property
    def role_in_words(self) -> str:
        return Role(self.role).in_words

    def standing(self, now: datetime) -> Standing:
        if self.accepted_at is not None:
            return self.Standing.ACCEPTED
        if self.revoked_at is not None:
            return self.Standing.REVOKED
        return self.Standing.OPEN if now < self.expires_at else self.Standing.EXPIRED

    def is_open(self, now: datetime) -> bool:
        return self.standing(now) == self.Standing.OPEN


class ApiToken(models.Model):
    """A key with which a program acts in one account. It is shown once; only its digest is kept."""

    class Scope(models.TextChoices):
        READ = "read", "Read"
        WRITE = "write", "Read and write"

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="api_tokens")
    name = models.CharField(max_length=100)
    scope = models.CharField(max_length=5, choices=Scope)
    digest = models.CharField(max_length=64, unique=True)
    beginning = models.CharField(max_length=12, help_text="The first characters, to recognise it by.")
    created_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    last_used_at = models.DateTimeField(null=True, blank=True, help_text="To the minute.")
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [models.Index(fields=["account", "-id"])]

    def __str__(self) -> str:
        return f"{self.name} ({self.beginning}…)"
