"""A bare client of the Accounting API for the tests of the stand-in: no retries, no models, no opinions."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import requests

from tests.world import SandboxWorld, XeroOrganisation

Row = dict[str, Any]
EVERY_SCOPE = (
    "openid profile email offline_access accounting.invoices accounting.contacts accounting.settings "
    "accounting.payments accounting.attachments"
)


@dataclass
class XeroCaller:
    """One client with a token; ``call`` answers the raw response."""

    world: SandboxWorld
    organisation: XeroOrganisation
    token: str
    headers: Row = field(default_factory=dict)
    session: requests.Session = field(default_factory=requests.Session)

    def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        headers: Mapping[str, str | None] | None = None,
        **query: Any,
    ) -> requests.Response:
        """One call below ``/api.xro/2.0``; ``body`` is JSON or raw bytes."""
        sent: dict[str, str | None] = {
            "Authorization": f"Bearer {self.token}",
            "xero-tenant-id": self.organisation.id,
            "Accept": "application/json",
            "Content-Type": "application/json",
            **(headers or {}),
        }
        return self.session.request(
            method,
            f"{self.world.base_url}/api.xro/2.0{path}",
            params={name: str(value) for name, value in query.items()},
            data=body if body is None or isinstance(body, bytes) else json.dumps(body, default=str),
            headers={name: value for name, value in sent.items() if value is not None},
            timeout=30,
        )

    def rows(self, path: str, **query: Any) -> list[Row]:
        """The rows of a successful ``GET``."""
        answer = self.call("GET", path, **query)
        assert answer.status_code == 200, answer.text
        return rows_of(answer)

    def write(self, method: str, endpoint: str, *elements: Row, **query: Any) -> list[Row]:
        """The elements as they are echoed, with ``summarizeErrors=false``."""
        body = {endpoint.partition("/")[0]: list(elements)}
        answer = self.call(method, f"/{endpoint}", body, **{"summarizeErrors": "false", "unitdp": 4, **query})
        assert answer.status_code == 200, answer.text
        return rows_of(answer)

    def put_invoice(self, **fields: Any) -> Row:
        """One invoice, created or refused."""
        return self.write("PUT", "Invoices", invoice(**fields))[0]

    def put_credit_note(self, **fields: Any) -> Row:
        """One credit note, created or refused."""
        fields = {"Type": "ACCRECCREDIT", "DueDate": None, **fields}
        return self.write("PUT", "CreditNotes", invoice(**fields))[0]

    def post_invoice(self, **fields: Any) -> Row:
        """One upsert, of just these fields."""
        return self.write("POST", "Invoices", fields)[0]

    def put_contact(self, name: str, **fields: Any) -> Row:
        """One contact, created or refused."""
        return self.write("PUT", "Contacts", {"Name": name, **fields})[0]


def caller(world: SandboxWorld, organisation: XeroOrganisation, scopes: str = EVERY_SCOPE) -> XeroCaller:
    """A client with a fresh token for these scopes."""
    return XeroCaller(world, organisation, organisation.grant(scopes=scopes)["access_token"])


def line(**fields: Any) -> Row:
    """A line of 100.00 on the sales account."""
    return {"Description": "Managed services", "Quantity": 1, "UnitAmount": "100.00", "AccountCode": "200", **fields}


def invoice(**fields: Any) -> Row:
    """A draft sales invoice of one line; a field that is None is left out."""
    body = {
        "Type": "ACCREC",
        "Contact": {"Name": "Acme"},
        "Date": "2026-11-02",
        "DueDate": "2026-11-20",
        "LineItems": [line()],
        **fields,
    }
    return {name: value for name, value in body.items() if value is not None}


def rows_of(answer: requests.Response) -> list[Row]:
    """The one list of an envelope."""
    envelope = parsed(answer)
    (rows,) = (value for value in envelope.values() if isinstance(value, list))
    found: list[Row] = rows
    return found


def parsed(answer: requests.Response) -> Row:
    """JSON with Decimals."""
    envelope: Row = json.loads(answer.text, parse_float=Decimal)
    return envelope


def texts(element: Row) -> list[str]:
    """The messages of an element's own ``ValidationErrors``."""
    return [row["Message"] for row in element.get("ValidationErrors", [])]
