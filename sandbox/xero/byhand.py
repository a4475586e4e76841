"""What people do in Xero itself: documents, contacts, accounts and settings, made, changed, paid, voided or merged.

The control API and the scenario stand on these. Rows are given in Xero's field names. Nothing of it is in the ledger,
which keeps what clients send.
"""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

from aiohttp import web

from sandbox.world import World

from . import approval, chart, contacts, lines, payments, settings
from .contacts import TEXT_FIELDS, Contact
from .documents import CREDIT_NOTE, INVOICE, Document, Kind
from .guard import Call
from .state import AccessToken, Organisation
from .wire import Row, as_date, as_decimal, as_id, new_id
from .writing import Invalid

KINDS = {"invoices": INVOICE, "creditnotes": CREDIT_NOTE}
_DUE_AFTER = timedelta(days=20)
_DATES = {
    "Date": "issued_on",
    "DueDate": "due_on",
    "ExpectedPaymentDate": "payment_expected_on",
    "PlannedPaymentDate": "payment_planned_on",
}


class Hand:
    """A person at work in one organisation. Raises ``ValueError`` with Xero's words for what Xero would refuse."""

    def __init__(self, world: World, request: web.Request, organisation: Organisation) -> None:
        self.world = world
        self.organisation = organisation
        nobody = AccessToken("", "", frozenset(), "", world.clock.now())
        self.call = Call(world, world.xero, request, organisation, nobody, "Xero", b"", None)

    # Reading

    def rows(self, endpoint: str) -> list[Row]:
        """Every row of an endpoint, of every status."""
        organisation = self.organisation
        if kind := KINDS.get(endpoint.lower()):
            return [row.show(places=4) for row in organisation.documents[kind.plural].values()]
        tables: dict[str, Any] = {
            "contacts": lambda: [row.full() for row in organisation.contacts.values()],
            "payments": lambda: [payments.show(row) for row in organisation.payments.values()],
            "accounts": lambda: list(organisation.accounts.values()),
            "taxrates": lambda: list(organisation.tax_rates.values()),
            "currencies": lambda: [{"Code": code} for code in organisation.currencies],
            "items": lambda: list(organisation.items.values()),
            "trackingcategories": lambda: organisation.tracking_categories,
            "brandingthemes": lambda: organisation.branding_themes,
            "organisation": lambda: [settings.describe(organisation)],
        }
        rows: list[Row] = tables[endpoint.lower()]()
        return rows

    # Making

    def add(self, endpoint: str, row: Row) -> Row:
        """A new row. A document may be given any status; what an approved one needs besides is filled in."""
        name = endpoint.lower()
        try:
            if kind := KINDS.get(name):
                return self.add_document(kind, row).show(places=4)
            if name == "contacts":
                return contacts.create(self.call, row).full()
        except Invalid as why:
            raise ValueError(str(why)) from None
        return self._add_setting(name, row)

    def add_document(self, kind: Kind, row: Row) -> Document:
        """A document as a person makes it, a draft unless its ``Status`` says otherwise. Raises ``Invalid``."""
        wanted = row.get("Status", "DRAFT")
        status = wanted if wanted in ("DRAFT", "SUBMITTED") else "DRAFT" if wanted == "DELETED" else "AUTHORISED"
        on = as_date(row["Date"]) if row.get("Date") else self.organisation.today(self.world.clock)
        filled = {"Type": kind.sale, "Date": on.isoformat(), **row, "Status": status}
        if kind.is_invoice:
            filled.setdefault("DueDate", (on + _DUE_AFTER).isoformat())
        filled["LineItems"] = [{"AccountCode": "200", **line} for line in row.get("LineItems", [])]
        document = approval.Draft(self.call, kind, filled, None).save()
        if wanted == "PAID":
            self.pay(document)
        elif wanted in ("VOIDED", "DELETED"):
            document.status = wanted
        return document

    def _add_setting(self, name: str, row: Row) -> Row:
        organisation = self.organisation
        if name == "currencies":
            currency: str = row["Code"]
            organisation.currencies[currency] = chart.CURRENCY_NAMES.get(currency, currency)
            return row
        if name == "accounts":
            class_ = row.get("Class", "REVENUE")
            default_tax = organisation.country.tax_types[0 if class_ == "REVENUE" else -1][0]
            kind = row.get("Type", "REVENUE")
            made = chart.account(row["Code"], row["Name"], kind=kind, class_=class_, tax_type=default_tax)
            return organisation.add_account(made | row)
        if name == "taxrates":
            code: str = row["TaxType"]
            made = chart.tax_rate(code, str(row.get("Name", code)), str(row.get("EffectiveRate", 0)))
            organisation.tax_rates[row["TaxType"]] = made | row
            return organisation.tax_rates[row["TaxType"]]
        if name == "items":
            return settings.add_item(organisation, row)
        if name == "trackingcategories":
            return self._add_tracking(row)
        if name == "brandingthemes":
            order = len(organisation.branding_themes)
            theme = {"BrandingThemeID": new_id(), "Type": "INVOICE", "SortOrder": order, **row}
            organisation.branding_themes.append(theme | {"CreatedDateUTC": self.world.clock.now()})
            return organisation.branding_themes[-1]
        raise ValueError(f"nothing can be added to {name}")

    def _add_tracking(self, row: Row) -> Row:
        options = [
            {"TrackingOptionID": new_id(), "Name": option, "Status": "ACTIVE"} for option in row.get("Options", [])
        ]
        category = {"TrackingCategoryID": new_id(), "Status": "ACTIVE", **row, "Options": options}
        self.organisation.tracking_categories.append(category)
        return category

    # Changing

    def patch(self, endpoint: str, row_id: str, row: Row) -> Row:
        """Change a row; apart from line items nothing is checked."""
        name = endpoint.lower()
        if kind := KINDS.get(name):
            return self.patch_document(self.document(kind, row_id), row).show(places=4)
        if name == "contacts":
            return self.patch_contact(self.contact(row_id), row).full()
        if name == "organisation":
            return self.patch_organisation(row)
        target = self._setting(name, row_id)
        target.update(row)
        return target

    def patch_document(self, document: Document, row: Row) -> Document:
        """Change fields of a document, whatever its status."""
        kind, numbers = document.kind, self.organisation.numbers[document.kind.plural]
        plain: dict[str, str] = {"Status": "status", "Reference": "reference", "Url": "url", "CurrencyCode": "currency"}
        plain |= {"SentToContact": "sent", "BrandingThemeID": "branding_theme_id"}
        for name, value in row.items():
            if name in plain:
                setattr(document, plain[name], value)
            elif name == kind.number_field:
                numbers.pop(document.number.lower(), None)
                document.number = value
                numbers[value.lower()] = document
            elif name in _DATES:
                setattr(document, _DATES[name], as_date(value))
            elif name == "Contact":
                document.contact = self.contact(value["ContactID"])
            elif name == "LineItems":
                self._rewrite(document, value)
            else:
                raise ValueError(f"{name} cannot be changed by hand")
        document.updated_at = self.world.clock.now()
        return document

    def _rewrite(self, document: Document, posted: list[Row]) -> None:
        setting = lines.Setting(self.organisation, document.type, "DRAFT", document.line_amount_types, 4)
        read = lines.read(setting, posted, document.lines)
        if read.faults:
            raise ValueError("; ".join(read.faults))
        inclusive = document.line_amount_types == "Inclusive"
        document.lines, document.total_tax = read.rows, read.tax
        document.sub_total = read.net - read.tax if inclusive else read.net
        document.total = document.sub_total + read.tax

    def patch_contact(self, contact: Contact, row: Row) -> Contact:
        """Change fields of a contact; ``ContactStatus`` archives it or brings it back."""
        contacts.unindex(self.organisation, contact)
        for name, value in row.items():
            if name == "ContactStatus":
                contact.status = value
            elif name == "MergedToContactID":
                contact.merged_to = value
            elif name in TEXT_FIELDS:
                contact.data[name] = value
            else:
                raise ValueError(f"{name} cannot be changed by hand")
        contacts.index(self.organisation, contact)
        contact.updated_at = self.world.clock.now()
        return contact

    def patch_organisation(self, row: Row) -> Row:
        """Lock dates, name, plan and the sandbox's own options; see ``state.Organisation``."""
        names = {"Name": "name", "Class": "plan", "IsDemoCompany": "is_demo"}
        dates = {"PeriodLockDate": "period_lock_date", "EndOfYearLockDate": "end_of_year_lock_date"}
        dates |= {attribute: attribute for attribute in dates.values()}
        own = {"approvals_left", "unknown_accounts", "multicurrency", "users", "plan", "is_demo", "name"}
        for name, value in row.items():
            if name in dates:
                setattr(self.organisation, dates[name], as_date(value) if value else None)
            elif name in names or name in own:
                setattr(self.organisation, names.get(name, name), value)
            else:
                raise ValueError(f"{name} cannot be changed by hand")
        return settings.describe(self.organisation)

    def remove(self, endpoint: str, row_id: str) -> Row:
        """Delete a setting; an account or a tax rate stays, as DELETED."""
        name, organisation = endpoint.lower(), self.organisation
        if name == "currencies":
            del organisation.currencies[row_id]
            return {"Code": row_id}
        row = self._setting(name, row_id)
        if name in ("accounts", "taxrates", "trackingcategories"):
            row["Status"] = "DELETED"
        elif name == "items":
            del organisation.items[row["Code"]]
        else:
            organisation.branding_themes.remove(row)
        return row

    def _setting(self, name: str, row_id: str) -> Row:
        organisation = self.organisation
        tables: dict[str, tuple[list[Row], tuple[str, ...]]] = {
            "accounts": (list(organisation.accounts.values()), ("AccountID", "Code")),
            "taxrates": (list(organisation.tax_rates.values()), ("TaxType",)),
            "items": (list(organisation.items.values()), ("ItemID", "Code")),
            "trackingcategories": (organisation.tracking_categories, ("TrackingCategoryID",)),
            "brandingthemes": (organisation.branding_themes, ("BrandingThemeID",)),
        }
        rows, keys = tables[name]
        for row in rows:
            if any(row.get(key) == row_id for key in keys):
                return row
        raise ValueError(f"no {name} {row_id}")

    # Money and fate

    def document(self, kind: Kind, key: str) -> Document:
        """By id or number."""
        found = self.organisation.documents[kind.plural].get(key.lower())
        found = found or self.organisation.numbers[kind.plural].get(key.lower())
        if found is None:
            raise ValueError(f"no {kind.label} {key}")
        return found

    def contact(self, contact_id: str) -> Contact:
        """By id."""
        return self.organisation.contacts[as_id(contact_id)]

    def pay(self, document: Document, amount: Any = None) -> Document:
        """A payment from the bank account; of the whole amount due where none is given."""
        if document.status != "AUTHORISED":
            document.status = "AUTHORISED"
        money = document.outstanding if amount is None else as_decimal(amount)
        bank = next(row for row in self.organisation.accounts.values() if row["Type"] == "BANK")
        on = self.organisation.today(self.world.clock)
        payments.pay(self.call, document, bank, amount=Decimal(money), on=on)
        return document

    def unpay(self, document: Document) -> Document:
        """Remove every payment of a document."""
        for payment in document.payments:
            if payment.status != "DELETED":
                payments.take_back(self.call, payment)
        return document

    def allocate(self, credit_note: Document, invoice: Document, amount: Any = None) -> Document:
        """A credit note pays an invoice, as far as it goes or by the amount given."""
        for document in (credit_note, invoice):
            if document.status in ("DRAFT", "SUBMITTED"):
                document.status = "AUTHORISED"
        most = min(credit_note.outstanding, invoice.outstanding)
        money = most if amount is None else as_decimal(amount)
        payments.allocate(self.call, credit_note, invoice, money, self.organisation.today(self.world.clock))
        return credit_note

    def void(self, document: Document) -> Document:
        """Void an approved document, delete a draft."""
        document.status = "DELETED" if document.status in ("DRAFT", "SUBMITTED") else "VOIDED"
        document.updated_at = self.world.clock.now()
        return document

    def merge(self, loser: Contact, winner: Contact) -> Contact:
        """Merge contacts: the loser is archived and its documents belong to the winner."""
        self.patch_contact(loser, {"ContactStatus": "ARCHIVED", "MergedToContactID": winner.id})
        for documents in self.organisation.documents.values():
            for document in documents.values():
                if document.contact is loser:
                    document.contact = winner
        return winner
