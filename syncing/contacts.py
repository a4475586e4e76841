"""Stage 6: the Xero contact of each company in the batch: linked before, found by number or name, or created; in bulk.

A link is by ids, so that a rename on either side breaks nothing. The key we leave in Xero is the ContactNumber.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from faults.catalogue import Subject
from faults.classify import classify_xero
from faults.problems import NeedsPerson, SyncProblem
from syncing import limits
from syncing.batches import in_batches
from syncing.billing_contact import ContactDetails, company_subject
from syncing.contact_matching import ContactIndex, belongs_to_another
from syncing.deliver import ReadyDocument, XeroSide
from syncing.models import ContactLink, SyncSettings
from syncing.prepare import TranslatedDocument
from syncing.settle import Outcome, stuck
from syncing.xero.client import MOST_CONTACTS
from syncing.xero.contact_search import find_contacts
from syncing.xero.documents import encode
from syncing.xero.records import Contact
from syncing.xero.replies import ElementReply

# By which rule a contact was matched: the fault where that leads to none, and the word for it.
_MATCHED_BY = {
    "account_number": ("contact-number-taken", "account number"),
    "name": ("contact-name-taken", "name"),
}
MOST_CONTACTS_SHOWN = 10


@dataclass(frozen=True, kw_only=True)
class Addressed:
    """Documents with their Xero contact, and the outcomes of those that have none."""

    ready: list[ReadyDocument]
    outcomes: list[Outcome]


def find_or_create_contacts(
    side: XeroSide, translated: Sequence[TranslatedDocument], settings: SyncSettings
) -> Addressed:
    """Give each document its Xero contact. Raises SyncProblem where the connection is at fault."""
    wanted = {item.contact.company_id: item.contact for item in translated}
    search = _Search(side, settings)
    search.take_links(wanted)
    search.look_up([contact for company_id, contact in wanted.items() if company_id not in search.found])
    search.create([contact for company_id, contact in wanted.items() if search.is_missing(company_id)])
    search.keep_links()
    search.update(wanted)

    addressed = Addressed(ready=[], outcomes=[])
    for item in translated:
        company_id = item.contact.company_id
        if company_id in search.problems:
            addressed.outcomes.append(stuck(item.document, [search.problems[company_id]], item.values))
        else:
            addressed.ready.append(
                ReadyDocument(
                    document=item.document,
                    content=item.content,
                    contact_id=search.found[company_id].contact_id,
                    values=item.values,
                )
            )
    return addressed


@dataclass(frozen=True, slots=True)
class Match:
    """The Xero contact that a company is billed as, and by which rule it was found."""

    contact_id: str
    name: str
    rule: str


def foresee_contacts(
    side: XeroSide, wanted: Mapping[int, ContactDetails], settings: SyncSettings
) -> tuple[dict[int, Match], dict[int, SyncProblem]]:
    """By company id: what `find_or_create_contacts` would find, and what would stop it. Nothing is made or kept.

    A company that is in neither would have its contact created.
    """
    search = _Search(side, settings)
    search.take_links(wanted)
    search.look_up([contact for company_id, contact in wanted.items() if company_id not in search.found])
    if not settings.create_contacts:
        search.create([contact for company_id, contact in wanted.items() if search.is_missing(company_id)])
    return search.found, search.problems


class _Search:
    """What is known by company while the contacts of one batch are looked for."""

    def __init__(self, side: XeroSide, settings: SyncSettings) -> None:
        self.side = side
        self.settings = settings
        self.found: dict[int, Match] = {}
        self.problems: dict[int, SyncProblem] = {}
        self._linked: set[int] = set()
        self._sent: dict[int, str] = {}  # company id → digest of the details that Xero has had of it

    def is_missing(self, company_id: int) -> bool:
        return company_id not in self.found and company_id not in self.problems

    def take_links(self, company_ids: Collection[int]) -> None:
        links = ContactLink.objects.filter(organisation=self.side.connection, company_id__in=company_ids)
        for link in links:
            self.found[link.company_id] = Match(str(link.contact_id), link.contact_name, link.rule)
            self._linked.add(link.company_id)
            self._sent[link.company_id] = link.details_digest

    def look_up(self, wanted: Sequence[ContactDetails]) -> None:
        """Match by our number, else by account number where the account asks for that, else by name."""
        if not wanted:
            return
        contacts = find_contacts(
            self.side.client,
            numbers=[details.number for details in wanted],
            names=[details.name for details in wanted],
            account_numbers=[details.account_number for details in wanted],
            is_relaxed=self._is_relaxed,
        )
        index = ContactIndex(contacts, is_relaxed=self._is_relaxed)
        for details in wanted:
            found = index.find(number=details.number, account_number=details.account_number, name=details.name)
            if found is None:
                continue
            if found.rule == "number":
                self._take(details, found.contacts[0], found.rule)
            else:
                self._take_the_one(details, found.contacts, found.rule)

    def create(self, missing: Sequence[ContactDetails]) -> None:
        """Make the contacts that Xero does not have, 50 to a call. Made twice is refused by their number."""
        if not self.settings.create_contacts:
            for details in missing:
                self.problems[details.company_id] = _no_contact(details)
            return
        for details, reply in zip(missing, self._made(missing), strict=True):
            if reply.ok and reply.id is not None:
                self.found[details.company_id] = Match(reply.id, details.name, "created")
                self._sent[details.company_id] = _digest(details)
            else:
                self.problems[details.company_id] = refused_contact(details, reply.messages)

    def _made(self, missing: Sequence[ContactDetails]) -> list[ElementReply]:
        """Xero's replies, in order; as many calls at once as it takes."""
        make = partial(self.side.client.save_contacts, create_only=True)
        calls = [partial(make, part) for part in in_batches([each.to_json() for each in missing], MOST_CONTACTS)]
        groups = in_batches(calls, limits.xero_at_once())
        return [reply for group in groups for replies in self.side.hands.each(group) for reply in replies]

    def update(self, wanted: Mapping[int, ContactDetails]) -> None:
        """Bring the contacts up to date whose details have changed in Autotask, where the account asks for it."""
        if not self.settings.update_contacts:
            return
        changed = [
            details
            for company_id, details in wanted.items()
            if company_id in self.found and self._sent.get(company_id) != _digest(details)
        ]
        if not changed:
            return
        elements = [_update_of(details, self.found[details.company_id]) for details in changed]
        replies = self.side.client.save_contacts(elements, create_only=False)
        for details, reply in zip(changed, replies, strict=True):
            if reply.ok:
                link = ContactLink.objects.filter(organisation=self.side.connection, company_id=details.company_id)
                link.update(details_digest=_digest(details), contact_name=details.name[:255])
                continue
            problem = refused_contact(details, reply.messages)
            if problem.code != "contact-archived":  # one that was merged is followed when its documents are sent
                self.problems[details.company_id] = problem

    def keep_links(self) -> None:
        new = {company_id: match for company_id, match in self.found.items() if company_id not in self._linked}
        ContactLink.objects.bulk_create(
            [
                ContactLink(
                    account_id=self.side.run.account_id,
                    organisation=self.side.connection,
                    company_id=company_id,
                    contact_id=match.contact_id,
                    contact_name=match.name[:255],
                    rule=match.rule,
                    details_digest=self._sent.get(company_id, ""),
                )
                for company_id, match in new.items()
            ],
            ignore_conflicts=True,
        )

    @property
    def _is_relaxed(self) -> bool:
        return self.settings.match_name == SyncSettings.MatchName.RELAXED

    def _take(self, details: ContactDetails, contact: Contact, rule: str) -> None:
        if contact.is_active:
            self.found[details.company_id] = Match(contact.contact_id, contact.name, rule)
            return
        survivors = surviving_contacts(self.side, [contact])
        if contact.contact_id in survivors:
            self.found[details.company_id] = Match(survivors[contact.contact_id], contact.name, "merged")
        else:
            self.problems[details.company_id] = _archived(details, contact)

    def _take_the_one(self, details: ContactDetails, candidates: Sequence[Contact], rule: str) -> None:
        """One contact alone, and none that carries another company's number of ours: that one is that company's."""
        contact = candidates[0]
        if len(candidates) > 1:
            self.problems[details.company_id] = _several(details, candidates, rule)
        elif belongs_to_another(contact, details.number):
            self.problems[details.company_id] = _taken(details, contact, rule)
        else:
            self.found[details.company_id] = Match(contact.contact_id, contact.name, rule)


