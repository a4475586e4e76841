"""Making the Xero contact of a company before it is billed, as its first invoice would make it."""

from __future__ import annotations

from syncing.billing_contact import ContactDetails, company_details
from syncing.contact_links import link_company
from syncing.contacts import refused_contact
from syncing.discover import Discovery
from syncing.gather import Gatherer
from syncing.models import SyncSettings, SyncState
from syncing.partners import Partners
from syncing.reference import ReferenceLists
from syncing.rulebook import Rulebook
from syncing.xero.records import Contact


def create_contact(partners: Partners, company_id: int, *, by: str) -> Contact:
    """Make the contact in Xero from what Autotask has of the company, and link it. In an account scope.

    Raises LookupError where Autotask has no such company, and SyncProblem for what Xero or the connection says.
    """
    organisation = partners.xero_connection
    details = _details(organisation.account_id, partners, company_id)
    [reply] = partners.xero.save_contacts([details.to_json()], create_only=True)
    if not reply.ok or reply.id is None:
        raise refused_contact(details, reply.messages)
    contact = Contact.parse({"ContactID": reply.id, "Name": details.name, "ContactNumber": details.number})
    link_company(organisation, company_id, contact, by=by, company=details.name, rule="created")
    return contact


def _details(account_id: int, partners: Partners, company_id: int) -> ContactDetails:
    settings, lists = SyncSettings.of_account(account_id), ReferenceLists(account_id)
    state, _ = SyncState.objects.get_or_create(account_id=account_id)
    source = Gatherer(partners.autotask, Discovery(), lists, settings).gather_company(company_id)
    return company_details(source, Rulebook(settings, state, partners, lists).rules([source]))
