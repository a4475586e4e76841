"""Settings in the API: all names, each validated, and a change that is saved as a whole or not at all."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from syncing.change_settings import OF_ACCOUNT
from syncing.models import SettingsChange, SyncSettings, SyncState
from syncing.settings_pages import SETTINGS
from tenants.models import Account
from tenants.scope import account_scope
from tests.api import Api, pointers
from tests.connected import ConnectedAccount
from tests.factories import make_account

pytestmark = pytest.mark.django_db

DEFAULTS = {
    "paused": False,
    "interval_minutes": None,
    "currency": "",
    "import_status": "draft",
    "numbering": "xero",
    "number_prefix": "",
    "credit_note_prefix": "CN-AT-",
    "write_back_number": False,
    "due_date": "autotask",
    "due_days": 20,
    "lookback_days": 30,
    "po_reference": True,
    "line_description": "full",
    "line_grouping": "none",
    "zero_lines": "keep",
    "zero_totals": "send",
    "decimals": 4,
    "rounding_line": False,
    "void_sync": False,
    "skip_udf": "",
    "skip_total_below": None,
    "skip_templates": [],
    "locked_period": "fault",
    "contact_rules": ["billing_flag", "invoice_recipients", "position_udf", "primary", "only_active"],
    "match_account_number": False,
    "match_name": "exact",
    "create_contacts": True,
    "update_contacts": False,
    "bill_parent": True,
    "bill_contract_company": False,
    "unmapped_billing_code": "default",
    "default_sales_account": "",
    "tax_mapping": True,
    "tax_guard": "off",
    "mixed_tax_bundles": "split",
    "product_codes": "off",
    "xero_items": "existing",
    "empty_item_code": "notice",
}
CHANGES = {
    "paused": True,
    "interval_minutes": 15,
    "currency": "NZD",
    "import_status": "approved_sent",
    "numbering": "autotask_number",
    "number_prefix": "AT-",
    "credit_note_prefix": "CR-",
    "write_back_number": True,
    "due_date": "days_after",
    "due_days": 0,
    "lookback_days": 90,
    "po_reference": False,
    "line_description": "item_name",
    "line_grouping": "project",
    "zero_lines": "skip",
    "zero_totals": "skip",
    "decimals": 2,
    "rounding_line": True,
    "void_sync": True,
    "skip_udf": "XeroNoSync",
    "skip_total_below": "0.50",
    "skip_templates": [101, 102],
    "locked_period": "first_open_day",
    "contact_rules": ["primary", "billing_flag"],
    "match_account_number": True,
    "match_name": "relaxed",
    "create_contacts": False,
    "update_contacts": True,
    "bill_parent": False,
    "bill_contract_company": True,
    "unmapped_billing_code": "fault",
    "default_sales_account": "200",
    "tax_mapping": False,
    "tax_guard": "stop",
    "mixed_tax_bundles": "stop",
    "product_codes": "sku",
    "xero_items": "create",
    "empty_item_code": "ignore",
}


@pytest.fixture
def account() -> Account:
    return make_account()


@pytest.fixture
def api(account: Account) -> Api:
    return Api(account)


def test_a_new_account_has_the_defaults(api: Api) -> None:
    assert api.get("/settings") == (200, DEFAULTS)


def test_every_setting_of_the_pages_is_one_of_the_api() -> None:
    assert set(SETTINGS) == {*OF_ACCOUNT, *SyncSettings.names()} == set(DEFAULTS) == set(CHANGES)


@pytest.mark.parametrize("name", DEFAULTS)
def test_each_setting_is_changed_by_its_name_alone(api: Api, name: str) -> None:
    assert api.patch("/settings", {name: CHANGES[name]}) == (200, {**DEFAULTS, name: CHANGES[name]})
    assert api.get("/settings") == (200, {**DEFAULTS, name: CHANGES[name]})


def test_all_settings_are_changed_at_once(api: Api, account: Account) -> None:
    assert api.patch("/settings", CHANGES) == (200, CHANGES)
    account.refresh_from_db()
    assert (account.paused, account.interval_minutes) == (True, 15)
    assert api.patch("/settings", DEFAULTS) == (200, DEFAULTS)
    assert api.patch("/settings", {}) == (200, DEFAULTS)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("paused", "yes"),
        ("paused", 1),
        ("paused", None),
        ("interval_minutes", 0),
        ("interval_minutes", 1441),
        ("interval_minutes", "soon"),
        ("currency", "nzd"),
        ("currency", "DOLLARS"),
        ("currency", None),
        ("import_status", "paid"),
        ("import_status", None),
        ("import_status", ["draft"]),
        ("numbering", ""),
        ("number_prefix", "x" * 21),
        ("number_prefix", "a\nb"),
        ("number_prefix", "a\0"),
        ("credit_note_prefix", ""),
        ("credit_note_prefix", 'CN"'),
        ("due_days", -1),
        ("due_days", 366),
        ("due_days", 1.5),
        ("due_days", "1e999"),
        ("lookback_days", 0),
        ("lookback_days", 91),
        ("lookback_days", 9_999),
        ("decimals", 3),
        ("decimals", True),
        ("skip_udf", "x" * 101),
        ("skip_total_below", "-1"),
        ("skip_total_below", "NaN"),
        ("skip_total_below", "0.001"),
        ("skip_total_below", "9" * 30),
        ("skip_templates", [1, 1]),
        ("skip_templates", 5),
        ("skip_templates", list(range(201))),
        ("contact_rules", []),
        ("contact_rules", ["primary", "primary"]),
        ("default_sales_account", "x" * 11),
        ("default_sales_account", {"code": "200"}),
        ("tax_guard", "sometimes"),
        ("due_date", "x" * 10_000),
        ("service_adjustments", True),
        ("id", 1),
        ("account", 1),
        ("", 1),
    ],
)
def test_a_wrong_value_is_refused_at_its_name_and_nothing_is_saved(api: Api, name: str, value: Any) -> None:
    status, problem = api.patch("/settings", {"rounding_line": True, name: value})

    assert (status, list(pointers(problem))) == (400, [f"#/{name}"])
    assert api.get("/settings") == (200, DEFAULTS)


def test_wrong_items_of_a_list_are_named_one_by_one(api: Api) -> None:
    body = {"contact_rules": ["primary", "nearest"], "skip_templates": [1, "two", 2**63]}

    _, problem = api.patch("/settings", body)

    assert set(pointers(problem)) == {"#/contact_rules/1", "#/skip_templates/1", "#/skip_templates/2"}


@pytest.mark.parametrize("body", [[], "paused", 1, None])
def test_what_is_no_object_is_refused(api: Api, body: Any) -> None:
    answer = api.client.patch("/api/v1/settings", body, content_type="application/json")
    assert answer.status_code == 400


def test_a_change_stands_in_the_history_under_the_tokens_name(api: Api, account: Account) -> None:
    api.patch("/settings", {"due_days": 9, "paused": True})
    api.patch("/settings", {"due_days": 9})
    with account_scope(account.id):
        [change] = SettingsChange.objects.all()
    assert change.changed_by == "API token “A program”"
    assert sorted(change.changes, key=str) == [
        {"name": "due_days", "before": 20, "after": 9},
        {"name": "paused", "before": False, "after": True},
    ]


def test_settings_of_another_account_stay_as_they_are(api: Api, account: Account) -> None:
    other = make_account()

    api.patch("/settings", {"tax_guard": "stop", "paused": True})

    assert Api(other).get("/settings") == (200, DEFAULTS)


def test_a_longer_look_back_is_walked_by_the_next_run(api: Api, account: Account) -> None:
    with account_scope(account.id):
        SyncState.objects.create(account=account, walked_at=timezone.now())

    api.patch("/settings", {"lookback_days": 20})
    with account_scope(account.id):
        assert SyncState.objects.get().walked_at is not None
    api.patch("/settings", {"lookback_days": 60})
    with account_scope(account.id):
        assert SyncState.objects.get().walked_at is None


def test_an_account_that_goes_on_after_a_pause_is_due_at_once(api: Api, account: Account) -> None:
    later = timezone.now() + timedelta(hours=20)
    Account.objects.filter(id=account.id).update(paused=True, next_sync_at=later)

    api.patch("/settings", {"paused": False})

    account.refresh_from_db()
    assert account.next_sync_at is not None
    assert account.next_sync_at <= timezone.now()


def test_a_shorter_interval_counts_from_now(api: Api, account: Account) -> None:
    Account.objects.filter(id=account.id).update(next_sync_at=timezone.now() + timedelta(hours=20))

    api.patch("/settings", {"interval_minutes": 10})

    account.refresh_from_db()
    assert account.next_sync_at is not None
    assert account.next_sync_at <= timezone.now() + timedelta(minutes=10)


def test_a_sales_account_must_be_one_that_xero_has(connected: ConnectedAccount) -> None:
    api = Api(connected.account)

    assert api.patch("/settings", {"default_sales_account": "200"})[0] == 200
    status, problem = api.patch("/settings", {"default_sales_account": "4711"})
    assert (status, pointers(problem)) == (400, {"#/default_sales_account": "unknown"})

    connected.xero.add("Accounts", Code="4711", Name="New services", Type="REVENUE")
    assert api.patch("/settings", {"default_sales_account": "4711"})[0] == 200

    with connected.scope():
        assert SyncSettings.objects.get().default_sales_account == "4711"


def test_an_outage_of_xero_is_told_as_such(connected: ConnectedAccount) -> None:
    api = Api(connected.account)
    with connected.pair.xero.world.trouble("xero", "status", status=503):
        status, problem = api.patch("/settings", {"default_sales_account": "200"})

    assert (status, problem["code"]) == (503, "service-unavailable")
    assert problem["type"].endswith("/help/faults/service-unavailable/")
