"""The stand-in Autotask answers queries, and refuses them, as the real one does."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import pytest

from tests.sandbox.autotask_calls import EVERYTHING, call, errors, found, parsed, query
from tests.world import AutotaskDatabase, SandboxWorld


@pytest.fixture
def database(sandbox: SandboxWorld) -> AutotaskDatabase:
    return sandbox.create_autotask()


@pytest.fixture
def companies(database: AutotaskDatabase) -> list[int]:
    """Three companies: Ash (number A-1), Birch (no number, a UDF), Cedar (number C-3, inactive)."""
    database.delete("Companies", 0)
    return [
        database.add_company("Ash Ltd", companyNumber="A-1", createDate=datetime(2026, 1, 10, tzinfo=UTC)),
        database.add_company(
            "Birch & Sons",
            createDate=datetime(2026, 2, 10, tzinfo=UTC),
            userDefinedFields=[{"name": "XeroSync", "value": "No"}],
        ),
        database.add_company(
            "Cedar", companyNumber="C-3", isActive=False, createDate=datetime(2026, 3, 10, tzinfo=UTC)
        ),
    ]


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ({"op": "eq", "field": "companyName", "value": "ash ltd"}, [0]),
        ({"op": "noteq", "field": "companyNumber", "value": "A-1"}, [2]),
        ({"op": "beginsWith", "field": "companyName", "value": "bir"}, [1]),
        ({"op": "endsWith", "field": "companyName", "value": "SONS"}, [1]),
        ({"op": "contains", "field": "companyName", "value": "r"}, [1, 2]),
        ({"op": "exist", "field": "companyNumber"}, [0, 2]),
        ({"op": "notExist", "field": "companyNumber"}, [1]),
        ({"op": "in", "field": "companyName", "value": ["Cedar", "Ash Ltd"]}, [0, 2]),
        ({"op": "notIn", "field": "companyName", "value": ["Cedar"]}, [0, 1]),
        ({"op": "gt", "field": "createDate", "value": "2026-02-10T00:00:00Z"}, [2]),
        ({"op": "gte", "field": "createDate", "value": "2026-02-10"}, [1, 2]),
        ({"op": "lt", "field": "createDate", "value": "2026-02-10T13:00:00+13:00"}, [0]),
        ({"op": "lte", "field": "createDate", "value": "2026-02-10T00:00:00.000Z"}, [0, 1]),
        ({"op": "eq", "field": "isActive", "value": False}, [2]),
        ({"op": "eq", "field": "XeroSync", "udf": True, "value": "No"}, [1]),
        ({"OP": "EQ", "Field": "COMPANYNAME", "Value": "Cedar"}, [2]),
        (
            {
                "op": "or",
                "items": [
                    {"op": "eq", "field": "companyNumber", "value": "C-3"},
                    {
                        "op": "and",
                        "items": [
                            {"op": "eq", "field": "isActive", "value": True},
                            {"op": "notExist", "field": "companyNumber"},
                        ],
                    },
                ],
            },
            [1, 2],
        ),
    ],
)
def test_each_operator_finds_its_rows(
    database: AutotaskDatabase, companies: list[int], condition: dict[str, Any], expected: list[int]
) -> None:
    assert [row["id"] for row in found(database, "Companies", condition)] == [companies[i] for i in expected]


def test_conditions_beside_each_other_must_all_hold(database: AutotaskDatabase, companies: list[int]) -> None:
    both = found(
        database,
        "Companies",
        {"op": "exist", "field": "companyNumber"},
        {"op": "eq", "field": "isActive", "value": True},
    )
    assert [row["id"] for row in both] == companies[:1]


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ({}, "filter is required"),
        ({"filter": []}, "filter is required"),
        ({"filter": [EVERYTHING], "MaxRecords": 0}, "maxCountOfRecordsToReturn must be between 1 and 500"),
        ({"filter": [EVERYTHING], "MaxRecords": 501}, "maxCountOfRecordsToReturn must be between 1 and 500"),
        ({"filter": [{"op": "eq", "field": "name", "value": 1}]}, "Unable to find name in the Account Entity"),
        ({"filter": [EVERYTHING], "IncludeFields": ["name"]}, "Unable to find name in the Account Entity"),
        ({"filter": [{"op": "eq", "field": "companyType", "value": "Customer"}]}, "Conversion failed when converting"),
        ({"filter": [{"op": "eq", "field": "isActive", "value": "true"}]}, "not recognized as a valid Boolean"),
        ({"filter": [{"op": "eq", "field": "companyName", "value": None}]}, "cannot be null"),
        ({"filter": [{"op": "in", "field": "id", "value": []}]}, "needs a list"),
        ({"filter": [{"op": "in", "field": "id", "value": list(range(501))}]}, "limited to 500 or fewer 'OR'"),
        ({"filter": [{"op": "gte", "field": "createDate", "value": "yesterday"}]}, "converting date"),
        ({"filter": [{"op": "eq", "field": "Nope", "udf": True, "value": "x"}]}, "Unable to find Nope"),
        ({"filter": [{"op": "eq", "field": "XeroSync", "udf": True, "value": "x"}] * 2}, "one user-defined field"),
    ],
)
def test_a_wrong_query_is_refused_with_500(
    database: AutotaskDatabase, companies: list[int], body: dict[str, Any], text: str
) -> None:
    assert text in errors(call(database, "POST", "Companies/query", body))


@pytest.mark.parametrize(
    ("entity", "field"),
    [
        ("Invoices", "dueDate"),
        ("Invoices", "taxGroup"),
        ("BillingItems", "lineItemFullDescription"),
        ("BillingItems", "lineItemGroupDescription"),
    ],
)
def test_a_field_that_cannot_be_queried_is_refused(database: AutotaskDatabase, entity: str, field: str) -> None:
    assert "cannot be queried" in errors(query(database, entity, {"op": "exist", "field": field}))


def test_five_hundred_or_conditions_are_the_most(database: AutotaskDatabase) -> None:
    def either(count: int) -> dict[str, Any]:
        return {"op": "or", "items": [{"op": "eq", "field": "id", "value": i} for i in range(count)]}

    assert query(database, "Invoices", either(500)).status_code == 200
    assert "limited to 500" in errors(query(database, "Invoices", either(501)))


def test_an_unknown_operator_is_dropped_without_a_word_but_stands_in_the_ledger(
    sandbox: SandboxWorld, database: AutotaskDatabase, companies: list[int]
) -> None:
    assert len(found(database, "Companies", {"op": "ne", "field": "id", "value": companies[0]})) == 3
    assert [row["limit"] for row in sandbox.ledger().breaches] == ["unknown operator 'ne'"]


def test_contacts_take_no_boolean_for_their_integer_flag(database: AutotaskDatabase, companies: list[int]) -> None:
    assert len(found(database, "Contacts", {"op": "eq", "field": "isActive", "value": 1})) == 3
    assert "Unexpected character" in errors(
        query(database, "Contacts", {"op": "eq", "field": "isActive", "value": True})
    )


def test_only_the_fields_asked_for_are_there(database: AutotaskDatabase, companies: list[int]) -> None:
    rows = found(database, "Companies", EVERYTHING, IncludeFields=["id", "COMPANYNAME"])
    assert rows[0] == {"id": companies[0], "companyName": "Ash Ltd"}


def test_rows_come_in_ascending_order_and_page_by_page(database: AutotaskDatabase) -> None:
    company = database.add_company("Acme")
    database.bill_many([{"companyID": company, "items": []} for _ in range(7)])
    body = {"filter": [EVERYTHING], "MaxRecords": 3}
    first = parsed(call(database, "POST", "Invoices/query", body))
    assert [row["id"] for row in first["items"]] == [1001, 1002, 1003]
    assert first["pageDetails"]["count"] == 3
    assert first["pageDetails"]["requestCount"] == 3
    assert first["pageDetails"]["prevPageUrl"] is None
    next_path = first["pageDetails"]["nextPageUrl"].partition("/V1.0/")[2]
    second = parsed(call(database, "POST", next_path, body))
    assert [row["id"] for row in second["items"]] == [1004, 1005, 1006]
    last = parsed(call(database, "POST", second["pageDetails"]["nextPageUrl"].partition("/V1.0/")[2], body))
    assert [row["id"] for row in last["items"]] == [1007]
    assert last["pageDetails"]["nextPageUrl"] is None
    back = parsed(call(database, "POST", last["pageDetails"]["prevPageUrl"].partition("/V1.0/")[2], body))
    assert [row["id"] for row in back["items"]] == [1004, 1005, 1006]


def test_the_next_page_of_a_post_cannot_be_got(database: AutotaskDatabase) -> None:
    company = database.add_company("Acme")
    database.bill_many([{"companyID": company, "items": []} for _ in range(2)])
    page = parsed(query(database, "Invoices", EVERYTHING, MaxRecords=1))["pageDetails"]["nextPageUrl"]
    refused = call(database, "GET", page.partition("/V1.0/")[2])
    assert refused.status_code == 405
    assert refused.json() == {"Message": "The requested resource does not support http method 'GET'."}


def test_a_search_by_get_pages_by_get(database: AutotaskDatabase) -> None:
    company = database.add_company("Acme")
    database.bill_many([{"companyID": company, "items": []} for _ in range(2)])
    search = quote('{"filter":[{"op":"gte","field":"id","value":0}],"MaxRecords":1}')
    first = parsed(call(database, "GET", f"Invoices/query?search={search}"))
    second = parsed(call(database, "GET", first["pageDetails"]["nextPageUrl"].partition("/V1.0/")[2]))
    assert [row["id"] for row in first["items"] + second["items"]] == [1001, 1002]


def test_more_than_one_page_needs_the_id(database: AutotaskDatabase) -> None:
    company = database.add_company("Acme")
    database.bill_many([{"companyID": company, "items": []} for _ in range(2)])
    asked = query(database, "Invoices", EVERYTHING, MaxRecords=1, IncludeFields=["companyID"])
    assert "must contain id" in errors(asked)


def test_an_id_walk_meets_every_row_once(database: AutotaskDatabase) -> None:
    company = database.add_company("Acme")
    database.bill_many([{"companyID": company, "items": [{"rate": 1}] * 3} for _ in range(400)])
    seen: list[int] = []
    while page := found(database, "BillingItems", {"op": "gt", "field": "id", "value": seen[-1] if seen else 0}):
        seen += [row["id"] for row in page]
    assert len(seen) == len(set(seen)) == 1200
    counted = call(database, "POST", "BillingItems/query/count", {"filter": [EVERYTHING]})
    assert counted.json() == {"queryCount": 1200}


def test_one_query_finds_new_late_and_voided_invoices(database: AutotaskDatabase) -> None:
    company = database.add_company("Acme")
    old, voided, late, new = (
        database.bill(company, createDateTime=f"2026-0{month}-01T00:00:00Z")["id"] for month in (1, 2, 9, 3)
    )
    database.void(voided)
    rows = found(
        database,
        "Invoices",
        {
            "op": "or",
            "items": [
                {"op": "gt", "field": "id", "value": late},
                {"op": "gte", "field": "createDateTime", "value": "2026-08-01T00:00:00Z"},
                {"op": "gte", "field": "voidedDate", "value": "2026-08-01T00:00:00Z"},
            ],
        },
    )
    assert [row["id"] for row in rows] == [voided, late, new]
    assert old not in {row["id"] for row in rows}


def test_a_get_address_beyond_2048_characters_is_not_found(database: AutotaskDatabase) -> None:
    ids = ",".join(str(i) for i in range(600))
    search = f'{{"filter":[{{"op":"in","field":"id","value":[{ids}]}}]}}'
    assert call(database, "GET", f"Invoices/query?search={search}").status_code == 404


def test_paths_do_not_mind_their_case(sandbox: SandboxWorld, database: AutotaskDatabase) -> None:
    import requests

    url = f"{sandbox.base_url}/atservicesrest/v1.0/INVOICES/Query/Count"
    answer = requests.post(url, json={"filter": [EVERYTHING]}, headers=database.headers, timeout=30)
    assert answer.json() == {"queryCount": 0}


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "Nonsense/query", 404),
        ("GET", "Invoices", 405),
        ("DELETE", "Invoices/1001", 405),
        ("POST", "Invoices", 405),
        ("GET", "Invoices/1001/Nonsense", 404),
    ],
)
def test_an_unknown_address_or_verb_is_told(database: AutotaskDatabase, method: str, path: str, status: int) -> None:
    answer = call(database, method, path)
    assert answer.status_code == status
    assert "Message" in answer.json()


def test_a_body_that_is_not_json_is_refused(database: AutotaskDatabase) -> None:
    headers = {**database.headers, "Content-Type": "application/json"}
    assert "not valid JSON" in errors(call(database, "POST", "Invoices/query", headers=headers, data=b"{"))
    headers["Content-Type"] = "text/plain"
    assert call(database, "POST", "Invoices/query", headers=headers, data=b"{}").status_code == 415
