"""The sandbox's Autotask, as tests set it up and read it back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from tests.control import Control, Row


def item(
    rate: Decimal | str | int = "100.00",
    quantity: Decimal | str | int = 1,
    total: Decimal | str | int | None = None,
    *,
    name: str = "Managed services",
    code: str | int | None = "Managed Services",
    line_of_business: str | int | None = None,
    **fields: Any,
) -> Row:
    """A billing item to `bill`: quantity × rate unless `total` says otherwise; its tax by company and billing code.

    `code` and `line_of_business` are names or ids of the database's own. Other fields go by their REST names;
    ``appears_after`` (seconds) makes it appear only later, as in a billing run that is not finished.
    """
    row: Row = {"itemName": name, "quantity": quantity, "rate": rate, **fields}
    if total is not None:
        row["totalAmount"] = total
    if code is not None:
        row["billingCodeID"] = code
    if line_of_business is not None:
        row["organizationalLevelAssociationID"] = line_of_business
    return row


@dataclass(frozen=True)
class AutotaskDatabase:
    """One Autotask database. `row` is what its creation answered: credentials, and ids of the standard data by name."""

    world: Control = field(repr=False)
    row: Row

    @property
    def id(self) -> int:
        return int(self.row["id"])

    @property
    def username(self) -> str:
        return str(self.row["username"])

    @property
    def secret(self) -> str:
        return str(self.row["secret"])

    @property
    def integration_code(self) -> str:
        return str(self.row["integration_code"])

    @property
    def zone_url(self) -> str:
        """The address that zone information answers for this database."""
        return f"{self.world.base_url}/ATServicesRest/"

    @property
    def headers(self) -> dict[str, str]:
        """The three headers of an authenticated call."""
        return {"UserName": self.username, "Secret": self.secret, "ApiIntegrationCode": self.integration_code}

    def named(self, kind: str, name: str) -> int:
        """The id of a standard row, e.g. ``named("billing_codes", "Managed Services")``.

        Kinds: billing_codes, currencies, countries, tax_regions, tax_categories, lines_of_business, invoice_templates,
        payment_terms.
        """
        return int(self.row[kind][name])

    def _call(self, method: str, path: str, body: Any = None) -> Any:
        return self.world.call(method, f"/autotask/{self.id}/{path}", body)

    # ---- rows

    def rows(self, entity: str) -> list[Row]:
        """All rows of an entity, whoever may see them."""
        found: list[Row] = self._call("GET", entity)
        return found

    def add(self, entity: str, **fields: Any) -> int:
        """A raw row, by REST field names; its id."""
        return int(self._call("POST", entity, fields)["id"])

    def patch(self, entity: str, row_id: int, **fields: Any) -> Row:
        """Change a row as a person in Autotask would, or as nobody could: nothing is checked."""
        changed: Row = self._call("PATCH", f"{entity}/{row_id}", fields)
        return changed

    def delete(self, entity: str, row_id: int) -> None:
        self._call("DELETE", f"{entity}/{row_id}")

    def add_company(
        self, name: str, *, email: str | None = "accounts@acme.example", currency: str | None = None, **fields: Any
    ) -> int:
        """A company with an address, tax region and (unless `email` is None) one billing contact; its id."""
        company_id = self.add(
            "Companies",
            companyName=name,
            **({"currencyID": self.named("currencies", currency)} if currency else {}),
            **fields,
        )
        if email is not None:
            self.add_contact(company_id, email=email)
        return company_id

    def add_contact(self, company_id: int, *, email: str, **fields: Any) -> int:
        """An active contact, by default the billing and primary one; its id."""
        defaults: Row = {"firstName": "Ana", "lastName": "Tamati", "isActive": 1, "primaryContact": True}
        return self.add(
            "Contacts", **{**defaults, "billingContact": True, "companyID": company_id, "emailAddress": email, **fields}
        )

    def contacts(self, company_id: int) -> list[Row]:
        return [row for row in self.rows("Contacts") if row["companyID"] == company_id]

    def add_billing_code(self, name: str, **fields: Any) -> int:
        return self.add("BillingCodes", name=name, **fields)

    # ---- billing

    def bill(self, company_id: int, items: Sequence[Row] | None = None, **fields: Any) -> Row:
        """An invoice with its items, totals as Autotask computes them; the invoice's row.

        Without `items`: one line of 100.00. Fields by REST names (`invoiceNumber`, `invoiceDateTime`, `createDateTime`,
        `orderNumber`, …; `invoiceTotal` and `totalTaxValue` override what is computed) and ``number_after`` (seconds).
        """
        lines = [item()] if items is None else list(items)
        invoice: Row = self._call("POST", "bill", {"companyID": company_id, "items": lines, **fields})
        return invoice

    def bill_many(self, bills: Sequence[Row]) -> list[Row]:
        """Many invoices in one call; each a dict as `bill` sends it (`companyID`, `items`, …)."""
        invoices: list[Row] = self._call("POST", "bill", {"bills": list(bills)})
        return invoices

    def items(self, invoice_id: int) -> list[Row]:
        """The billing items of an invoice, whoever may see them."""
        return [row for row in self.rows("BillingItems") if row["invoiceID"] == invoice_id]

    def invoice(self, invoice_id: int) -> Row:
        return next(row for row in self.rows("Invoices") if row["id"] == invoice_id)

    def void(self, invoice_id: int) -> Row:
        """Void an invoice: its items go back to be invoiced."""
        voided: Row = self._call("POST", f"invoices/{invoice_id}/void")
        return voided

    def finish_billing_run(self) -> None:
        """What was to appear later (items, numbers) appears now."""
        self._call("POST", "finish")

    # ---- what the API user may see

    def restrict_lines_of_business(self, *names: str) -> None:
        """Give the API user these lines of business only; items of the others are hidden without a word."""
        self._call("PUT", "api_user", {"lines_of_business": list(names)})

    def show_all_lines_of_business(self) -> None:
        self._call("PUT", "api_user", {"lines_of_business": "all"})

    def hide_line_of_business(self, name: str) -> None:
        """The API user keeps every line of business but this one."""
        self.restrict_lines_of_business(*(other for other in self.row["lines_of_business"] if other != name))

    def allow(self, entity: str, access: str) -> None:
        """`access`: "all", "none" (answers empty) or "forbidden" (answers 403)."""
        self._call("PUT", "api_user", {"access": {entity: access}})

    def set_api_user(self, **fields: Any) -> None:
        """`secret`, `locked`, `can_read_costs`, `access`, `lines_of_business`."""
        self._call("PUT", "api_user", fields)
