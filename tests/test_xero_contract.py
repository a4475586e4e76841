"""Our requests against Xero's own description of its API, where that is at hand."""

from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import yaml

from syncing.xero.client import XeroClient
from syncing.xero.contact_search import find_contacts
from syncing.xero.documents import encode
from syncing.xero.oauth import SCOPES
from tests.world import SandboxWorld
from tests.xero import Tokens

SPEC = Path(__file__).resolve().parents[2] / "shared" / "specs" / "xero_accounting.yaml"
ROOT = "/api.xro/2.0"
pytestmark = pytest.mark.skipif(not SPEC.exists(), reason=f"the partner's description, {SPEC.name}, is not at hand")

ID = "5b5a1f5e-0000-4000-8000-000000000001"

CALLS: dict[str, Callable[[XeroClient], Any]] = {
    "organisation": lambda client: client.organisation(),
    "accounts": lambda client: client.accounts(),
    "tax rates": lambda client: client.tax_rates(),
    "currencies": lambda client: client.currencies(),
    "branding themes": lambda client: client.branding_themes(),
    "tracking categories": lambda client: client.tracking_categories(),
    "contacts": lambda client: list(client.contacts()),
    "contacts by ids": lambda client: client.contacts_by_ids([ID]),
    "find contacts": lambda client: find_contacts(client, numbers=["AT-1-1"], names=['The "Best"']),
    "save contacts": lambda client: client.save_contacts([{"Name": "Acme"}], create_only=True),
    "update contacts": lambda client: client.save_contacts([{"Name": "Acme"}], create_only=False),
    "invoices by ids": lambda client: client.invoices_by_ids([ID]),
    "invoices by numbers": lambda client: client.invoices_by_numbers(["A", "B,C"]),
    "invoices of ours": lambda client: client.invoices_by_app_since(datetime(2026, 11, 1, tzinfo=UTC)),
    "credit notes by ids": lambda client: client.credit_notes_by_ids([ID]),
    "credit notes by numbers": lambda client: client.credit_notes_by_numbers(["CN-1"]),
    "create invoices": lambda client: write(client, "Invoices", "PUT"),
    "update invoices": lambda client: write(client, "Invoices", "POST"),
    "create credit notes": lambda client: write(client, "CreditNotes", "PUT"),
    "update credit notes": lambda client: write(client, "CreditNotes", "POST"),
}


def write(client: XeroClient, endpoint: str, method: str) -> Any:
    return client.write(endpoint, method, encode([{"Type": "ACCREC"}], endpoint), str(uuid4()))


@cache
def spec() -> dict[str, Any]:
    described: dict[str, Any] = yaml.load(SPEC.read_text(), Loader=yaml.CSafeLoader)
    return described


def operation(method: str, path: str) -> dict[str, Any]:
    """What the description says of this request; one with a variable part where no plain path fits."""
    paths = spec()["paths"]
    inside = path.removeprefix(ROOT)
    plain = paths.get(inside, {}).get(method.lower())
    first = inside.split("/")[1]
    variable = [known for known in paths if known.startswith(f"/{first}/{{") and known.count("/") == 2]
    found: dict[str, Any] = plain or next(paths[known][method.lower()] for known in variable)
    return found


def parameters(described: dict[str, Any]) -> set[str]:
    components = spec()["components"]["parameters"]
    resolved = [components[one["$ref"].rpartition("/")[2]] if "$ref" in one else one for one in described["parameters"]]
    return {one["name"] for one in resolved if one["in"] == "query"}


@pytest.mark.parametrize("name", CALLS)
def test_every_call_has_the_described_address_and_parameters(name: str, sandbox: SandboxWorld) -> None:
    organisation = sandbox.create_xero()
    CALLS[name](XeroClient(organisation.id, Tokens(organisation)))
    sent = sandbox.ledger("xero", organisation=organisation.id).requests
    assert sent
    for row in sent:
        described = parameters(operation(row["method"], row["path"])) if row["query"] else set()
        assert {pair.partition("=")[0] for pair in row["query"].split("&") if pair} <= described


def test_no_call_needs_a_scope_that_is_not_asked_for(sandbox: SandboxWorld) -> None:
    organisation = sandbox.create_xero()
    client = XeroClient(organisation.id, Tokens(organisation, scopes=list(SCOPES)))
    for call in CALLS.values():
        call(client)
