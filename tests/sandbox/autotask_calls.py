"""Calls of the sandbox's Autotask as any client would make them."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import requests

from tests.world import AutotaskDatabase

EVERYTHING = {"op": "gte", "field": "id", "value": 0}


def call(database: AutotaskDatabase, method: str, path: str, body: Any = None, **options: Any) -> requests.Response:
    """One authenticated call of a path below ``V1.0/``."""
    options.setdefault("headers", database.headers)
    return requests.request(method, f"{database.zone_url}V1.0/{path}", json=body, timeout=30, **options)


def query(database: AutotaskDatabase, entity: str, *conditions: Any, **body: Any) -> requests.Response:
    """A POST query with these conditions (all rows where there is none)."""
    return call(database, "POST", f"{entity}/query", {"filter": list(conditions or (EVERYTHING,)), **body})


def found(database: AutotaskDatabase, entity: str, *conditions: Any, **body: Any) -> list[dict[str, Any]]:
    """The rows of the first page."""
    response = query(database, entity, *conditions, **body)
    assert response.status_code == 200, response.text
    items: list[dict[str, Any]] = parsed(response)["items"]
    return items


def parsed(response: requests.Response) -> Any:
    return json.loads(response.text, parse_float=Decimal)


def errors(response: requests.Response) -> str:
    """The text of a refusal, which has to be a 500 with ``errors``."""
    assert response.status_code == 500, response.text
    return " ".join(response.json()["errors"])
