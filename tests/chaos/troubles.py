"""What may happen to a run on the wire: each of its calls, and each way in which a connection fails."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from tests.world import SandboxWorld


@dataclass(frozen=True)
class Call:
    """A call of a run, as the sandbox tells it from others. `path` is a regular expression.

    `tries`: how often the engine makes it before it gives up. `only`: with these numbers alone, where a run makes it.
    """

    partner: str
    method: str
    path: str
    tries: int = 1
    only: str = ""


# In the order of a run.
CALLS = {
    "new invoices read": Call("autotask", "POST", "/Invoices/query"),
    "token refreshed": Call("identity", "POST", "/connect/token", tries=2),
    "billing items read": Call("autotask", "POST", "/BillingItems/query"),
    "companies read": Call("autotask", "POST", "/Companies/query"),
    "contacts looked for": Call("xero", "GET", "/Contacts"),
    "contacts made": Call("xero", "PUT", "/Contacts", tries=2),
    "invoices read before an update": Call("xero", "GET", "/Invoices\\?.*IDs="),
    "update of invoices": Call("xero", "POST", "/Invoices", tries=2),
    "update of credit notes": Call("xero", "POST", "/CreditNotes", tries=2),
    "new invoices": Call("xero", "PUT", "/Invoices", tries=2),
    "new credit notes": Call("xero", "PUT", "/CreditNotes", tries=2),
    "number written back": Call("autotask", "PATCH", "/Invoices", only="xero"),
}
# In the life after a crash, when the outcome of the first write is being found out.
CALLS_OF_RECOVERY = {
    "invoices looked up": Call("xero", "GET", "createdByMyApp"),
    "credit notes looked up": Call("xero", "GET", "/CreditNotes"),
}
ALL_CALLS = {**CALLS, **CALLS_OF_RECOVERY}
# Seconds; longer than a worker's patience.
LATE = 0.6
# Each as the sandbox's trouble.
TROUBLES: dict[str, dict[str, Any]] = {
    "cut before": {"kind": "drop_before"},
    "cut after": {"kind": "drop_after"},
    "answered too late": {"kind": "slow", "seconds": LATE},
    "done too late": {"kind": "late", "seconds": LATE},
    "503": {"kind": "status", "status": 503},
    "done, and 500": {"kind": "status_after", "status": 500},
}


@dataclass(frozen=True)
class Trouble:
    """`name` of TROUBLES meets `call`, so many `times` in a run; as often as the engine tries it, where 0."""

    name: str
    call: str
    times: int = 0

    def __str__(self) -> str:
        return f"“{self.call}” {self.name}"

    @property
    def lingers(self) -> bool:
        """Whether what was sent may be carried out after the run has ended."""
        return self.name == "done too late"


@dataclass
class Struck:
    """Whether a trouble was met."""

    yes: bool = False


@contextmanager
def in_force(trouble: Trouble | None, world: SandboxWorld) -> Iterator[Struck]:
    """The trouble, while the block runs."""
    struck = Struck()
    if trouble is None:
        yield struck
        return
    call = ALL_CALLS[trouble.call]
    times = trouble.times or call.tries
    rule = world.add_trouble(call.partner, method=call.method, path=call.path, times=times, **TROUBLES[trouble.name])
    try:
        yield struck
    finally:
        left = {row["id"]: row["times"] for row in world.call("GET", "/trouble")}
        struck.yes = left.get(rule, 0) < times
        world.remove_trouble(rule)


def calls_with(numbering: str) -> list[str]:
    """The names of those that a run with these numbers makes, in its order."""
    return [name for name, call in CALLS.items() if call.only in ("", numbering)]
