"""Answers that no Xero should give: each is read, or is a clear problem; none is taken for a bug of ours."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as examples
from hypothesis import strategies as st
from pytest_django import Settings

from faults.problems import SyncProblem, Transient
from syncing.xero.client import XeroClient
from tests.autotask import OddPartner, odd_partner


class OneToken:
    def access_token(self, rejected: str | None = None) -> str:
        return "the-token"


@pytest.fixture
def partner(settings: Settings) -> Iterator[OddPartner]:
    with odd_partner() as partner:
        settings.XERO_API_URL = partner.url
        settings.XERO_LIMITS = {"minute": 10**6, "day": 10**6, "app_minute": 10**6}
        yield partner


BODY = b'{"Contacts": [{"Name": "Acme"}]}'
READINGS: dict[str, Callable[[XeroClient], Any]] = {
    "Organisations": XeroClient.organisation,
    "Accounts": XeroClient.accounts,
    "TaxRates": XeroClient.tax_rates,
    "Currencies": XeroClient.currencies,
    "BrandingThemes": XeroClient.branding_themes,
    "Items": XeroClient.items,
    "TrackingCategories": XeroClient.tracking_categories,
    "Contacts": lambda client: list(client.contacts()),
    "Invoices": lambda client: client.invoices_by_numbers(["INV-1"]),
    "CreditNotes": lambda client: client.credit_notes_by_numbers(["CN-1"]),
}
# Names that the readings know, so that the odd values land where something is made of them.
NAMES = [
    "Name",
    "Code",
    "Status",
    "TaxType",
    "EffectiveRate",
    "PaymentTerms",
    "Sales",
    "Day",
    "PeriodLockDate",
    "ContactID",
    "Addresses",
    "Options",
    "SalesDetails",
    "SortOrder",
]
# What fails is told as it was found: making it small would take minutes.
HOW: dict[str, Any] = {
    "deadline": None,
    "derandomize": True,
    "database": None,
    "phases": [Phase.explicit, Phase.generate],
    "suppress_health_check": list(HealthCheck),
}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES) | st.text(max_size=5), inner),
    max_leaves=8,
)


def ask(partner: OddPartner, reading: Callable[[XeroClient], Any]) -> Any:
    return reading(XeroClient("an-organisation", OneToken()))


@pytest.mark.parametrize("name", READINGS)
def test_rows_of_any_shape_are_read_or_are_a_problem(partner: OddPartner, name: str) -> None:
    @examples(max_examples=15, **HOW)
    @given(st.dictionaries(st.sampled_from(NAMES), JSON), JSON)
    def read(row: dict[str, Any], whole: Any) -> None:
        for answer in ({name: [row]}, {name: whole, "pagination": row}, whole):
            partner.answer(json.dumps(answer).encode())
            with suppress(SyncProblem):
                ask(partner, READINGS[name])

    read()


@pytest.mark.parametrize("body", [b"", b"<html>Busy</html>", b'{"Invoices": [{', b"\xff\x00", b"[" * 50_000, b"NaN"])
@pytest.mark.parametrize("name", ["Organisations", "Contacts", "Invoices"])
def test_a_success_that_is_no_json_is_an_outage(partner: OddPartner, name: str, body: bytes) -> None:
    partner.answer(body, headers={"Content-Type": "text/html"})
    with pytest.raises(SyncProblem) as caught:
        ask(partner, READINGS[name])
    assert isinstance(caught.value, Transient)
    assert caught.value.code == "service-unavailable"


@examples(max_examples=25, **HOW)
@given(elements=JSON, status=st.sampled_from([200, 201, 204, 302, 400, 401, 403, 404, 413, 429, 500, 503]))
def test_the_answer_to_a_write_tells_of_each_element_or_is_a_problem(
    partner: OddPartner, elements: Any, status: int
) -> None:
    partner.answer(
        json.dumps({"Contacts": elements, "Elements": elements, "Message": elements}).encode(), status=status
    )
    with suppress(SyncProblem):
        replies = ask(partner, lambda client: client.write("Contacts", "PUT", BODY, "a key"))
        assert len(replies) == 1
