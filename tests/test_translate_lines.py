"""One billing item, one line: amount, account, tax, tracking, item, words; and where lines are put together."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from syncing.autotask.records import BillingItem
from syncing.rules import Rules
from syncing.source import SourceInvoice
from syncing.translate import Translation, translate
from syncing.xero.documents import Tracking, XeroLine
from tests.billing import (
    EXPORT,
    HARDWARE,
    LABOUR,
    NEW_ZEALAND,
    REDUCED,
    make_company,
    make_item,
    make_rules,
    make_source,
)


def lines_of(*items: BillingItem, rules: Rules | None = None, **around: Any) -> tuple[XeroLine, ...]:
    made = translate(make_source(*items, **around), rules or make_rules())
    assert made.document is not None
    return made.document.lines


def only_line(item: BillingItem, rules: Rules | None = None, **around: Any) -> XeroLine:
    (line,) = lines_of(item, rules=rules, **around)
    return line


def codes(made: Translation) -> list[tuple[str, str]]:
    return [(problem.code, problem.subject) for problem in made.problems]


# ---- amounts


@pytest.mark.parametrize(
    ("quantity", "rate", "total", "sent"),
    [
        ("3", "41.15", "123.45", ("3", "41.15")),
        ("3.175", "100.00", "317.50", ("3.175", "100.00")),
        ("2.5", "0.1234", "0.31", ("2.5", "0.1234")),
        ("1", "52.7775", "52.7775", ("1", "52.7775")),
        ("3.175", "100.00", "0", ("1", "0")),  # block hours
        ("10", "99.00", "891.00", ("1", "891.00")),  # a discount
        ("0.33333", "300.00", "100.00", ("1", "100.00")),  # more decimals than Xero's quantity
        ("1000", "0.12345", "123.45", ("1", "123.45")),  # more decimals than Xero's price
        ("0", "100.00", "0", ("0", "100.00")),
        ("0", "0", "25.00", ("1", "25.00")),
        ("1", "0.00004", "0.00004", ("1", "0")),
    ],
)
def test_quantity_and_price_are_kept_where_they_give_the_total(
    quantity: str, rate: str, total: str, sent: tuple[str, str]
) -> None:
    line = only_line(make_item(total, quantity=quantity, rate=rate))
    assert (line.quantity, line.unit_amount) == (Decimal(sent[0]), Decimal(sent[1]))


def test_where_they_do_not_the_description_tells_them() -> None:
    line = only_line(make_item("891.00", quantity="10", rate="99.00", name="Licences"))
    assert line.description == "Licences\n10 × 99.00"


def test_with_two_decimals_a_finer_price_is_not_sent() -> None:
    item = make_item("0.31", quantity="2.5", rate="0.1234")
    assert only_line(item, make_rules(decimals=2)).unit_amount == Decimal("0.31")
    assert only_line(make_item("25.00", quantity="2.5", rate="10.00"), make_rules(decimals=2)).quantity == Decimal(
        "2.5"
    )


@pytest.mark.parametrize("service_adjustments", [False, True])
@pytest.mark.parametrize(
    ("quantity", "rate", "total"), [("-2", "10.00", "-20.00"), ("-2", "-10.00", "20.00"), ("-0.5", "33.333", "-16.67")]
)
def test_a_negative_quantity_moves_its_sign_to_the_price(
    quantity: str, rate: str, total: str, service_adjustments: bool
) -> None:
    items = make_item("100.00"), make_item(total, quantity=quantity, rate=rate)
    _, line = lines_of(*items, rules=make_rules(service_adjustments=service_adjustments))
    assert line.line_amount == Decimal(total)
    expected = (Decimal(1), Decimal(total)) if service_adjustments else (-Decimal(quantity), -Decimal(rate))
    assert (line.quantity, line.unit_amount) == expected


def test_a_combined_adjustment_keeps_its_total_only_with_service_adjustment_support() -> None:
    items = make_item("100.00"), make_item("35.00", quantity="-2", rate="10.00")
    assert lines_of(*items)[1].line_amount == Decimal("-20.00")
    supported = lines_of(*items, rules=make_rules(service_adjustments=True))[1]
    assert (supported.quantity, supported.unit_amount) == (Decimal(1), Decimal("35.00"))
    assert supported.description.endswith("-2 × 10.00")


def test_a_finer_price_of_a_negative_quantity_is_no_combined_adjustment() -> None:
    items = make_item("100.00"), make_item("-20.25", quantity="-2", rate="10.1234")
    assert lines_of(*items, rules=make_rules(decimals=2))[1].line_amount == Decimal("-20.25")


def test_zero_lines_are_kept_or_left_out() -> None:
    items = make_item("100.00"), make_item("0", quantity="2", rate="80.00"), make_item("0.004")
    assert [line.line_amount for line in lines_of(*items)] == [Decimal("100.00"), Decimal(0), Decimal(0)]
    assert len(lines_of(*items, rules=make_rules(zero_lines="skip"))) == 1


@pytest.mark.parametrize("number", ["1E+300", "NaN", "Infinity", "-1E+13"])
@pytest.mark.parametrize("field", ["quantity", "rate", "total_amount", "tax"])
def test_an_absurd_number_is_a_problem_and_no_crash(field: str, number: str) -> None:
    source = make_source(make_item(**{field: number}), invoice={"total": "100.00", "tax": "15.00"})
    assert codes(translate(source, make_rules())) == [("validation-refused", "invoice 155")]


def test_a_line_larger_than_xero_takes_is_a_problem() -> None:
    source = make_source(make_item("10000000000.00"))
    assert codes(translate(source, make_rules())) == [("validation-refused", "invoice 155")]


def test_lines_stand_in_autotasks_order() -> None:
    items = make_item("1.00", sort_order=3), make_item("2.00", sort_order=1), make_item("3.00", sort_order=1)
    assert [line.unit_amount for line in lines_of(*items)] == [Decimal(2), Decimal(3), Decimal(1)]


# ---- accounts


def test_the_billing_code_decides_on_the_account() -> None:
    lines = lines_of(make_item(billing_code_id=LABOUR), make_item(billing_code_id=HARDWARE))
    assert [line.account_code for line in lines] == ["200", "260"]


def test_an_unmapped_billing_code_goes_to_the_default_account_with_a_notice() -> None:
    made = translate(make_source(make_item(billing_code_id=300)), make_rules())
    assert made.document is not None
    assert made.document.lines[0].account_code == "200"
    assert made.notices == ("Billing code 300 has no sales account of its own: 200 is used.",)


def test_an_unmapped_billing_code_is_a_fault_where_the_account_says_so() -> None:
    rules = make_rules(unmapped_billing_code="fault", billing_code_accounts={})
    made = translate(make_source(make_item(), make_item(), make_item(billing_code_id=None)), rules)
    assert codes(made) == [
        ("billing-code-unmapped", "Labour (billing code 100)"),
        ("billing-code-unmapped", "A line without billing code"),
    ]


def test_without_a_chosen_default_the_charts_first_sales_account_is_used() -> None:
    made = translate(make_source(make_item(billing_code_id=None)), make_rules(default_sales_account=""))
    assert made.document is not None
    assert made.document.lines[0].account_code == "200"


@pytest.mark.parametrize(
    ("code", "cause"), [("999", "missing"), ("299", "archived"), ("090", "unsuitable"), ("610", "unsuitable")]
)
def test_an_account_that_cannot_be_sold_on_is_a_fault(code: str, cause: str) -> None:
    made = translate(make_source(make_item(), make_item()), make_rules(billing_code_accounts={LABOUR: code}))
    assert codes(made) == [("account-code-invalid", code)]
    assert made.problems[0].evidence["cause"] == cause


def test_without_any_account_to_use_there_is_a_fault() -> None:
    rules = make_rules(default_sales_account="", accounts={}, billing_code_accounts={})
    assert codes(translate(make_source(make_item()), rules)) == [("account-code-invalid", "default sales account")]


# ---- tax


def test_tax_goes_by_region_and_category_and_else_by_region() -> None:
    lines = lines_of(make_item(), make_item(tax_category_id=REDUCED), make_item(tax_category_id=None))
    assert [(line.tax_type, line.tax_rate) for line in lines] == [
        ("OUTPUT2", Decimal("0.15")),
        ("TAX001", Decimal("0.10")),
        ("OUTPUT2", Decimal("0.15")),
    ]


def test_the_invoices_region_counts_before_the_companys_of_today() -> None:
    item = make_item(tax="0")
    moved = make_company(tax_region_id=NEW_ZEALAND)
    assert only_line(item, company=moved, invoice={"tax_region_name": " export "}).tax_type == "ZERORATED"
    assert only_line(
        item, company=make_company(tax_region_id=EXPORT), invoice={"tax_region_name": "Renamed"}
    ).tax_type == ("ZERORATED")


def test_an_unmapped_region_stops_an_invoice_with_tax() -> None:
    rules = make_rules(tax_types={(EXPORT, None): "ZERORATED"})
    made = translate(make_source(make_item(), make_item()), rules)
    assert codes(made) == [("tax-region-unmapped", "New Zealand (tax region 1)")]


def test_an_unmapped_category_of_a_mapped_region_is_named() -> None:
    rules = make_rules(tax_types={(NEW_ZEALAND, REDUCED): "TAX001"})
    made = translate(make_source(make_item()), rules)
    assert codes(made) == [("tax-region-unmapped", "New Zealand (tax region 1), Standard")]


def test_zero_tax_without_a_zero_rate_goes_as_no_tax_with_a_notice() -> None:
    made = translate(make_source(make_item(tax="0")), make_rules(tax_types={}))
    assert made.document is not None
    assert (made.document.lines[0].tax_type, made.document.lines[0].tax_rate) == ("NONE", Decimal(0))
    assert made.problems == ()
    assert made.notices == (
        "A line has no tax in Autotask, and no zero rate is mapped for it: it is sent without tax.",
    )


def test_a_line_that_autotask_did_not_tax_is_not_taxed_in_xero() -> None:
    made = translate(make_source(make_item(tax="0")), make_rules())
    assert made.document is not None
    assert made.document.lines[0].tax_type == "NONE"
    assert made.document.total_tax == 0
    assert "without tax" in made.notices[0]


def test_a_line_too_small_for_any_tax_keeps_its_rate() -> None:
    assert only_line(make_item("0.03", tax="0")).tax_type == "OUTPUT2"
    assert only_line(make_item("0", tax="0")).tax_type == "OUTPUT2"


@pytest.mark.parametrize(("tax_type", "cause"), [("TAX002", "deleted"), ("GONE", "missing"), ("INPUT2", "unsuitable")])
def test_a_tax_rate_that_xero_would_refuse_is_a_fault(tax_type: str, cause: str) -> None:
    made = translate(make_source(make_item()), make_rules(tax_types={(NEW_ZEALAND, None): tax_type}))
    assert codes(made) == [("tax-rate-invalid", tax_type)]
    assert made.problems[0].evidence["cause"] == cause


def test_without_tax_mapping_xero_decides() -> None:
    made = translate(make_source(make_item()), make_rules(tax_mapping=False, tax_types={}))
    assert made.document is not None
    assert made.document.lines[0].tax_type is None
    assert not made.document.tax_is_known


# ---- tracking and items


def test_tracking_comes_from_territory_line_of_business_and_billing_code() -> None:
    north, cloud, other = (
        Tracking(category_id="region", option_id="north"),
        Tracking(category_id="business", option_id="cloud"),
        Tracking(category_id="region", option_id="other"),
    )
    tracking = {("territory", 3): north, ("line_of_business", 9): cloud, ("billing_code", LABOUR): other}
    item = make_item(organizational_level_association_id=9)
    rules = make_rules(tracking=tracking)
    assert only_line(item, rules, company=make_company(territory_id=3)).tracking == (north, cloud)
    assert only_line(item, rules).tracking == (cloud, other)


def test_a_tracking_option_that_is_gone_is_left_out_with_a_notice() -> None:
    gone = Tracking(category_id="region", option_id="gone")
    rules = make_rules(tracking={("billing_code", LABOUR): gone}, tracking_options=frozenset({"north"}))
    made = translate(make_source(make_item()), rules)
    assert made.document is not None
    assert made.document.lines[0].tracking == ()
    assert made.notices == ("The tracking option of billing code 100 is no longer in Xero: it is left out.",)


def test_the_nearest_item_mapping_counts() -> None:
    rules = make_rules(item_codes={("service", 4): "SVC-4", ("billing_code", LABOUR): "LAB", ("product", 8): "SKU-8"})
    assert only_line(make_item(service_id=4), rules).item_code == "SVC-4"
    assert only_line(make_item(), rules).item_code == "LAB"
    assert only_line(make_item(billing_code_id=HARDWARE), rules).item_code is None
    assert only_line(make_item(), rules, product_ids={1: 8}).item_code == "SKU-8"


@pytest.mark.parametrize(
    ("choice", "problems", "notices"),
    [("ignore", 0, 0), ("notice", 0, 1), ("stop", 1, 0)],
)
def test_an_empty_item_code_is_ignored_noted_or_stops(choice: str, problems: int, notices: int) -> None:
    rules = make_rules(item_codes={("product", 8): ""}, empty_item_code=choice)
    made = translate(make_source(make_item(), product_ids={1: 8}), rules)
    assert (len(made.problems), len(made.notices)) == (problems, notices)
    assert all(code == ("item-code-empty", "product 8") for code in codes(made))


# ---- words


@pytest.mark.parametrize(
    ("wanted", "description"),
    [
        ("item_name", "Backup"),
        ("full", "Backup\nNightly, 3 servers"),
        ("full_with_contract", "Backup\nNightly, 3 servers\nManaged 2026"),
    ],
)
def test_a_line_is_described_as_the_account_wants(wanted: str, description: str) -> None:
    item = make_item(name="Backup", full_description="Nightly, 3 servers", description="short", contract_id=5)
    line = only_line(item, make_rules(line_description=wanted), contract_descriptions={5: "Managed 2026"})
    assert line.description == description


def test_a_name_that_opens_the_description_is_not_repeated() -> None:
    assert only_line(make_item(name="Backup", description="Backup, nightly")).description == "Backup, nightly"


def test_a_line_without_words_still_has_a_description() -> None:
    assert only_line(make_item(name="\x00", description=" ")).description == "Autotask billing item 1"


def test_a_description_of_megabytes_is_cut_and_keeps_quantity_and_rate() -> None:
    item = make_item("891.00", quantity="10", rate="99.00", name="🔧", full_description="שירות 👩‍💻 " * 400_000)
    description = only_line(item).description
    assert len(description.encode("utf-16-le")) <= 8000
    assert description.endswith("…\n10 × 99.00")


@pytest.mark.parametrize(
    ("grouping", "headings"),
    [
        ("ticket", ["Broken printer", "Ticket 12"]),
        ("project", ["Office move"]),
        ("site", ["Head office", "Subtotal Head office: 30.00", "Depot", "Subtotal Depot: 5.00"]),
    ],
)
def test_lines_stand_under_headings(grouping: str, headings: list[str]) -> None:
    source = make_source(
        make_item("10.00", ticket_id=11, project_id=1),
        make_item("5.00", ticket_id=12),
        make_item("20.00", ticket_id=11, project_id=1),
        make_item("1.00"),
        ticket_titles={11: "Broken printer"},
        project_names={1: "Office move"},
        site_names={1: "Head office", 2: "Depot", 3: "Head office"},
    )
    made = translate(source, make_rules(line_grouping=grouping))
    assert made.document is not None
    texts = [line.description for line in made.document.lines if line.quantity is None]
    assert texts == headings
    assert made.document.subtotal == Decimal("36.00")
    assert made.document.lines[0].unit_amount == Decimal("5.00" if grouping == "project" else "1.00")


# ---- bundles


def bundle(*taxes: tuple[int | None, str], mixed: str = "split", **fields: Any) -> tuple[SourceInvoice, Rules]:
    items = [
        make_item(
            amount,
            tax_category_id=category,
            service_bundle_id=6,
            group_description="Workplace bundle",
            name=f"Part {place}",
            **fields,
        )
        for place, (category, amount) in enumerate(taxes, start=1)
    ]
    return make_source(*items), make_rules(mixed_tax_bundles=mixed)


def test_a_bundle_that_autotask_prints_as_one_is_one_line() -> None:
    made = translate(*bundle((None, "10.10"), (None, "20.20")))
    assert made.document is not None
    (line,) = made.document.lines
    assert (line.quantity, line.unit_amount, line.billing_item_ids) == (Decimal(1), Decimal("30.30"), (1, 2))
    assert line.description == "Workplace bundle\n1 × Part 1\n1 × Part 2"


def test_a_bundle_of_mixed_tax_is_split_or_stops() -> None:
    split = translate(*bundle((None, "10.10"), (REDUCED, "20.20")))
    assert split.document is not None
    assert len(split.document.lines) == 2
    assert split.notices == ("Service bundle 6 mixes tax rates: OUTPUT2, TAX001. Its lines are sent one by one.",)
    stopped = translate(*bundle((None, "10.10"), (REDUCED, "20.20"), mixed="stop"))
    assert codes(stopped) == [("mixed-tax-bundle", "service bundle 6")]


def test_an_adjustment_of_a_bundle_stands_alone() -> None:
    made = translate(*bundle((None, "10.00"), (None, "20.00"), contract_service_bundle_adjustment_id=3))
    assert made.document is not None
    assert len(made.document.lines) == 2
