"""A client of the sandbox's control API: how tests set up both partners, cause trouble, and read what was sent.

    world = SandboxWorld("http://localhost:8091")
    pair = world.pair()                                   # an Autotask database and a Xero organisation, with a company
    invoice = pair.autotask.bill(pair.company_id, [item(rate="100.00")])
    …
    assert [row["Total"] for row in pair.xero.invoices()] == [Decimal("115.00")]

Rows are plain dicts under the partner's own field names; numbers with a fraction are `Decimal`. Fields to send may be
`Decimal`, `date` or `datetime`. A mistake in a request raises `ControlError` with the sandbox's words.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from itertools import count
from pathlib import Path
from typing import Any

import requests

Row = dict[str, Any]
REPOSITORY = Path(__file__).resolve().parent.parent

CLIENT_ID = "SANDBOXCLIENTID0000000000000000A"
CLIENT_SECRET = "sandbox-client-secret"
REDIRECT_URI = "http://localhost:8000/connections/xero/callback"


class ControlError(Exception):
    """The sandbox refused a control request: status and its words."""


class SandboxWorld:
    """One running sandbox. `base_url` is its root, e.g. ``http://localhost:8091``."""

    def __init__(self, base_url: str) -> None:
        self.base_url = base_url.rstrip("/")
        self.session = requests.Session()
        self.session.trust_env = False
        self._numbers = count(1)

    def call(self, method: str, path: str, body: Any = None, **query: Any) -> Any:
        """One control request below ``/sandbox``; the parsed answer."""
        response = self.session.request(
            method,
            f"{self.base_url}/sandbox{path}",
            data=None if body is None else json.dumps(body, default=_plain),
            params={name: str(value) for name, value in query.items() if value is not None},
            headers={"Content-Type": "application/json"},
            timeout=60,
        )
        if not response.ok:
            raise ControlError(f"{method} {path}: {response.status_code} {response.text[:2000]}")
        return json.loads(response.text, parse_float=Decimal) if response.text else None

    # ---- the whole

    def reset(self) -> None:
        """As if just started: no data, no ledger, no trouble, real time, the first limits."""
        self.call("POST", "/reset")

    def now(self) -> datetime:
        """The sandbox's time, aware, in UTC."""
        return datetime.fromisoformat(self.call("GET", "/clock")["now"])

    def advance_clock(self, seconds: float) -> None:
        """Move the sandbox's time on."""
        self.call("POST", "/clock/advance", {"seconds": seconds})

    def set_clock_offset(self, seconds: float) -> None:
        """Set how far the sandbox's time is ahead of the machine's."""
        self.call("PUT", "/clock", {"offset_seconds": seconds})

    def limits(self, *, xero: Mapping[str, int] | None = None, autotask: Mapping[str, int] | None = None) -> Row:
        """Change limits (xero: minute, day, concurrent, app_minute; autotask: hour, threads); all that hold now."""
        changes = {name: dict(values) for name, values in (("xero", xero), ("autotask", autotask)) if values}
        answer: Row = self.call("PUT", "/limits", changes)
        return answer

    def ledger(
        self,
        partner: str | None = None,
        *,
        organisation: str | None = None,
        database: int | None = None,
        since_n: int | None = None,
    ) -> Ledger:
        """What the sandbox was sent, filtered; `since_n` leaves out the requests up to that number."""
        answer = self.call(
            "GET", "/ledger", partner=partner, organisation=organisation, database=database, since_n=since_n
        )
        return Ledger(answer["requests"], answer["writes"], answer["breaches"])

    # ---- trouble

    def add_trouble(self, partner: str, kind: str, **fields: Any) -> int:
        """Put trouble in force until it has struck `times`, or is removed; its id. See `sandbox/trouble.py`."""
        rule: Row = self.call("POST", "/trouble", {"partner": partner, "kind": kind, **fields})
        return int(rule["id"])

    def remove_trouble(self, rule_id: int | None = None) -> None:
        """Remove one trouble, or all."""
        self.call("DELETE", "/trouble" if rule_id is None else f"/trouble/{rule_id}")

    @contextmanager
    def trouble(self, partner: str, kind: str, **fields: Any) -> Iterator[None]:
        """Trouble while the block runs: ``with world.trouble("xero", "drop_after", method="PUT", times=1):``"""
        rule_id = self.add_trouble(partner, kind, **fields)
        try:
            yield
        finally:
            self.remove_trouble(rule_id)

    # ---- the partners

    def create_autotask(self, **fields: Any) -> AutotaskDatabase:
        """A database with its API user and standard data; for the fields see `sandbox/autotask/control.py`."""
        number = next(self._numbers)
        defaults = {
            "name": f"Demo MSP {number}",
            "username": f"api-{number}@demo-msp.example",
            "secret": f"secret-{number}",
            "integration_code": f"CODE{number}",
        }
        return AutotaskDatabase(self, self.call("POST", "/autotask/databases", {**defaults, **fields}))

    def create_xero(
        self,
        *,
        users: Sequence[str] = ("bookkeeper@demo-msp.example",),
        client_id: str = CLIENT_ID,
        client_secret: str = CLIENT_SECRET,
        redirect_uris: Sequence[str] = (REDIRECT_URI,),
        **fields: Any,
    ) -> XeroOrganisation:
        """An organisation with a standard chart of accounts, its users, and the app registered."""
        self.call(
            "POST",
            "/xero/apps",
            {"client_id": client_id, "client_secret": client_secret, "redirect_uris": list(redirect_uris)},
        )
        for email in users:
            self.call("POST", "/xero/users", {"email": email, "name": email.partition("@")[0].title()})
        number = next(self._numbers)
        defaults = {"name": f"Demo MSP {number} Ltd", "base_currency": "NZD", "country": "NZ"}
        row = self.call("POST", "/xero/organisations", {**defaults, "users": list(users), **fields})
        return XeroOrganisation(self, row, client_id=client_id, user=users[0])

    def pair(self, *, autotask: Mapping[str, Any] | None = None, xero: Mapping[str, Any] | None = None) -> Pair:
        """A minimal but complete pair: database, organisation, one company with a billing contact."""
        database = self.create_autotask(**(autotask or {}))
        organisation = self.create_xero(**(xero or {}))
        return Pair(database, organisation, database.add_company("Acme Ltd"))

    def month(self, database: AutotaskDatabase, organisation: XeroOrganisation, **fields: Any) -> Row:
        """The demo's month of billing in this pair (`seed`, `today`); what it made, and how each fault is mended."""
        body = {"autotask_database": database.id, "xero_organisation": organisation.id, **fields}
        answer: Row = self.call("POST", "/scenario/month", body)
        return answer


