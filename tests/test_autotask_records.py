"""How Autotask's rows are read (syncing/autotask/records.py, values.py)."""

import json
from dataclasses import is_dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from syncing.autotask import records, values
from syncing.autotask.records import BillingItem, Company, Contact, Invoice, Tax, parse_record, wire_names

RECORD_TYPES = [
    kind for kind in vars(records).values() if isinstance(kind, type) and is_dataclass(kind) and hasattr(kind, "ENTITY")
]

json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.decimals()
    | st.text()
    | st.sampled_from(["2026-01-31T00:00:00", "2026-02-31", "0001-01-01T00:00:00", "1e999", "NaN", "\ud800", "\0"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


def test_an_invoice_is_read_as_autotask_writes_it() -> None:
    invoice = parse_record(
        Invoice,
        {
            "id": 155,
            "batchID": 79,
            "comments": None,
            "companyID": 369,
            "createDateTime": "2025-09-05T09:47:15.227Z",
            "dueDate": "2025-10-05T00:00:00.000Z",
            "invoiceDateTime": "2025-09-05T00:00:00.000Z",
            "invoiceEditorTemplateID": 102,
            "invoiceNumber": "1085",
            "invoiceTotal": Decimal("52.7775"),
            "isVoided": False,
            "orderNumber": "",
            "paymentTerm": 1,
            "taxRegionName": "VAT",
            "totalTaxValue": Decimal("11.0833"),
            "aFieldOfTheNextRelease": {"deep": []},
        },
    )
    assert invoice == Invoice(
        id=155,
        batch_id=79,
        company_id=369,
        created_at=datetime(2025, 9, 5, 9, 47, 15, 227000, tzinfo=UTC),
        date=date(2025, 9, 5),
        due_date=date(2025, 10, 5),
        template_id=102,
        number="1085",
        total=Decimal("52.7775"),
        payment_term=1,
        tax_region_name="VAT",
        tax=Decimal("11.0833"),
    )


def test_a_line_with_nothing_but_its_id_has_empty_values() -> None:
    assert parse_record(BillingItem, {"id": 7}) == BillingItem(id=7)
    assert parse_record(BillingItem, dict.fromkeys(wire_names(BillingItem).values()) | {"id": 7}) == BillingItem(id=7)


def test_numbers_arrive_as_texts_and_texts_as_numbers() -> None:
    invoice = parse_record(
        Invoice,
        {"id": "155", "invoiceNumber": 1085, "invoiceTotal": " 52.7775 ", "companyID": "369", "isVoided": "true"},
    )
    assert invoice == Invoice(id=155, number="1085", total=Decimal("52.7775"), company_id=369, is_voided=True)


@pytest.mark.parametrize("wrong", [None, "", "abc", [], {}, True, Decimal("1.5"), float("nan"), 2**70, "NaN", "1e40"])
def test_a_row_without_a_usable_id_is_refused(wrong: Any) -> None:
    with pytest.raises(ValueError, match="Invoices"):
        parse_record(Invoice, {"id": wrong})


@pytest.mark.parametrize("wrong", [None, [], "text", 5])
def test_a_row_that_is_no_object_is_refused(wrong: Any) -> None:
    with pytest.raises(ValueError, match="BillingItems"):
        parse_record(BillingItem, wrong)


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("2025-09-05T00:00:00.000Z", date(2025, 9, 5)),
        ("2025-09-05T00:00:00", date(2025, 9, 5)),
        ("2025-09-05", date(2025, 9, 5)),
        ("2025-09-05T00:00:00+12:00", date(2025, 9, 5)),
        ("2025-02-30T00:00:00Z", None),
        ("0001-01-01T00:00:00", None),
        ("soon", None),
        (20250905, None),
    ],
)
def test_a_day_is_never_moved_by_a_time_zone(written: Any, read: date | None) -> None:
    assert parse_record(Invoice, {"id": 1, "dueDate": written}).due_date == read


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("2022-12-02T08:52:54.023Z", datetime(2022, 12, 2, 8, 52, 54, 23000, tzinfo=UTC)),
        ("2024-01-31T15:04:05.307", datetime(2024, 1, 31, 15, 4, 5, 307000, tzinfo=UTC)),
        ("2024-01-31T15:04:05.3071234Z", datetime(2024, 1, 31, 15, 4, 5, 307123, tzinfo=UTC)),
        ("2024-01-31T15:04:05+12:00", datetime(2024, 1, 31, 3, 4, 5, tzinfo=UTC)),
        ("0001-01-01T00:00:00+14:00", None),
        ("9999-12-31T23:59:59-14:00", None),
        ("yesterday", None),
    ],
)
def test_a_moment_is_utc_with_and_without_its_mark(written: Any, read: datetime | None) -> None:
    assert parse_record(Invoice, {"id": 1, "createDateTime": written}).created_at == read


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("-20.0000", "-20.0000"),
        ("0.30000000000000004", "0.3"),
        ("386.64500000000001", "386.645"),
        ("1E5", "100000"),
        ("-0.0", "0"),
        ("1e-400", "0"),
        ("1e400", "0"),
        ("9e99999999999999999999", "0"),
        ("12345678901234567890123", "0"),
        ("NaN", "0"),
        ("-Infinity", "0"),
    ],
)
def test_money_is_exact_and_never_absurd(written: str, read: str) -> None:
    rows = values.load(b'{"id": 1, "totalAmount": %s}' % written.encode())
    amount = parse_record(BillingItem, rows).total_amount
    assert amount == Decimal(read)
    assert "E" not in str(amount)
    assert not str(amount).startswith("-0.0")


