"""One request to the sandbox's control API."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import requests

Row = dict[str, Any]


class ControlError(Exception):
    """The sandbox refused a control request: status and its words."""


class Control:
    """A running sandbox's control API. `base_url` is the sandbox's root, e.g. ``http://localhost:8091``."""

    def __init__(self, base_url: str) -> None:
        self.base_url = base_url.rstrip("/")
        self.session = requests.Session()
        self.session.trust_env = False

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


def _plain(value: Any) -> str:
    if isinstance(value, Decimal):
        return str(value)
    if hasattr(value, "isoformat"):
        return str(value.isoformat())
    raise TypeError(f"{type(value).__name__} has no JSON form")
