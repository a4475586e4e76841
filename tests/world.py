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
from dataclasses import dataclass
from datetime import datetime
from itertools import count
from pathlib import Path
from typing import Any

from tests.control import Control, ControlError, Row
from tests.world_autotask import AutotaskDatabase, item
from tests.world_xero import XeroOrganisation

__all__ = [
    "CLIENT_ID",
    "CLIENT_SECRET",
    "REDIRECT_URI",
    "AutotaskDatabase",
    "ControlError",
    "Ledger",
    "Pair",
    "Row",
    "SandboxWorld",
    "XeroOrganisation",
    "item",
    "running_sandbox",
]

REPOSITORY = Path(__file__).resolve().parent.parent

CLIENT_ID = "SANDBOXCLIENTID0000000000000000A"
CLIENT_SECRET = "sandbox-client-secret"
REDIRECT_URI = "http://localhost:8000/connections/xero/callback"


class SandboxWorld(Control):
    """One running sandbox. `base_url` is its root, e.g. ``http://localhost:8091``."""

    def __init__(self, base_url: str) -> None:
        super().__init__(base_url)
        self._numbers = count(1)

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
