"""The month of billing that the demo starts with."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal

import pytest

from tests.sandbox.autotask_calls import EVERYTHING, call, found
from tests.world import Pair, Row, SandboxWorld

TODAY = "2026-11-20"
MISSION_CODES = {
    "no-valid-contact",
    "document-locked-by-payment",
    "invoice-not-modifiable",
    "currency-not-subscribed",
    "amounts-do-not-match",
    "no-line-items",
    "invalid-email",
    "invoice-number-empty",
}


@pytest.fixture
def pair(sandbox: SandboxWorld) -> Pair:
    return sandbox.pair()


@pytest.fixture
def month(sandbox: SandboxWorld, pair: Pair) -> Row:
    return sandbox.month(pair.autotask, pair.xero, seed=7, today=TODAY)


def cases(month: Row, code: str) -> list[Row]:
    return [case for case in month["faults"] if case["code"] == code]


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_month_is_big_enough_whatever_the_seed(sandbox: SandboxWorld, pair: Pair, seed: int) -> None:
    month = sandbox.month(pair.autotask, pair.xero, seed=seed)
    stuck = sum(len(case["documents"]) for case in month["faults"])
    assert month["companies"] >= 60
    assert month["documents"] - stuck >= 300
    assert month["credit_notes"] >= 20
    assert month["currencies"].keys() == {"NZD", "AUD", "GBP", "USD"}
    assert len(pair.autotask.rows("Invoices")) == month["documents"]


def test_the_same_seed_makes_the_same_month(sandbox: SandboxWorld) -> None:
    def amounts() -> list[tuple[str | None, Decimal]]:
        sandbox.reset()
        pair = sandbox.pair()
        sandbox.month(pair.autotask, pair.xero, seed=3, today=TODAY)
        return [(row["invoiceNumber"], row["invoiceTotal"]) for row in pair.autotask.rows("Invoices")]

    assert amounts() == amounts()


def test_every_fault_of_the_data_occurs_and_says_how_it_is_mended(month: Row) -> None:
    assert {case["code"] for case in month["faults"]} >= MISSION_CODES
    assert len(cases(month, "amounts-do-not-match")) == 4
    for case in month["faults"]:
        assert case["documents"]
        assert case["cause"]
        assert case["mend"]


def test_every_fault_of_the_network_comes_as_a_rule(month: Row, sandbox: SandboxWorld, pair: Pair) -> None:
    codes = {trouble["code"] for trouble in month["transient"]}
    assert codes == {"access-token-expired", "service-unavailable", "autotask-timeout", "xero-unreachable"}
    assert sandbox.call("GET", "/trouble") == []
    for trouble in month["transient"]:
        sandbox.call("POST", "/trouble", trouble["rule"])
    assert len(sandbox.call("GET", "/trouble")) == 4


def test_all_invoices_lie_within_the_four_weeks_before_today(month: Row, pair: Pair) -> None:
    moments = [row["createDateTime"] for row in pair.autotask.rows("Invoices")]
    assert moments == sorted(moments)
    assert "2026-10-23" < min(moments) < max(moments) < "2026-11-21"


def test_ordinary_invoices_are_the_sum_of_the_lines_that_can_be_seen(month: Row, pair: Pair) -> None:
    troubled = {document["autotask_id"] for case in month["faults"] for document in case["documents"]}
    sums: Counter[int] = Counter()
    last = 0
    while page := found(pair.autotask, "BillingItems", {"op": "gt", "field": "id", "value": last}):
        last = page[-1]["id"]
        for row in page:
            sums[row["invoiceID"]] += row["totalAmount"]
    for invoice in pair.autotask.rows("Invoices"):
        if invoice["id"] not in troubled and not invoice["isVoided"]:
            assert sums[invoice["id"]] == invoice["invoiceTotal"]


def test_hidden_lines_come_back_with_their_line_of_business(month: Row, pair: Pair, sandbox: SandboxWorld) -> None:
    (case,) = [case for case in cases(month, "amounts-do-not-match") if "line of business" in case["cause"]]
    invoice = case["documents"][0]

    def seen() -> Decimal:
        of_invoice = {"op": "eq", "field": "invoiceID", "value": invoice["autotask_id"]}
        return sum((row["totalAmount"] for row in found(pair.autotask, "BillingItems", of_invoice)), Decimal(0))

    assert invoice["total"] - seen() >= 3
    carry_out(sandbox, case)
    assert seen() == invoice["total"]


def test_a_taken_number_is_one_that_xero_has(month: Row, pair: Pair) -> None:
    for code, status in (
        ("document-locked-by-payment", "AUTHORISED"),
        ("invoice-not-modifiable", "VOIDED"),
        ("duplicate-number", "DRAFT"),
    ):
        (case,) = cases(month, code)
        assert pair.xero.invoice(case["documents"][0]["number"])["Status"] == status


def test_each_cause_can_be_mended_by_its_steps(month: Row, pair: Pair, sandbox: SandboxWorld) -> None:
    for case in month["faults"]:
        carry_out(sandbox, case)
    assert "USD" in [row["Code"] for row in pair.xero.rows("Currencies")]
    assert not any("(at)" in row["emailAddress"] for row in pair.autotask.rows("Contacts"))
    assert all(row["invoiceNumber"] for row in pair.autotask.rows("Invoices"))
    clashing = cases(month, "duplicate-number")[0]["documents"][0]["number"]
    assert clashing not in {row["InvoiceNumber"] for row in pair.xero.invoices()}


def test_each_cause_names_a_page_where_it_is_mended(month: Row, pair: Pair, sandbox: SandboxWorld) -> None:
    for case in month["faults"]:
        assert (case["page"] is None) == (not case["steps"] and "support desk" not in case["mend"])
        if case["page"]:
            assert sandbox.session.get(sandbox.base_url + case["page"], timeout=30).status_code == 200


def test_a_month_needs_a_line_of_business_to_hide(sandbox: SandboxWorld) -> None:
    database, organisation = sandbox.create_autotask(lines_of_business=[]), sandbox.create_xero()
    with pytest.raises(Exception, match="needs lines of business"):
        sandbox.month(database, organisation)


def test_strange_letters_survive_the_wire(month: Row, pair: Pair) -> None:
    arabic = {"op": "beginsWith", "field": "companyName", "value": "مؤسسة"}
    assert [row["companyName"] for row in found(pair.autotask, "Companies", arabic)] == ["مؤسسة النور للتجارة"]
    assert call(pair.autotask, "POST", "Companies/query/count", {"filter": [EVERYTHING]}).json()["queryCount"] > 60


def carry_out(sandbox: SandboxWorld, case: Row) -> None:
    for step in case["steps"]:
        sandbox.call(step["method"], step["path"], step["body"])


def test_a_locked_api_user_stops_another_sync_until_it_is_unlocked(sandbox: SandboxWorld, pair: Pair) -> None:
    body = {"autotask_database": pair.autotask.id, "xero_organisation": pair.xero.id}
    (case,) = sandbox.call("POST", "/scenario/stopped", body)["faults"]
    assert case["code"] == "sync-stopped"
    assert [row["id"] for row in pair.autotask.rows("Invoices")] == sorted(
        document["autotask_id"] for document in case["documents"]
    )
    assert call(pair.autotask, "POST", "Invoices/query", {"filter": [EVERYTHING]}).status_code == 401

    carry_out(sandbox, case)

    assert call(pair.autotask, "POST", "Invoices/query", {"filter": [EVERYTHING]}).status_code == 200
