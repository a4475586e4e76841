"""What we send to Xero: its arithmetic, and its JSON, exactly."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from syncing.xero.documents import Tracking, XeroDocument, XeroLine, encode, half_up
from syncing.xero.text import clean, clean_line, contact_name, shorten

SPECIFICATION = Path(__file__).resolve().parent.parent.parent / "shared" / "specs" / "xero_accounting.yaml"


def line(unit_amount: str, quantity: str = "1", rate: str | None = "0.15", **fields: Any) -> XeroLine:
    return XeroLine(
        description="Managed services",
        quantity=Decimal(quantity),
        unit_amount=Decimal(unit_amount),
        tax_rate=None if rate is None else Decimal(rate),
        **fields,
    )


def document(*lines: XeroLine, **fields: Any) -> XeroDocument:
    defaults = {"type": "ACCREC", "date": date(2026, 11, 18), "currency": "NZD"}
    return XeroDocument(**{**defaults, "lines": lines, **fields})


def exact(body: bytes) -> Any:
    return json.loads(body, parse_float=Decimal, parse_int=Decimal)


@pytest.mark.parametrize(
    ("value", "rounded"),
    [
        ("2.165", "2.17"),
        ("2.1649", "2.16"),
        ("-2.165", "-2.17"),
        ("0.005", "0.01"),
        ("-0.004", "0.00"),
        ("2.675", "2.68"),
    ],
)
def test_a_half_goes_away_from_zero(value: str, rounded: str) -> None:
    assert half_up(Decimal(value)) == Decimal(rounded)


def test_tax_is_rounded_on_each_line_and_then_added_up() -> None:
    """The worked example on Xero's page about rounding."""
    made = document(line("25.06"), line("25.61"), line("25.63"))
    assert [each.tax_amount for each in made.lines] == [Decimal("3.76"), Decimal("3.84"), Decimal("3.84")]
    assert (made.subtotal, made.total_tax, made.total) == (Decimal("76.30"), Decimal("11.44"), Decimal("87.74"))


def test_xero_comes_to_a_cent_more_tax_than_a_spreadsheet() -> None:
    made = document(line("1141.39", rate="0.10"), line("34.25", rate="0.10"))
    assert made.total_tax == Decimal("117.57")
    assert half_up(made.subtotal * Decimal("0.10")) == Decimal("117.56")


def test_the_unit_price_is_rounded_before_it_is_multiplied() -> None:
    assert line("0.12345", "1000").line_amount == Decimal("123.50")  # not 123.45
    assert line("10.00", "3.17554").line_amount == Decimal("31.76")  # quantity 3.1755


def test_an_inclusive_line_holds_its_tax() -> None:
    made = document(line("115.00"), line("10.00"), line_amount_types="Inclusive")
    assert made.total_tax == Decimal("15.00") + Decimal("1.30")
    assert (made.subtotal, made.total) == (Decimal("108.70"), Decimal("125.00"))


def test_a_document_without_tax_has_none_whatever_its_lines_say() -> None:
    made = document(line("100.00"), line_amount_types="NoTax")
    assert (made.total_tax, made.total) == (Decimal(0), Decimal("100.00"))


def test_a_line_of_text_costs_nothing_and_is_sent_as_text_alone() -> None:
    made = document(XeroLine(description="Head office"), line("5.00"))
    assert made.total == Decimal("5.75")
    assert made.to_json(contact_id="c")["LineItems"][0] == {"Description": "Head office"}


def test_tax_is_known_only_where_every_line_has_its_rate() -> None:
    assert document(line("1.00"), XeroLine(description="text")).tax_is_known
    assert not document(line("1.00"), line("1.00", rate=None)).tax_is_known


def test_an_invoice_as_json() -> None:
    made = document(
        line(
            "41.15",
            "3",
            account_code="200",
            tax_type="OUTPUT2",
            item_code="MS-1",
            tracking=(Tracking(category_id="region", option_id="north"),),
        ),
        due_date=date(2026, 12, 18),
        number="INV:155",
        reference="PO-77",
        status="AUTHORISED",
        sent_to_contact=True,
        branding_theme_id="theme",
        url="https://depot.example/d/1",
    )
    assert made.to_json(contact_id="c0ffee") == {
        "Type": "ACCREC",
        "Contact": {"ContactID": "c0ffee"},
        "Date": "2026-11-18",
        "DueDate": "2026-12-18",
        "LineAmountTypes": "Exclusive",
        "InvoiceNumber": "INV:155",
        "Reference": "PO-77",
        "CurrencyCode": "NZD",
        "Status": "AUTHORISED",
        "SentToContact": True,
        "BrandingThemeID": "theme",
        "Url": "https://depot.example/d/1",
        "LineItems": [
            {
                "Description": "Managed services",
                "Quantity": Decimal(3),
                "UnitAmount": Decimal("41.15"),
                "AccountCode": "200",
                "TaxType": "OUTPUT2",
                "ItemCode": "MS-1",
                "Tracking": [{"TrackingCategoryID": "region", "TrackingOptionID": "north"}],
            }
        ],
    }