@dataclass(frozen=True)
class Ledger:
    """Requests, writes and broken limits, as `sandbox/ledger.py` keeps them."""

    requests: list[Row]
    writes: list[Row]
    breaches: list[Row]

    @property
    def last_n(self) -> int:
        """The number of the last request; give it as `since_n` to read only what comes after."""
        return max((row["n"] for row in self.requests), default=0)

    def calls(self, method: str | None = None, path: str = "") -> list[Row]:
        """The requests with this method and this text in their path."""
        return [row for row in self.requests if method in (None, row["method"]) and path.lower() in row["path"].lower()]

    def created(self, endpoint: str | None = None) -> list[Row]:
        """The writes that created something."""
        return [row for row in self.writes if row["action"] == "created" and endpoint in (None, row["endpoint"])]

    def updated(self, endpoint: str | None = None) -> list[Row]:
        """The writes that changed something."""
        return [row for row in self.writes if row["action"] == "updated" and endpoint in (None, row["endpoint"])]


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

    world: SandboxWorld = field(repr=False)
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


@dataclass(frozen=True)
class XeroOrganisation:
    """One Xero organisation and the app and user that tests connect it by."""

    world: SandboxWorld = field(repr=False)
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


@dataclass(frozen=True)
class Pair:
    """Both partners of one account, and a company to bill."""

    autotask: AutotaskDatabase
    xero: XeroOrganisation
    company_id: int


@contextmanager
def running_sandbox(*options: str) -> Iterator[SandboxWorld]:
    """A sandbox process of one's own on a free port, ended with the block."""
    command = [sys.executable, "-m", "sandbox", "--port", "0", "--until-stdin-closes", *options]
    with subprocess.Popen(command, cwd=REPOSITORY, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        first_line = process.stdout.readline()
        try:
            if not first_line:
                raise RuntimeError("the sandbox did not start")
            yield SandboxWorld(f"http://localhost:{json.loads(first_line)['port']}")
        finally:
            process.terminate()


def _plain(value: Any) -> str:
    if isinstance(value, Decimal):
        return str(value)
    if hasattr(value, "isoformat"):
        return str(value.isoformat())
    raise TypeError(f"{type(value).__name__} has no JSON form")