def test_one_number_that_no_type_holds_spoils_none_of_its_neighbours() -> None:
    body = b'{"items": [{"id": 1, "quantity": 1e99999999999999999999}, {"id": %s}, {"id": 3, "rate": 2.50}]}' % (
        b"9" * 5000
    )
    first, second, third = values.load(body)["items"]
    assert parse_record(BillingItem, first) == BillingItem(id=1)
    assert second == {"id": None}
    assert parse_record(BillingItem, third) == BillingItem(id=3, rate=Decimal("2.50"))


def test_an_answer_that_is_nested_without_end_is_no_json() -> None:
    with pytest.raises(ValueError, match="nested"):
        values.load(b'{"items": ' + b"[" * 200_000)


def test_a_text_comes_without_what_no_database_takes() -> None:
    company = parse_record(
        Company, json.loads('{"id": 1, "companyName": "  Caf\\u00e9\\u0000 \\ud83d\\ude00 \\ud800 שלום "}')
    )
    assert company.name == "Café 😀 ? שלום"


def test_a_text_of_four_megabytes_is_cut() -> None:
    item = parse_record(BillingItem, {"id": 1, "description": "x" * 4_000_000})
    assert len(item.description) == values.LONGEST_TEXT


@pytest.mark.parametrize(
    ("written", "read"), [(1, True), (0, False), ("1", True), (True, True), ([], True), ("maybe", True)]
)
def test_a_contact_is_active_by_a_number(written: Any, read: bool) -> None:
    assert parse_record(Contact, {"id": 1, "isActive": written}).is_active is read


def test_user_defined_fields_go_by_their_names() -> None:
    fields = [
        {"name": "XeroSync", "value": "No"},
        {"name": "Empty", "value": None},
        {"name": "Level", "value": 3},
        "odd",
        {},
    ]
    assert parse_record(Company, {"id": 1, "userDefinedFields": fields}).user_defined_fields == {
        "XeroSync": "No",
        "Level": "3",
    }
    assert parse_record(Company, {"id": 1, "userDefinedFields": None}).user_defined_fields == {}


@pytest.mark.parametrize(
    ("written", "read"), [("15", "0.15"), ("0.15", "0.15"), ("1", "0.01"), ("8.25", "0.0825"), ("0", "0")]
)
def test_a_tax_rate_is_a_fraction_whichever_way_it_is_written(written: str, read: str) -> None:
    assert parse_record(Tax, {"id": 1, "taxRate": Decimal(written)}).rate == Decimal(read)


@pytest.mark.parametrize("record_type", RECORD_TYPES, ids=lambda kind: kind.__name__)
@settings(max_examples=25)
@given(data=st.data())
def test_no_value_of_any_kind_stops_the_reading(record_type: Any, data: st.DataObject) -> None:
    names = sorted(wire_names(record_type).values())
    row = data.draw(st.dictionaries(st.sampled_from(names), json_values)) | {"id": 1}
    record = parse_record(record_type, row)
    empty = record_type(id=1)
    for name in wire_names(record_type):
        value, default = getattr(record, name), getattr(empty, name)
        assert value is None or default is None or type(value) is type(default)
        if isinstance(value, str):
            value.encode()
            assert "\0" not in value


@given(st.decimals(allow_nan=False, allow_infinity=False, places=4, min_value=-(10**12), max_value=10**12))
def test_an_amount_with_four_decimals_is_read_to_the_last(amount: Decimal) -> None:
    row = values.load(f'{{"id": 1, "totalAmount": {amount:f}}}'.encode())
    assert parse_record(BillingItem, row).total_amount == amount


@given(st.binary())
def test_any_bytes_are_json_or_a_value_error(body: bytes) -> None:
    try:
        values.load(body)
    except ValueError:
        return
