"""The API as a program sees it. Every answer is held against the API's own description of itself."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from itertools import count
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone
from drf_spectacular.generators import SchemaGenerator
from jsonschema import Draft202012Validator

from faults.models import Fault
from syncing.models import Blocker, Document
from tenants.api_tokens import create_token
from tenants.models import Account
from tenants.scope import account_scope

_ids = count(10_000_000)  # far from those of the sandbox


class Api:
    """Requests with a token of one account. `call` answers with the status and the parsed body."""

    def __init__(self, account: Account, scope: str = "write") -> None:
        self.account = account
        self.token, self.secret = create_token(account, "A program", scope, None)
        self.client = Client(headers={"Authorization": f"Token {self.secret}"})

    def get(self, path: str, **query: Any) -> tuple[int, Any]:
        return self.call("GET", path, query=query)

    def post(self, path: str, body: Any = None) -> tuple[int, Any]:
        return self.call("POST", path, body)

    def put(self, path: str, body: Any) -> tuple[int, Any]:
        return self.call("PUT", path, body)

    def patch(self, path: str, body: Any) -> tuple[int, Any]:
        return self.call("PATCH", path, body)

    def call(self, method: str, path: str, body: Any = None, query: Mapping[str, Any] | None = None) -> tuple[int, Any]:
        content = {} if body is None else {"data": json.dumps(body), "content_type": "application/json"}
        answer = self.client.generic(
            method,
            f"/api/v1{path}",
            **content,
            query_params={name: str(value) for name, value in (query or {}).items()},
        )
        return answer.status_code, checked(method, f"/api/v1{path}", answer)


def checked(method: str, path: str, answer: HttpResponse) -> Any:
    """The parsed body, once it is what the description says of it."""
    body = json.loads(answer.content)
    schema = description()
    if answer.status_code >= 400:
        assert answer["Content-Type"] == "application/problem+json"
        assert body["status"] == answer.status_code
        expected = {"$ref": "#/components/schemas/Problem"}
    else:
        assert answer["Content-Type"] == "application/json"
        expected = response_schema(method, path, answer.status_code)
    Draft202012Validator({**expected, "components": schema["components"]}).validate(body)
    return body


def response_schema(method: str, path: str, status: int) -> dict[str, Any]:
    for template, operations in description()["paths"].items():
        if re.fullmatch(re.sub(r"\{\w+\}", r"\\d+", template), path) and method.lower() in operations:
            found: dict[str, Any] = operations[method.lower()]["responses"][str(status)]["content"]["application/json"]
            return dict(found["schema"])
    raise AssertionError(f"{method} {path} is not described.")


@cache
def description() -> dict[str, Any]:
    schema = SchemaGenerator().get_schema(public=True)
    return dict(json.loads(json.dumps(schema, cls=DjangoJSONEncoder)))


def pointers(problem: Mapping[str, Any]) -> dict[str, str]:
    """The errors of a problem: where, and its code."""
    return {error.get("pointer") or error["parameter"]: error["code"] for error in problem["errors"]}


def make_document(account: Account, **fields: Any) -> Document:
    """A document that waits, or as the fields say; of an id of its own."""
    with account_scope(account.id):
        return Document.objects.create(
            account=account, **{"kind": Document.Kind.INVOICE, "autotask_id": next(_ids), **fields}
        )


def make_fault(
    account: Account, *documents: Document, code: str = "currency-not-subscribed", subject: str = "USD", **fields: Any
) -> Fault:
    """A fault, open unless the fields say otherwise, with these documents behind it."""
    now = timezone.now()
    times = {"first_seen": now, "opened_at": now, "last_seen": now, "times_seen": 1}
    with account_scope(account.id):
        fault = Fault.objects.create(
            account=account, code=code, subject=subject, **{"state": Fault.State.OPEN, **times, **fields}
        )
        Blocker.objects.bulk_create(Blocker(account=account, document=document, fault=fault) for document in documents)
    return fault


@contextmanager
def queries() -> Iterator[list[str]]:
    """The statements made inside, without those of savepoints."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    made: list[str] = []
    with CaptureQueriesContext(connection) as captured:
        yield made
    made.extend(query["sql"] for query in captured if "SAVEPOINT" not in query["sql"])
