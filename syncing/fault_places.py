"""Where the steps of a fault happen: its places as links, from the facts of the case."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse

from faults.catalogue import Place
from faults.models import Fault
from syncing.autotask import links as autotask_links
from syncing.links import xero_url
from syncing.models import Document
from syncing.xero import links as xero_links
from tenants.models import AutotaskConnection, XeroConnection

XERO_PAGES: dict[Place, xero_links.SettingsPage] = {
    Place.XERO_CURRENCIES: "currencies",
    Place.XERO_ACCOUNTS: "accounts",
    Place.XERO_TAX_RATES: "tax_rates",
    Place.XERO_LOCK_DATES: "financial",
    Place.XERO_ITEMS: "items",
    Place.XERO_USERS: "users",
}
STATUS_PAGES = {
    Place.XERO_STATUS: "https://status.xero.com",
    Place.AUTOTASK_STATUS: "https://status.kaseya.com",
}
# Pages of Autotask that no documented link opens: the article tells the way.
ARTICLES = {Place.AUTOTASK_API_USER: "/help/autotask-api-user/"}
# Place → name of the address, the page or kind that it is of, and the part of that page.
OUR_PAGES: dict[Place, tuple[str, tuple[str, ...], str]] = {
    Place.CONNECTIONS: ("connections", (), ""),
    Place.NUMBERING: ("sync-settings-page", ("numbers",), ""),
    Place.CURRENCY_SETTINGS: ("sync-settings-page", ("invoices",), "id_currency"),
    Place.PERIOD_SETTINGS: ("sync-settings-page", ("invoices",), "id_locked_period"),
    Place.ACCOUNT_MAPPING: ("mapping", ("billing-codes",), ""),
    Place.TAX_MAPPING: ("mapping", ("tax-rates",), ""),
    Place.ACCOUNT_SETTINGS: ("sync-settings-page", ("accounts",), "id_unmapped_billing_code"),
    Place.ITEM_SETTINGS: ("sync-settings-page", ("accounts",), "id_product_codes"),
    Place.TAX_SETTINGS: ("sync-settings-page", ("tax",), "id_mixed_tax_bundles"),
}


@dataclass(frozen=True)
class Link:
    """`is_outside` opens in a tab of its own: one comes back here to re-sync."""

    label: str
    url: str
    is_outside: bool = False


class Places:
    """The places of one fault. `document` is the first of those behind it."""

    def __init__(
        self,
        slug: str,
        fault: Fault,
        document: Document | None,
        autotask: AutotaskConnection | None,
        xero: XeroConnection | None,
    ) -> None:
        self.slug = slug
        self.fault = fault
        self.facts: dict[str, Any] = fault.evidence
        self.document = document
        self.web_url = autotask.web_url if autotask else ""
        self.xero = xero

    def link(self, place: Place | None) -> Link | None:
        """The place as a link; None where it cannot be opened from here."""
        if place is None:
            return None
        if place in ARTICLES:
            return Link("How to find the API user", ARTICLES[place])
        if ours := self._of_ours(place):
            return Link(place.label, ours)
        theirs = self._of_autotask(place) or self._of_xero(place) or STATUS_PAGES.get(place, "")
        return Link(place.label, theirs, is_outside=True) if theirs else None

    def _of_ours(self, place: Place) -> str:
        if place == Place.SUPPORT:
            query = urlencode({"fault": self.fault.id})
            return f"{reverse('support', args=[self.slug])}?{query}"
        if place == Place.CONTACT_SETTINGS:
            query = urlencode({"q": self.facts.get("company") or ""})
            return f"{reverse('contact-report', args=[self.slug])}?{query}"
        if place not in OUR_PAGES:
            return ""
        name, of, part = OUR_PAGES[place]
        return reverse(name, args=[self.slug, *of]) + (f"#{part}" if part else "")

    def _of_autotask(self, place: Place) -> str:
        if not self.web_url:
            return ""
        if place == Place.AUTOTASK_INVOICE:
            invoice_id = _id(self.facts.get("invoice_id")) or (self.document.autotask_id if self.document else None)
            return autotask_links.invoice_url(self.web_url, invoice_id) if invoice_id else ""
        if place == Place.AUTOTASK_CONTACT and (contact_id := _id(self.facts.get("contact_id"))):
            return autotask_links.contact_url(self.web_url, contact_id)
        if place in (Place.AUTOTASK_COMPANY, Place.AUTOTASK_CONTACT):
            company_id = _id(self.facts.get("company_id")) or (self.document.company_id if self.document else None)
            return autotask_links.company_url(self.web_url, company_id) if company_id else ""
        return ""

    def _of_xero(self, place: Place) -> str:
        short_code = self.xero.short_code if self.xero else ""
        if place in XERO_PAGES:
            return xero_links.settings_url(XERO_PAGES[place], short_code)
        if place == Place.XERO_CONTACT:
            contact_id = self.facts.get("contact_id")
            if isinstance(contact_id, str):  # Xero's; Autotask's is a number
                return xero_links.contact_url(contact_id, short_code)
            return xero_links.settings_url("contacts", short_code)
        if place == Place.XERO_DOCUMENT:
            return self.holder_url()
        return ""

    def holder_url(self) -> str:
        """The document in Xero that is in the way, or is ours."""
        short_code = self.xero.short_code if self.xero else ""
        xero_id = self.facts.get("xero_id") or (self.document.xero_id if self.document else None)
        if not xero_id or self.facts.get("missing"):
            return ""
        return xero_url(self.document.kind if self.document else Document.Kind.INVOICE, xero_id, short_code)


def _id(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None
