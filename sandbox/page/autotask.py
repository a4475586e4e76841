"""The pages of Autotask: what was billed to whom, and what the API user may see of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aiohttp import web

from sandbox.autotask import billing, control
from sandbox.autotask.store import Database
from sandbox.autotask.tables import Row

from .site import Site, extract, searched

GUARDED = ("Invoices", "BillingItems", "Companies", "Contacts")
"""The entities whose security level the page can change."""

ROOT = r"/autotask/{db:\d+}"
COMPANY = ROOT + r"/companies/{id:\d+}"
INVOICE = ROOT + r"/invoices/{id:\d+}"
CONTACT_FLAGS = ("billingContact", "primaryContact")


def add_routes(app: web.Application, site: Site) -> None:
    """Add the pages and their forms."""
    part = _Autotask(site)
    company, invoice = "/autotask/{db}/companies/{id}", "/autotask/{db}/invoices/{id}"
    site.page(app, ROOT, part.invoices)
    site.page(app, ROOT + "/companies", part.companies)
    site.page(app, ROOT + "/access", part.access)
    site.page(app, COMPANY, part.company)
    site.page(app, INVOICE, part.invoice)
    site.page(app, "/{root:(?i:autotask)}/AutotaskExtend/ExecuteCommand.aspx", part.execute_command)
    site.form(app, ROOT + "/access", part.set_access, "/autotask/{db}/access")
    site.form(app, ROOT + "/finish", part.finish, "/autotask/{db}")
    site.form(app, COMPANY, part.change_company, company)
    site.form(app, COMPANY + "/contacts", part.add_contact, company)
    site.form(app, COMPANY + r"/contacts/{contact:\d+}", part.change_contact, company)
    site.form(app, COMPANY + "/bill", part.bill, company)
    site.form(app, INVOICE, part.change_invoice, invoice)
    site.form(app, INVOICE + "/void", part.void, invoice)
    site.form(app, INVOICE + "/finish", part.finish, invoice)


class _Autotask:
    def __init__(self, site: Site) -> None:
        self.site = site
        self.world = site.world

    def _database(self, request: web.Request) -> Database:
        database: Database = self.world.autotask.databases[int(request.match_info["db"])]
        database.catch_up()
        return database

    def _row(self, request: web.Request, entity: str) -> tuple[Database, Row]:
        database = self._database(request)
        return database, database.table(entity).rows[int(request.match_info["id"])]

    # Pages

    async def invoices(self, request: web.Request) -> web.StreamResponse:
        database, wanted = self._database(request), searched(request)
        companies = database.table("Companies").rows
        rows = [
            (invoice, company := companies.get(invoice["companyID"]), _currency(database, company))
            for invoice in reversed(database.table("Invoices").rows.values())
        ]
        found = [
            row for row in rows if wanted in f"{row[0]['invoiceNumber']} {row[0]['id']} {_name(row[1])}".casefold()
        ]
        return self.site.render(request, "autotask_invoices.html", database=database, extract=extract(found, request))

    async def companies(self, request: web.Request) -> web.StreamResponse:
        database, wanted = self._database(request), searched(request)
        rows = [
            (company, _currency(database, company), database.table("Contacts").where(companyID=company["id"]))
            for company in database.table("Companies").rows.values()
        ]
        found = [row for row in rows if wanted in f"{row[0]['id']} {_name(row[0])}".casefold()]
        return self.site.render(request, "autotask_companies.html", database=database, extract=extract(found, request))

    async def company(self, request: web.Request) -> web.StreamResponse:
        database, company = self._row(request, "Companies")
        return self.site.render(
            request,
            "autotask_company.html",
            database=database,
            company=company,
            currency=_currency(database, company),
            currencies=list(database.table("Currencies").rows.values()),
            contacts=database.table("Contacts").where(companyID=company["id"]),
            invoices=database.table("Invoices").where(companyID=company["id"])[::-1],
            codes=[row["name"] for row in database.table("BillingCodes").rows.values()],
        )

    async def invoice(self, request: web.Request) -> web.StreamResponse:
        database, invoice = self._row(request, "Invoices")
        company = database.table("Companies").rows.get(invoice["companyID"])
        names = {value: name for name, value in database.lines_of_business().items()}
        return self.site.render(
            request,
            "autotask_invoice.html",
            database=database,
            invoice=invoice,
            company=company,
            currency=_currency(database, company),
            items=database.table("BillingItems").where(invoiceID=invoice["id"]),
            codes=database.table("BillingCodes").rows,
            lines_of_business=names,
            seen=database.seen_lines_of_business(),
        )

    async def access(self, request: web.Request) -> web.StreamResponse:
        database = self._database(request)
        return self.site.render(
            request,
            "autotask_access.html",
            database=database,
            lines_of_business=database.lines_of_business(),
            seen=database.seen_lines_of_business(),
            guarded=GUARDED,
        )

    async def execute_command(self, request: web.Request) -> web.StreamResponse:
        """Where a deep link into Autotask leads: a company, else the overview."""
        account = {name.lower(): value for name, value in request.query.items()}.get("accountid", "")
        for database in self.world.autotask.databases.values():
            if account.isdigit() and int(account) in database.table("Companies").rows:
                raise web.HTTPFound(f"/autotask/{database.id}/companies/{account}")
        raise web.HTTPFound("/")

    # Forms

    def set_access(self, request: web.Request, sent: Mapping[str, str]) -> str:
        ticked = [int(name.partition(":")[2]) for name in sent if name.startswith("line:")]
        changes: dict[str, Any] = {
            "lines_of_business": ticked,
            "locked": "locked" in sent,
            "can_read_costs": "can_read_costs" in sent,
            "access": {entity: sent[entity] for entity in GUARDED if sent.get(entity) in ("all", "none", "forbidden")},
        }
        if sent.get("secret"):
            changes["secret"] = sent["secret"]
        control.set_api_user(self._database(request), **changes)
        return "The API user is changed."

    def finish(self, request: web.Request, _: Mapping[str, str]) -> str:
        count = self._database(request).finish()
        return f"The billing run is finished: {count} more." if count else "There was nothing left to finish."

    def change_company(self, request: web.Request, sent: Mapping[str, str]) -> str:
        database, company = self._row(request, "Companies")
        changes = {"companyName": sent["companyName"], "currencyID": int(sent["currencyID"])}
        control.change_row(database, "Companies", company["id"], changes)
        return "The company is changed."

    def add_contact(self, request: web.Request, sent: Mapping[str, str]) -> str:
        database, company = self._row(request, "Companies")
        control.add_row(database, "Contacts", {**_contact(sent), "companyID": company["id"]})
        return f"{sent['firstName']} {sent['lastName']} is a contact now."

    def change_contact(self, request: web.Request, sent: Mapping[str, str]) -> str:
        contact = int(request.match_info["contact"])
        control.change_row(self._database(request), "Contacts", contact, _contact(sent))
        return f"{sent['firstName']} {sent['lastName']} is changed."

    def bill(self, request: web.Request, sent: Mapping[str, str]) -> str:
        database, company = self._row(request, "Companies")
        item = {name: sent[name] for name in ("itemName", "quantity", "rate", "billingCodeID")}
        if sent.get("totalAmount"):
            item["totalAmount"] = sent["totalAmount"]
        invoice = billing.bill(database, company["id"], [item])
        return f"Invoice {invoice['invoiceNumber']} of {invoice['invoiceTotal']} is billed."

    def change_invoice(self, request: web.Request, sent: Mapping[str, str]) -> str:
        database, invoice = self._row(request, "Invoices")
        control.change_row(
            database, "Invoices", invoice["id"], {"invoiceNumber": sent["invoiceNumber"].strip() or None}
        )
        return "The invoice’s number is changed."

    def void(self, request: web.Request, _: Mapping[str, str]) -> str:
        database, invoice = self._row(request, "Invoices")
        billing.void(database, invoice["id"])
        return "The invoice is voided; its items are to be invoiced again."


def _contact(sent: Mapping[str, str]) -> Row:
    text = {name: sent[name].strip() for name in ("firstName", "lastName", "emailAddress")}
    return {**text, "isActive": int("isActive" in sent), **{flag: flag in sent for flag in CONTACT_FLAGS}}


def _name(company: Row | None) -> str:
    return str(company["companyName"]) if company else ""


def _currency(database: Database, company: Row | None) -> str:
    currency = database.table("Currencies").rows.get((company or {}).get("currencyID") or 0)
    return str(currency["name"]) if currency else ""
