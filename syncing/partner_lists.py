"""What there is to choose from on pages: the lists of both partners, fresh when a page opens.

Where a partner does not answer, a list is what was last kept of it, or None; the page opens all the same, and says so.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TypeVar

from faults.problems import SyncProblem
from syncing.autotask.query import eq
from syncing.autotask.records import (
    BillingCode,
    Company,
    InvoiceTemplate,
    OrganizationalLevel1,
    OrganizationalLevel2,
    OrganizationalLevelAssociation,
    RecordType,
    Service,
    ServiceBundle,
    Tax,
    TaxCategory,
    TaxRegion,
)
from syncing.models import ContactLink
from syncing.partners import NotConnectedError, Partner, Partners, open_partners
from syncing.reference import ReferenceLists
from syncing.translate_lines import UNSUITABLE_SYSTEM_ACCOUNTS
from syncing.xero.records import BrandingTheme, Contact, Item, LedgerAccount, TaxRate, TrackingCategory

Row = TypeVar("Row")
Choice = tuple[str, str]

CUSTOMERS = eq("companyType", 1)  # and not its leads, prospects and vendors
ACTIVE = eq("isActive", True)
OWN_COMPANY = 0  # the service provider itself


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """A value of one of Autotask's picklists."""

    id: int
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedCompany:
    """A customer in Autotask."""

    id: int
    name: str
    number: str


