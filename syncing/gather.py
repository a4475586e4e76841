"""Stage 3: what the batch's translation needs of Autotask, by `in` lists: a few calls for hundreds of documents."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from functools import partial

from syncing import limits
from syncing.autotask.client import MOST_IDS, AutotaskClient
from syncing.autotask.records import (
    BillingItem,
    Company,
    CompanyLocation,
    Contact,
    Currency,
    Invoice,
    Product,
    RecordType,
)
from syncing.batches import in_batches
from syncing.discover import Discovery
from syncing.hands import ALONE, Hands
from syncing.marker import marker_url
from syncing.models import Document, SyncSettings
from syncing.reference import ReferenceLists
from syncing.source import SourceInvoice
from syncing.surroundings import BillTo, Surroundings

# Lines, in three parts, companies and their contacts are asked for at once.
HANDS_OF_GATHERER = 6


class Gatherer:
    """Gathers for one run, one batch at a time. Companies, with their contacts and locations, are read once in it."""

    def __init__(
        self,
        autotask: AutotaskClient,
        discovery: Discovery,
        lists: ReferenceLists,
        settings: SyncSettings,
        hands: Hands = ALONE,
    ) -> None:
        self.autotask = autotask
        self.discovery = discovery
        self.lists = lists
        self.products_by_code: dict[str, Product] = {}
        """The products that the batches so far have sold, by the codes that Xero's items have."""
        self._hands = hands
        self._surroundings = Surroundings(autotask, settings)
        self._companies: dict[int, Company] = {}
        self._contacts: dict[int, list[Contact]] = defaultdict(list)
        self._locations: dict[int, list[CompanyLocation]] = defaultdict(list)
        self._asked: set[int] = set()

    def gather(self, documents: Sequence[Document]) -> dict[int, SourceInvoice]:
        """Document id → its source, without those that Autotask shows no more. Raises the client's SyncProblems."""
        lines = self._hands.start(partial(self._items, [document.autotask_id for document in documents]))
        invoices = self._invoices(documents)
        self._read_companies(each.company_id for each in invoices.values())
        items = lines.result()
        self._surroundings.read(item for of_invoice in items.values() for item in of_invoice)
        billed_to = {invoice_id: self._surroundings.bill_to(of_invoice) for invoice_id, of_invoice in items.items()}
        self._read_companies(bill_to.company_id for bill_to in billed_to.values() if bill_to)
        self.products_by_code = self._surroundings.products_by_code()
        currencies = {
            currency.id: currency.code
            for currency in self.lists.get("autotask:currencies", Currency, lambda: list(self.autotask.find(Currency)))
        }
        return {
            document.id: self._source(
                document, invoices[document.autotask_id], items, currencies, billed_to.get(document.autotask_id)
            )
            for document in documents
            if document.autotask_id in invoices
        }

    def gather_company(self, company_id: int) -> SourceInvoice:
        """What there is of a company, without any invoice. Its `company` is None where Autotask does not show it."""
        self._read_companies([company_id])
        return SourceInvoice(
            invoice=Invoice(id=0, company_id=company_id),
            items=(),
            company=self._companies.get(company_id),
            contacts=tuple(self._contacts[company_id]),
            locations=tuple(self._locations[company_id]),
            **self._surroundings.of((), self._companies.get(company_id)),
        )

    def _invoices(self, documents: Sequence[Document]) -> dict[int, Invoice]:
        """As discovery has just read them; the others are asked for."""
        fresh = self.discovery.invoices
        found = {id_: fresh.pop(id_) for document in documents if (id_ := document.autotask_id) in fresh}
        missing = [document.autotask_id for document in documents if document.autotask_id not in found]
        if missing:
            found |= {invoice.id: invoice for invoice in self._find_in(Invoice, "id", missing)}
        return found

    def _items(self, invoices: Iterable[int]) -> dict[int, list[BillingItem]]:
        items: dict[int, list[BillingItem]] = defaultdict(list)
        for item in self._find_in(BillingItem, "invoiceID", sorted(invoices)):
            if item.invoice_id is not None:
                items[item.invoice_id].append(item)
        return items

    def _read_companies(self, company_ids: Iterable[int | None]) -> None:
        """The companies, their parents, and the contacts and locations of them all."""
        wanted = {company_id for company_id in company_ids if company_id is not None} - self._asked
        if not wanted:
            return
        companies = self._find_in(Company, "id", sorted(wanted))
        parents = (
            {company.parent_company_id for company in companies if company.parent_company_id} - self._asked - wanted
        )
        if parents:
            companies += self._find_in(Company, "id", sorted(parents))
        self._companies |= {company.id: company for company in companies}
        ids = sorted(wanted | parents)
        contacts = self._hands.start(partial(self._find_in, Contact, "companyID", ids))
        for location in self._find_in(CompanyLocation, "companyID", ids):
            self._locations[location.company_id or 0].append(location)
        for contact in contacts.result():
            self._contacts[contact.company_id or 0].append(contact)
        self._surroundings.read_recipients(companies, self._contacts)
        self._asked.update(ids)

    def _find_in(self, record_type: type[RecordType], name: str, wanted: Collection[int]) -> list[RecordType]:
        """The records whose field is one of `wanted`: in few questions, as many at once as Autotask takes."""
        questions = math.ceil(len(wanted) / MOST_IDS)
        if questions == 0:
            return []
        parts = in_batches(wanted, math.ceil(len(wanted) / questions))
        asks = [partial(self._found, record_type, name, part) for part in parts]
        answers = [
            answer for group in in_batches(asks, limits.autotask_at_once()) for answer in self._hands.each(group)
        ]
        return [record for answer in answers for record in answer]

    def _found(self, record_type: type[RecordType], name: str, wanted: Collection[int]) -> list[RecordType]:
        return list(self.autotask.find_in(record_type, name, wanted))

    def _source(
        self,
        document: Document,
        invoice: Invoice,
        items: dict[int, list[BillingItem]],
        currencies: dict[int, str],
        bill_to: BillTo | None,
    ) -> SourceInvoice:
        invoiced = self._companies.get(invoice.company_id or 0)
        company = self._companies.get(bill_to.company_id, invoiced) if bill_to else invoiced
        of_invoice = tuple(items.get(invoice.id, ()))
        parent = self._companies.get(company.parent_company_id or 0) if company else None
        both = [each.id for each in (company, parent) if each is not None]
        return SourceInvoice(
            invoice=invoice,
            items=of_invoice,
            company=company,
            parent_company=parent,
            contacts=tuple(contact for company_id in both for contact in self._contacts[company_id]),
            locations=tuple(location for company_id in both for location in self._locations[company_id]),
            currency_code=currencies.get(invoiced.currency_id or 0, "") if invoiced else "",
            contract_contacts=bill_to.contact_ids if bill_to else frozenset(),
            url=marker_url(document.uuid),
            **self._surroundings.of(of_invoice, company),
        )
