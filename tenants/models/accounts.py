"""The account, and what every row of an account is made of."""

from __future__ import annotations

from typing import Any, TypeVar
from zoneinfo import available_timezones

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models

from tenants.scope import current_account_id

SetType = TypeVar("SetType")
GetType = TypeVar("GetType")


def validate_time_zone(name: str) -> None:
    if name not in available_timezones():
        raise ValidationError("“%(name)s” is no time zone.", params={"name": name})


class Account(models.Model):
    """A customer of Cloud Depot. Read before the account is known, so it holds nothing that only members may know."""

    name = models.CharField(max_length=200)
    slug = models.SlugField(max_length=60, unique=True)
    paused = models.BooleanField(default=False, help_text="Runs on no schedule; a run that a person asks for happens.")
    interval_minutes = models.PositiveSmallIntegerField(
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(24 * 60)],
        help_text="Empty: this installation's own, SYNC_INTERVAL_SECONDS.",
    )
    next_sync_at = models.DateTimeField(null=True, blank=True, help_text="When the dispatcher asks for the next run.")
    watch_at = models.DateTimeField(
        null=True, blank=True, editable=False, help_text="When the watchdog looks whether a run has finished by then."
    )
    time_zone = models.CharField(max_length=64, default="UTC", validators=[validate_time_zone])
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes = [models.Index(fields=["next_sync_at"], condition=models.Q(paused=False), name="account_due")]

    def __str__(self) -> str:
        return self.name


class ClosedAccount(models.Model):
    """What remains of an account that its owner deleted: that it was there, and who deleted it. For staff."""

    number = models.BigIntegerField(unique=True, help_text="The id that the account had.")
    name = models.CharField(max_length=200)
    slug = models.SlugField(max_length=60)
    closed_by = models.EmailField(help_text="Kept as text, to outlive a log-in.")
    closed_at = models.DateTimeField(auto_now_add=True)
    emptied_at = models.DateTimeField(null=True, help_text="When its last row was gone.")

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.name


class OwningAccount(models.ForeignKey[SetType, GetType]):
    """The account that a row belongs to: that of the scope it is made in, unless it is told another."""

    def get_default(self) -> int | None:
        return current_account_id()


class AccountModel(models.Model):
    """A row of one account. Its migration isolates the table (tenants.isolation.IsolateTable)."""

    # IsolateTable makes the index that leads with it.
    account = OwningAccount(Account, on_delete=models.CASCADE, editable=False, related_name="+", db_index=False)

    class Meta:
        abstract = True


class AccountForeignKey(models.ForeignKey[SetType, GetType]):
    """A reference from one row of an account to another row of the same account.

    Referential checks ignore policies, so a plain constraint would take the id of another account's row, and tell that
    it exists. The constraint is the composite one that the migration makes (tenants.isolation.AccountReference).
    """

    def __init__(self, to: Any, on_delete: Any, **kwargs: Any) -> None:
        kwargs["db_constraint"] = False
        super().__init__(to, on_delete, **kwargs)

    def deconstruct(self) -> tuple[str, str, list[Any], dict[str, Any]]:
        name, path, args, kwargs = super().deconstruct()
        kwargs.pop("db_constraint", None)
        return name, path, list(args), kwargs


class Feature(AccountModel):
    """A switch that only staff turn, for one account. See tenants/features.py for what there is."""

    name = models.CharField(max_length=50)
    enabled = models.BooleanField(default=False)
    reason = models.TextField(help_text="Why it was switched, for the next one who wonders.")
    changed_by = models.EmailField(help_text="Who of the staff. Kept as text, to outlive their log-in.")
    changed_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["account", "name"], name="one_row_for_each_feature")]

    def __str__(self) -> str:
        return f"{self.name}: {'on' if self.enabled else 'off'}"
