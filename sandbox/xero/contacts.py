"""Contacts: their rules, and ``/Contacts``.

https://developer.xero.com/documentation/api/accounting/contacts
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from aiohttp import web

from . import query, refusals
from .answers import answer
from .guard import Call
from .state import Organisation
from .wire import NO_ID, Row, Unreadable, as_bool, as_id, as_text, new_id, rows_of
from .writing import Invalid, elements, write_each

PLURAL = "Contacts"
TEXT_FIELDS = {
    "ContactNumber": 50,
    "AccountNumber": 50,
    "Name": 255,
    "FirstName": 255,
    "LastName": 255,
    "CompanyNumber": 50,
    "EmailAddress": 255,
    "BankAccountDetails": 255,
    "TaxNumber": 50,
    "AccountsReceivableTaxType": 50,
    "AccountsPayableTaxType": 50,
    "DefaultCurrency": 3,
    "SalesDefaultAccountCode": 10,
    "PurchasesDefaultAccountCode": 10,
}
ADDRESS_FIELDS = {
    "AddressLine1": 500,
    "AddressLine2": 500,
    "AddressLine3": 500,
    "AddressLine4": 500,
    "City": 255,
    "Region": 255,
    "PostalCode": 50,
    "Country": 50,
    "AttentionTo": 255,
}
PHONE_FIELDS = {"PhoneNumber": 50, "PhoneAreaCode": 10, "PhoneCountryCode": 20}
PERSON_FIELDS = {"FirstName": 255, "LastName": 255, "EmailAddress": 255}
MOST_PERSONS = 5
_EMAIL = re.compile(r"[^@\s<>,;:()\[\]\\\"]+@[^@\s<>,;:()\[\]\\\".]+(\.[^@\s<>,;:()\[\]\\\".]+)+")

NO_IDENTITY = (
    "The Contact must contain at least 1 of the following elements to identify the contact: "
    "Name, ContactID, ContactNumber"
)
ARCHIVED = (
    "The specified contact details matched an archived contact. "
    "Archived contacts cannot currently be edited via the API."
)
NUMBER_TAKEN = "Another contact has this contact number. Please enter a different contact number."
ACCOUNT_NUMBER_TAKEN = "The account number already exists, please enter a different account number"
UNKNOWN_ID = "An existing Contact with the specified ContactID could not be found"


@dataclass(slots=True)
class Contact:
    """One contact; ``data`` holds what can be written, in Xero's field names."""

    id: str
    data: Row
    updated_at: datetime
    status: str = "ACTIVE"
    merged_to: str | None = None
    is_customer: bool = False
    is_supplier: bool = False
    addresses: dict[str, Row] = field(default_factory=dict)
    phones: dict[str, Row] = field(default_factory=dict)
    persons: list[Row] = field(default_factory=list)
    payment_terms: Row | None = None

    @property
    def name(self) -> str:
        """The name, which is unique among the active ones."""
        name: str = self.data["Name"]
        return name

    def brief(self) -> Row:
        """As it stands in a list of documents."""
        return {
            "ContactID": self.id,
            "Name": self.name,
            "Addresses": [],
            "Phones": [],
            "ContactGroups": [],
            "ContactPersons": [],
            "HasValidationErrors": False,
        }

    def full(self, *, summary: bool = False, single: bool = True) -> Row:
        """As it stands alone, in a page of a list (``single``: what only these show) or in a summary."""
        row: Row = {"ContactID": self.id, "ContactStatus": self.status, **self.data}
        if single and self.merged_to:
            row["MergedToContactID"] = self.merged_to
        row |= {"UpdatedDateUTC": self.updated_at, "IsSupplier": self.is_supplier, "IsCustomer": self.is_customer}
        row["HasValidationErrors"] = False
        if summary:
            return row
        return row | {
            "Addresses": [self.addresses.get(kind) or _blank_address(kind) for kind in ("STREET", "POBOX")],
            "Phones": [self.phones.get(kind) or _blank_phone(kind) for kind in ("DEFAULT", "DDI", "FAX", "MOBILE")],
            "ContactGroups": [],
            "ContactPersons": self.persons,
            "SalesTrackingCategories": [],
            "PurchasesTrackingCategories": [],
            **({"PaymentTerms": self.payment_terms} if self.payment_terms else {}),
            "HasAttachments": False,
        }


def _blank_address(kind: str) -> Row:
    return {"AddressType": kind, "City": "", "Region": "", "PostalCode": "", "Country": ""}


def _blank_phone(kind: str) -> Row:
    return {"PhoneType": kind, "PhoneNumber": "", "PhoneAreaCode": "", "PhoneCountryCode": ""}


FIELDS: dict[str, query.Get[Contact]] = {
    "ContactID": lambda row: row.id,
    "ContactStatus": lambda row: row.status,
    "UpdatedDateUTC": lambda row: row.updated_at,
    "IsCustomer": lambda row: row.is_customer,
    "IsSupplier": lambda row: row.is_supplier,
} | {name: (lambda row, name=name: row.data.get(name)) for name in TEXT_FIELDS}
_SEARCHED = ("Name", "FirstName", "LastName", "ContactNumber", "CompanyNumber", "EmailAddress")


