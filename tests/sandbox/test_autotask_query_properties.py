"""Whatever is asked, the stand-in Autotask's indexes find what a look at every row would; nothing fells it."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.autotask import billing, query, standard
from sandbox.autotask.entities import ENTITIES
from sandbox.autotask.refusals import Refusal
from sandbox.autotask.store import Autotask, Database
from sandbox.clock import Clock

INVOICES = ENTITIES["invoices"]
DAYS = [f"2026-11-{day:02d}T00:00:00Z" for day in range(1, 12)]

COMPARISON = st.sampled_from(["eq", "noteq", "gt", "gte", "lt", "lte"])


def leaf(field: str, values: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    one = st.fixed_dictionaries({"op": COMPARISON, "field": st.just(field), "value": values})
    several = st.fixed_dictionaries(
        {
            "op": st.sampled_from(["in", "notIn"]),
            "field": st.just(field),
            "value": st.lists(values, min_size=1, max_size=4),
        }
    )
    presence = st.fixed_dictionaries({"op": st.sampled_from(["exist", "notExist"]), "field": st.just(field)})
    return one | several | presence


CONDITIONS = st.recursive(
    leaf("id", st.integers(999, 1014))
    | leaf("companyID", st.integers(174, 178))
    | leaf("createDateTime", st.sampled_from(DAYS))
    | leaf("voidedDate", st.sampled_from(DAYS))
    | leaf("invoiceNumber", st.sampled_from(["1085", "1090", "x"]))
    | leaf("invoiceTotal", st.decimals(0, 12, places=2).map(str)),
    lambda inner: st.fixed_dictionaries(
        {"op": st.sampled_from(["and", "or"]), "items": st.lists(inner, min_size=1, max_size=3)}
    ),
    max_leaves=6,
)
JUNK = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=8)
    | st.sampled_from(["or", "in", "id", "eq", "filter"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["op", "field", "value", "items", "udf", "filter", "x"]), inner, max_size=4)
    ),
    max_leaves=12,
)


@pytest.fixture(scope="module")
def database() -> Database:
    database = Autotask(Clock()).create(name="Any", username="u", secret="s", integration_code="c")
    standard.fill(database)
    companies = [
        database.table("Companies").insert(standard.company_fields(database, {"companyName": name}))["id"]
        for name in ("Ash", "Birch", "Cedar")
    ]
    for order in range(12):
        created = DAYS[(order * 5) % len(DAYS)]
        row = billing.bill(database, companies[order % 3], [{"rate": order}], createDateTime=created)
        if order % 4 == 0:
            database.table("Invoices").change(row["id"], {"isVoided": True, "voidedDate": DAYS[order % 7]})
    return database


@given(conditions=st.lists(CONDITIONS, min_size=1, max_size=3), after=st.integers(-1, 1014))
def test_an_index_finds_what_a_look_at_every_row_finds(
    database: Database, conditions: list[dict[str, Any]], after: int
) -> None:
    asked = query.parse(INVOICES, (), {"filter": conditions})
    table = database.table("Invoices")
    quick = [row["id"] for row in asked.matches(table, lambda _: True, after)]
    slow = [row_id for row_id in table.ids if row_id > after and asked.condition.test(table.rows[row_id])]
    assert quick == slow


@given(body=st.fixed_dictionaries({"filter": st.lists(JUNK, max_size=3)}) | JUNK)
def test_nonsense_is_refused_and_nothing_else(database: Database, body: Any) -> None:
    with suppress(Refusal):
        list(query.parse(INVOICES, (), body).matches(database.table("Invoices"), lambda _: True))
