"""What an invoice becomes: an invoice, a credit note, a problem, or nothing; setting by setting."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from faults.problems import NeedsPerson, Transient
from syncing.due_dates import PaymentTerms
from syncing.rules import Rules
from syncing.source import SourceInvoice
from syncing.translate import Translation, translate
from syncing.xero.documents import XeroDocument
from tests.billing import DAY, NOW, make_company, make_contact, make_item, make_rules, make_source


def document_of(source: SourceInvoice, rules: Rules | None = None) -> XeroDocument:
    made = translate(source, rules or make_rules())
    assert made.document is not None
    assert made.problems == ()
    return made.document


def with_invoice(*amounts: str, **fields: Any) -> SourceInvoice:
    return make_source(*[make_item(amount) for amount in amounts or ("100.00",)], invoice=fields)


def codes(made: Translation) -> list[tuple[str, str]]:
    return [(problem.code, problem.subject) for problem in made.problems]


def test_an_invoice_with_the_settings_of_a_new_account() -> None:
    made = translate(with_invoice("100.00", "15.50"), make_rules())
    assert made.is_ready
    document = made.document
    assert document is not None
    assert (document.type, document.status, document.currency) == ("ACCREC", "DRAFT", "NZD")
    assert (document.date, document.due_date) == (DAY, DAY + timedelta(days=30))
    assert (document.number, document.reference, document.sent_to_contact) == (None, "", False)
    assert document.url == "https://depot.example/d/0b0a3c1e"
    assert document.total == Decimal("132.83")
    assert [line.billing_item_ids for line in document.lines] == [(1,), (2,)]


def test_a_negative_total_becomes_a_credit_note_with_signs_turned() -> None:
    document = document_of(with_invoice("-120.00", "20.00"), make_rules(numbering="autotask_number"))
    assert (document.type, document.number) == ("ACCRECCREDIT", "CN-AT-155")
    assert [line.unit_amount for line in document.lines] == [Decimal("120.00"), Decimal("-20.00")]
    assert (document.subtotal, document.total) == (Decimal("100.00"), Decimal("115.00"))
    assert (document.due_date, document.url) == (None, "")


def test_the_prefix_of_credit_notes_is_a_setting() -> None:
    assert document_of(with_invoice("-1.00"), make_rules(credit_note_prefix="CR/")).number == "CR/155"


def test_a_sites_subtotal_has_the_sign_of_its_credit_note() -> None:
    source = make_source(make_item("-30.00"), site_names={1: "Depot"})
    document = document_of(source, make_rules(line_grouping="site"))
    assert [line.description for line in document.lines if line.quantity is None] == ["Depot", "Subtotal Depot: 30.00"]


# ---- zero, void, and skip rules


def test_a_zero_total_is_sent_as_a_draft_whatever_the_status() -> None:
    made = translate(with_invoice("20.00", "-20.00"), make_rules(import_status="approved_sent"))
    assert made.document is not None
    assert (made.document.status, made.document.sent_to_contact) == ("DRAFT", False)
    assert made.notices == ("Its total is zero: it is sent as a draft.",)


def test_a_zero_total_is_skipped_where_the_account_says_so() -> None:
    made = translate(with_invoice("20.00", "-20.00"), make_rules(zero_totals="skip"))
    assert made.skipped_reason == "Its total is zero."


def test_an_invoice_of_zero_lines_alone_is_skipped_where_those_are_left_out() -> None:
    made = translate(with_invoice("0", "0"), make_rules(zero_lines="skip"))
    assert made.skipped_reason == "All its lines are zero, and zero lines are left out."


def test_what_was_voided_before_it_was_sent_is_skipped() -> None:
    made = translate(make_source(invoice={"is_voided": True, "total": "100.00"}), make_rules())
    assert made.skipped_reason == "It was voided in Autotask before it was sent."
    assert made.problems == ()


@pytest.mark.parametrize(
    ("value", "skipped"), [("true", True), (" TRUE ", True), ("yes", True), ("1", True), ("false", False), ("", False)]
)
def test_a_companys_field_keeps_its_invoices_out(value: str, skipped: bool) -> None:
    source = make_source(make_item(), company=make_company(user_defined_fields={"xeronosync": value}))
    assert (translate(source, make_rules(skip_udf="XeroNoSync")).skipped_reason is not None) is skipped
    assert translate(source, make_rules()).skipped_reason is None


def test_small_invoices_and_certain_templates_are_skipped() -> None:
    rules = make_rules(skip_total_below=Decimal("50.00"), skip_templates=frozenset({102}))
    assert translate(with_invoice("49.99"), rules).skipped_reason == "Its total is below 50.00."
    assert translate(with_invoice("-49.99"), rules).skipped_reason == "Its total is below 50.00."
    assert translate(with_invoice("50.00"), rules).skipped_reason is None
    assert translate(with_invoice("90.00", template_id=102), rules).skipped_reason == (
        "Invoices of the template 102 are not sent."
    )


# ---- no lines


def test_an_invoice_without_lines_and_without_money_is_skipped_with_a_notice() -> None:
    made = translate(make_source(), make_rules())
    assert (made.skipped_code, made.skipped_reason) == ("no-line-items", "The invoice contains no line items.")
    assert made.notices


@pytest.mark.parametrize(("age", "wait"), [(0, 120), (60, 60), (119, 1), (120, 480), (599, 1)])
def test_a_young_invoice_with_money_but_no_lines_is_fetched_again(age: int, wait: int) -> None:
    fields = {"total": "100.00", "created_at": NOW - timedelta(seconds=age)}
    made = translate(make_source(invoice=fields), make_rules())
    (problem,) = made.problems
    assert isinstance(problem, Transient)
    assert (problem.code, problem.subject, problem.retry_after) == ("no-line-items", "invoice 155", wait)


def test_an_old_invoice_with_money_but_no_lines_needs_a_person() -> None:
    rules = make_rules(api_user_lines_of_business=frozenset({1}), lines_of_business={1: "Cloud", 2: "Print"})
    fields = {"total": "100.00", "created_at": NOW - timedelta(seconds=600)}
    (problem,) = translate(make_source(invoice=fields), rules).problems
    assert isinstance(problem, NeedsPerson)
    assert problem.evidence["total"] == "100.00"
    assert problem.evidence["api_user_lines_of_business"] == ["Cloud"]


# ---- numbers


@pytest.mark.parametrize(
    ("numbering", "number"), [("xero", None), ("autotask_id", "INV:155"), ("autotask_number", "AT-1085")]
)
def test_an_invoice_is_numbered_as_the_account_wants(numbering: str, number: str | None) -> None:
    assert document_of(with_invoice(), make_rules(numbering=numbering, number_prefix="AT-")).number == number


@pytest.mark.parametrize("numbering", ["xero", "autotask_number"])
def test_a_young_invoice_waits_for_its_number(numbering: str) -> None:
    source = with_invoice(number=" ", created_at=NOW - timedelta(seconds=90))
    (problem,) = translate(source, make_rules(numbering=numbering)).problems
    assert isinstance(problem, Transient)
    assert (problem.code, problem.subject, problem.retry_after) == ("invoice-number-empty", "invoice 155", 510)


def test_an_old_invoice_without_a_number_stops_only_where_autotasks_numbers_are_used() -> None:
    assert translate(with_invoice(number=""), make_rules()).is_ready
    (problem,) = translate(with_invoice(number=""), make_rules(numbering="autotask_number")).problems
    assert isinstance(problem, NeedsPerson)
    assert problem.code == "invoice-number-empty"


# ---- dates


@pytest.mark.parametrize(
    ("setting", "due"),
    [
        ("autotask", date(2026, 12, 18)),
        ("invoice_date", DAY),
        ("days_after", date(2026, 11, 25)),
        ("xero_contact", None),
    ],
)
def test_an_invoice_falls_due_as_the_account_wants(setting: str, due: date | None) -> None:
    assert document_of(with_invoice(), make_rules(due_date=setting, due_days=7)).due_date == due


@pytest.mark.parametrize(
    ("day", "kind", "due"),
    [
        (10, "DAYSAFTERBILLDATE", date(2026, 11, 28)),
        (10, "DAYSAFTERBILLMONTH", date(2026, 12, 10)),
        (31, "OFCURRENTMONTH", date(2026, 11, 30)),
        (20, "OFFOLLOWINGMONTH", date(2026, 12, 20)),
    ],
)
def test_the_terms_of_the_xero_contact(day: int, kind: Any, due: date) -> None:
    source = make_source(make_item(), payment_terms=PaymentTerms(day=day, type=kind))
    assert document_of(source, make_rules(due_date="xero_contact")).due_date == due


def test_an_approved_invoice_always_falls_due_and_never_before_its_date() -> None:
    rules = make_rules(import_status="approved")
    made = translate(with_invoice(due_date=None), rules)
    assert made.document is not None
    assert made.document.due_date == DAY
    assert made.notices == (f"No due date could be told: {DAY} is used.",)
    assert document_of(with_invoice(due_date=DAY - timedelta(days=9)), rules).due_date == DAY


@pytest.mark.parametrize("lock", ["period_lock_date", "end_of_year_lock_date"])
def test_a_date_in_a_closed_period_stops_the_invoice(lock: str) -> None:
    made = translate(with_invoice(), make_rules(**{lock: DAY}))
    assert codes(made) == [("period-locked", str(DAY))]
    assert translate(with_invoice(), make_rules(**{lock: DAY - timedelta(days=1)})).is_ready


def test_or_it_is_dated_on_the_first_open_day() -> None:
    rules = make_rules(period_lock_date=date(2026, 11, 30), locked_period="first_open_day", due_date="invoice_date")
    made = translate(with_invoice(), rules)
    assert made.document is not None
    assert (made.document.date, made.document.due_date) == (date(2026, 12, 1), date(2026, 12, 1))
    assert made.notices == (f"Its date {DAY} lies in a closed period: it is dated 2026-12-01, the first open day.",)


def test_an_invoice_without_a_date_has_that_of_its_creation() -> None:
    assert document_of(with_invoice(date=None)).date == date(2026, 11, 18)


@pytest.mark.parametrize("day", [date(1, 1, 1), date(9999, 12, 31)])
def test_a_date_beyond_reason_is_a_problem(day: date) -> None:
    assert codes(translate(with_invoice(date=day), make_rules())) == [("validation-refused", "invoice 155")]


# ---- status, reference, branding


@pytest.mark.parametrize(
    ("setting", "status", "sent"),
    [
        ("draft", "DRAFT", False),
        ("submitted", "SUBMITTED", False),
        ("approved", "AUTHORISED", False),
        ("approved_sent", "AUTHORISED", True),
    ],
)
def test_an_invoice_arrives_in_the_status_that_the_account_wants(setting: str, status: str, sent: bool) -> None:
    document = document_of(with_invoice(), make_rules(import_status=setting))
    assert (document.status, document.sent_to_contact) == (status, sent)


def test_the_reference_is_the_customers_order_number() -> None:
    items = make_item(purchase_order_number="PO-1"), make_item(), make_item(purchase_order_number="PO-2 ")
    assert document_of(make_source(*items)).reference == "PO-1, PO-2"
    assert document_of(make_source(*items, invoice={"order_number": "PO-77"})).reference == "PO-77"
    assert document_of(make_source(*items), make_rules(po_reference=False)).reference == ""


def test_the_invoice_template_decides_on_the_branding() -> None:
    rules = make_rules(branding={102: "theme-a"}, branding_themes=frozenset({"theme-a"}))
    assert document_of(with_invoice(template_id=102), rules).branding_theme_id == "theme-a"
    assert document_of(with_invoice(template_id=7), rules).branding_theme_id is None
    made = translate(with_invoice(template_id=102), make_rules(branding={102: "b"}, branding_themes=frozenset()))
    assert made.document is not None
    assert made.document.branding_theme_id is None
    assert len(made.notices) == 1


# ---- currency


def test_the_currency_is_autotasks_else_the_accounts_else_the_organisations() -> None:
    item = make_item()
    assert document_of(make_source(item, currency_code=" aud")).currency == "AUD"
    assert document_of(make_source(item, currency_code=""), make_rules(currency="AUD")).currency == "AUD"
    assert document_of(make_source(item, currency_code="")).currency == "NZD"


@pytest.mark.parametrize(
    ("from_autotask", "setting", "cause"), [("USD", "", "not_added_in_xero"), ("", "USD", "setting_differs")]
)
def test_a_currency_that_xero_lacks_is_told_with_its_cause(from_autotask: str, setting: str, cause: str) -> None:
    source = make_source(make_item(), currency_code=from_autotask)
    made = translate(source, make_rules(currency=setting))
    assert codes(made) == [("currency-not-subscribed", "USD")]
    assert made.problems[0].evidence == {
        "currency": "USD",
        "base_currency": "NZD",
        "subscribed": ["AUD", "NZD"],
        "currency_setting": setting,
        "cause": cause,
    }


# ---- all of it


def test_every_problem_is_told_at_once() -> None:
    source = make_source(
        make_item(billing_code_id=300), make_item(), currency_code="USD", contacts=(make_contact(is_active=False),)
    )
    rules = make_rules(unmapped_billing_code="fault", tax_types={}, period_lock_date=DAY)
    assert {code for code, _ in codes(translate(source, rules))} == {
        "billing-code-unmapped",
        "tax-region-unmapped",
        "no-valid-contact",
        "currency-not-subscribed",
        "period-locked",
    }