# Rules


def find(organisation: Organisation, row: Row) -> Contact | None:
    """Whom a posted contact means: by ``ContactID``, ``ContactNumber``, or ``Name`` among the active ones.

    Raises ``Invalid`` for an id that is unknown and for a contact without any of the three.
    """
    if row.get("ContactID") and (contact_id := as_id(row["ContactID"])) != NO_ID:
        contact = organisation.contacts.get(contact_id)
        if contact is None:
            raise Invalid([UNKNOWN_ID], row)
        return contact
    number, name = as_text(row.get("ContactNumber") or ""), as_text(row.get("Name") or "")
    if not number and not name:
        raise Invalid([NO_IDENTITY], row)
    by_number = organisation.contact_numbers.get(number.lower()) if number else None
    return by_number or organisation.contact_names.get(_tidy(name).lower())


def create(call: Call, row: Row) -> Contact:
    """A new contact. Raises ``Invalid``."""
    organisation = call.organisation
    if not as_text(row.get("Name") or "").strip():
        raise Invalid([NO_IDENTITY], {"ContactID": NO_ID, **row})
    contact = Contact(new_id(), {}, call.world.clock.now())
    data = _read(row)
    faults = _faults(organisation, contact, row, data)
    if data["Name"].lower() in organisation.contact_names:
        faults.insert(
            0,
            f"The contact name {data['Name']} is already assigned to another contact. "
            "The contact name must be unique across all active contacts.",
        )
    if faults:
        raise Invalid(faults, {**row, "ContactID": NO_ID})
    contact.data = {"Name": data.pop("Name"), "EmailAddress": "", "BankAccountDetails": "", **data}
    _apply(contact, row)
    organisation.contacts[contact.id] = contact
    index(organisation, contact)
    call.wrote(PLURAL, contact.id, contact.data.get("ContactNumber"), "created", row)
    return contact


def update(call: Call, contact: Contact, row: Row) -> Contact:
    """Write the given fields, leave the others. Raises ``Invalid``."""
    organisation = call.organisation
    if contact.status == "ARCHIVED":
        raise Invalid([ARCHIVED], {**row, "ContactID": contact.id})
    data = _read(row)
    faults = _faults(organisation, contact, row, data)
    new_name = data.get("Name", contact.name)
    if organisation.contact_names.get(new_name.lower(), contact) is not contact:
        faults.insert(
            0,
            f'The existing contact with name "{contact.name}" cannot be updated to use new name "{new_name}". '
            "There is an existing contact with that name.",
        )
    if faults:
        raise Invalid(faults, {**row, "ContactID": contact.id})
    unindex(organisation, contact)
    contact.data.update(data)
    _apply(contact, row)
    if row.get("ContactStatus") == "ARCHIVED":
        contact.status = "ARCHIVED"
    contact.updated_at = call.world.clock.now()
    index(organisation, contact)
    call.wrote(PLURAL, contact.id, contact.data.get("ContactNumber"), "updated", row)
    return contact


def index(organisation: Organisation, contact: Contact) -> None:
    """Make a contact findable. An archived one keeps its numbers but frees its name."""
    if contact.status == "ACTIVE":
        organisation.contact_names[contact.name.lower()] = contact
    if number := contact.data.get("ContactNumber"):
        organisation.contact_numbers[number.lower()] = contact
    if number := contact.data.get("AccountNumber"):
        organisation.account_numbers[number.lower()] = contact


def unindex(organisation: Organisation, contact: Contact) -> None:
    """Before its name, numbers or status change."""
    for known, key in (
        (organisation.contact_names, contact.name),
        (organisation.contact_numbers, contact.data.get("ContactNumber") or ""),
        (organisation.account_numbers, contact.data.get("AccountNumber") or ""),
    ):
        if known.get(key.lower()) is contact:
            del known[key.lower()]


def _tidy(name: str) -> str:
    """Xero drops spaces at the ends and doubled ones."""
    return " ".join(name.split())


def _read(row: Row) -> Row:
    data = {name: as_text(row[name]) for name in TEXT_FIELDS if row.get(name) is not None}
    if "Name" in data:
        data["Name"] = _tidy(data["Name"])
    return data


def _faults(organisation: Organisation, contact: Contact, row: Row, data: Row) -> list[str]:
    """What is wrong with the posted fields, whoever the contact is."""
    faults = [f"The {name} field must not exceed {most} characters." for name, most in TEXT_FIELDS.items()
              if len(data.get(name, "")) > most]  # fmt: skip
    if set("<>") & set(data.get("Name", "")):
        faults.append("The contact name contains invalid characters.")
    number, account_number = data.get("ContactNumber", "").lower(), data.get("AccountNumber", "").lower()
    if number and organisation.contact_numbers.get(number, contact) is not contact:
        faults.append(NUMBER_TAKEN)
    if account_number and organisation.account_numbers.get(account_number, contact) is not contact:
        faults.append(ACCOUNT_NUMBER_TAKEN)
    currency = data.get("DefaultCurrency")
    if currency and currency not in organisation.currencies:
        faults.append(f"Organisation is not subscribed to currency {currency}")
    persons = rows_of(row.get("ContactPersons") or [])
    addresses_of_mail = [data.get("EmailAddress", ""), *(as_text(p.get("EmailAddress") or "") for p in persons)]
    if any(mail and not _EMAIL.fullmatch(mail) for mail in addresses_of_mail):
        faults.append("Email address must be valid.")
    if persons and not data.get("EmailAddress", contact.data.get("EmailAddress")):
        faults.append("Additional people cannot be added when the primary person has no email address set.")
    if len(persons) > MOST_PERSONS:
        faults.append(f"A contact can have at most {MOST_PERSONS} additional people.")
    return faults + _address_faults(row)


