"""The sandbox's Xero, as tests set it up and read it back."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from tests.control import Control, Row


@dataclass(frozen=True)
class XeroOrganisation:
    """One Xero organisation and the app and user that tests connect it by."""

    world: Control = field(repr=False)
    row: Row
    client_id: str
    user: str

    @property
    def id(self) -> str:
        """Xero's tenant id."""
        return str(self.row["id"])

    @property
    def name(self) -> str:
        return str(self.row["name"])

    def _call(self, method: str, path: str, body: Any = None) -> Any:
        return self.world.call(method, f"/xero/{self.id}/{path}", body)

    def grant(self, **fields: Any) -> Row:
        """A token set for the app without the browser: what the token endpoint answers, and the connection."""
        body = {"client_id": self.client_id, "user": self.user, **fields}
        tokens: Row = self.world.call("POST", f"/xero/organisations/{self.id}/grant", body)
        return tokens

    # ---- rows

    def rows(self, endpoint: str) -> list[Row]:
        """All rows of an endpoint, of every status."""
        found: list[Row] = self._call("GET", endpoint)
        return found

    def invoices(self) -> list[Row]:
        return self.rows("Invoices")

    def credit_notes(self) -> list[Row]:
        return self.rows("CreditNotes")

    def contacts(self) -> list[Row]:
        return self.rows("Contacts")

    def documents(self) -> list[Row]:
        """Invoices and credit notes."""
        return self.invoices() + self.credit_notes()

    def invoice(self, number: str) -> Row:
        return next(row for row in self.invoices() if row["InvoiceNumber"] == number)

    def state(self) -> Row:
        """Everything of this organisation."""
        everything: Row = self._call("GET", "state")
        return everything

    def add(self, endpoint: str, **fields: Any) -> Row:
        """A row as a person in Xero would make it."""
        made: Row = self._call("POST", endpoint, fields)
        return made

    def patch(self, endpoint: str, row_id: str, **fields: Any) -> Row:
        """Change a row; nothing is checked."""
        changed: Row = self._call("PATCH", f"{endpoint}/{row_id}", fields)
        return changed

    def remove(self, endpoint: str, row_id: str) -> None:
        """Delete a currency, account, tax rate, item, tracking category or branding theme."""
        self._call("DELETE", f"{endpoint}/{row_id}")

    def set_options(self, **fields: Any) -> Row:
        """Lock dates (`period_lock_date`, `end_of_year_lock_date`), plan and the sandbox's own options."""
        changed: Row = self.world.call("PATCH", f"/xero/organisations/{self.id}", fields)
        return changed

    def disconnect(self) -> None:
        """Disconnect the app as a person does in Xero."""
        self.world.call("POST", f"/xero/organisations/{self.id}/disconnect", {"client_id": self.client_id})

    def add_currency(self, code: str) -> None:
        self.add("Currencies", Code=code)

    def add_contact(self, name: str, **fields: Any) -> Row:
        return self.add("Contacts", Name=name, **fields)

    def add_invoice(
        self, contact_name: str, *, number: str, total: Decimal | str | int = "100.00", **fields: Any
    ) -> Row:
        """A sales invoice that a person made in Xero; a draft unless `Status` says otherwise."""
        return self.add(
            "Invoices",
            **{
                "Type": "ACCREC",
                "Contact": {"Name": contact_name},
                "InvoiceNumber": number,
                "LineItems": [{"Description": "Made in Xero", "Quantity": 1, "UnitAmount": total}],
                **fields,
            },
        )

    def pay(self, invoice_id: str, amount: Decimal | str | None = None) -> Row:
        """A payment on an invoice; the whole amount due where none is given."""
        paid: Row = self._call("POST", f"invoices/{invoice_id}/pay", {} if amount is None else {"amount": amount})
        return paid

    def unpay(self, invoice_id: str) -> Row:
        """Remove the payments of an invoice."""
        unpaid: Row = self._call("POST", f"invoices/{invoice_id}/unpay")
        return unpaid

    def void(self, invoice_id: str) -> Row:
        """Void an approved invoice, delete a draft."""
        voided: Row = self._call("POST", f"invoices/{invoice_id}/void")
        return voided

    def allocate(self, credit_note_id: str, invoice_id: str, amount: Decimal | str | None = None) -> Row:
        """Pay an invoice from a credit note, as far as it goes or by the amount."""
        body: Row = {"invoice": invoice_id, **({} if amount is None else {"amount": amount})}
        allocated: Row = self._call("POST", f"creditnotes/{credit_note_id}/allocate", body)
        return allocated

    def archive_contact(self, contact_id: str) -> None:
        self.patch("Contacts", contact_id, ContactStatus="ARCHIVED")

    def merge_contacts(self, loser_id: str, winner_id: str) -> None:
        """The loser is archived, its documents go to the winner."""
        self._call("POST", f"Contacts/{loser_id}/merge", {"into": winner_id})