def follow_merged_contacts(side: XeroSide, contact_ids: Collection[str]) -> dict[str, str]:
    """Of contacts that Xero calls archived, those that were merged: id → id of the one that goes on. Links follow."""
    survivors = surviving_contacts(side, side.client.contacts_by_ids(contact_ids))
    for merged, survivor in survivors.items():
        links = ContactLink.objects.filter(organisation=side.connection, contact_id=merged)
        links.update(contact_id=survivor, rule="merged")
    return survivors


def surviving_contacts(side: XeroSide, contacts: Iterable[Contact]) -> dict[str, str]:
    """Merged contact → the one it ended in, through as many merges as there were; only where that one is active."""
    ends = {contact.contact_id: contact for contact in contacts}
    survivors: dict[str, str] = {}
    while merged := {start: end for start, end in ends.items() if end.merged_to and not end.is_active}:
        next_ones = {
            each.contact_id: each
            for each in side.client.contacts_by_ids({end.merged_to for end in merged.values() if end.merged_to})
        }
        ends = {}
        for start, end in merged.items():
            survivor = next_ones.get(end.merged_to or "")
            if survivor is None or survivor.contact_id == start:
                continue
            if survivor.is_active:
                survivors[start] = survivor.contact_id
            else:
                ends[start] = survivor
    return survivors


