"""The mappings that people make: for each, what there is to map in Autotask, and what to choose from in Xero.

A mapping's *key* is the text that names its Autotask side in forms and files (``29683501``, ``1/2``, ``territory/12``);
its *value* names the Xero side (``200``, ``OUTPUT2``, ``<category>/<option>``).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, ClassVar, Final
from uuid import UUID

from django.db.models import Model, QuerySet

from syncing.models import BillingCodeMapping, BrandingMapping, ItemMapping, TaxMapping, TrackingMapping
from syncing.partner_lists import Choice, Label, PartnerLists, is_usable
from syncing.tax_proposals import propose_tax_types

LARGEST_ID: Final = 2**63 - 1


@dataclass(frozen=True, kw_only=True)
class Source:
    """Something of Autotask's that can be mapped. `proposal` is the value that counts where it is not mapped;
    `suggestion` one that may be meant, and counts only once a person has chosen it."""

    key: str
    name: str
    group: str = ""
    is_active: bool = True
    proposal: str = ""
    suggestion: str = ""


class MappingKind(ABC):
    """One kind of mapping, under its name in the API. Lists are None where a partner gave none."""

    slug: ClassVar[str]
    title: ClassVar[str]
    lead: ClassVar[str]
    source_title: ClassVar[str]
    target_title: ClassVar[str]
    otherwise: ClassVar[str]  # what counts where nothing is mapped
    model: ClassVar[type[Any]]
    key_columns: ClassVar[tuple[str, ...]]
    value_columns: ClassVar[tuple[str, ...]]

    @abstractmethod
    def sources(self, lists: PartnerLists) -> list[Source] | None:
        """What there is in Autotask."""

    @abstractmethod
    def choices(self, lists: PartnerLists) -> list[Choice] | None:
        """What there is to choose in Xero: values and what they are called."""

    def without(self, source: Source) -> str:
        """What counts where this is not mapped."""
        return self.otherwise

    def rows(self) -> QuerySet[Any]:
        """The mappings that stand. In an account scope."""
        found: QuerySet[Any] = self.model.objects.all()
        return found

    def key_of(self, row: Model) -> str:
        return "/".join("" if (part := getattr(row, name)) is None else str(part) for name in self.key_columns)

    def value_of(self, row: Model) -> str:
        return "/".join(str(getattr(row, name)) for name in self.value_columns)

    def columns_of_key(self, key: str) -> dict[str, Any]:
        """The columns that a key stands for. Raises ValueError for what is none."""
        return {self.key_columns[0]: identifier(key)}

    def columns_of_value(self, value: str) -> dict[str, Any]:
        """The columns that a value stands for. Raises ValueError for what is none."""
        return {self.value_columns[0]: value}


class BillingCodes(MappingKind):
    slug = "billing-codes"
    title = "Sales accounts"
    lead = "The account in Xero for each billing code of Autotask."
    source_title = "Billing code"
    target_title = "Sales account"
    otherwise = "the default sales account"
    model = BillingCodeMapping
    key_columns = ("billing_code_id",)
    value_columns = ("account_code",)

    def sources(self, lists: PartnerLists) -> list[Source] | None:
        if lists.billing_codes is None:
            return None
        accounts = {account.code for account in lists.accounts or () if is_usable(account)}
        # Many keep the account of their books in the billing code's external number.
        return [
            Source(
                key=str(code.id),
                name=code.name or f"Billing code {code.id}",
                is_active=code.is_active,
                suggestion=code.external_number if code.external_number in accounts else "",
            )
            for code in lists.billing_codes
        ]

    def choices(self, lists: PartnerLists) -> list[Choice] | None:
        return lists.sales_account_choices()


class TaxRates(MappingKind):
    slug = "tax-rates"
    title = "Tax rates"
    lead = "The tax rate in Xero for each tax region of Autotask, and for single tax categories in it."
    source_title = "Tax region and category"
    target_title = "Tax rate"
    otherwise = "the rate of the same percentage"
    model = TaxMapping
    key_columns = ("tax_region_id", "tax_category_id")
    value_columns = ("tax_type",)

    def sources(self, lists: PartnerLists) -> list[Source] | None:
        if lists.tax_regions is None or lists.tax_categories is None:
            return None
        proposed = propose_tax_types(lists.taxes or (), lists.tax_rates or ())
        categories = {category.id: category.name for category in lists.tax_categories}
        cells = {(tax.region_id, tax.category_id) for tax in lists.taxes or () if tax.category_id is not None}
        found: list[Source] = []
        for region in lists.tax_regions:
            group = region.name or f"Tax region {region.id}"
            found.append(Source(key=f"{region.id}/", name="All of it", group=group, is_active=region.is_active))
            found += [
                Source(
                    key=f"{region.id}/{category_id}",
                    name=name or f"Category {category_id}",
                    group=group,
                    is_active=region.is_active,
                    proposal=proposed.get((region.id, category_id), ""),
                )
                for category_id, name in categories.items()
                if (region.id, category_id) in cells
            ]
        return found

    def choices(self, lists: PartnerLists) -> list[Choice] | None:
        if lists.tax_rates is None:
            return None
        usable = [rate for rate in lists.tax_rates if rate.status == "ACTIVE" and rate.can_apply_to_revenue]
        return [(rate.tax_type, f"{rate.name} ({(rate.effective_rate * 100).normalize():f} %)") for rate in usable]

    def without(self, source: Source) -> str:
        is_of_category = not source.key.endswith("/")
        return "no rate of this percentage: its invoices stop" if is_of_category else self.otherwise

    def columns_of_key(self, key: str) -> dict[str, Any]:
        region, _, category = key.partition("/")
        return {"tax_region_id": identifier(region), "tax_category_id": identifier(category) if category else None}


class Branding(MappingKind):
    slug = "branding"
    title = "Branding themes"
    lead = "The branding theme in Xero for each invoice template of Autotask."
    source_title = "Invoice template"
    target_title = "Branding theme"
    otherwise = "Xero's default theme"
    model = BrandingMapping
    key_columns = ("template_id",)
    value_columns = ("theme_id",)

    def sources(self, lists: PartnerLists) -> list[Source] | None:
        if lists.templates is None:
            return None
        return [Source(key=str(one.id), name=one.name or f"Template {one.id}") for one in lists.templates]

    def choices(self, lists: PartnerLists) -> list[Choice] | None:
        if lists.themes is None:
            return None
        return [(theme.branding_theme_id, theme.name) for theme in lists.themes]

    def columns_of_value(self, value: str) -> dict[str, Any]:
        return {"theme_id": UUID(value)}


class Tracking(MappingKind):
    slug = "tracking"
    title = "Tracking"
    lead = "The tracking option in Xero for territories, lines of business and billing codes; two to a line at most."
    source_title = "In Autotask"
    target_title = "Tracking option"
    otherwise = "no tracking"
    model = TrackingMapping
    key_columns = ("source", "source_id")
    value_columns = ("category_id", "option_id")

    def sources(self, lists: PartnerLists) -> list[Source] | None:
        kinds = TrackingMapping.Source
        groups = (
            (kinds.TERRITORY, "Territory", lists.territories),
            (kinds.LINE_OF_BUSINESS, "Line of business", lists.lines_of_business),
            (kinds.BILLING_CODE, "Billing code", _labels(lists.billing_codes)),
        )
        if all(labels is None for _, _, labels in groups):
            return None
        return [_source(kind, group, label) for kind, group, labels in groups for label in labels or ()]

    def choices(self, lists: PartnerLists) -> list[Choice] | None:
        if lists.tracking_categories is None:
            return None
        return [
            (f"{category.category_id}/{option.option_id}", f"{category.name}: {option.name}")
            for category in lists.tracking_categories
            if category.status == "ACTIVE"
            for option in category.options
            if option.status == "ACTIVE"
        ]

    def columns_of_key(self, key: str) -> dict[str, Any]:
        return _sourced(key, TrackingMapping.Source.values)

    def columns_of_value(self, value: str) -> dict[str, Any]:
        category, _, option = value.partition("/")
        return {"category_id": UUID(category), "option_id": UUID(option)}


class Items(MappingKind):
    slug = "items"
    title = "Items"
    lead = "The item in Xero for what a line sells. Products go by their codes: see Accounts and items."
    source_title = "In Autotask"
    target_title = "Item"
    otherwise = "no item"
    model = ItemMapping
    key_columns = ("source", "source_id")
    value_columns = ("item_code",)

    def sources(self, lists: PartnerLists) -> list[Source] | None:
        kinds = ItemMapping.Source
        groups = (
            (kinds.BILLING_CODE, "Billing code", _labels(lists.billing_codes)),
            (kinds.BILLING_ITEM_TYPE, "Billing item type", lists.billing_item_types),
            (kinds.SERVICE, "Service", lists.services),
            (kinds.SERVICE_BUNDLE, "Service bundle", lists.service_bundles),
        )
        if all(labels is None for _, _, labels in groups):
            return None
        return [_source(kind, group, label) for kind, group, labels in groups for label in labels or ()]

    def choices(self, lists: PartnerLists) -> list[Choice] | None:
        if lists.items is None:
            return None
        return [(item.code, f"{item.code} — {item.name}") for item in lists.items]

    def columns_of_key(self, key: str) -> dict[str, Any]:
        return _sourced(key, ItemMapping.Source.values)


KINDS: Final[dict[str, MappingKind]] = {
    kind.slug: kind for kind in (BillingCodes(), TaxRates(), Branding(), Tracking(), Items())
}


def identifier(text: str) -> int:
    """An id of Autotask's. Raises ValueError for what is none."""
    text = text.strip()
    if not (text.isascii() and text.isdigit()) or int(text) > LARGEST_ID:
        raise ValueError(f"“{text[:40]}” is no id.")
    return int(text)


def _sourced(key: str, sources: Iterable[str]) -> dict[str, Any]:
    source, _, source_id = key.partition("/")
    if source not in sources:
        raise ValueError(f"“{source[:40]}” is none of {', '.join(sources)}.")
    return {"source": source, "source_id": identifier(source_id)}


def _source(kind: str, group: str, label: Label) -> Source:
    return Source(key=f"{kind}/{label.id}", name=label.name or f"{group} {label.id}", group=group)


def _labels(rows: Iterable[Any] | None) -> list[Label] | None:
    return None if rows is None else [Label(id=row.id, name=row.name) for row in rows]
