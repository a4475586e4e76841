"""Texts that the catalogue does not know are counted for staff, over all accounts, without anyone's values."""

import pytest
from django.db import transaction

from faults.classify import classify_autotask, classify_xero
from faults.models import UnknownText
from faults.record import record
from tenants.scope import account_scope
from tests.factories import make_account

pytestmark = pytest.mark.django_db(transaction=True)


def test_one_text_is_one_row_over_all_accounts() -> None:
    for number in (1, 2):
        account = make_account()
        with account_scope(account.id):
            record([classify_xero([f"The frob of 'Customer {number}' is 1{number} short."]) for _ in range(3)])

    row = UnknownText.objects.get()
    assert (row.partner, row.text, row.times_seen) == ("xero", "The frob of … is … short", 6)
    assert row.last_seen > row.first_seen


def test_partners_are_counted_apart_and_known_texts_not_at_all() -> None:
    account = make_account()
    with account_scope(account.id):
        record(
            [
                classify_xero(["Nobody knows this."]),
                classify_autotask(500, ["Nobody knows this."]),
                classify_xero(["Email address must be valid."]),
            ]
        )

    assert set(UnknownText.objects.values_list("partner", "times_seen")) == {("xero", 1), ("autotask", 1)}


def test_nothing_is_counted_for_what_was_rolled_back() -> None:
    account = make_account()
    with account_scope(account.id):
        with transaction.atomic():
            record([classify_xero(["Nobody knows this."])])
            transaction.set_rollback(True)
        assert not UnknownText.objects.exists()
