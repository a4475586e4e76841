"""Everything the stand-in Xero knows: apps, users, their grants and tokens, and the organisations with their books."""

from __future__ import annotations

import secrets
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from sandbox.clock import Clock

from . import chart
from .wire import Row, new_id

if TYPE_CHECKING:
    from .contacts import Contact
    from .documents import Document

ACCESS_LIFE = timedelta(seconds=1800)
REFRESH_LIFE = timedelta(days=60)
REFRESH_GRACE = timedelta(minutes=30)
CODE_LIFE = timedelta(minutes=5)


@dataclass
class App:
    """A registered client. ``granular``: made after 2 March 2026, so that the broad scopes are refused."""

    client_id: str
    client_secret: str
    redirect_uris: list[str]
    name: str = "Connected app"
    granular: bool = True
    bulk_connections: bool = False


@dataclass
class User:
    """A person who can log in to Xero, and the organisations that he or she may connect."""

    id: str
    email: str
    name: str


@dataclass
class Connection:
    """One organisation, connected by one user to one app."""

    id: str
    client_id: str
    user_id: str
    organisation_id: str
    auth_event_id: str
    created_at: datetime
    updated_at: datetime


@dataclass
class Code:
    """An authorisation code: used once, within 5 minutes."""

    client_id: str
    user_id: str
    redirect_uri: str
    scopes: tuple[str, ...]
    auth_event_id: str
    expires_at: datetime
    used: bool = False


@dataclass
class AccessToken:
    """What a bearer stands for."""

    client_id: str
    user_id: str
    scopes: frozenset[str]
    auth_event_id: str
    expires_at: datetime


@dataclass
class RefreshToken:
    """One link of a chain: used once, it may be used again for 30 minutes, should the answer have been lost."""

    client_id: str
    user_id: str
    scopes: tuple[str, ...]
    auth_event_id: str
    expires_at: datetime
    first_used_at: datetime | None = None
    successor: str | None = None


@dataclass
class Payment:
    """Money received for an invoice, or paid out for a credit note."""

    id: str
    document: Document
    account: Row
    date: date
    amount: Decimal
    reference: str
    status: str
    updated_at: datetime


@dataclass
class Allocation:
    """A part of a credit note that pays an invoice."""

    id: str
    credit_note: Document
    invoice: Document
    amount: Decimal
    date: date


@dataclass
class Organisation:
    """One Xero company and its books.

    ``approvals_left``: how many invoices its plan still approves (None: no limit). ``unknown_accounts``: whether a line
    of a draft on an account that does not exist is refused ("error") or kept without it, with a warning ("warning").
    """

    id: str
    name: str
    country: chart.Country
    country_code: str
    base_currency: str
    short_code: str
    created_at: datetime
    users: list[str]
    currencies: dict[str, str]
    accounts: dict[str, Row]
    tax_rates: dict[str, Row]
    branding_themes: list[Row]
    tracking_categories: list[Row] = field(default_factory=list)
    items: dict[str, Row] = field(default_factory=dict)
    period_lock_date: date | None = None
    end_of_year_lock_date: date | None = None
    is_demo: bool = False
    plan: str = "PREMIUM"
    multicurrency: bool = True
    approvals_left: int | None = None
    unknown_accounts: str = "error"
    contacts: dict[str, Contact] = field(default_factory=dict)
    documents: dict[str, dict[str, Document]] = field(default_factory=lambda: {"Invoices": {}, "CreditNotes": {}})
    numbers: dict[str, dict[str, Document]] = field(default_factory=lambda: {"Invoices": {}, "CreditNotes": {}})
    contact_names: dict[str, Contact] = field(default_factory=dict)
    contact_numbers: dict[str, Contact] = field(default_factory=dict)
    account_numbers: dict[str, Contact] = field(default_factory=dict)
    payments: dict[str, Payment] = field(default_factory=dict)
    allocations: dict[str, Allocation] = field(default_factory=dict)
    history: defaultdict[str, list[Row]] = field(default_factory=lambda: defaultdict(list))
    attachments: defaultdict[str, dict[str, tuple[Row, bytes]]] = field(default_factory=lambda: defaultdict(dict))
    sequences: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.accounts_by_id = {row["AccountID"]: row for row in self.accounts.values()}

    def today(self, clock: Clock) -> date:
        """The date where the organisation is."""
        return clock.now().astimezone(ZoneInfo(self.country.zone)).date()

    def add_account(self, row: Row) -> Row:
        """Add or replace a ledger account by its code."""
        if old := self.accounts.get(row["Code"]):
            self.accounts_by_id.pop(old["AccountID"], None)
        self.accounts[row["Code"]] = self.accounts_by_id[row["AccountID"]] = row
        return row

    def next_number(self, prefix: str, taken: dict[str, Document]) -> str:
        """The next free number of a series: INV-0001, CN-0001."""
        while True:
            self.sequences[prefix] = self.sequences.get(prefix, 0) + 1
            number = f"{prefix}{self.sequences[prefix]:04d}"
            if number.lower() not in taken:
                return number


class Xero:
    """All of it; a reset makes a new one."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.apps: dict[str, App] = {}
        self.users: dict[str, User] = {}
        self.organisations: dict[str, Organisation] = {}
        self.connections: dict[str, Connection] = {}
        self.codes: dict[str, Code] = {}
        self.access_tokens: dict[str, AccessToken] = {}
        self.refresh_tokens: dict[str, RefreshToken] = {}

    def add_organisation(
        self,
        name: str,
        country: str = "NZ",
        base_currency: str | None = None,
        currencies: Iterable[str] = (),
        users: Iterable[str] = (),
        **options: Any,
    ) -> Organisation:
        """A fresh organisation with the standard books of its country. Raises ``ValueError`` for an unknown country."""
        if country not in chart.COUNTRIES:
            raise ValueError(f"country is one of {', '.join(chart.COUNTRIES)}")
        standard = chart.COUNTRIES[country]
        base = base_currency or standard.currency
        theme = {"BrandingThemeID": new_id(), "Name": "Standard", "Type": "INVOICE", "SortOrder": 0}
        organisation = Organisation(
            id=new_id(),
            name=name,
            country=standard,
            country_code=country,
            base_currency=base,
            short_code=f"!{secrets.token_hex(3)}",
            created_at=self.clock.now(),
            users=list(users),
            currencies={code: chart.CURRENCY_NAMES.get(code, code) for code in dict.fromkeys((base, *currencies))},
            accounts={row["Code"]: row for row in chart.accounts(standard)},
            tax_rates={row["TaxType"]: row for row in chart.tax_rates(standard)},
            branding_themes=[theme | {"CreatedDateUTC": self.clock.now()}],
            **options,
        )
        self.organisations[organisation.id] = organisation
        return organisation

    def connect(self, client_id: str, user_id: str, organisation_ids: Iterable[str], auth_event_id: str) -> None:
        """Connect organisations to an app in one consent; one that is connected already keeps its connection."""
        now = self.clock.now()
        for organisation_id in organisation_ids:
            existing = self.connection(client_id, user_id, organisation_id)
            if existing:
                existing.auth_event_id, existing.updated_at = auth_event_id, now
                continue
            connection = Connection(new_id(), client_id, user_id, organisation_id, auth_event_id, now, now)
            self.connections[connection.id] = connection

    def connection(self, client_id: str, user_id: str, organisation_id: str) -> Connection | None:
        """The connection by which this user's token reaches the organisation."""
        return next(
            (
                row
                for row in self.connections.values()
                if (row.client_id, row.user_id, row.organisation_id) == (client_id, user_id, organisation_id)
            ),
            None,
        )
