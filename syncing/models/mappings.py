"""What stands for Autotask's companies, billing codes, taxes … in Xero. Keyed by ids, so that renames break nothing."""

from __future__ import annotations

from django.db import models

from tenants.models import AccountForeignKey, AccountModel, XeroConnection


class ContactLink(AccountModel):
    """The Xero contact that an Autotask company is billed as."""

    BY_PERSON = "person"

    organisation = AccountForeignKey(XeroConnection, on_delete=models.CASCADE, related_name="+")
    company_id = models.BigIntegerField()
    contact_id = models.UUIDField()
    contact_name = models.CharField(max_length=255, blank=True)
    rule = models.CharField(
        max_length=20, help_text="How it was found: number, account_number, name, created, merged, person."
    )
    linked_at = models.DateTimeField(auto_now=True)
    details_digest = models.CharField(
        max_length=64, blank=True, help_text="A fingerprint of the details that Xero was last sent of this company."
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["account", "organisation", "company_id"], name="one_contact_for_each_company"
            )
        ]


class BillingCodeMapping(AccountModel):
    billing_code_id = models.BigIntegerField()
    account_code = models.CharField(max_length=10)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["account", "billing_code_id"], name="one_sales_account_for_each_billing_code"
            )
        ]


class TaxMapping(AccountModel):
    """Region × category → Xero tax type. Without a category it stands for all of the region."""

    tax_region_id = models.BigIntegerField()
    tax_category_id = models.BigIntegerField(null=True)
    tax_type = models.CharField(max_length=50)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["account", "tax_region_id", "tax_category_id"],
                nulls_distinct=False,
                name="one_tax_rate_for_each_region_and_category",
            )
        ]


class BrandingMapping(AccountModel):
    """Autotask invoice template → Xero branding theme."""

    template_id = models.BigIntegerField()
    theme_id = models.UUIDField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["account", "template_id"], name="one_branding_theme_for_each_template")
        ]


class TrackingMapping(AccountModel):
    """A territory, line of business (by association id) or billing code → an option of a Xero tracking category."""

    class Source(models.TextChoices):
        TERRITORY = "territory", "Territory"
        LINE_OF_BUSINESS = "line_of_business", "Line of business"
        BILLING_CODE = "billing_code", "Billing code"

    source = models.CharField(max_length=20, choices=Source)
    source_id = models.BigIntegerField()
    category_id = models.UUIDField()
    option_id = models.UUIDField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["account", "source", "source_id"], name="one_option_for_each_tracked_source"
            )
        ]


class ItemMapping(AccountModel):
    """What a line is about in Autotask → the code of a Xero item."""

    class Source(models.TextChoices):
        PRODUCT = "product", "Product"
        SERVICE = "service", "Service"
        SERVICE_BUNDLE = "service_bundle", "Service bundle"
        BILLING_CODE = "billing_code", "Billing code"
        BILLING_ITEM_TYPE = "billing_item_type", "Billing item type"

    source = models.CharField(max_length=20, choices=Source)
    source_id = models.BigIntegerField()
    item_code = models.CharField(max_length=30)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["account", "source", "source_id"], name="one_item_for_each_source")
        ]
