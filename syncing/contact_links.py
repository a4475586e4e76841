"""Contact links: the Xero contact that each Autotask company is billed as; chosen by a person, or made for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.utils import timezone

from syncing.change_mappings import change_mappings
from syncing.mapping_kinds import MappingKind, Source, identifier
from syncing.models import ContactLink
from syncing.partner_lists import Choice, PartnerLists
from syncing.xero.records import Contact
from tenants.models import XeroConnection


@dataclass(frozen=True)
class ContactLinks(MappingKind):
    """The links of one organisation. What is changed is marked as found by `rule`; `contacts` holds names by id."""

    organisation: XeroConnection
    contacts: Mapping[str, str]
    rule: str = ContactLink.BY_PERSON

    slug = "contacts"
    title = "Contacts"
    lead = "The contact in Xero that each company of Autotask is billed as."
    source_title = "Company"
    target_title = "Contact"
    otherwise = "matched, or created, with its first invoice"
    model = ContactLink
    key_columns = ("company_id",)
    value_columns = ("contact_id",)

    def rows(self) -> QuerySet[Any]:
        return ContactLink.objects.filter(organisation=self.organisation)

    def sources(self, lists: PartnerLists) -> list[Source] | None:
        if lists.companies is None:
            return None
        return [Source(key=str(company.id), name=company.name) for company in lists.companies]

    def choices(self, lists: PartnerLists) -> list[Choice] | None:
        if lists.contacts is None:
            return None
        return [(contact.contact_id, contact.name) for contact in lists.contacts if contact.is_active]

    def columns_of_key(self, key: str) -> dict[str, Any]:
        return {"company_id": identifier(key), "organisation": self.organisation}

    def columns_of_value(self, value: str) -> dict[str, Any]:
        return {
            "contact_id": UUID(value),
            "contact_name": self.contacts.get(value, "")[:255],
            "rule": self.rule,
            "linked_at": timezone.now(),
            "details_digest": "",  # of what another contact was sent
        }


def link_company(
    organisation: XeroConnection,
    company_id: int,
    contact: Contact | None,
    *,
    by: str,
    company: str = "",
    rule: str = ContactLink.BY_PERSON,
    seen: str | None = None,
) -> None:
    """Bill the Autotask company as this contact from now on; as what it is matched with, where that is None.

    `company` is its name for the history, `seen` the ContactID that the person saw linked ("" for none): raises
    MappedMeanwhileError where that is not so any more. In an account scope.
    """
    key, value = str(company_id), contact.contact_id if contact else ""
    kind = ContactLinks(organisation, {value: contact.name} if contact else {}, rule)
    was = {str(link.contact_id): link.contact_name for link in kind.rows().filter(company_id=company_id)}
    names = {f"value:{contact_id}": name for contact_id, name in {**was, **kind.contacts}.items()}
    if company:
        names[f"key:{key}"] = company
    change_mappings(
        organisation.account_id,
        kind,
        {key: value},
        by=by,
        seen=None if seen is None else {key: seen},
        names=names,
    )
