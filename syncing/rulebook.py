"""The rules by which an account's documents are translated, read from its settings, its mappings and both partners."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import fields, replace
from functools import partial
from typing import Any, TypeVar, cast

from django.conf import settings as installation
from django.utils import timezone

from syncing import limits
from syncing.autotask.records import (
    BillingCode,
    Country,
    OrganizationalLevel1,
    OrganizationalLevel2,
    OrganizationalLevelAssociation,
    OrganizationalResource,
    RecordType,
    Tax,
    TaxCategory,
    TaxRegion,
)
from syncing.hands import ALONE, Hands
from syncing.models import (
    BillingCodeMapping,
    BrandingMapping,
    ContactLink,
    ItemMapping,
    SyncSettings,
    SyncState,
    TaxMapping,
    TrackingMapping,
)
from syncing.partners import Partners
from syncing.reference import Reading, ReferenceLists
from syncing.rules import ItemSource, Rules, TotalIs, TrackingSource
from syncing.source import SourceInvoice
from syncing.tax_proposals import propose_tax_types
from syncing.xero.documents import Tracking
from syncing.xero.records import (
    BrandingTheme,
    Currency,
    Item,
    LedgerAccount,
    Organisation,
    TaxRate,
    TrackingOption,
)
from tenants.features import FeatureName, is_enabled

Record = TypeVar("Record")

# What a fault rests on: a person's re-sync of a document with it fetches these anew, so that what they mended is seen.
RESTS_ON = {
    "account-code-invalid": ("xero:accounts", "autotask:billing-codes"),
    "billing-code-unmapped": ("autotask:billing-codes", "xero:accounts"),
    "amounts-do-not-match": ("autotask:taxes", "autotask:organizational-resources"),
    "currency-not-subscribed": ("xero:currencies", "xero:organisation", "autotask:currencies"),
    "no-line-items": ("autotask:organizational-resources",),
    "no-valid-contact": ("autotask:countries",),
    "period-locked": ("xero:organisation",),
    "tax-rate-invalid": ("xero:tax-rates", "autotask:taxes"),
    "tax-region-unmapped": ("xero:tax-rates", "autotask:taxes", "autotask:tax-regions"),
    "mixed-tax-bundle": ("autotask:taxes",),
}
SETTINGS_OF_RULES = tuple(field.name for field in fields(Rules) if field.name in SyncSettings.names())


class Rulebook:
    """Builds the Rules of one run, in the account's scope. Its lists are cached between runs."""

    def __init__(
        self,
        settings: SyncSettings,
        state: SyncState,
        partners: Partners,
        lists: ReferenceLists,
        hands: Hands = ALONE,
    ) -> None:
        self.settings = settings
        self.state = state
        self.partners = partners
        self.lists = lists
        self._hands = hands

    def read_xero(self) -> None:
        """Ask Xero for what is not cached, all at once. Raises the client's SyncProblems."""
        xero = self.partners.xero
        readings = (
            Reading("xero:organisation", Organisation, lambda: [xero.organisation()]),
            Reading("xero:accounts", LedgerAccount, xero.accounts),
            Reading("xero:tax-rates", TaxRate, xero.tax_rates),
            Reading("xero:currencies", Currency, xero.currencies),
        )
        self.lists.read(readings, self._hands, limits.xero_at_once())

    def _read_autotask(self) -> None:
        """Ask Autotask for what is not cached, all at once, as each is another entity."""
        types: dict[str, type[Any]] = {
            "billing-codes": BillingCode,
            "tax-regions": TaxRegion,
            "tax-categories": TaxCategory,
            "countries": Country,
        }
        if self.settings.tax_mapping:
            types["taxes"] = Tax
        readings = [Reading(f"autotask:{name}", kind, partial(self._find, kind)) for name, kind in types.items()]
        self.lists.read(readings, self._hands, len(readings))

    def rules(self, sources: Iterable[SourceInvoice]) -> Rules:
        """What the translation of `sources` needs. Asks Autotask for what is not cached; raises its SyncProblems."""
        organisation = self.organisation()
        rates = self._tax_rates()
        self._read_autotask()
        settings = {name: getattr(self.settings, name) for name in SETTINGS_OF_RULES}
        settings["skip_templates"] = frozenset(self.settings.skip_templates)
        settings["contact_rules"] = tuple(self.settings.contact_rules)
        return Rules(
            **settings,
            billing_code_accounts=dict(BillingCodeMapping.objects.values_list("billing_code_id", "account_code")),
            tax_types=self._tax_types(rates),
            branding={mapping.template_id: str(mapping.theme_id) for mapping in BrandingMapping.objects.all()},
            tracking=_tracking(),
            item_codes=_item_codes(),
            contact_links=self._contact_links(sources),
            chosen_contacts=self._chosen_contacts(),
            known_item_codes=self._known_item_codes(),
            branding_themes=self._themes() if BrandingMapping.objects.exists() else None,
            tracking_options=self._tracking_options(),
            base_currency=organisation.base_currency,
            currencies=frozenset({organisation.base_currency, *(currency.code for currency in self._currencies())}),
            accounts={account.code: account for account in self._accounts() if account.code},
            tax_rates={rate.tax_type: rate for rate in rates},
            period_lock_date=organisation.period_lock_date,
            end_of_year_lock_date=organisation.end_of_year_lock_date,
            autotask_database_id=self.partners.autotask_connection.database_id or 0,
            billing_codes={code.id: code for code in self._autotask("billing-codes", BillingCode)},
            tax_regions={region.id: region.name for region in self._autotask("tax-regions", TaxRegion)},
            tax_categories={category.id: category.name for category in self._autotask("tax-categories", TaxCategory)},
            countries={country.id: country for country in self._autotask("countries", Country)},
            total_is=cast(TotalIs | None, self.state.total_is or None),
            service_adjustments=is_enabled(FeatureName.SERVICE_ADJUSTMENTS),
            now=timezone.now(),
            refetch_seconds=installation.SYNC_REFETCH_SECONDS,
            number_wait_seconds=installation.SYNC_NUMBER_WAIT_SECONDS,
            max_rounding_difference=installation.SYNC_MAX_ROUNDING_DIFFERENCE,
        )

    def with_lines_of_business(self, rules: Rules) -> Rules:
        """The rules, and what a diagnosis wants besides: the lines of business, and which of them the API user has."""
        level1 = {level.id: level.name for level in self._autotask("organizational-level1s", OrganizationalLevel1)}
        level2 = {level.id: level.name for level in self._autotask("organizational-level2s", OrganizationalLevel2)}
        associations = self._autotask("organizational-associations", OrganizationalLevelAssociation)
        return replace(
            rules,
            lines_of_business={
                each.id: " / ".join(filter(None, (level1.get(each.level1_id or 0), level2.get(each.level2_id or 0))))
                for each in associations
            },
            api_user_lines_of_business=self._lines_of_api_user(),
        )

    def _lines_of_api_user(self) -> frozenset[int] | None:
        """The association ids of the API user; None where it is not known which resource that is."""
        resource_id = self.partners.autotask_connection.resource_id
        if resource_id is None:
            return None
        resources = self._autotask("organizational-resources", OrganizationalResource)
        return frozenset(
            each.organizational_level_association_id
            for each in resources
            if each.resource_id == resource_id and each.organizational_level_association_id is not None
        )

    def _tax_types(self, rates: Sequence[TaxRate]) -> dict[tuple[int, int | None], str]:
        """What the rates propose, and over it what people have mapped."""
        if not self.settings.tax_mapping:
            return {}
        mapped = TaxMapping.objects.values_list("tax_region_id", "tax_category_id", "tax_type")
        return propose_tax_types(self._autotask("taxes", Tax), rates) | {
            (region, category): tax_type for region, category, tax_type in mapped
        }

    def _contact_links(self, sources: Iterable[SourceInvoice]) -> dict[int, str]:
        """Company id → ContactID, of those companies that have been billed before."""
        both = (company for source in sources for company in (source.company, source.parent_company))
        links = ContactLink.objects.filter(
            organisation=self.partners.xero_connection, company_id__in={company.id for company in both if company}
        )
        return {company_id: str(contact_id) for company_id, contact_id in links.values_list("company_id", "contact_id")}

    def _chosen_contacts(self) -> frozenset[int]:
        """The companies whose Xero contact a person has chosen: these need no billing contact in Autotask."""
        chosen = ContactLink.objects.filter(organisation=self.partners.xero_connection, rule=ContactLink.BY_PERSON)
        return frozenset(chosen.values_list("company_id", flat=True))

    def organisation(self) -> Organisation:
        return self._xero("organisation", Organisation, lambda: [self.partners.xero.organisation()])[0]

    def _known_item_codes(self) -> frozenset[str] | None:
        """The codes of Xero's items; None where lines name none."""
        if self.settings.product_codes == SyncSettings.ProductCodes.OFF and not ItemMapping.objects.exists():
            return None
        return frozenset(item.code for item in self.items())

    def items(self) -> list[Item]:
        return self._xero("items", Item, self.partners.xero.items)

    def _themes(self) -> frozenset[str]:
        themes = self._xero("branding-themes", BrandingTheme, self.partners.xero.branding_themes)
        return frozenset(theme.branding_theme_id for theme in themes)

    def _tracking_options(self) -> frozenset[str] | None:
        """The active options of the active categories; None where none is mapped."""
        if not TrackingMapping.objects.exists():
            return None
        options = self._xero("tracking-options", TrackingOption, self._active_tracking_options)
        return frozenset(option.option_id for option in options)

    def _active_tracking_options(self) -> list[TrackingOption]:
        categories = self.partners.xero.tracking_categories()
        return [
            option
            for category in categories
            if category.status == "ACTIVE"
            for option in category.options
            if option.status == "ACTIVE"
        ]

    def _accounts(self) -> list[LedgerAccount]:
        return self._xero("accounts", LedgerAccount, self.partners.xero.accounts)

    def _tax_rates(self) -> list[TaxRate]:
        return self._xero("tax-rates", TaxRate, self.partners.xero.tax_rates)

    def _currencies(self) -> list[Currency]:
        return self._xero("currencies", Currency, self.partners.xero.currencies)

    def _xero(self, name: str, record_type: type[Record], fetch: Callable[[], Sequence[Record]]) -> list[Record]:
        """A list of the organisation that is fed: another one has its own."""
        return self.lists.get(f"xero:{name}", record_type, fetch)

    def _autotask(self, name: str, record_type: type[RecordType]) -> list[RecordType]:
        return self.lists.get(f"autotask:{name}", record_type, lambda: self._find(record_type))

    def _find(self, record_type: type[RecordType]) -> list[RecordType]:
        return list(self.partners.autotask.find(record_type))


def _tracking() -> dict[tuple[TrackingSource, int], Tracking]:
    return {
        (cast(TrackingSource, mapping.source), mapping.source_id): Tracking(
            category_id=str(mapping.category_id), option_id=str(mapping.option_id)
        )
        for mapping in TrackingMapping.objects.all()
    }


def _item_codes() -> dict[tuple[ItemSource, int], str]:
    return {
        (cast(ItemSource, mapping.source), mapping.source_id): mapping.item_code
        for mapping in ItemMapping.objects.all()
    }
