"""When invoices fall due by the payment terms of their Xero contact, where the account asks for that.

The terms are known only once the contact is, which is after translation: so the due date is put in here.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date

from syncing.deliver import ReadyDocument
from syncing.due_dates import PaymentTerms
from syncing.models import SyncSettings
from syncing.xero.client import XeroClient
from syncing.xero.documents import XeroDocument
from syncing.xero.records import Organisation


class ContactTerms:
    """The terms of contacts, for one run: each contact is asked for once, and none where the setting is another."""

    def __init__(self, client: XeroClient, settings: SyncSettings) -> None:
        self._client = client
        self._is_wanted = settings.due_date == SyncSettings.DueDate.XERO_CONTACT
        self._terms: dict[str, PaymentTerms | None] = {}

    def read(self, contact_ids: Iterable[str]) -> None:
        """Learn the terms of these contacts. Raises the client's SyncProblems."""
        missing = set(contact_ids) - self._terms.keys() if self._is_wanted else set()
        if not missing:
            return
        self._terms |= dict.fromkeys(missing)
        self._terms |= {
            contact.contact_id: PaymentTerms.of_sales(contact.raw)
            for contact in self._client.contacts_by_ids(sorted(missing))
        }

    def applied_to_all(self, ready: Sequence[ReadyDocument], organisation: Organisation) -> list[ReadyDocument]:
        """Documents that are ready, with their due dates. Raises the client's SyncProblems."""
        if not self._is_wanted:
            return list(ready)
        self.read(item.contact_id for item in ready)
        return [
            replace(
                item,
                content=self.applied(item.content, item.contact_id, organisation, item.values.get("due_date")),
            )
            for item in ready
        ]

    def applied(
        self, content: XeroDocument, contact_id: str | None, organisation: Organisation, otherwise: date | None
    ) -> XeroDocument:
        """The document with its due date: by the contact's terms, the organisation's, or the date given `otherwise`."""
        if not self._is_wanted or content.is_credit_note:
            return content
        terms = self._terms.get(contact_id or "") or organisation.sales_terms
        due = terms.due_date(content.date) if terms else otherwise
        return content if due is None else replace(content, due_date=max(due, content.date))