def refused_contact(details: ContactDetails, messages: Sequence[str]) -> SyncProblem:
    """Why Xero did not take a contact, with whose it is."""
    company = subject_of(details)
    problem = classify_xero(messages, subjects={Subject.COMPANY: company, Subject.CONTACT: company})
    problem.evidence |= _evidence(details)
    return problem


def subject_of(details: ContactDetails) -> str:
    return company_subject(details.name, details.company_id)


def _evidence(details: ContactDetails) -> dict[str, Any]:
    return {
        "company_id": details.company_id,
        "company": details.name,
        "contact_number": details.number,
        "email": details.email,
    }


def _no_contact(details: ContactDetails) -> SyncProblem:
    text = "No Xero contact matches this company, and the account's setting is not to create contacts."
    return NeedsPerson(
        "no-valid-contact", text, subject_of(details), evidence={**_evidence(details), "rule": "create_contacts"}
    )


def _archived(details: ContactDetails, contact: Contact) -> SyncProblem:
    evidence = {**_evidence(details), "contact_id": contact.contact_id, "contact": contact.name}
    return NeedsPerson("contact-archived", "The contact is archived in Xero.", subject_of(details), evidence=evidence)


def _taken(details: ContactDetails, contact: Contact, rule: str) -> SyncProblem:
    code, what = _MATCHED_BY[rule]
    evidence = {**_evidence(details), "contact_id": contact.contact_id, "other_number": contact.number}
    text = f"Another Autotask company of the same {what} has this Xero contact."
    return NeedsPerson(code, text, subject_of(details), evidence=evidence)


def _several(details: ContactDetails, contacts: Sequence[Contact], rule: str) -> SyncProblem:
    code, what = _MATCHED_BY[rule]
    shown = contacts[:MOST_CONTACTS_SHOWN]
    evidence = {
        **_evidence(details),
        "account_number": details.account_number,
        "contacts": [{"contact_id": contact.contact_id, "name": contact.name} for contact in shown],
    }
    names = ", ".join(f"“{contact.name}”" for contact in shown)
    text = f"Several Xero contacts have this {what}: {names}."
    return NeedsPerson(code, text, subject_of(details), evidence=evidence)


def _update_of(details: ContactDetails, match: Match) -> dict[str, Any]:
    """What brings a contact up to date. Its number is left as it is: it may be another company's key."""
    return {"ContactID": match.contact_id, **_without_number(details)}


def _without_number(details: ContactDetails) -> dict[str, Any]:
    return {name: value for name, value in details.to_json().items() if name != "ContactNumber"}


def _digest(details: ContactDetails) -> str:
    return hashlib.sha256(encode([_without_number(details)])).hexdigest()
