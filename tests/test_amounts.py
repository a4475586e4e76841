"""The amount check: what is sent, what is stopped, and the diagnosis that goes with it."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from faults.problems import NeedsPerson, SyncProblem, Transient
from syncing.amounts import AmountCheck, check, sample, tell_total_is
from syncing.rules import Rules
from syncing.source import SourceInvoice
from syncing.translate import translate
from tests.billing import NOW, make_item, make_rules, make_source


def checked(source: SourceInvoice, rules: Rules | None = None) -> AmountCheck:
    rules = rules or make_rules()
    document = translate(source, rules).document
    assert document is not None
    return check(source, document, rules)


def problem_of(source: SourceInvoice, rules: Rules | None = None) -> SyncProblem:
    problem = checked(source, rules).problem
    assert problem is not None
    assert (problem.code, problem.subject) == ("amounts-do-not-match", "invoice 155")
    return problem


def hidden(total: str, *visible: str, **invoice: Any) -> SourceInvoice:
    """An invoice of `total` net of which only some lines can be seen."""
    fields = {"total": total, "tax": str(Decimal(total) * Decimal("0.15"))}
    return make_source(*[make_item(amount) for amount in visible], invoice={**fields, **invoice})


COMBINED = make_item("35.00", quantity="-2", rate="10.00", name="Workstations, two changes")


# ---- the limit


def test_equal_amounts_pass_without_a_word() -> None:
    found = checked(make_source(make_item("100.00"), make_item("15.50")))
    assert (found.difference, found.problem, found.notices) == (Decimal(0), None, ())
    assert (found.expected, found.computed, found.compared) == (Decimal("132.83"), Decimal("132.83"), "gross")


@pytest.mark.parametrize("total", ["102.99", "97.01"])
def test_a_rounding_difference_below_the_limit_is_sent_and_noted(total: str) -> None:
    rules = make_rules(tax_mapping=False)
    found = checked(make_source(make_item("100.00"), invoice={"total": total}), rules)
    assert found.problem is None
    assert found.difference == Decimal("2.99")
    assert found.notices == ("Xero’s total differs from Autotask’s by 2.99 NZD of rounding.",)


@pytest.mark.parametrize("total", ["103.00", "97.00"])
def test_a_difference_of_the_limit_stops_the_invoice(total: str) -> None:
    source = make_source(make_item("100.00"), invoice={"total": total})
    problem = problem_of(source, make_rules(tax_mapping=False))
    assert isinstance(problem, NeedsPerson)
    assert problem.detail == f"Autotask’s total is {total} NZD, Xero’s would be 100.00 NZD."
    assert problem.evidence["difference"] == "3.00"


def test_the_limit_is_the_installations() -> None:
    source = make_source(make_item("100.00"), invoice={"total": "100.50"})
    rules = make_rules(tax_mapping=False, max_rounding_difference=Decimal("0.50"))
    assert checked(source, rules).problem is not None


def test_a_credit_note_is_compared_with_its_sign() -> None:
    found = checked(make_source(make_item("-100.00")))
    assert (found.expected, found.computed, found.problem) == (Decimal("-115.00"), Decimal("-115.00"), None)
    assert checked(make_source(make_item("-100.00"), invoice={"total": "100.00", "tax": "15.00"})).problem is not None


def test_totals_of_four_decimals_are_compared_to_the_cent() -> None:
    found = checked(make_source(make_item("52.7775", tax="11.0833"), invoice={"total": "52.7775", "tax": "11.0833"}))
    assert found.expected == Decimal("63.86")


# ---- like with like


@pytest.mark.parametrize("tax_mapping", [True, False])
@pytest.mark.parametrize(
    ("total_is", "total"), [("net", "100.00"), ("gross", "115.00"), (None, "100.00"), (None, "115.00")]
)
def test_net_is_compared_with_net_and_gross_with_gross(total_is: str | None, total: str, tax_mapping: bool) -> None:
    source = make_source(make_item("100.00"), invoice={"total": total, "tax": "15.00"})
    found = checked(source, make_rules(total_is=total_is, tax_mapping=tax_mapping))
    assert (found.problem, found.difference) == (None, Decimal(0))
    assert found.total_is == (total_is or ("net" if total == "100.00" else "gross"))
    assert found.compared == ("gross" if tax_mapping else "net")
    assert (found.tax_difference is None) is not tax_mapping


def test_a_wrong_tax_rate_stops_the_invoice_where_tax_is_mapped() -> None:
    source = make_source(make_item("100.00", tax="10.00"))
    assert problem_of(source).evidence["computed"] == "115.00"
    assert checked(source, make_rules(tax_mapping=False)).problem is None


def test_a_tax_that_makes_up_for_missing_money_does_not_hide_it() -> None:
    source = make_source(make_item("100.00", tax="15.00"), invoice={"total": "115.00", "tax": "0"})
    problem = problem_of(source, make_rules(total_is="net"))
    assert (problem.evidence["compared"], problem.evidence["difference"]) == ("net", "15.00")


def test_whether_totals_are_net_or_gross_is_told_from_the_accounts_invoices() -> None:
    def of(total: str, tax: str = "15.00", *amounts: str) -> SourceInvoice:
        return make_source(
            *[make_item(amount) for amount in amounts or ("100.00",)], invoice={"total": total, "tax": tax}
        )

    net, gross, silent, partial = of("100.00"), of("115.00"), of("100.00", "0"), of("100.00", "15.00", "60.00")
    assert tell_total_is([sample(net)]) == "net"
    assert tell_total_is([sample(gross), sample(gross), sample(net)]) == "gross"
    assert tell_total_is([sample(silent), sample(partial)]) is None
    assert tell_total_is([sample(net), sample(gross)]) is None
    assert tell_total_is([]) is None


# ---- young invoices


@pytest.mark.parametrize(("age", "wait"), [(5, 115), (121, 479), (600, None), (6000, None)])
def test_a_young_invoice_is_fetched_again_before_it_is_judged(age: int, wait: int | None) -> None:
    problem = problem_of(hidden("100.00", "60.00", created_at=NOW - timedelta(seconds=age)))
    assert isinstance(problem, NeedsPerson if wait is None else Transient)
    assert problem.retry_after == wait


def test_without_a_time_of_creation_an_invoice_counts_as_old() -> None:
    assert isinstance(problem_of(hidden("100.00", "60.00", created_at=None)), NeedsPerson)


# ---- combined adjustments


def test_a_combined_adjustment_is_a_mismatch() -> None:
    problem = problem_of(make_source(make_item("100.00"), COMBINED))
    assert (problem.evidence["computed_net"], problem.evidence["expected"]) == ("80.00", "155.25")


def test_however_small_it_is() -> None:
    source = make_source(make_item("100.00"), make_item("-19.99", quantity="-2", rate="10.00"))
    found = checked(source)
    assert found.difference < 3
    assert found.problem is not None


def test_even_where_two_of_them_make_up_for_each_other() -> None:
    items = make_item("-19.00", quantity="-2", rate="10.00"), make_item("-21.00", quantity="-2", rate="10.00")
    found = checked(make_source(make_item("100.00"), *items))
    assert found.difference == 0
    assert found.problem is not None
    assert found.problem.detail == "Lines with a negative quantity would not have their amounts in Xero."


def test_with_service_adjustment_support_it_passes() -> None:
    found = checked(make_source(make_item("100.00"), COMBINED), make_rules(service_adjustments=True))
    assert (found.problem, found.difference) == (None, Decimal(0))


# ---- the diagnosis


def causes(problem: SyncProblem) -> list[tuple[str, bool]]:
    return [(each["cause"], each["fits"]) for each in problem.evidence["diagnosis"]]


def test_missing_lines_are_told_by_their_sums() -> None:
    problem = problem_of(hidden("100.00", "60.00", "0.50"))
    assert causes(problem) == [
        ("lines_missing", True),
        ("unfinished_billing_run", True),
        ("service_adjustments", False),
    ]
    evidence = problem.evidence["diagnosis"][0]
    assert (evidence["sum_seen"], evidence["sum_missing"], evidence["lines_seen"]) == ("60.50", "39.50", 2)


def test_the_lines_of_business_that_are_seen_are_named() -> None:
    items = [make_item("60.00", organizational_level_association_id=key) for key in (1, 1, None)]
    source = make_source(*items, invoice={"total": "300.00", "tax": "45.00"})
    names = {1: "Cloud", 2: "Print"}
    evidence = problem_of(source, make_rules(lines_of_business=names)).evidence["diagnosis"][0]
    assert evidence["lines_of_business_seen"] == [
        {"id": 1, "name": "Cloud", "lines": 2},
        {"id": None, "name": "", "lines": 1},
    ]
    assert evidence["api_user_lines_of_business"] is None

    lacking = make_rules(lines_of_business=names, api_user_lines_of_business=frozenset({1}))
    evidence = problem_of(source, lacking).evidence["diagnosis"][0]
    assert (evidence["api_user_lines_of_business"], evidence["other_lines_of_business"]) == (["Cloud"], ["Print"])


def test_an_api_user_with_every_line_of_business_points_to_the_billing_run() -> None:
    names = {1: "Cloud", 2: "Print"}
    rules = make_rules(lines_of_business=names, api_user_lines_of_business=frozenset(names))
    assert causes(problem_of(hidden("100.00", "60.00"), rules))[0] == ("unfinished_billing_run", True)


def test_service_adjustment_support_is_proven_by_translating_with_it() -> None:
    problem = problem_of(make_source(make_item("100.00"), COMBINED))
    assert causes(problem) == [
        ("service_adjustments", True),
        ("lines_missing", False),
        ("unfinished_billing_run", False),
    ]
    evidence = problem.evidence["diagnosis"][0]
    assert (evidence["total_with_support"], evidence["difference_with_support"]) == ("135.00", "0.00")
    (line,) = evidence["negative_lines"]
    assert (line["quantity"], line["total_amount"], line["amount_in_xero"]) == ("-2", "35.00", "-20.00")


def test_support_is_not_proposed_where_it_would_not_make_the_totals_meet() -> None:
    source = make_source(make_item("100.00"), COMBINED, invoice={"total": "300.00", "tax": "45.00"})
    assert causes(problem_of(source)) == [
        ("lines_missing", True),
        ("unfinished_billing_run", True),
        ("service_adjustments", False),
    ]


def test_nor_where_it_is_on_already() -> None:
    source = make_source(make_item("100.00"), COMBINED, invoice={"total": "300.00", "tax": "45.00"})
    problem = problem_of(source, make_rules(service_adjustments=True))
    assert problem.evidence["diagnosis"][-1]["supported_now"] is True
    assert ("service_adjustments", False) in causes(problem)


# ---- the tax guard


def guarded(tax: str, guard: str) -> AmountCheck:
    return checked(make_source(make_item("100.00", tax=tax)), make_rules(tax_guard=guard))


def test_the_tax_guard_warns_or_stops() -> None:
    assert guarded("14.50", "off").problem is None
    warned = guarded("14.50", "warn")
    assert warned.problem is None
    assert "Autotask’s tax is 14.50, Xero’s would be 15.00." in warned.notices
    stopped = guarded("14.50", "stop").problem
    assert isinstance(stopped, NeedsPerson)
    assert stopped.evidence["tax_guard"] is True


def test_the_tax_guard_allows_for_a_rounded_cent_on_each_line() -> None:
    assert guarded("14.99", "stop").problem is None
    assert guarded("14.98", "stop").problem is not None


# ---- the rounding line


def test_a_rounding_line_closes_the_difference() -> None:
    source = make_source(make_item("1141.39", tax="114.14"), make_item("34.25", tax="3.42"), invoice={"tax": "117.56"})
    rules = make_rules(rounding_line=True, tax_types={(1, None): "TAX001"})
    found = checked(source, rules)
    assert found.difference == Decimal("0.01")
    line = found.document.lines[-1]
    assert (line.unit_amount, line.account_code, line.tax_type) == (Decimal("-0.01"), "860", "NONE")
    assert found.document.total == Decimal("1293.20")
    assert found.notices == (
        "Xero’s total differs from Autotask’s by 0.01 NZD of rounding, closed with a rounding line.",
    )


def test_on_a_credit_note_it_has_the_sign_of_the_credit_note() -> None:
    source = make_source(make_item("-100.00", tax="-15.02"))
    found = checked(source, make_rules(rounding_line=True))
    assert found.document.lines[-1].unit_amount == Decimal("0.02")
    assert found.document.total == Decimal("115.02")


def test_without_a_rounding_account_or_the_wish_there_is_none() -> None:
    source = make_source(make_item("100.00", tax="15.02"))
    assert len(checked(source).document.lines) == 1
    assert len(checked(source, make_rules(rounding_line=True, accounts={})).document.lines) == 1


def test_a_rounding_line_makes_no_total_negative() -> None:
    source = make_source(make_item("0.00"), invoice={"total": "-0.01", "tax": "0"})
    assert len(checked(source, make_rules(rounding_line=True)).document.lines) == 1
