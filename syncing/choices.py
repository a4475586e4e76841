"""What settings and mappings may name: the lists of both partners, as they are now."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from functools import cached_property
from typing import TypeVar
from uuid import UUID

from syncing.autotask.records import BillingCode, Company, InvoiceTemplate, Record, TaxCategory, TaxRegion
from syncing.partners import NotConnectedError, Partners, open_partners
from syncing.reference import ReferenceLists
from syncing.xero.records import BrandingTheme, Contact, LedgerAccount, TaxRate

Key = TypeVar("Key")
Row = TypeVar("Row", bound=Record)


class Choices:
    """The lists of one account, in its scope. Each method tells which of the names that it is given are none.

    They are kept for some hours; a name that is not among them is looked for once more past what is kept, so that what
    was made a minute ago counts. Raises the clients' SyncProblems. As long as the account is not connected to both
    partners nothing can be told, and nothing is refused.
    """

    def __init__(self, account_id: int) -> None:
        self._lists = ReferenceLists(account_id)
        self._contacts: dict[UUID, Contact] = {}
        self._companies: dict[int, Company] = {}

    # ---- in Xero

    def unknown_accounts(self, codes: Collection[str]) -> set[str]:
        """Codes of no active account."""
        return self._absent(
            codes, "xero:accounts", lambda: (row.code for row in self._accounts() if row.status == "ACTIVE")
        )

    def unknown_tax_types(self, tax_types: Collection[str]) -> set[str]:
        """Tax types of no active rate for sales."""
        return self._absent(
            tax_types,
            "xero:tax-rates",
            lambda: (row.tax_type for row in self._tax_rates() if row.status == "ACTIVE" and row.can_apply_to_revenue),
        )

    def unknown_themes(self, theme_ids: Collection[UUID]) -> set[UUID]:
        return self._absent(
            theme_ids, "xero:branding-themes", lambda: (UUID(row.branding_theme_id) for row in self._themes())
        )

    def unknown_tracking_options(self, option_ids: Collection[UUID]) -> set[UUID]:
        """Ids of no active option of an active tracking category."""
        return self._absent(option_ids, "", lambda: self._tracking_options)

    def unknown_contacts(self, contact_ids: Collection[UUID]) -> set[UUID]:
        """Ids of no active contact. There are thousands of them: these are asked for, and not the list."""
        return self._absent(contact_ids, "", lambda: self._found_contacts(contact_ids))

    def names_of_contacts(self) -> dict[UUID, str]:
        """The names of those that were asked about and found, by id."""
        return {contact_id: contact.name for contact_id, contact in self._contacts.items()}

    # ---- in Autotask

    def unknown_billing_codes(self, ids: Collection[int]) -> set[int]:
        return self._absent_ids(ids, "billing-codes", BillingCode)

    def unknown_tax_regions(self, ids: Collection[int]) -> set[int]:
        return self._absent_ids(ids, "tax-regions", TaxRegion)

    def unknown_tax_categories(self, ids: Collection[int]) -> set[int]:
        return self._absent_ids(ids, "tax-categories", TaxCategory)

    def unknown_templates(self, ids: Collection[int]) -> set[int]:
        return self._absent_ids(ids, "invoice-templates", InvoiceTemplate)

    def unknown_companies(self, ids: Collection[int]) -> set[int]:
        return self._absent(ids, "", lambda: self._found_companies(ids))

    def names_of_companies(self) -> dict[int, str]:
        """The names of those that were asked about and found, by id."""
        return {company_id: company.name for company_id, company in self._companies.items()}

    # ---- the lists

    @cached_property
    def _partners(self) -> Partners | None:
        try:
            return open_partners()
        except NotConnectedError:
            return None

    @property
    def _connected(self) -> Partners:
        assert self._partners is not None
        return self._partners

    def _absent(self, wanted: Collection[Key], name: str, known: Callable[[], Iterable[Key]]) -> set[Key]:
        """Those of `wanted` that are not `known`; before one is refused, the list `name` is asked for anew."""
        if not wanted or self._partners is None:
            return set()
        absent = set(wanted) - set(known())
        if absent and name:
            self._lists.forget(name)
            absent -= set(known())
        return absent

    def _absent_ids(self, ids: Collection[int], name: str, record_type: type[Row]) -> set[int]:
        def known() -> Iterable[int]:
            rows = self._lists.get(
                f"autotask:{name}", record_type, lambda: list(self._connected.autotask.find(record_type))
            )
            return (row.id for row in rows)

        return self._absent(ids, f"autotask:{name}", known)

    def _accounts(self) -> list[LedgerAccount]:
        return self._lists.get("xero:accounts", LedgerAccount, self._connected.xero.accounts)

    def _tax_rates(self) -> list[TaxRate]:
        return self._lists.get("xero:tax-rates", TaxRate, self._connected.xero.tax_rates)

    def _themes(self) -> list[BrandingTheme]:
        return self._lists.get("xero:branding-themes", BrandingTheme, self._connected.xero.branding_themes)

    @cached_property
    def _tracking_options(self) -> set[UUID]:
        categories = self._connected.xero.tracking_categories()
        active = (option for one in categories if one.status == "ACTIVE" for option in one.options)
        return {UUID(option.option_id) for option in active if option.status == "ACTIVE"}

    def _found_companies(self, ids: Collection[int]) -> Iterable[int]:
        found = self._connected.autotask.find_in(Company, "id", sorted(ids), fields=["name"])
        self._companies |= {company.id: company for company in found}
        return self._companies

    def _found_contacts(self, contact_ids: Collection[UUID]) -> Iterable[UUID]:
        found = self._connected.xero.contacts_by_ids(sorted(map(str, contact_ids)))
        self._contacts |= {UUID(contact.contact_id): contact for contact in found if contact.is_active}
        return self._contacts
