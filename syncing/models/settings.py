"""What a customer decides: one row for each account, under the names of the API."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.core.serializers.json import DjangoJSONEncoder
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models

from tenants.models import AccountModel

three_capitals = RegexValidator(r"^[A-Z]{3}\Z", "Three capital letters, as in NZD; or nothing.")
one_line = RegexValidator(r"[\x00-\x1f\x7f]", "No line breaks.", inverse_match=True)
# A credit note is found in Xero by its number, and Xero's search takes neither of these.
searchable = RegexValidator(r'["\\]', 'Xero cannot search for a number with " or \\ in it.', inverse_match=True)

DEFAULT_CONTACT_RULES = ["billing_flag", "invoice_recipients", "position_udf", "primary", "only_active"]


def default_contact_rules() -> list[str]:
    return list(DEFAULT_CONTACT_RULES)


class SyncSettings(AccountModel):
    """`paused` and `interval_minutes` stand on the account, where the dispatcher reads them."""

    class ImportStatus(models.TextChoices):
        DRAFT = "draft", "Draft"
        SUBMITTED = "submitted", "Awaiting approval"
        APPROVED = "approved", "Awaiting payment"
        APPROVED_SENT = "approved_sent", "Awaiting payment, marked as sent"

    class Numbering(models.TextChoices):
        XERO = "xero", "Xero's own numbers"
        AUTOTASK_ID = "autotask_id", "INV:{Autotask id}"
        AUTOTASK_NUMBER = "autotask_number", "Autotask's numbers"

    class DueDate(models.TextChoices):
        AUTOTASK = "autotask", "Autotask's due date"
        INVOICE_DATE = "invoice_date", "The invoice date"
        DAYS_AFTER = "days_after", "Days after the invoice date"
        XERO_CONTACT = "xero_contact", "The terms of the Xero contact"

    class LineDescription(models.TextChoices):
        ITEM_NAME = "item_name", "Item name"
        FULL = "full", "Item name and full description"
        FULL_WITH_CONTRACT = "full_with_contract", "Full description with the contract's"

    class LineGrouping(models.TextChoices):
        NONE = "none", "As they come"
        TICKET = "ticket", "By ticket"
        PROJECT = "project", "By project"
        SITE = "site", "By site"

    class ZeroLines(models.TextChoices):
        KEEP = "keep", "Keep"
        SKIP = "skip", "Leave out"

    class ZeroTotals(models.TextChoices):
        SEND = "send", "Send as a draft"
        SKIP = "skip", "Skip"

    class LockedPeriod(models.TextChoices):
        FAULT = "fault", "Stop and show it"
        FIRST_OPEN_DAY = "first_open_day", "Post on the first open day"

    class MatchName(models.TextChoices):
        EXACT = "exact", "Exactly"
        RELAXED = "relaxed", "Ignoring case and spaces"

    class Unmapped(models.TextChoices):
        DEFAULT = "default", "Use the default sales account, with a notice"
        FAULT = "fault", "Stop and show it"

    class TaxGuard(models.TextChoices):
        OFF = "off", "Off"
        WARN = "warn", "Send, with a notice"
        STOP = "stop", "Stop and show it"

    class MixedTaxBundles(models.TextChoices):
        SPLIT = "split", "Send its lines one by one"
        STOP = "stop", "Stop and show it"

    class ProductCodes(models.TextChoices):
        OFF = "off", "Not at all"
        SKU = "sku", "By their SKU"
        INTERNAL = "internal", "By their internal product id"
        EXTERNAL = "external", "By their external product id"
        MANUFACTURER = "manufacturer", "By the manufacturer's product name"

    class XeroItems(models.TextChoices):
        EXISTING = "existing", "Use those that Xero has"
        CREATE = "create", "Create those that are missing"
        UPDATE = "update", "Create those that are missing, and keep all of them up to date"

    class EmptyItemCode(models.TextChoices):
        IGNORE = "ignore", "Send the line without an item"
        NOTICE = "notice", "Send the line without an item, with a notice"
        STOP = "stop", "Stop and show it"

    version = models.PositiveIntegerField(
        default=1, editable=False, help_text="Grows with each change, so that two who save at once see each other."
    )

    currency = models.CharField(
        max_length=3,
        blank=True,
        validators=[three_capitals],
        help_text="Where Autotask gives none; else the organisation's base.",
    )
    import_status = models.CharField(max_length=15, choices=ImportStatus, default=ImportStatus.DRAFT)
    numbering = models.CharField(max_length=15, choices=Numbering, default=Numbering.XERO)
    number_prefix = models.CharField(max_length=20, blank=True, validators=[one_line])
    credit_note_prefix = models.CharField(max_length=20, default="CN-AT-", validators=[searchable, one_line])
    write_back_number = models.BooleanField(default=False)
    due_date = models.CharField(max_length=12, choices=DueDate, default=DueDate.AUTOTASK)
    due_days = models.PositiveSmallIntegerField(default=20, validators=[MaxValueValidator(365)])
    lookback_days = models.PositiveSmallIntegerField(
        default=30, validators=[MinValueValidator(1), MaxValueValidator(90)]
    )
    po_reference = models.BooleanField(default=True)
    line_description = models.CharField(max_length=20, choices=LineDescription, default=LineDescription.FULL)
    line_grouping = models.CharField(max_length=10, choices=LineGrouping, default=LineGrouping.NONE)
    zero_lines = models.CharField(max_length=5, choices=ZeroLines, default=ZeroLines.KEEP)
    zero_totals = models.CharField(max_length=5, choices=ZeroTotals, default=ZeroTotals.SEND)
    decimals = models.PositiveSmallIntegerField(choices=[(2, "2"), (4, "4")], default=4)
    rounding_line = models.BooleanField(default=False)
    void_sync = models.BooleanField(default=False)
    skip_udf = models.CharField(max_length=100, blank=True, validators=[one_line])
    skip_total_below = models.DecimalField(
        max_digits=18, decimal_places=2, null=True, blank=True, validators=[MinValueValidator(Decimal(0))]
    )
    skip_templates = ArrayField(models.BigIntegerField(), default=list, blank=True)
    locked_period = models.CharField(max_length=15, choices=LockedPeriod, default=LockedPeriod.FAULT)
    contact_rules = ArrayField(models.CharField(max_length=20), default=default_contact_rules)
    match_account_number = models.BooleanField(default=False)
    match_name = models.CharField(max_length=10, choices=MatchName, default=MatchName.EXACT)
    create_contacts = models.BooleanField(default=True)
    update_contacts = models.BooleanField(default=False)
    bill_parent = models.BooleanField(default=True)
    bill_contract_company = models.BooleanField(default=False)
    unmapped_billing_code = models.CharField(max_length=10, choices=Unmapped, default=Unmapped.DEFAULT)
    default_sales_account = models.CharField(max_length=10, blank=True)
    tax_mapping = models.BooleanField(default=True)
    tax_guard = models.CharField(max_length=5, choices=TaxGuard, default=TaxGuard.OFF)
    mixed_tax_bundles = models.CharField(
        max_length=5, choices=MixedTaxBundles, default=MixedTaxBundles.SPLIT, help_text="Xero takes one tax a line."
    )
    product_codes = models.CharField(
        max_length=12,
        choices=ProductCodes,
        default=ProductCodes.OFF,
        help_text="How an Autotask product is told among Xero's items.",
    )
    xero_items = models.CharField(max_length=8, choices=XeroItems, default=XeroItems.EXISTING)
    empty_item_code = models.CharField(max_length=6, choices=EmptyItemCode, default=EmptyItemCode.NOTICE)

    class Meta:
        verbose_name_plural = "sync settings"
        constraints = [models.UniqueConstraint(fields=["account"], name="one_settings_row_for_each_account")]

    @classmethod
    def names(cls) -> tuple[str, ...]:
        """All that is decided here, in this order. The API has them under the same names."""
        fields = (field for field in cls._meta.concrete_fields if field.editable and not field.primary_key)
        return tuple(field.name for field in fields if field.name != "account")

    @classmethod
    def of_account(cls, account_id: int, **kwargs: Any) -> SyncSettings:
        """The account's settings; made with their defaults the first time. In its scope."""
        settings, _ = cls.objects.get_or_create(account_id=account_id, defaults=kwargs)
        return settings


class SettingsChange(AccountModel):
    """One saved change of settings or mappings: who, when, what it was and what it is."""

    SETTINGS = "settings"

    what = models.CharField(max_length=20, help_text="settings, or the mapping by its name in the API.")
    version = models.PositiveIntegerField(null=True, help_text="That of the settings after the change.")
    changed_at = models.DateTimeField(auto_now_add=True)
    changed_by = models.CharField(max_length=254, help_text="Who, or which API token. Kept as text, to outlive both.")
    changes = models.JSONField(encoder=DjangoJSONEncoder, help_text="A list of {name, before, after}.")
    more = models.PositiveIntegerField(default=0, help_text="How many of the changes were too many to keep.")

    class Meta:
        indexes = [models.Index(fields=["account", "-id"])]


class Setup(AccountModel):
    """How far a new account is with its set-up. The connections tell of themselves; an account without this row was
    set up in another way, and is led nowhere."""

    books_at = models.DateTimeField(null=True, help_text="When it was settled where the books go.")
    previewed_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["account"], name="one_setup_for_each_account")]