class PartnerLists:
    """The lists of one account, in its scope. With `anew` each is asked for; else it may be some hours old.

    `problems` tells of the partners that could not be asked, in words.
    """

    def __init__(self, account_id: int, *, anew: bool) -> None:
        self.problems: dict[Partner, str] = {}
        self._anew = anew
        self._lists = ReferenceLists(account_id)

    # ---- Xero's

    @cached_property
    def accounts(self) -> list[LedgerAccount] | None:
        """The whole chart, archived ones too."""
        return self._xero("accounts", LedgerAccount, lambda partners: partners.xero.accounts())

    @cached_property
    def tax_rates(self) -> list[TaxRate] | None:
        return self._xero("tax-rates", TaxRate, lambda partners: partners.xero.tax_rates())

    @cached_property
    def themes(self) -> list[BrandingTheme] | None:
        return self._xero("branding-themes", BrandingTheme, lambda partners: partners.xero.branding_themes())

    @cached_property
    def tracking_categories(self) -> list[TrackingCategory] | None:
        return self._asked("Xero", lambda partners: partners.xero.tracking_categories())

    @cached_property
    def items(self) -> list[Item] | None:
        return self._xero("items", Item, lambda partners: partners.xero.items())

    @cached_property
    def contacts(self) -> list[Contact] | None:
        """All of them, archived and merged ones too; without their details."""

        def fetch(partners: Partners) -> list[Contact]:
            return [replace(contact, raw={}) for contact in partners.xero.contacts()]

        return self._xero("contacts", Contact, fetch)

    # ---- Autotask's

    @cached_property
    def companies(self) -> list[ListedCompany] | None:
        """The customers, and whoever else was billed already."""

        def fetch(partners: Partners) -> list[ListedCompany]:
            linked = set(ContactLink.objects.values_list("company_id", flat=True))
            found = list(partners.autotask.find(Company, CUSTOMERS, ACTIVE, fields=["name", "number"]))
            missing = linked.difference(company.id for company in found)
            found += partners.autotask.find_in(Company, "id", sorted(missing), fields=["name", "number"])
            customers = (one for one in found if one.id != OWN_COMPANY)
            return [ListedCompany(id=one.id, name=one.name, number=one.number) for one in customers]

        return self._listed("Autotask", "autotask:companies", ListedCompany, fetch)

    @cached_property
    def billing_codes(self) -> list[BillingCode] | None:
        return self._autotask("billing-codes", BillingCode)

    @cached_property
    def tax_regions(self) -> list[TaxRegion] | None:
        return self._autotask("tax-regions", TaxRegion)

    @cached_property
    def tax_categories(self) -> list[TaxCategory] | None:
        return self._autotask("tax-categories", TaxCategory)

    @cached_property
    def taxes(self) -> list[Tax] | None:
        return self._autotask("taxes", Tax)

    @cached_property
    def templates(self) -> list[InvoiceTemplate] | None:
        return self._autotask("invoice-templates", InvoiceTemplate)

    @cached_property
    def services(self) -> list[Label] | None:
        return self._labelled("services", Service)

    @cached_property
    def service_bundles(self) -> list[Label] | None:
        return self._labelled("service-bundles", ServiceBundle)

    @cached_property
    def territories(self) -> list[Label] | None:
        return self._picklist("territories", "Companies", "territoryID")

    @cached_property
    def billing_item_types(self) -> list[Label] | None:
        return self._picklist("billing-item-types", "BillingItems", "billingItemType")

    @cached_property
    def lines_of_business(self) -> list[Label] | None:
        """By association id."""
        associations = self._autotask("organizational-associations", OrganizationalLevelAssociation)
        divisions = self._autotask("organizational-level1s", OrganizationalLevel1)
        lines = self._autotask("organizational-level2s", OrganizationalLevel2)
        if associations is None:
            return None
        names = {("division", one.id): one.name for one in divisions or ()}
        names |= {("line", one.id): one.name for one in lines or ()}
        return [
            Label(
                id=one.id,
                name=" / ".join(
                    filter(None, (names.get(("division", one.level1_id or 0)), names.get(("line", one.level2_id or 0))))
                )
                or f"Line of business {one.id}",
            )
            for one in associations
        ]

    # ---- as choices

    def sales_account_choices(self) -> list[Choice] | None:
        """The accounts that something can be sold on: those for revenue first."""
        if self.accounts is None:
            return None
        usable = [account for account in self.accounts if is_usable(account)]
        usable.sort(key=lambda account: (account.class_ != "REVENUE", account.code))
        return [(account.code, f"{account.code} — {account.name}") for account in usable]

    def template_choices(self) -> list[Choice] | None:
        if self.templates is None:
            return None
        return [(str(template.id), template.name) for template in self.templates]

    # ---- asking

    @cached_property
    def _partners(self) -> Partners | None:
        try:
            return open_partners()
        except NotConnectedError:
            return None

    def _xero(self, name: str, record_type: type[Row], fetch: Callable[[Partners], Sequence[Row]]) -> list[Row] | None:
        return self._listed("Xero", f"xero:{name}", record_type, fetch)

    def _autotask(self, name: str, record_type: type[RecordType]) -> list[RecordType] | None:
        def fetch(partners: Partners) -> list[RecordType]:
            return list(partners.autotask.find(record_type))

        return self._listed("Autotask", f"autotask:{name}", record_type, fetch)

    def _labelled(self, name: str, record_type: type[Service] | type[ServiceBundle]) -> list[Label] | None:
        def fetch(partners: Partners) -> list[Label]:
            return [Label(id=row.id, name=row.name) for row in partners.autotask.find(record_type)]

        return self._listed("Autotask", f"autotask:{name}", Label, fetch)

    def _picklist(self, name: str, entity: str, field: str) -> list[Label] | None:
        def fetch(partners: Partners) -> list[Label]:
            labels = partners.autotask.picklist(entity, field)
            return [Label(id=value, name=label) for value, label in labels.items()]

        return self._listed("Autotask", f"autotask:{name}", Label, fetch)

    def _listed(
        self, partner: Partner, name: str, record_type: type[Row], fetch: Callable[[Partners], Sequence[Row]]
    ) -> list[Row] | None:
        """The list; asked for anew, or, where that fails, as it was kept."""
        if self._anew and partner not in self.problems:
            self._lists.forget(name)
            found = self._asked(partner, lambda partners: self._lists.get(name, record_type, lambda: fetch(partners)))
            if found is not None:
                return found
            self._lists.remember(name)
        return self._asked(partner, lambda partners: self._lists.get(name, record_type, lambda: fetch(partners)))

    def _asked(self, partner: Partner, ask: Callable[[Partners], list[Row]]) -> list[Row] | None:
        if self._partners is None:
            return None
        try:
            return ask(self._partners)
        except SyncProblem as problem:
            self.problems.setdefault(partner, problem.detail)
            return None


def is_usable(account: LedgerAccount) -> bool:
    """Whether lines of invoices may name it."""
    is_bank = account.type == "BANK" or account.system_account in UNSUITABLE_SYSTEM_ACCOUNTS
    return bool(account.code) and account.status == "ACTIVE" and not is_bank
