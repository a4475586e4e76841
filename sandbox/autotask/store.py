"""The sandbox's Autotask: databases, their tables, their API user, and what happens in them later."""

from __future__ import annotations

import heapq
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count
from typing import Any, Literal

from sandbox.clock import Clock

from .entities import ENTITIES
from .picklists import STANDARD_PICKLISTS, Picklist
from .tables import Row, Table

Access = Literal["all", "none", "forbidden"]


@dataclass
class ApiUser:
    """The API-only user that a database is read through.

    ``access`` names entities that its security level restricts: "none" answers empty, "forbidden" answers 403.
    """

    username: str
    secret: str
    integration_code: str
    resource_id: int = 0
    can_read_costs: bool = True
    locked: bool = False
    bad_logins: int = 0
    access: dict[str, Access] = field(default_factory=dict)

    def may(self, entity: str) -> Access:
        """The security level's answer for an entity (its REST name)."""
        return self.access.get(entity, "all")


@dataclass
class Database:
    """One customer's Autotask. ``total_is`` tells whether ``invoiceTotal`` is net or gross of tax here.

    ``decimals``: what an item is rounded to at posting, 2 or (with the system setting on) 4. ``slows_down``: whether
    calls take longer once half of the hourly threshold is used, as they do in the real one.
    """

    id: int
    name: str
    api_user: ApiUser
    clock: Clock
    total_is: Literal["net", "gross"] = "net"
    internal_currency: str = "NZD"
    decimals: int = 2
    slows_down: bool = False
    next_invoice_number: int = 1085
    picklists: dict[tuple[str, str], Picklist] = field(default_factory=lambda: {**STANDARD_PICKLISTS})
    udfs: dict[str, list[str]] = field(default_factory=dict)
    tables: dict[str, Table] = field(default_factory=lambda: {e.name: Table(e) for e in ENTITIES.values()})
    calls: deque[float] = field(default_factory=deque)
    in_flight: Counter[tuple[str, str]] = field(default_factory=Counter)
    batches: Iterator[int] = field(default_factory=lambda: count(79))
    person_id: int = 0
    """The resource that bills, owns companies and voids."""
    default_payment_term: int = 0
    cases: list[Row] = field(default_factory=list)
    """The troubles that a scenario put in, for the page."""
    _later: list[tuple[datetime, int, Callable[[], Any]]] = field(default_factory=list)
    _order: Iterator[int] = field(default_factory=count)

    def table(self, entity: str) -> Table:
        """The table of an entity, by its REST name in any case. Raises ``LookupError`` for an unknown one."""
        return self.tables[ENTITIES[entity.lower()].name]

    def id_of(self, entity: str, name: str) -> int | None:
        """The id of the first row with this name; None where there is none."""
        return next((row["id"] for row in self.table(entity).rows.values() if row["name"] == name), None)

    def new_invoice_number(self) -> str:
        """The next of Autotask's own numbers."""
        self.next_invoice_number += 1
        return str(self.next_invoice_number - 1)

    def lines_of_business(self) -> dict[str, int]:
        """The name of each line of business → the id of its association with a division."""
        names = {row["id"]: row["name"] for row in self.table("OrganizationalLevel2s").rows.values()}
        associations = self.table("OrganizationalLevelAssociations").rows.values()
        return {names[row["organizationalLevel2ID"]]: row["id"] for row in associations}

    def line_of_business_id(self, name: str) -> int:
        """The association's id of a line of business. Raises ``LookupError`` for an unknown name."""
        return self.lines_of_business()[name]

    def seen_lines_of_business(self) -> frozenset[int]:
        """The associations of the API user; none at all means that nothing is hidden from it."""
        rows = self.table("OrganizationalResources").where(resourceID=self.api_user.resource_id)
        return frozenset(row["organizationalLevelAssociationID"] for row in rows)

    def set_lines_of_business(self, associations: Iterable[int]) -> None:
        """Associate the API user with exactly these."""
        resources = self.table("OrganizationalResources")
        for row in resources.where(resourceID=self.api_user.resource_id):
            resources.delete(row["id"])
        for association in sorted(set(associations)):
            if association not in self.table("OrganizationalLevelAssociations").rows:
                raise LookupError(f"no line of business {association}")
            resources.insert({"organizationalLevelAssociationID": association, "resourceID": self.api_user.resource_id})

    def later(self, at: datetime, change: Callable[[], Any]) -> None:
        """Have a change happen once the sandbox's clock has passed that moment."""
        heapq.heappush(self._later, (at, next(self._order), change))

    def catch_up(self) -> None:
        """Let happen what is due by now."""
        now = self.clock.now()
        while self._later and self._later[0][0] <= now:
            heapq.heappop(self._later)[2]()

    def finish(self) -> int:
        """Let everything happen at once; how much it was."""
        pending = len(self._later)
        while self._later:
            heapq.heappop(self._later)[2]()
        return pending

    @property
    def pending(self) -> int:
        """How many changes are still to come."""
        return len(self._later)


class Autotask:
    """All databases, by their id and by their API user's name."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.databases: dict[int, Database] = {}
        self._by_username: dict[str, Database] = {}
        self._ids = count(513558)

    def create(self, **fields: Any) -> Database:
        """A database without data. Raises ``ValueError`` for a taken user name, ``TypeError`` for unknown fields."""
        user = ApiUser(str(fields.pop("username")), str(fields.pop("secret")), str(fields.pop("integration_code")))
        if self.of_user(user.username):
            raise ValueError(f"the user name {user.username} is taken")
        database = Database(id=next(self._ids), api_user=user, clock=self.clock, **fields)
        self.databases[database.id] = self._by_username[user.username.lower()] = database
        return database

    def of_user(self, username: str) -> Database | None:
        """The database that this API user belongs to; the name's case does not matter."""
        return self._by_username.get(username.lower())
