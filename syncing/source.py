"""One Autotask invoice with everything around it that its translation needs, as gathered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from syncing.autotask.records import BillingItem, Company, CompanyLocation, Contact, Invoice
from syncing.due_dates import PaymentTerms


@dataclass(frozen=True, kw_only=True, eq=False)
class SourceInvoice:
    """`contacts` and `locations` hold those of the company and of its parent alike. Texts are as Autotask has them."""

    invoice: Invoice
    items: tuple[BillingItem, ...]
    company: Company | None  # the one that is billed
    parent_company: Company | None = None
    contacts: tuple[Contact, ...] = ()
    locations: tuple[CompanyLocation, ...] = ()
    currency_code: str = ""  # of the company in Autotask; empty where it gives none
    url: str = ""  # our marker: BASE_URL/d/<document uuid>

    invoice_recipients: Mapping[int, tuple[int, ...]] = field(default_factory=dict)  # company id → contact ids
    contract_contacts: frozenset[int] = frozenset()  # whom the contracts of all lines name, where they are billed to
    payment_terms: PaymentTerms | None = None  # of the Xero contact
    contract_descriptions: Mapping[int, str] = field(default_factory=dict)  # by contract id
    ticket_titles: Mapping[int, str] = field(default_factory=dict)  # by ticket id
    project_names: Mapping[int, str] = field(default_factory=dict)  # by project id
    site_names: Mapping[int, str] = field(default_factory=dict)  # by billing item id
    product_ids: Mapping[int, int] = field(default_factory=dict)  # by billing item id
    product_codes: Mapping[int, str] = field(default_factory=dict)  # by product id; "" where Autotask has none to give

    @property
    def subject(self) -> str:
        """What a fault of this very invoice is about. By id, since the number may still come or change."""
        return f"invoice {self.invoice.id}"
