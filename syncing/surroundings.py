"""What only some settings need to know of an invoice: contracts, tickets, projects, sites, products, recipients.

Each is asked for only where the account's settings want it, by `in` lists for the whole batch, once in a run. Where the
API user may not read one of them, documents are carried without it: a heading then names the ticket by its id.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

from faults.problems import SyncProblem
from syncing.autotask.access import UNREADABLE
from syncing.autotask.client import AutotaskClient
from syncing.autotask.records import (
    BillingItem,
    Company,
    CompanyLocation,
    Contact,
    Contract,
    ContractCharge,
    Product,
    Project,
    ProjectCharge,
    RecordType,
    Ticket,
    TicketCharge,
)
from syncing.billing_contact import needs_recipients
from syncing.models import ItemMapping, SyncSettings

Charge = TicketCharge | ProjectCharge | ContractCharge
Value = TypeVar("Value")

CHARGES: tuple[tuple[str, type[Charge]], ...] = (
    ("ticket_charge_id", TicketCharge),
    ("project_charge_id", ProjectCharge),
    ("contract_charge_id", ContractCharge),
)
CODE_OF_PRODUCT: Mapping[str, Callable[[Product], str]] = {
    SyncSettings.ProductCodes.SKU: lambda product: product.sku,
    SyncSettings.ProductCodes.INTERNAL: lambda product: product.internal_product_id,
    SyncSettings.ProductCodes.EXTERNAL: lambda product: product.external_product_id,
    SyncSettings.ProductCodes.MANUFACTURER: lambda product: product.manufacturer_product_name,
}


@dataclass(frozen=True)
class BillTo:
    """The company that contracts are billed to, and those of its contacts that they name."""

    company_id: int
    contact_ids: frozenset[int]


class Surroundings:
    """Reads for one run. Whoever gathers says what is in the batch (`read`), then asks for one invoice (`of`)."""

    def __init__(self, autotask: AutotaskClient, settings: SyncSettings) -> None:
        self._autotask = autotask
        self._settings = settings
        self._known: dict[type, dict[int, Any]] = {}
        self._recipients: dict[int, tuple[int, ...]] = {}
        self._unreadable: set[str] = set()
        self._wants_products = settings.product_codes != SyncSettings.ProductCodes.OFF or _maps_products()

    def read(self, items: Iterable[BillingItem]) -> None:
        """Learn what the settings need of the batch. Raises the client's SyncProblems."""
        items = list(items)
        settings = self._settings
        if (
            settings.line_description == SyncSettings.LineDescription.FULL_WITH_CONTRACT
            or settings.bill_contract_company
        ):
            self._learn(Contract, (item.contract_id for item in items))
        if settings.line_grouping in (SyncSettings.LineGrouping.TICKET, SyncSettings.LineGrouping.SITE):
            self._learn(Ticket, (item.ticket_id for item in items))
        if settings.line_grouping == SyncSettings.LineGrouping.PROJECT:
            self._learn(Project, (item.project_id for item in items))
        if settings.line_grouping == SyncSettings.LineGrouping.SITE:
            tickets: Iterable[Ticket] = self._known.get(Ticket, {}).values()
            self._learn(CompanyLocation, (ticket.company_location_id for ticket in tickets))
            self._learn(Company, (item.company_id for item in items))
        if self._wants_products:
            for name, record_type in CHARGES:
                self._learn(record_type, (getattr(item, name) for item in items))
            self._learn(Product, (charge.product_id for charge in self._charges()))

    def read_recipients(self, companies: Iterable[Company], contacts: Mapping[int, Sequence[Contact]]) -> None:
        """Learn the recipients of these companies, as far as the rules for the billing contact come to them.

        One call for each, as Autotask has no list of them. Raises the client's SyncProblems.
        """
        for company in companies:
            of_company = contacts.get(company.id, ())
            if company.id in self._recipients or not needs_recipients(of_company, self._settings.contact_rules):
                continue
            ask = partial(self._autotask.invoice_recipients, company.id)
            self._recipients[company.id] = self._unless_unreadable("Companies/invoiceSettings", ask, ())

    def of(self, items: Sequence[BillingItem], billed: Company | None) -> dict[str, Any]:
        """The fields of the SourceInvoice with these items that is billed to this company."""
        product_ids = self._product_ids(items)
        return {
            "contract_descriptions": {one.id: one.description or one.name for one in self._all(Contract)},
            "ticket_titles": {one.id: f"{one.number} {one.title}".strip() for one in self._all(Ticket)},
            "project_names": {one.id: one.name for one in self._all(Project)},
            "site_names": {item.id: self._site(item, billed) for item in items},
            "product_ids": product_ids,
            "product_codes": self._product_codes(product_ids.values()),
            "invoice_recipients": self._recipients,
        }

    def bill_to(self, items: Iterable[BillingItem]) -> BillTo | None:
        """Whom the contracts of all these items are billed to; None where they name nobody, or not the same company."""
        if not self._settings.bill_contract_company:
            return None
        contracts = [self._get(Contract, item.contract_id) for item in items]
        companies = {contract.bill_to_company_id if contract else None for contract in contracts}
        company_id = companies.pop() if len(companies) == 1 else None
        if company_id is None:
            return None
        return BillTo(
            company_id, frozenset(one.bill_to_contact_id for one in contracts if one and one.bill_to_contact_id)
        )

    def products_by_code(self) -> dict[str, Product]:
        """The products that were read, by the codes that Xero's items have."""
        code_of = CODE_OF_PRODUCT.get(self._settings.product_codes)
        if code_of is None:
            return {}
        return {code: product for product in self._all(Product) if (code := code_of(product).strip())}

    # ---- what is known

    def _all(self, record_type: type[RecordType]) -> Iterable[RecordType]:
        return self._known.get(record_type, {}).values()

    def _get(self, record_type: type[RecordType], key: int | None) -> RecordType | None:
        found: RecordType | None = self._known.get(record_type, {}).get(key or 0)
        return found

    def _charges(self) -> list[Charge]:
        return [charge for _, record_type in CHARGES for charge in self._all(record_type)]

    def _site(self, item: BillingItem, billed: Company | None) -> str:
        """Where the work was done: the ticket's location; else the company of the item, where it is another one."""
        ticket = self._get(Ticket, item.ticket_id)
        location = self._get(CompanyLocation, ticket.company_location_id) if ticket else None
        if location is not None:
            return location.name
        company = self._get(Company, item.company_id)
        return company.name if company is not None and billed is not None and company.id != billed.id else ""

    def _product_ids(self, items: Iterable[BillingItem]) -> dict[int, int]:
        found = {}
        for item in items:
            for name, record_type in CHARGES:
                charge: Charge | None = self._get(record_type, getattr(item, name))
                if charge is not None and charge.product_id is not None:
                    found[item.id] = charge.product_id
        return found

    def _product_codes(self, product_ids: Iterable[int]) -> dict[int, str]:
        """The codes by which Xero's items are told; "" for a product that has none."""
        code_of = CODE_OF_PRODUCT.get(self._settings.product_codes)
        if code_of is None:
            return {}
        products = [self._get(Product, product_id) for product_id in product_ids]
        return {product.id: code_of(product).strip() for product in products if product is not None}

    # ---- asking

    def _learn(self, record_type: type[RecordType], ids: Iterable[int | None]) -> None:
        known = self._known.setdefault(record_type, {})
        missing = sorted({key for key in ids if key} - known.keys())
        if not missing:
            return

        def ask() -> list[RecordType]:
            return list(self._autotask.find_in(record_type, "id", missing))

        nothing: list[RecordType] = []
        found = self._unless_unreadable(record_type.ENTITY, ask, nothing)
        known |= {one.id: one for one in found}

    def _unless_unreadable(self, what: str, ask: Callable[[], Value], otherwise: Value) -> Value:
        if what in self._unreadable:
            return otherwise
        try:
            return ask()
        except SyncProblem as problem:
            if problem.code not in UNREADABLE:
                raise
            self._unreadable.add(what)
            return otherwise


def _maps_products() -> bool:
    return ItemMapping.objects.filter(source=ItemMapping.Source.PRODUCT).exists()