def _address_faults(row: Row) -> list[str]:
    faults = []
    for part, fields in (("Addresses", ADDRESS_FIELDS), ("Phones", PHONE_FIELDS)):
        for posted in rows_of(row.get(part) or []):
            for name, most in fields.items():
                if len(as_text(posted.get(name) or "")) > most:
                    faults.append(f"The {name} field must not exceed {most} characters.")
            if re.search(r"\d", as_text(posted.get("Country") or "")):
                faults.append("The Country field must contain letters only.")
    return faults


def _apply(contact: Contact, row: Row) -> None:
    """The parts that have parts: addresses, phones, people, terms."""
    for posted in rows_of(row.get("Addresses") or []):
        kind = as_text(posted.get("AddressType") or "POBOX")
        if kind not in ("POBOX", "STREET", "DELIVERY"):
            raise Unreadable(f"Could not convert string to AddressType: {kind}.")
        values = {name: as_text(posted[name]) for name in ADDRESS_FIELDS if posted.get(name) is not None}
        contact.addresses[kind] = _blank_address(kind) | values
    for posted in rows_of(row.get("Phones") or []):
        kind = as_text(posted.get("PhoneType") or "DEFAULT")
        values = {name: as_text(posted[name]) for name in PHONE_FIELDS if posted.get(name) is not None}
        contact.phones[kind] = _blank_phone(kind) | values
    if "ContactPersons" in row:
        contact.persons = [_person(posted) for posted in rows_of(row["ContactPersons"] or [])]
    if isinstance(row.get("PaymentTerms"), dict):
        contact.payment_terms = row["PaymentTerms"]


def _person(posted: Row) -> Row:
    names = {name: as_text(posted[name]) for name in PERSON_FIELDS if posted.get(name) is not None}
    return names | {"IncludeInEmails": as_bool(posted.get("IncludeInEmails", False))}


# Endpoint


def get_many(call: Call) -> web.Response:
    """``GET /Contacts``."""
    asked, rows = call.query, list(call.organisation.contacts.values())
    if wanted := query.ids(asked, "IDs"):
        rows = [call.organisation.contacts[one] for one in wanted if one in call.organisation.contacts]
    if not query.flag(asked, "includeArchived"):
        rows = [row for row in rows if row.status == "ACTIVE"]
    if since := query.modified_since(call.request):
        rows = [row for row in rows if row.updated_at >= since]
    if text := asked.get("where"):
        test = query.where(text, FIELDS)
        rows = [row for row in rows if test(row)]
    if term := asked.get("searchTerm", "").lower():
        rows = [row for row in rows if any(term in (row.data.get(name) or "").lower() for name in _SEARCHED)]
    page = query.paged(query.ordered(rows, asked.get("order"), FIELDS), asked)
    summary = query.flag(asked, "summaryOnly")
    shown = [row.full(summary=summary, single=page.pagination is not None) for row in page.rows]
    return answer(call, PLURAL, shown, page.pagination)


def get_one(call: Call) -> web.Response:
    """``GET /Contacts/{ContactID or ContactNumber}``."""
    return answer(call, PLURAL, [_named(call).full()])


def put(call: Call) -> web.Response:
    """``PUT /Contacts``: create only."""

    def write(row: Row) -> Row:
        if row.get("ContactID") and as_id(row["ContactID"]) in call.organisation.contacts:
            raise Invalid(["The contact with the specified ContactID already exists."], row)
        return create(call, row).full()

    return write_each(call, PLURAL, elements(call, PLURAL), write, "HasValidationErrors")


def post(call: Call) -> web.Response:
    """``POST /Contacts``: create, or update whom it means."""

    def write(row: Row) -> Row:
        contact = find(call.organisation, row)
        return (update(call, contact, row) if contact else create(call, row)).full()

    return write_each(call, PLURAL, elements(call, PLURAL), write, "HasValidationErrors")


def post_one(call: Call) -> web.Response:
    """``POST /Contacts/{ContactID}``."""
    contact = _named(call)
    rows = elements(call, PLURAL)[:1]
    return write_each(call, PLURAL, rows, lambda row: update(call, contact, row).full(), "HasValidationErrors")


def _named(call: Call) -> Contact:
    key: Any = call.path("id")
    contact = call.organisation.contacts.get(key.lower()) or call.organisation.contact_numbers.get(key.lower())
    if contact is None:
        raise refusals.not_found()
    return contact
