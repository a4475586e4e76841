"""Why documents are stuck, in one sentence of the case."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from faults.catalogue import KINDS
from faults.models import Fault
from faults.words import amount, listed, why

HOLDER = {"number": "HB-7", "contact": "Tūī Travel", "currency": "NZD"}


def said(code: str, **evidence: Any) -> str:
    return why(Fault(code=code, evidence=evidence), "Harbour IT Ltd")


@pytest.mark.parametrize(
    ("code", "evidence", "sentence"),
    [
        (
            "currency-not-subscribed",
            {"currency": "USD", "base_currency": "NZD", "subscribed": ["AUD", "NZD"], "cause": "not_added_in_xero"},
            "The documents are in USD, and Harbour IT Ltd has only AUD and NZD.",
        ),
        (
            "currency-not-subscribed",
            {"currency": "USD", "base_currency": "NZD", "subscribed": ["NZD"], "cause": "setting_differs"},
            "Autotask gave no currency, and the one set here, USD, is not one of Harbour IT Ltd: its books are in NZD.",
        ),
        (
            "document-locked-by-payment",
            {**HOLDER, "status": "AUTHORISED", "amount_paid": "100", "amount_credited": "0.00"},
            "Xero holds HB-7 for Tūī Travel, with 100.00 NZD paid.",
        ),
        (
            "invoice-not-modifiable",
            {**HOLDER, "status": "VOIDED"},
            "Xero holds HB-7 for Tūī Travel already, and that document is voided.",
        ),
        (
            "invoice-not-modifiable",
            {"number": "HB-7", "missing": True},
            "It reached Xero as HB-7, and somebody has removed it there since.",
        ),
        (
            "no-valid-contact",
            {"company": "Ruru", "contacts": [{"active": True}, {"active": True}]},
            "Ruru has 2 active contacts, and no rule of this account tells which of them gets the bill.",
        ),
        (
            "amounts-do-not-match",
            {"currency": "NZD", "expected": "435.00", "computed": "380.00", "difference": "55.00"},
            "Autotask’s total is 435.00 NZD. Xero would make it 380.00 NZD, which is 55.00 NZD apart.",
        ),
        (
            "amounts-do-not-match",
            {
                "invoice_number": "1461",
                "company": "Fantail",
                "currency": "NZD",
                "expected": "9",
                "computed": "5",
                "difference": "4",
            },
            "Autotask’s total of 1461 for Fantail is 9.00 NZD. Xero would make it 5.00 NZD, which is 4.00 NZD apart.",
        ),
        (
            "no-line-items",
            {"invoice_number": "1387", "company": "Kākā", "total": "389.00"},
            "The total of 1387 for Kākā is 389.00 in Autotask, and no line of it can be seen.",
        ),
        (
            "invoice-number-empty",
            {"invoice_id": 1335, "company": "Tīeke"},
            "Invoice 1335 for Tīeke has no number in Autotask.",
        ),
        (
            "sync-stopped",
            {"reason": "Xero is disconnected."},
            "No run has come to its end for three intervals. Xero is disconnected.",
        ),
        (
            "period-locked",
            {"date": "2026-03-31", "lock_date": "2026-04-30"},
            "It is dated 2026-03-31, and the books of Harbour IT Ltd are closed up to 2026-04-30.",
        ),
    ],
)
def test_the_sentence_has_the_facts_of_the_case(code: str, evidence: dict[str, Any], sentence: str) -> None:
    assert said(code, **evidence) == sentence


@pytest.mark.parametrize("code", KINDS)
def test_without_facts_it_says_what_the_kind_says(code: str) -> None:
    assert said(code)


@given(st.one_of(st.decimals(), st.text(), st.floats(), st.none(), st.integers()))
def test_any_value_is_an_amount_or_nothing(value: Any) -> None:
    assert isinstance(amount(value, "NZD"), str)


@given(st.lists(st.text(min_size=1), max_size=5))
def test_every_name_is_listed(names: list[str]) -> None:
    assert all(name in listed(names) for name in names)
