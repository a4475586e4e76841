"""Whom an invoice is for: the contact of the Autotask company, and what the Xero contact is matched and made with."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from faults.problems import NeedsPerson
from syncing.autotask.records import Company, CompanyLocation, Contact
from syncing.findings import Findings
from syncing.rules import ContactRule, Rules
from syncing.source import SourceInvoice
from syncing.xero.text import clean_line, contact_name

POSITION_FIELD = "Position"
POSITION_VALUE = "accounts"
MOST_CONTACTS_SHOWN = 50
# Xero's own test is not published. This lets through whatever it might take; the rest comes back with Xero's words.
_EMAIL = re.compile(r"[^@\s<>,;:()\[\]\\\"]+@[^@\s<>,;:()\[\]\\\".]+(\.[^@\s<>,;:()\[\]\\\".]+)+")
_NOT_LETTERS = re.compile(r"[^A-Za-z ]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactDetails:
    """What to match, or to create, the Xero contact with. Texts are clean: Xero takes them as they are, and as long.

    `company_id` and `contact_id` are Autotask's. `number` is our key in Xero, ``AT-<database>-<company id>``.
    """

    company_id: int
    number: str
    name: str
    contact_id: int | None = None
    account_number: str = ""  # companyNumber; empty unless contacts are matched by it
    first_name: str = ""
    last_name: str = ""
    email: str = ""
    phone: str = ""
    tax_number: str = ""
    attention_to: str = ""
    address_line1: str = ""
    address_line2: str = ""
    city: str = ""
    region: str = ""
    postal_code: str = ""
    country: str = ""

    def to_json(self) -> dict[str, Any]:
        """One element of `Contacts`, without what is empty: an update leaves that as it is in Xero."""
        address = _filled(
            AttentionTo=self.attention_to,
            AddressLine1=self.address_line1,
            AddressLine2=self.address_line2,
            City=self.city,
            Region=self.region,
            PostalCode=self.postal_code,
            Country=self.country,
        )
        element: dict[str, Any] = _filled(
            Name=self.name,
            ContactNumber=self.number,
            AccountNumber=self.account_number,
            FirstName=self.first_name,
            LastName=self.last_name,
            EmailAddress=self.email,
            TaxNumber=self.tax_number,
        )
        if address:
            element["Addresses"] = [{"AddressType": "POBOX", **address}]
        if self.phone:
            element["Phones"] = [{"PhoneType": "DEFAULT", "PhoneNumber": self.phone}]
        return element


def find_billing_contact(source: SourceInvoice, rules: Rules, findings: Findings) -> ContactDetails | None:
    """Whom to bill; None, with the reason among the findings, where nobody can be told."""
    company = source.company
    if company is None:
        findings.add(_unreadable_company(source))
        return None
    if company.id != source.invoice.company_id:
        findings.note(f"Billed to {company.name}, as its contract says in Autotask.")
    search = _Search(source, rules, company)
    if search.chosen is None and company.id in rules.chosen_contacts:
        return _details(company, None, source.locations, rules)
    parent = source.parent_company
    if search.chosen is None and not search.active and rules.bill_parent and parent is not None:
        of_parent = _Search(source, rules, parent)
        if of_parent.chosen is not None:
            findings.note(f"{company.name} has no active contact: its parent {parent.name} is billed.")
            company, search = parent, of_parent
    if search.chosen is None:
        findings.add(search.problem())
        return None
    _judge_email(company, search.chosen, rules, findings)
    return _details(company, search.chosen, source.locations, rules)


def company_details(source: SourceInvoice, rules: Rules) -> ContactDetails:
    """What the Xero contact of a company is made with before there is an invoice: with its billing contact, where the
    rules single one out. Raises LookupError for a company that Autotask does not show."""
    if source.company is None:
        raise LookupError("Autotask does not show this company any more.")
    return _details(source.company, _Search(source, rules, source.company).chosen, source.locations, rules)


def needs_recipients(contacts: Sequence[Contact], contact_rules: Sequence[str]) -> bool:
    """Whether the recipients of a company's invoice settings can decide whom to bill: no rule before theirs singles out
    one of its contacts, and there is more than one to choose from."""
    if "invoice_recipients" not in contact_rules:
        return False
    active = [contact for contact in contacts if contact.is_active]
    before = contact_rules[: contact_rules.index("invoice_recipients")]
    if len(active) < 2 and "only_active" in contact_rules:
        return False
    return bool(active) and not any(_chosen_by(rule, active) for rule in before)


def _chosen_by(rule: str, active: Sequence[Contact]) -> bool:
    candidates = [contact for contact in active if _SINGLES_OUT[rule](contact)]
    by_primary = rule != "only_active" and sum(contact.is_primary for contact in candidates) == 1
    return len(candidates) == 1 or by_primary


def company_subject(name: str, company_id: int) -> str:
    """A company as the subject of a fault: by its id too, since two may have one name."""
    return f"{name[:120]} (company {company_id})".strip()


class _Search:
    """One company's contacts against the account's rules, in their order."""

    def __init__(self, source: SourceInvoice, rules: Rules, company: Company) -> None:
        self.company = company
        self.all = [contact for contact in source.contacts if contact.company_id == company.id]
        self.active = [contact for contact in self.all if contact.is_active]
        self.recipients = source.invoice_recipients.get(company.id, ())
        self.contract_contacts = source.contract_contacts
        self.tried: list[dict[str, Any]] = []
        self.chosen = self._choose(rules.contact_rules)

    def _choose(self, contact_rules: Sequence[ContactRule]) -> Contact | None:
        """The contact that the contract names, else that the first rule singles out. Of several the primary one counts,
        if it is one of them."""
        named = [contact for contact in self.active if contact.id in self.contract_contacts]
        if len(named) == 1:
            return named[0]
        for rule in contact_rules:
            candidates = self._candidates(rule)
            self.tried.append({"rule": rule, "found": [contact.id for contact in candidates]})
            if len(candidates) > 1 and rule != "only_active":
                candidates = [contact for contact in candidates if contact.is_primary]
            if len(candidates) == 1:
                return candidates[0]
        return None

    def _candidates(self, rule: ContactRule) -> list[Contact]:
        if rule == "invoice_recipients":
            return [contact for contact in self.active if contact.id in self.recipients]
        return [contact for contact in self.active if _SINGLES_OUT[rule](contact)]

    def problem(self) -> NeedsPerson:
        why = "It has no active contact." if not self.active else "No rule singles out one of its contacts."
        return NeedsPerson(
            "no-valid-contact",
            f"{self.company.name or 'The company'}: {why}",
            company_subject(contact_name(self.company.name), self.company.id),
            evidence={
                "company_id": self.company.id,
                "company": clean_line(self.company.name, 255),
                "parent_company_id": self.company.parent_company_id,
                "rules": self.tried,
                "contacts": [_shown(contact) for contact in self.all[:MOST_CONTACTS_SHOWN]],
                "contacts_count": len(self.all),
            },
        )


_SINGLES_OUT: dict[str, Callable[[Contact], bool]] = {
    "billing_flag": lambda contact: contact.is_billing,
    "position_udf": lambda contact: _position(contact).strip().lower() == POSITION_VALUE,
    "primary": lambda contact: contact.is_primary,
    "only_active": lambda contact: True,
}


def _position(contact: Contact) -> str:
    return user_defined_field(contact.user_defined_fields, POSITION_FIELD)


def user_defined_field(fields: Mapping[str, str], name: str) -> str:
    """The value of the field `name`, whatever its case; "" where there is none."""
    if name in fields:
        return fields[name] or ""
    wanted = name.strip().lower()
    return next((value or "" for field, value in fields.items() if field.strip().lower() == wanted), "")


def _shown(contact: Contact) -> dict[str, Any]:
    return {
        "id": contact.id,
        "name": _full_name(contact),
        "email": clean_line(contact.email, 254),
        "active": contact.is_active,
        "primary": contact.is_primary,
        "billing": contact.is_billing,
        "position": clean_line(_position(contact), 100),
    }


def _full_name(contact: Contact) -> str:
    return clean_line(f"{contact.first_name} {contact.last_name}", 120)


def _unreadable_company(source: SourceInvoice) -> NeedsPerson:
    company_id = source.invoice.company_id
    return NeedsPerson(
        "no-valid-contact",
        "Autotask did not give us the company of this invoice.",
        f"company {company_id}" if company_id is not None else source.subject,
        evidence={"company_id": company_id, "company": "", "rules": [], "contacts": [], "contacts_count": 0},
    )


def _judge_email(company: Company, contact: Contact, rules: Rules, findings: Findings) -> None:
    """An address matters only where it would be sent: to a contact that is new to us, or kept up to date."""
    if company.id in rules.contact_links and not rules.update_contacts:
        return
    email = contact.email.strip()
    if not email or is_email(email):
        return
    findings.add(
        NeedsPerson(
            "invalid-email",
            clean_line(email, 254),
            f"{_full_name(contact)} (contact {contact.id})".strip(),
            evidence={
                "email": clean_line(email, 254),
                "contact_id": contact.id,
                "contact": _full_name(contact),
                "company_id": company.id,
                "company": clean_line(company.name, 255),
            },
        )
    )


def is_email(text: str) -> bool:
    """Whether Xero may take `text` for an e-mail address."""
    return len(text) <= 255 and _EMAIL.fullmatch(text) is not None and ".." not in text


def _details(
    company: Company, contact: Contact | None, locations: Iterable[CompanyLocation], rules: Rules
) -> ContactDetails:
    """Without a contact: of a company whose Xero contact a person has chosen."""
    address = _address(company, locations)
    country = rules.countries.get(address.country_id) if address.country_id is not None else None
    return ContactDetails(
        company_id=company.id,
        number=f"AT-{rules.autotask_database_id}-{company.id}",
        name=contact_name(company.name) or f"Autotask company {company.id}",
        contact_id=contact.id if contact else None,
        account_number=clean_line(company.number, 50) if rules.match_account_number else "",
        first_name=clean_line(contact.first_name, 255) if contact else "",
        last_name=clean_line(contact.last_name, 255) if contact else "",
        email=contact.email.strip() if contact and is_email(contact.email.strip()) else "",
        phone=clean_line((contact and (contact.phone or contact.mobile_phone)) or company.phone, 50),
        tax_number=clean_line(company.tax_id, 50),
        attention_to=clean_line(company.bill_to_attention, 255),
        address_line1=clean_line(address.line1, 500),
        address_line2=clean_line(address.line2, 500),
        city=clean_line(address.city, 255),
        region=clean_line(address.state, 255),
        postal_code=clean_line(address.postal_code, 50),
        country=clean_line(_NOT_LETTERS.sub("", country.name), 50) if country else "",
    )


@dataclass(frozen=True, slots=True)
class _Address:
    line1: str
    line2: str
    city: str
    state: str
    postal_code: str
    country_id: int | None


def _address(company: Company, locations: Iterable[CompanyLocation]) -> _Address:
    """The billing address; else the company's own; else that of its primary location."""
    if company.bill_to_address1 or company.bill_to_city:
        return _Address(
            company.bill_to_address1,
            company.bill_to_address2,
            company.bill_to_city,
            company.bill_to_state,
            company.bill_to_postal_code,
            company.bill_to_country_id,
        )
    place: Company | CompanyLocation = company
    if not (company.address1 or company.city):
        of_company = (location for location in locations if location.company_id == company.id)
        place = next((location for location in of_company if location.is_primary and location.is_active), company)
    return _Address(place.address1, place.address2, place.city, place.state, place.postal_code, place.country_id)


def _filled(**values: str) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value}
