"""Our requests against the partner's own description of its API, where that is at hand."""

import json
from dataclasses import is_dataclass
from pathlib import Path
from typing import Any

import pytest

from syncing.autotask import records
from syncing.autotask.query import any_of, eq, exists, gt, in_, not_exists
from syncing.autotask.records import wire_names

SPECS = Path(__file__).resolve().parents[2] / "shared" / "specs"
RECORD_TYPES = [
    kind for kind in vars(records).values() if isinstance(kind, type) and is_dataclass(kind) and hasattr(kind, "ENTITY")
]


def spec(name: str) -> Any:
    if not (SPECS / name).exists():
        pytest.skip(f"the partner's description, {name}, is not beside the project")
    return json.loads((SPECS / name).read_text())


def model_of(swagger: Any, entity: str) -> dict[str, Any] | None:
    """The fields of the records that a search for `entity` answers; None where the description leaves it out."""
    path = swagger["paths"].get(f"/V1.0/{entity}/query")
    if path is None:
        return None
    result = swagger["definitions"][_name(path["post"]["responses"]["200"]["schema"])]
    model = swagger["definitions"][_name(result["properties"]["items"]["items"])]
    fields: dict[str, Any] = model["properties"]
    return fields


def _name(schema: Any) -> str:
    return str(schema["$ref"]).removeprefix("#/definitions/")


@pytest.mark.parametrize("record_type", RECORD_TYPES, ids=lambda kind: kind.__name__)
def test_every_field_that_we_ask_for_exists(record_type: Any) -> None:
    fields = model_of(spec("autotask_swagger.json"), record_type.ENTITY)
    if fields is None:
        pytest.skip(f"the description at hand leaves {record_type.ENTITY} out")
    assert set(wire_names(record_type).values()) <= set(fields)


def test_a_filter_has_the_described_form() -> None:
    described = spec("autotask_swagger.json")["definitions"]["Filter"]["properties"]
    written = any_of(gt("id", 5), eq("X", "y", udf=True), in_("id", [1]), exists("a"), not_exists("b")).as_json()
    waiting = [written]
    while waiting:
        one = waiting.pop()
        assert set(one) <= set(described)
        waiting += one.get("items", [])


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("get", "/V1.0/ZoneInformation"),
        ("get", "/V1.0/ThresholdInformation"),
        ("post", "/V1.0/Invoices/query"),
        ("post", "/V1.0/Invoices/query/count"),
        ("patch", "/V1.0/Invoices"),
        ("get", "/V1.0/Invoices/entityInformation"),
        ("get", "/V1.0/Invoices/entityInformation/fields"),
    ],
)
def test_every_address_that_we_call_exists(method: str, path: str) -> None:
    assert method in spec("autotask_swagger.json")["paths"][path]
