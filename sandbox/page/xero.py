"""The pages of Xero: what arrived, and what a person changes there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from aiohttp import web

from sandbox.xero.byhand import KINDS, Hand
from sandbox.xero.documents import Document

from .site import Site, extract, searched

ROOT = "/xero/{organisation}"
DOCUMENT = ROOT + "/{kind:invoices|creditnotes}/{id}"
CONTACT = ROOT + "/contacts/{id}"


def add_routes(app: web.Application, site: Site) -> None:
    """Add the pages and their forms."""
    part = _Xero(site)
    document, contact, settings = (
        "/xero/{organisation}/{kind}/{id}",
        "/xero/{organisation}/contacts/{id}",
        ROOT + "/settings",
    )
    site.page(app, ROOT, part.documents)
    site.page(app, ROOT + "/contacts", part.contacts)
    site.page(app, settings, part.settings)
    site.page(app, DOCUMENT, part.document)
    site.page(app, CONTACT, part.contact)
    site.form(app, DOCUMENT, part.renumber, document)
    site.form(app, DOCUMENT + "/pay", part.pay, document)
    site.form(app, DOCUMENT + "/unpay", part.unpay, document)
    site.form(app, DOCUMENT + "/void", part.void, document)
    site.form(app, DOCUMENT + "/approve", part.approve, document)
    site.form(app, ROOT + "/contacts", part.add_contact, "/xero/{organisation}/contacts")
    site.form(app, CONTACT, part.change_contact, contact)
    site.form(app, settings + "/currencies", part.add_currency, settings)
    site.form(app, settings + "/currencies/remove", part.remove_currency, settings)
    site.form(app, settings + "/lock", part.set_lock_dates, settings)
    site.form(app, settings + "/disconnect", part.disconnect, settings)


class _Xero:
    def __init__(self, site: Site) -> None:
        self.site = site
        self.world = site.world

    def _hand(self, request: web.Request) -> Hand:
        return Hand(self.world, request, self.world.xero.organisations[request.match_info["organisation"]])

    def _document(self, request: web.Request) -> tuple[Hand, Document]:
        hand = self._hand(request)
        documents = hand.organisation.documents[KINDS[request.match_info["kind"]].plural]
        return hand, documents[request.match_info["id"]]

    # Pages

    async def documents(self, request: web.Request) -> web.StreamResponse:
        organisation, wanted = self._hand(request).organisation, searched(request)
        rows = [row for kind in organisation.documents.values() for row in reversed(kind.values())]
        found = [row for row in rows if wanted in f"{row.number} {row.contact.name} {row.status}".casefold()]
        return self.site.render(
            request,
            "xero_documents.html",
            organisation=organisation,
            statuses=Counter(row.status for row in rows),
            extract=extract(found, request),
        )

    async def document(self, request: web.Request) -> web.StreamResponse:
        hand, document = self._document(request)
        return self.site.render(
            request,
            "xero_document.html",
            organisation=hand.organisation,
            document=document,
            row=document.show(places=4),
        )

    async def contacts(self, request: web.Request) -> web.StreamResponse:
        organisation, wanted = self._hand(request).organisation, searched(request)
        found = [row for row in organisation.contacts.values() if wanted in row.name.casefold()]
        found.sort(key=lambda row: row.name.casefold())
        return self.site.render(
            request, "xero_contacts.html", organisation=organisation, extract=extract(found, request)
        )

    async def contact(self, request: web.Request) -> web.StreamResponse:
        hand = self._hand(request)
        contact = hand.organisation.contacts[request.match_info["id"]]
        documents = [
            row for kind in hand.organisation.documents.values() for row in kind.values() if row.contact is contact
        ]
        return self.site.render(
            request,
            "xero_contact.html",
            organisation=hand.organisation,
            contact=contact,
            row=contact.full(),
            documents=documents[::-1],
        )

    async def settings(self, request: web.Request) -> web.StreamResponse:
        organisation = self._hand(request).organisation
        connections = [row for row in self.world.xero.connections.values() if row.organisation_id == organisation.id]
        return self.site.render(
            request,
            "xero_settings.html",
            organisation=organisation,
            connections=[
                (row, self.world.xero.apps.get(row.client_id), self.world.xero.users.get(row.user_id))
                for row in connections
            ],
        )

    # Forms

    def renumber(self, request: web.Request, sent: Mapping[str, str]) -> str:
        hand, document = self._document(request)
        wanted = sent["number"].strip()
        if not wanted:
            raise ValueError("A document needs a number.")
        hand.patch_document(document, {document.kind.number_field: wanted})
        return f"The number is {wanted} now."

    def pay(self, request: web.Request, sent: Mapping[str, str]) -> str:
        hand, document = self._document(request)
        hand.pay(document, sent.get("amount") or None)
        return "The payment is entered."

    def unpay(self, request: web.Request, _: Mapping[str, str]) -> str:
        hand, document = self._document(request)
        hand.unpay(document)
        return "The payments are removed."

    def void(self, request: web.Request, _: Mapping[str, str]) -> str:
        hand, document = self._document(request)
        hand.void(document)
        return f"It is {document.status.lower()}."

    def approve(self, request: web.Request, _: Mapping[str, str]) -> str:
        hand, document = self._document(request)
        hand.patch_document(document, {"Status": "AUTHORISED"})
        return "It is approved: awaiting payment."

    def add_contact(self, request: web.Request, sent: Mapping[str, str]) -> str:
        self._hand(request).add("Contacts", {"Name": sent["name"], "EmailAddress": sent.get("email", "")})
        return f"{sent['name']} is added."

    def change_contact(self, request: web.Request, sent: Mapping[str, str]) -> str:
        hand = self._hand(request)
        status = "ARCHIVED" if "archived" in sent else "ACTIVE"
        changes = {"Name": sent["name"], "EmailAddress": sent.get("email", ""), "ContactStatus": status}
        hand.patch_contact(hand.contact(request.match_info["id"]), changes)
        return "The contact is changed."

    def add_currency(self, request: web.Request, sent: Mapping[str, str]) -> str:
        code = sent["code"].strip().upper()
        if len(code) != 3 or not code.isalpha():
            raise ValueError("A currency is three letters, such as USD.")
        self._hand(request).add("Currencies", {"Code": code})
        return f"{code} is added."

    def remove_currency(self, request: web.Request, sent: Mapping[str, str]) -> str:
        hand = self._hand(request)
        if sent["code"] == hand.organisation.base_currency:
            raise ValueError("The base currency stays.")
        hand.remove("Currencies", sent["code"])
        return f"{sent['code']} is removed."

    def set_lock_dates(self, request: web.Request, sent: Mapping[str, str]) -> str:
        names = {"period": "PeriodLockDate", "year_end": "EndOfYearLockDate"}
        self._hand(request).patch_organisation({field: sent.get(name) or None for name, field in names.items()})
        return "The lock dates are set."

    def disconnect(self, request: web.Request, sent: Mapping[str, str]) -> str:
        del self.world.xero.connections[sent["connection"]]
        return "The app is disconnected."
