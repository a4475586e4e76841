"""Everything the sandbox knows, and how a partner plugs in.

A partner is a package with ``add_routes(app, world)``. It

* gives ``world.on_reset`` a function that sets its attribute (``world.xero``, ``world.autotask``) to a fresh state;
* adds its routes to ``app``; handlers read ``world.<partner>`` at each request, since a reset replaces it;
* reads ``exchange(request)`` in its handlers: the ledger row to add ``organisation``/``database`` to, the body that was
  read, the trouble that only it can tell (``expire_tokens``, ``rate_limit``), and ``at_end`` for what must be undone
  when the answer is out;
* takes its time from ``world.clock``, its limits from ``world.limits``; tells ``world.ledger`` of writes and breaches.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from aiohttp import web

from .clock import Clock
from .ledger import Ledger, Row
from .trouble import Rule, Trouble


@dataclass(frozen=True)
class XeroLimits:
    """Calls of an app: a minute, a day and at one time for each organisation; a minute over all organisations."""

    minute: int = 60
    day: int = 5000
    concurrent: int = 5
    app_minute: int = 10000


@dataclass(frozen=True)
class AutotaskLimits:
    """Calls an hour for each database, and at one time for each integration code and entity."""

    hour: int = 10000
    threads: int = 3


@dataclass
class Limits:
    """Both partners' limits; either can be changed at any time."""

    xero: XeroLimits = field(default_factory=XeroLimits)
    autotask: AutotaskLimits = field(default_factory=AutotaskLimits)

    def change(self, xero: dict[str, int] | None = None, autotask: dict[str, int] | None = None) -> None:
        """Change what is named, leave the rest. Raises ``TypeError`` for an unknown name."""
        self.xero = replace(self.xero, **(xero or {}))
        self.autotask = replace(self.autotask, **(autotask or {}))

    def as_dict(self) -> dict[str, Any]:
        """As the control API shows them."""
        return asdict(self)


@dataclass
class Exchange:
    """One request of a partner's client, while it is answered."""

    row: Row
    body: bytes
    trouble: Rule | None
    at_end: list[Callable[[], None]] = field(default_factory=list)

    def suffers(self, kind: str) -> bool:
        """Whether this trouble, which only the partner's own code can tell, struck the request."""
        return self.trouble is not None and self.trouble.kind == kind


EXCHANGE = web.RequestKey("exchange", Exchange)


def exchange(request: web.Request) -> Exchange:
    """The exchange of a partner's request (see the module's text)."""
    return request[EXCHANGE]


class World:
    """Clock, ledger, trouble, limits and both partners' state."""

    xero: Any
    autotask: Any

    def __init__(self, limits: Limits | None = None, latency_seconds: float = 0.0) -> None:
        self.first_limits = limits or Limits()
        self.latency_seconds = latency_seconds
        self.clock = Clock()
        self.ledger = Ledger(self.clock)
        self.trouble = Trouble()
        self.limits = replace(self.first_limits)
        self.xero = None
        self.autotask = None
        self._on_reset: list[Callable[[], None]] = []

    def on_reset(self, make_afresh: Callable[[], None]) -> None:
        """Have this called now and at each reset."""
        make_afresh()
        self._on_reset.append(make_afresh)

    def reset(self) -> None:
        """As if just started: no data, no ledger, no trouble, the machine's time, the first limits."""
        self.clock.reset()
        self.ledger.reset()
        self.trouble.reset()
        self.limits = replace(self.first_limits)
        for make_afresh in self._on_reset:
            make_afresh()
