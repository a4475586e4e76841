"""The plan of a scenario: companies and bills as they are thought up, carried out in the order of their dates."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from typing import Any

from aiohttp import web

from sandbox.autotask import billing, standard
from sandbox.autotask.store import Database
from sandbox.autotask.tables import Row
from sandbox.world import World
from sandbox.xero.byhand import Hand

from .names import HOME, PEOPLE

NOTHING: Callable[[], Any] = list


@dataclass
class Bill:
    """An invoice to be made so many days ago; ``row`` is there once it is made."""

    company_id: int
    items: list[dict[str, Any]]
    days: float
    fields: dict[str, Any] = field(default_factory=dict)
    row: Row = field(default_factory=dict)


@dataclass
class Case:
    """One trouble that the month holds: its code, why it is there, how a person mends it and on which page.

    ``steps`` are control requests that mend it, as ``{"method", "path", "body"}`` with paths below ``/sandbox``; none
    where nobody has to act.
    """

    code: str
    cause: str
    mend: str
    bills: Sequence[Bill] = ()
    page: Callable[[], str | None] = lambda: None
    steps: Callable[[], list[Row]] = NOTHING
    heals_itself: bool = False

    def describe(self, database: Database) -> Row:
        """As the scenario's answer shows it."""
        return {
            "code": self.code,
            "cause": self.cause,
            "mend": self.mend,
            "page": self.page(),
            "steps": self.steps(),
            "heals_itself": self.heals_itself,
            "documents": [
                {
                    "autotask_id": bill.row["id"],
                    "number": bill.row["invoiceNumber"],
                    "total": bill.row["invoiceTotal"],
                    "company": database.table("Companies").rows[bill.company_id]["companyName"],
                }
                for bill in self.bills
            ],
        }


def step(method: str, path: str, **body: Any) -> Row:
    """A control request."""
    return {"method": method, "path": path, "body": body or None}


class Plan:
    """What is to be made in one database and one organisation. Nothing but ``random`` decides, so a seed repeats it."""

    def __init__(self, database: Database, hand: Hand, random: Random, now: datetime) -> None:
        self.database = database
        self.hand = hand
        self.random = random
        self.now = now
        self.bills: list[Bill] = []
        self.cases: list[Case] = []
        self.afterwards: list[Callable[[], Any]] = []

    @property
    def autotask(self) -> str:
        """The database's path, of its pages and of its control requests."""
        return f"/autotask/{self.database.id}"

    @property
    def xero(self) -> str:
        """The organisation's path, of its pages and of its control requests."""
        return f"/xero/{self.hand.organisation.id}"

    def company(
        self, name: str, place: tuple[str, str, str, str] = HOME, *, email: str | None = "", **fields: Any
    ) -> int:
        """A company with one billing contact (``email`` "" makes one up, None: no contact); its id."""
        currency, country, region, city = place
        made = self._add(
            "Companies",
            companyName=name,
            currencyID=self.database.id_of("Currencies", currency),
            countryID=self.database.id_of("Countries", standard.COUNTRIES[country]),
            taxRegionID=self.database.id_of("TaxRegions", region),
            address1=f"{self.random.randint(1, 240)} {self.random.choice(('High', 'Victoria', 'Station'))} Street",
            city=city,
            postalCode=str(self.random.randint(1000, 9999)),
            phone=f"09 555 {self.random.randint(1000, 9999)}",
            companyNumber=f"C{self.random.randint(10000, 99999)}",
            **fields,
        )
        company_id = int(made["id"])
        if email is not None:
            person = self.random.choice(PEOPLE)
            self.contact(company_id, person, email or _address(person, name), billing=True)
        return company_id

    def contact(self, company_id: int, person: str, email: str, *, billing: bool = False, active: bool = True) -> int:
        """A contact of a company; its id."""
        first, _, last = person.partition(" ")
        made = self._add(
            "Contacts",
            companyID=company_id,
            firstName=first,
            lastName=last,
            emailAddress=email,
            isActive=int(active),
            billingContact=billing,
            primaryContact=billing,
        )
        return int(made["id"])

    def bill(self, company_id: int, items: list[dict[str, Any]], days: float | None = None, **fields: Any) -> Bill:
        """Plan an invoice, by default of some day in the last four weeks."""
        bill = Bill(company_id, items, self.random.uniform(0.1, 27) if days is None else days, fields)
        self.bills.append(bill)
        return bill

    def case(self, code: str, cause: str, mend: str, **details: Any) -> None:
        """Keep a trouble that the month holds (see ``Case``)."""
        self.cases.append(Case(code, cause, mend, **details))

    def carry_out(self) -> None:
        """Make the invoices, oldest first, and then what has to wait for them (``afterwards``)."""
        for bill in sorted(self.bills, key=lambda bill: -bill.days):
            created = self.now - timedelta(days=bill.days)
            fields = {"createDateTime": created, **bill.fields}
            bill.row = billing.bill(self.database, bill.company_id, bill.items, **fields)
        for finish in self.afterwards:
            finish()

    def _add(self, entity: str, **fields: Any) -> Row:
        return self.database.table(entity).insert(standard.with_defaults(self.database, entity, fields))


def plan_of(world: World, request: web.Request, body: dict[str, Any]) -> Plan:
    """A plan for the pair that a request names. Raises ``LookupError`` or ``ValueError`` for what is not there."""
    database: Database = world.autotask.databases[int(body["autotask_database"])]
    organisation = world.xero.organisations[body["xero_organisation"]]
    today = date.fromisoformat(body["today"]) if body.get("today") else world.clock.today()
    now = world.clock.now() if today == world.clock.today() else datetime.combine(today, time(17), UTC)
    return Plan(database, Hand(world, request, organisation), Random(int(body.get("seed", 1))), now)


def _address(person: str, company: str) -> str:
    first = person.partition(" ")[0].lower()
    domain = "".join(letter for letter in company.lower() if letter.isascii() and letter.isalnum())
    return f"{first}@{domain or 'alnoor'}.example"
