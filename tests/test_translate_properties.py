"""What holds for any invoice: Xero's total is known to the cent, no cent disappears, and nothing ever raises."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import Any
from uuid import uuid4

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from syncing.amounts import check, sample, tell_total_is
from syncing.autotask.records import BillingItem, Company, Contact, Invoice
from syncing.rules import Rules
from syncing.source import SourceInvoice
from syncing.translate import translate
from syncing.xero.client import XeroClient
from syncing.xero.documents import XeroDocument, encode
from tests.billing import HARDWARE, LABOUR, NOW, REDUCED, STANDARD, make_item, make_rules, make_source
from tests.world import SandboxWorld
from tests.xero import Tokens

EFFECTIVE_RATES = {
    "OUTPUT2": Fraction(15, 100),
    "TAX001": Fraction(1, 10),
    "ZERORATED": Fraction(0),
    "NONE": Fraction(0),
}


def decimals(smallest: int, largest: int, places: int) -> st.SearchStrategy[Decimal]:
    return st.integers(smallest * 10**places, largest * 10**places).map(lambda number: Decimal(number).scaleb(-places))


@st.composite
def items(draw: st.DrawFn) -> BillingItem:
    """A line as Autotask bills them: quantity × rate, to two or four decimals; or nothing, or anything."""
    quantity = draw(decimals(-20, 200, draw(st.sampled_from([0, 0, 2, 4, 6]))))
    rate = draw(decimals(-300, 300, draw(st.sampled_from([0, 2, 4, 6]))))
    total = draw(
        st.sampled_from(
            [
                (quantity * rate).quantize(Decimal("0.01"), ROUND_HALF_UP),
                (quantity * rate).quantize(Decimal("0.0001"), ROUND_HALF_UP),
                Decimal(0),
                draw(decimals(-1000, 1000, draw(st.sampled_from([2, 4])))),
            ]
        )
    )
    rate_of_tax = draw(st.sampled_from([Decimal("0.15"), Decimal(0)]))
    return make_item(
        total,
        quantity=quantity,
        rate=rate,
        tax=(total * rate_of_tax).quantize(Decimal("0.0001")),
        tax_category_id=draw(st.sampled_from([STANDARD, REDUCED])),
        billing_code_id=draw(st.sampled_from([LABOUR, HARDWARE, None])),
        ticket_id=draw(st.sampled_from([None, 1, 2])),
        service_bundle_id=draw(st.sampled_from([None, None, None, 6])),
        group_description="Bundle",
    )


sources = st.lists(items(), min_size=1, max_size=8).map(lambda made: make_source(*made))
rules_of_accounts = st.builds(
    make_rules,
    decimals=st.sampled_from([2, 4]),
    service_adjustments=st.booleans(),
    tax_mapping=st.booleans(),
    rounding_line=st.booleans(),
    zero_lines=st.sampled_from(["keep", "skip"]),
    line_grouping=st.sampled_from(["none", "ticket", "site"]),
    import_status=st.sampled_from(["draft", "submitted", "approved", "approved_sent"]),
)


def document_of(source: SourceInvoice, rules: Rules) -> XeroDocument | None:
    translation = translate(source, rules)
    assert translation.problems == ()
    return translation.document


def as_sent(document: XeroDocument) -> dict[str, Any]:
    """The element as a reader of the wire has it, numbers exact."""
    (element,) = json.loads(encode([document.to_json(contact_id="c")]), parse_float=Fraction, parse_int=Fraction)
    return dict(element)


def rounded(number: Fraction, places: int) -> Fraction:
    """Half away from zero, in whole numbers: an arithmetic that shares nothing with the one under test."""
    scaled = abs(number) * 10**places
    whole = (2 * scaled.numerator + scaled.denominator) // (2 * scaled.denominator)
    return Fraction(whole if number >= 0 else -whole, 10**places)


def reference_totals(element: dict[str, Any]) -> tuple[Fraction, Fraction]:
    """Net and tax that Xero computes from the wire."""
    net = tax = Fraction(0)
    for line in element["LineItems"]:
        if "Quantity" in line:
            amount = rounded(rounded(line["Quantity"], 4) * rounded(line["UnitAmount"], 4), 2)
            net += amount
            tax += rounded(amount * EFFECTIVE_RATES[line["TaxType"]], 2) if "TaxType" in line else 0
    return net, tax


@given(sources, rules_of_accounts)
def test_the_total_is_what_xero_computes_from_what_we_send(source: SourceInvoice, rules: Rules) -> None:
    document = document_of(source, rules)
    if document is None:
        return
    for sent in (document, check(source, document, rules).document):
        net, tax = reference_totals(as_sent(sent))
        assert (Fraction(sent.subtotal), Fraction(sent.total_tax)) == (net, tax)
        assert net + tax >= 0


@given(sources, rules_of_accounts)
def test_no_quantity_is_negative(source: SourceInvoice, rules: Rules) -> None:
    document = document_of(source, rules)
    if document is not None:
        assert all(line.get("Quantity", 0) >= 0 for line in as_sent(document)["LineItems"])


@given(sources, rules_of_accounts)
def test_no_cent_disappears(source: SourceInvoice, rules: Rules) -> None:
    document = document_of(source, rules)
    if document is None:
        return
    figures = check(source, document, rules)
    sign = -1 if document.is_credit_note else 1
    lines = sum(rounded(Fraction(item.total_amount), 2) for item in source.items)
    kept = sign * Fraction(document.subtotal) == lines
    assert kept or not rules.service_adjustments
    assert kept or figures.problem is not None


@given(sources, rules_of_accounts)
def test_a_negative_total_always_becomes_a_credit_note(source: SourceInvoice, rules: Rules) -> None:
    rules = replace(rules, service_adjustments=True, tax_mapping=False)
    document = document_of(source, rules)
    if document is None:
        return
    total = sum(rounded(Fraction(item.total_amount), 2) for item in source.items)
    assert document.is_credit_note is (total < 0)
    assert document.number == ("CN-AT-155" if total < 0 else None)


@given(sources, rules_of_accounts, st.integers(-500, 500))
def test_nothing_is_sent_that_differs_by_the_limit_or_more(source: SourceInvoice, rules: Rules, cents: int) -> None:
    total = source.invoice.total + Decimal(cents) / 100
    source = replace(source, invoice=replace(source.invoice, total=total))
    document = document_of(source, rules)
    if document is None:
        return
    found = check(source, document, rules)
    if found.problem is None:
        assert found.difference < 3
        sign = -1 if document.is_credit_note else 1
        assert abs(sign * document.subtotal - total) < Decimal("3.01")
    else:
        assert found.problem.evidence["diagnosis"][0]["cause"]
        json.dumps(found.problem.evidence)


# ---- whatever the data

anything = st.text(st.characters(), max_size=20) | st.sampled_from(
    ["<script>", "\x00", "שלום 👩‍💻", "\ud83d", "x" * 5000]
)
numbers = st.decimals() | st.decimals(min_value=-1000, max_value=1000, places=2)
ids = st.none() | st.integers(-1, 3)
days = st.none() | st.dates()
moments = st.none() | st.datetimes(timezones=st.just(NOW.tzinfo))
odd_items = st.builds(
    BillingItem,
    id=st.integers(1, 9),
    name=anything,
    description=anything,
    full_description=anything,
    group_description=anything,
    quantity=numbers,
    rate=numbers,
    total_amount=numbers,
    tax=numbers,
    billing_code_id=ids,
    tax_category_id=ids,
    service_bundle_id=ids,
    contract_id=ids,
    ticket_id=ids,
    purchase_order_number=anything,
)
odd_invoices = st.builds(
    Invoice,
    id=st.integers(),
    number=anything,
    company_id=ids,
    created_at=moments,
    date=days,
    due_date=days,
    total=numbers,
    tax=numbers,
    order_number=anything,
    template_id=ids,
    tax_region_name=anything,
)
fields = st.dictionaries(anything, anything, max_size=2)
odd_companies = st.none() | st.builds(
    Company, id=st.integers(1, 2), name=anything, number=anything, country_id=ids, user_defined_fields=fields
)
odd_contacts = st.builds(
    Contact,
    id=st.integers(1, 9),
    company_id=st.integers(1, 2),
    first_name=anything,
    email=anything,
    is_active=st.booleans(),
    is_primary=st.booleans(),
    user_defined_fields=fields,
)
odd_sources = st.builds(
    SourceInvoice,
    invoice=odd_invoices,
    items=st.lists(odd_items, max_size=3).map(tuple),
    company=odd_companies,
    parent_company=odd_companies,
    contacts=st.lists(odd_contacts, max_size=3).map(tuple),
    currency_code=anything,
)
odd_rules = st.builds(
    make_rules,
    numbering=st.sampled_from(["xero", "autotask_id", "autotask_number"]),
    import_status=st.sampled_from(["draft", "approved_sent"]),
    due_date=st.sampled_from(["autotask", "invoice_date", "days_after", "xero_contact"]),
    due_days=st.integers(0, 365),
    zero_totals=st.sampled_from(["send", "skip"]),
    skip_total_below=st.none() | st.just(Decimal("5.00")),
    skip_udf=anything,
    line_description=st.sampled_from(["item_name", "full", "full_with_contract"]),
    tax_types=st.just({}),
    locked_period=st.sampled_from(["fault", "first_open_day"]),
    period_lock_date=st.none() | st.dates(max_value=date(2100, 1, 1)),
    total_is=st.sampled_from(["net", "gross", None]),
)


@settings(max_examples=300)
@given(odd_sources, odd_rules)
@example(SourceInvoice(invoice=Invoice(id=1), items=(), company=None), Rules())
@example(SourceInvoice(invoice=Invoice(id=1), items=(BillingItem(id=1),), company=None), Rules())
def test_translation_never_raises(source: SourceInvoice, rules: Rules) -> None:
    translation = translate(source, rules)
    assert translation.document or translation.problems or translation.skipped_reason
    assert tell_total_is([sample(source)]) in ("net", "gross", None)
    for problem in translation.problems:
        assert problem.code
        assert problem.subject
        json.dumps(problem.evidence)
    if translation.contact:
        encode([translation.contact.to_json()])
    if translation.document:
        document = check(source, translation.document, rules).document
        element = as_sent(document)
        assert all(line["Description"].strip() for line in element["LineItems"])
        assert document.due_date is None or document.due_date - document.date >= timedelta(0)


# ---- the stand-in's arithmetic


@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(items(), min_size=30, max_size=60), st.integers(1, 4))
def test_the_stand_in_comes_to_the_same_totals(sandbox: SandboxWorld, made: list[BillingItem], lines: int) -> None:
    organisation = sandbox.create_xero()
    rules = make_rules(tax_types={(1, STANDARD): "OUTPUT2", (1, REDUCED): "NONE"}, service_adjustments=True)
    sets = [made[start : start + lines] for start in range(0, len(made), lines)]
    translated = [
        document_of(make_source(*each, invoice={"id": number, "number": str(number)}), rules)
        for number, each in enumerate(sets, start=1)
    ]
    client = XeroClient(organisation.id, Tokens(organisation))
    (contact,) = client.save_contacts([{"Name": "Kauri Dental"}], create_only=True)
    for endpoint, is_credit_note in (("Invoices", False), ("CreditNotes", True)):
        documents = [each for each in translated if each is not None and each.is_credit_note is is_credit_note][:50]
        if not documents:
            continue
        elements = [replace(each, due_date=None).to_json(contact_id=contact.id or "") for each in documents]
        replies = client.write(endpoint, "PUT", encode(elements, endpoint), str(uuid4()))
        assert [reply.messages for reply in replies] == [()] * len(documents)
        totals = [
            tuple(Decimal(str(reply.raw[name])) for name in ("SubTotal", "TotalTax", "Total")) for reply in replies
        ]
        assert totals == [(each.subtotal, each.total_tax, each.total) for each in documents]