def test_a_credit_note_has_its_own_number_field_and_neither_due_date_nor_url() -> None:
    made = document(
        line("5.00"), type="ACCRECCREDIT", number="CN-AT-9", due_date=date(2026, 12, 1), url="https://x/d/1"
    )
    element = made.to_json(contact_id="c")
    assert element["CreditNoteNumber"] == "CN-AT-9"
    assert not {"InvoiceNumber", "DueDate", "Url"} & element.keys()


def test_what_is_not_set_is_not_sent() -> None:
    element = document(line("5.00", rate=None)).to_json(contact_id="c")
    assert element.keys() == {"Type", "Contact", "Date", "LineAmountTypes", "Status", "CurrencyCode", "LineItems"}
    assert element["LineItems"][0].keys() == {"Description", "Quantity", "UnitAmount"}


def test_numbers_are_written_without_the_noise_of_floats() -> None:
    body = encode([{"a": Decimal("0.1") + Decimal("0.2"), "b": Decimal("1E+3"), "c": Decimal("0.00001")}], "Invoices")
    assert body == b'{"Invoices":[{"a":0.3,"b":1000,"c":0.00001}]}'


def test_equal_content_has_equal_bytes() -> None:
    assert encode([{"a": Decimal("10.00"), "b": Decimal("-0.00")}]) == encode([{"a": Decimal("1E+1"), "b": Decimal(0)}])


def test_what_is_no_json_is_refused() -> None:
    with pytest.raises(TypeError, match="float"):
        encode([{"a": 0.1}])
    with pytest.raises(ValueError, match="not a number"):
        encode([{"a": Decimal("NaN")}])


def test_half_a_surrogate_pair_cannot_break_a_body() -> None:
    assert json.loads(encode([{"a": "x\ud83d"}])) == [{"a": "x?"}]


amounts = st.decimals(allow_nan=False, allow_infinity=False, places=4, min_value=Decimal(-(10**13)), max_value=10**13)
texts = st.text(st.characters(exclude_categories=["Cs"]))
values = st.recursive(
    st.none() | st.booleans() | amounts | texts,
    lambda children: st.lists(children, max_size=4) | st.dictionaries(texts, children, max_size=4),
    max_leaves=20,
)


@given(st.lists(st.dictionaries(texts, values, max_size=4), max_size=3))
def test_what_is_encoded_comes_back_exactly(elements: list[dict[str, Any]]) -> None:
    assert exact(encode(elements, "Invoices")) == {"Invoices": elements}


@given(st.text(), st.integers(1, 60))
def test_cleaned_text_fits_and_can_be_written_as_xml(text: str, longest: int) -> None:
    cleaned = clean(text, longest)
    assert len(cleaned.encode("utf-16-le")) <= 2 * longest
    assert all(character in "\t\n" or character.isprintable() or ord(character) >= 0xA0 for character in cleaned)
    assert clean(cleaned, longest) == cleaned


def test_text_keeps_its_emoji_and_its_direction() -> None:
    assert clean("שלום 👩‍💻\r\nline\x00\x0btwo \ud83d", 100) == "שלום 👩‍💻\nlinetwo"


def test_text_is_cut_by_utf_16_units_and_never_within_an_emoji() -> None:
    assert shorten("abc👍👍", 6) == "abc👍…"
    assert shorten("a" * 4000, 4000) == "a" * 4000
    assert len(clean("x" * 4_000_000, 4000)) == 4000


def test_a_line_has_no_line_ends() -> None:
    assert clean_line("  14 Queen St\r\n\tLevel 2 ", 100) == "14 Queen St Level 2"


@pytest.mark.parametrize(
    ("name", "cleaned"),
    [
        ("  Kauri   Dental ", "Kauri Dental"),
        ("<script>alert(1)</script>", "scriptalert(1)/script"),
        ("A <> \x00 B", "A B"),
        ("<>", ""),
        ("مستشفى 🏥", "مستشفى 🏥"),
    ],
)
def test_a_contact_name_as_xero_takes_it(name: str, cleaned: str) -> None:
    assert contact_name(name) == cleaned


@pytest.mark.skipif(not SPECIFICATION.exists(), reason="Xero's API description is not beside this repository")
def test_every_field_that_we_send_is_in_xeros_description() -> None:
    described = yaml.load(SPECIFICATION.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    schemas = described["components"]["schemas"]
    full = {
        "due_date": date(2026, 12, 18),
        "number": "1",
        "reference": "r",
        "sent_to_contact": True,
        "url": "https://x/d/1",
    }
    sold = line(
        "1.00", account_code="200", tax_type="NONE", item_code="i", tracking=(Tracking(category_id="c", option_id="o"),)
    )
    invoice = document(sold, branding_theme_id="t", **full).to_json(contact_id="c")
    credit = document(sold, type="ACCRECCREDIT", branding_theme_id="t", **full).to_json(contact_id="c")
    (sent,) = invoice["LineItems"]
    assert invoice.keys() <= schemas["Invoice"]["properties"].keys()
    assert credit.keys() <= schemas["CreditNote"]["properties"].keys()
    assert sent.keys() <= schemas["LineItem"]["properties"].keys()
    assert sent["Tracking"][0].keys() <= schemas["LineItemTracking"]["properties"].keys()
