"""The contact report: which of Autotask's companies are which Xero contact, by which rule, and which are none."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from syncing.contact_matching import ContactIndex, belongs_to_another, survivor
from syncing.models import ContactLink, SyncSettings
from syncing.partner_lists import ListedCompany, PartnerLists
from syncing.partners import fed_organisation
from syncing.xero.records import Contact
from syncing.xero.text import clean_line, contact_name
from tenants.models import AutotaskConnection

State = Literal["several", "other", "archived", "none", "matches", "linked"]
# As the report lists them: what needs somebody comes first.
MARKS: dict[State, tuple[str, str]] = {
    "several": ("bad", "Several match"),
    "other": ("bad", "Another company’s"),
    "archived": ("bad", "Archived in Xero"),
    "none": ("warn", "No match"),
    "matches": ("good", "Matches"),
    "linked": ("good", "Linked"),
}
RULES = {
    "number": "our number",
    "account_number": "account number",
    "name": "name",
    "created": "Cloud Depot, which made it",
    "merged": "a merger in Xero",
    ContactLink.BY_PERSON: "hand",
}
HEADER = ("company_id", "company", "company_number", "state", "found_by", "contact_id", "contact", "match_id", "match")


@dataclass(frozen=True, kw_only=True)
class ReportRow:
    """A company and its contact: the one that it is linked with, else the one that a rule finds. Of several that match,
    `contact` is none, and `others` are they. `linked_id` is the ContactID as it is linked, "" for none; `shared_with`
    names the other companies of the same contact."""

    company: ListedCompany
    state: State
    contact: Contact | None = None
    rule: str = ""
    others: tuple[Contact, ...] = ()
    linked_id: str = ""
    shared_with: tuple[str, ...] = ()

    @property
    def mark(self) -> str:
        return MARKS[self.state][0]

    @property
    def word(self) -> str:
        return MARKS[self.state][1]

    @property
    def found_by(self) -> str:
        return RULES.get(self.rule, self.rule)


def contact_report(account_id: int, lists: PartnerLists) -> list[ReportRow] | None:
    """The report of an account, in its scope; None where a list of either side is missing."""
    organisation, autotask = fed_organisation(), AutotaskConnection.objects.first()
    if organisation is None or autotask is None or lists.companies is None or lists.contacts is None:
        return None
    links = ContactLink.objects.filter(organisation=organisation)
    return compared(
        lists.companies,
        lists.contacts,
        {link.company_id: link for link in links},
        SyncSettings.of_account(account_id),
        autotask.database_id or 0,
    )


def compared(
    companies: Iterable[ListedCompany],
    contacts: Iterable[Contact],
    links: Mapping[int, ContactLink],
    settings: SyncSettings,
    database_id: int,
) -> list[ReportRow]:
    """Every company with its contact; what needs somebody first, then by name. `links` by company id."""
    comparison = _Comparison(contacts, settings, database_id)
    rows = [comparison.row(company, links.get(company.id)) for company in companies]
    order = list(MARKS)
    return sorted(_with_sharers(rows), key=lambda row: (order.index(row.state), row.company.name.casefold()))


def csv_rows(rows: Iterable[ReportRow]) -> Iterator[list[Any]]:
    """The report as lines of a file. A `match_id` that is copied into `contact_id` makes a link when it is imported."""
    for row in rows:
        found = [row.contact.contact_id, row.contact.name] if row.contact else ["", _names(row.others)]
        both = [*found, "", ""] if row.linked_id else ["", "", *found]
        yield [row.company.id, row.company.name, row.company.number, row.word, row.found_by, *both]


class _Comparison:
    """Both sides, as the next run would compare them."""

    def __init__(self, contacts: Iterable[Contact], settings: SyncSettings, database_id: int) -> None:
        self._by_id = {contact.contact_id: contact for contact in contacts}
        is_relaxed = settings.match_name == SyncSettings.MatchName.RELAXED
        self._index = ContactIndex(self._by_id.values(), is_relaxed=is_relaxed)
        self._by_account_number = settings.match_account_number
        self._database_id = database_id

    def row(self, company: ListedCompany, link: ContactLink | None) -> ReportRow:
        return self._matched(company) if link is None else self._linked(company, link)

    def _linked(self, company: ListedCompany, link: ContactLink) -> ReportRow:
        contact = self._by_id.get(str(link.contact_id)) or _just_made(link)
        return replace(self._alive(company, contact, link.rule, "linked"), linked_id=str(link.contact_id))

    def _matched(self, company: ListedCompany) -> ReportRow:
        number = f"AT-{self._database_id}-{company.id}"
        found = self._index.find(
            number=number,
            account_number=clean_line(company.number, 50) if self._by_account_number else "",
            name=contact_name(company.name),
        )
        if found is None:
            return ReportRow(company=company, state="none")
        if len(found.contacts) > 1:
            return ReportRow(company=company, state="several", rule=found.rule, others=tuple(found.contacts))
        [contact] = found.contacts
        if belongs_to_another(contact, number):
            return ReportRow(company=company, state="other", rule=found.rule, contact=contact)
        return self._alive(company, contact, found.rule, "matches")

    def _alive(self, company: ListedCompany, contact: Contact, rule: str, state: State) -> ReportRow:
        """With the contact that this one has become; archived ones are billed no more."""
        alive = survivor(contact, self._by_id)
        if alive is None:
            return ReportRow(company=company, state="archived", rule=rule, contact=contact)
        is_merged = alive.contact_id != contact.contact_id
        return ReportRow(company=company, state=state, rule="merged" if is_merged else rule, contact=alive)


def _just_made(link: ContactLink) -> Contact:
    """The contact of a link, where the list is older than it is."""
    return Contact(
        contact_id=str(link.contact_id),
        name=link.contact_name,
        number="",
        account_number="",
        email="",
        status="ACTIVE",
        merged_to=None,
        raw={},
    )


def _with_sharers(rows: Sequence[ReportRow]) -> list[ReportRow]:
    names: dict[str, list[str]] = defaultdict(list)
    for row in rows:
        if row.contact is not None:
            names[row.contact.contact_id].append(row.company.name)
    return [_shared(row, names[row.contact.contact_id]) if row.contact else row for row in rows]


def _shared(row: ReportRow, companies: Sequence[str]) -> ReportRow:
    if len(companies) < 2:
        return row
    others = list(companies)
    others.remove(row.company.name)
    return replace(row, shared_with=tuple(sorted(others)))


def _names(contacts: Iterable[Contact]) -> str:
    return ", ".join(contact.name for contact in contacts)
