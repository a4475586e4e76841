"""What Cloud Depot can mend itself, where a person asks for it: a currency added in Xero, a contact chosen."""

from __future__ import annotations

import re
from uuid import UUID

from faults.models import Fault
from faults.problems import NeedsPerson
from syncing.contact_links import link_company
from syncing.xero.client import XeroClient
from syncing.xero.oauth import SETTINGS_SCOPE, GrantTokens
from syncing.xero.records import Contact
from tenants.models import XeroConnection

MOST_FOUND = 10
_CURRENCY = re.compile(r"[A-Z]{3}")


def missing_currency(fault: Fault) -> str:
    """The currency that the fault wants in Xero; "" where it names none."""
    code = str(fault.evidence.get("currency") or fault.subject).upper()
    return code if fault.code == "currency-not-subscribed" and _CURRENCY.fullmatch(code) else ""


def may_change_settings(connection: XeroConnection) -> bool:
    """Whether Xero has allowed us to add currencies to this organisation."""
    return SETTINGS_SCOPE in connection.grant.scopes


def add_currency(connection: XeroConnection, code: str) -> None:
    """Subscribe the organisation to a currency. Raises the client's SyncProblems."""
    _client(connection).add_currency(code)


def find_contacts(connection: XeroConnection, text: str) -> list[Contact]:
    """The first active contacts that Xero finds by `text`. Raises the client's SyncProblems."""
    page = _client(connection).contacts_page(1, search_term=text)
    found = (Contact.parse(row) for row in page.rows)
    return [contact for contact in found if contact.is_active][:MOST_FOUND]


def choose_contact(connection: XeroConnection, company_id: int, contact_id: UUID, *, company: str, by: str) -> Contact:
    """Bill the Autotask company as this Xero contact from now on; `company` and `by` are names for the history.

    Raises NeedsPerson where Xero has no such active contact, and the client's SyncProblems.
    """
    found = [one for one in _client(connection).contacts_by_ids([str(contact_id)]) if one.is_active]
    if not found:
        raise NeedsPerson("contact-archived", "This contact is archived in Xero, or gone.")
    link_company(connection, company_id, found[0], company=company, by=by)
    return found[0]


def _client(connection: XeroConnection) -> XeroClient:
    return XeroClient(str(connection.organisation_id), GrantTokens(connection.grant))
