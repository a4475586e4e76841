"""Trouble that can be switched on: outages, slow answers, dropped connections, expired tokens, refused calls."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from itertools import count
from typing import Any, Literal, get_args

from aiohttp import web

Kind = Literal[
    "outage", "status", "status_after", "slow", "late", "drop_before", "drop_after", "expire_tokens", "rate_limit"
]
PARTNERS = ("xero", "autotask", "identity")


@dataclass
class Rule:
    """One trouble.

    * ``outage``: 503 with a page that is no JSON; ``status``: nothing is done, and the given ``status``, ``body`` and
      ``headers`` are answered; ``status_after``: the work is done, then it is answered so;
    * ``slow``: the work is done, the answer comes ``seconds`` later; ``late``: the work too is done ``seconds`` later;
    * ``drop_before``: the connection is cut, nothing is done; ``drop_after``: the work is done, then it is cut;
    * ``expire_tokens``: the request's credential is refused as expired; ``rate_limit``: 429, to come again after
      ``seconds`` (both told by the partner's own code).

    ``path`` is a regular expression, searched for in path and query. ``times`` is how often the trouble strikes
    (None: until it is removed), ``skip`` how many matching requests pass first.
    """

    id: int
    partner: str
    kind: Kind
    method: str | None = None
    path: str | None = None
    times: int | None = None
    skip: int = 0
    status: int = 503
    body: str = "The service is unavailable."
    headers: dict[str, str] = field(default_factory=dict)
    seconds: float = 0.0

    def matches(self, partner: str, method: str, path: str) -> bool:
        """Whether a request is this rule's business."""
        return (
            self.partner == partner
            and (self.method is None or self.method.upper() == method)
            and (self.path is None or re.search(self.path, path) is not None)
        )

    def response(self) -> web.Response:
        """The answer of ``outage``, ``status`` and ``status_after``."""
        headers = {"Content-Type": "text/html", **self.headers}
        return web.Response(status=self.status, body=self.body.encode(), headers=headers)

    def as_dict(self) -> dict[str, Any]:
        """The rule as the control API shows it."""
        return dict(vars(self))


class Trouble:
    """The rules in force, oldest first; the first that matches a request strikes it."""

    def __init__(self) -> None:
        self.rules: list[Rule] = []
        self._ids = count(1)

    def add(self, **fields: Any) -> Rule:
        """Put a rule in force. Raises ``ValueError`` or ``TypeError`` for what it does not know."""
        if fields.get("partner") not in PARTNERS:
            raise ValueError(f"partner is one of {', '.join(PARTNERS)}")
        if fields.get("kind") not in get_args(Kind):
            raise ValueError(f"kind is one of {', '.join(get_args(Kind))}")
        try:
            re.compile(fields.get("path") or "")
        except re.error as mistake:
            raise ValueError(f"path: {mistake}") from None
        given = {name: value for name, value in fields.items() if value is not None}
        rule = Rule(id=next(self._ids), **given)
        self.rules.append(rule)
        return rule

    def remove(self, rule_id: int) -> None:
        """Take one rule out of force."""
        self.rules = [rule for rule in self.rules if rule.id != rule_id]

    def reset(self) -> None:
        """No trouble at all."""
        self.rules = []

    def strike(self, partner: str, method: str, path: str) -> Rule | None:
        """The rule that strikes this request, counted down; None where all is well."""
        for rule in self.rules:
            if not rule.matches(partner, method, path):
                continue
            if rule.skip:
                rule.skip -= 1
                continue
            if rule.times is not None:
                rule.times -= 1
                if rule.times <= 0:
                    self.remove(rule.id)
            return rule
        return None
