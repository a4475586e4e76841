"""The settings pages: every setting is there, saved as a whole or not at all, and nobody overwrites another unseen."""

import re
from typing import Any

import pytest

from syncing.change_settings import change_settings
from syncing.models import SettingsChange, SyncSettings
from syncing.settings_pages import PAGES, SETTINGS, default_of
from tenants.models import Account, Role
from tenants.scope import account_scope
from tests.connected import ConnectedAccount
from tests.factories import make_account
from tests.pages import Pages, words

pytestmark = pytest.mark.django_db

INVOICES = {
    "import_status": "approved",
    "due_date": "days_after",
    "due_days": "7",
    "po_reference": "on",
    "line_description": "item_name",
    "line_grouping": "ticket",
    "currency": "aud",
    "locked_period": "first_open_day",
    "void_sync": "on",
}


@pytest.fixture
def account() -> Account:
    return make_account()


@pytest.fixture
def pages(account: Account) -> Pages:
    return Pages(account)


def settings_of(account: Account) -> SyncSettings:
    with account_scope(account.id):
        return SyncSettings.of_account(account.id)


def version_on(page: str) -> str:
    found = re.search(r'name="version" value="(\d+)"', page)
    assert found is not None
    return found[1]


def test_every_setting_stands_on_exactly_one_page_with_an_explanation_and_an_example() -> None:
    columns = {field.name for field in SyncSettings._meta.get_fields()} - {"id", "account", "version"}
    named = [setting.name for page in PAGES for setting in page.settings]
    assert sorted(named) == sorted(columns | {"paused", "interval_minutes"})
    assert all(setting.says and setting.example for setting in SETTINGS.values())


def test_the_overview_shows_every_setting_as_it_is(pages: Pages) -> None:
    page = words(pages.get("settings/sync/"))
    for setting in SETTINGS.values():
        assert setting.label in page
    assert "Autotask’s billing contact, then Recipient in the company’s invoice settings" in page


@pytest.mark.parametrize("name", [page.slug for page in PAGES])
def test_a_page_opens_with_the_defaults_before_anything_is_connected(pages: Pages, name: str) -> None:
    answer = pages.get(f"settings/sync/{name}/")
    assert answer.status_code == 200
    assert "This is the default." in words(answer)


def test_a_page_saves_all_of_its_settings(pages: Pages, account: Account) -> None:
    answer = pages.post("settings/sync/invoices/", **INVOICES)
    assert answer.status_code == 302
    saved = settings_of(account)
    assert (saved.import_status, saved.due_days, saved.currency) == ("approved", 7, "AUD")
    assert (saved.po_reference, saved.void_sync) == (True, True)
    assert saved.numbering == default_of("numbering")
    page = words(pages.get("settings/sync/invoices/"))
    assert "Invoices: saved." in page
    assert "Default: Draft" in page


def test_the_billing_contact_rules_keep_their_order(pages: Pages, account: Account) -> None:
    form = {"contact_rules_0": "primary", "contact_rules_2": "billing_flag", "match_name": "relaxed"}
    assert pages.post("settings/sync/contacts/", **form).status_code == 302
    assert settings_of(account).contact_rules == ["primary", "billing_flag"]


def test_pausing_and_the_interval_reach_the_account(pages: Pages, account: Account) -> None:
    form = {"paused": "on", "interval_minutes": "15", "lookback_days": "90"}
    assert pages.post("settings/sync/schedule/", **form).status_code == 302
    account.refresh_from_db()
    assert (account.paused, account.interval_minutes) == (True, 15)


@pytest.mark.parametrize(
    ("name", "form", "says"),
    [
        ("schedule", {"lookback_days": "0"}, "greater than or equal to 1"),
        ("schedule", {"lookback_days": "9999"}, "less than or equal to 90"),
        ("schedule", {"lookback_days": "30", "interval_minutes": "0"}, "greater than or equal to 1"),
        ("invoices", {**INVOICES, "currency": "€€€"}, "Three capital letters"),
        ("invoices", {**INVOICES, "due_days": "366"}, "less than or equal to 365"),
        ("invoices", {**INVOICES, "import_status": "paid"}, "Select a valid choice"),
        ("numbers", {"numbering": "xero", "credit_note_prefix": 'CN"'}, "Xero cannot search"),
        ("numbers", {"numbering": "xero", "credit_note_prefix": ""}, "This field is required."),
        ("contacts", {"match_name": "exact"}, "Choose one rule at least."),
        (
            "contacts",
            {"match_name": "exact", "contact_rules_0": "primary", "contact_rules_1": "primary"},
            "Choose each rule but once.",
        ),
        ("skipping", {"zero_lines": "keep", "zero_totals": "send", "skip_total_below": "-1"}, "greater than or equal"),
        (
            "skipping",
            {"zero_lines": "keep", "zero_totals": "send", "skip_templates": ["12", "x"]},
            "Select a valid choice",
        ),
    ],
)
def test_a_wrong_value_is_refused_at_its_field_and_nothing_is_saved(
    pages: Pages, account: Account, name: str, form: dict[str, Any], says: str
) -> None:
    answer = pages.post(f"settings/sync/{name}/", **form)
    assert answer.status_code == 400
    assert says in words(answer)
    assert 'class="errorlist"' in words(answer)
    assert settings_of(account).version == 1


def test_two_who_save_at_once_see_each_other(pages: Pages, account: Account) -> None:
    colleague = Pages(account)
    seen = version_on(words(pages.get("settings/sync/invoices/")))
    colleague.post("settings/sync/invoices/", **INVOICES, version=seen)

    answer = pages.post(
        "settings/sync/invoices/", **{**INVOICES, "import_status": "submitted", "due_days": "20"}, version=seen
    )

    assert answer.status_code == 409
    page = words(answer)
    assert f"now <strong>Awaiting payment</strong>, changed by {colleague.user.email}" in page
    assert settings_of(account).import_status == "approved"
    again = pages.post(
        "settings/sync/invoices/", **{**INVOICES, "import_status": "submitted"}, version=version_on(page)
    )
    assert again.status_code == 302
    assert settings_of(account).import_status == "submitted"


def test_what_one_left_as_they_saw_it_stays_as_the_other_has_saved_it(pages: Pages, account: Account) -> None:
    seen = version_on(words(pages.get("settings/sync/numbers/")))
    with account_scope(account.id):
        change_settings(account, {"write_back_number": True, "due_days": 3}, by="colleague@example.com")

    form = {"numbering": "autotask_id", "credit_note_prefix": "CN-AT-", "version": seen}
    assert pages.post("settings/sync/numbers/", **form).status_code == 302

    saved = settings_of(account)
    assert (saved.numbering, saved.write_back_number, saved.due_days) == ("autotask_id", True, 3)


def test_the_history_says_who_changed_what_from_what(pages: Pages, account: Account) -> None:
    pages.post("settings/sync/invoices/", **INVOICES)
    page = words(pages.get("settings/history/"))
    assert pages.user.email in page
    assert "<del>Draft</del> → <ins>Awaiting payment</ins>" in page
    assert "By ticket" in page


def test_saving_what_stands_already_is_no_change(pages: Pages, account: Account) -> None:
    pages.post("settings/sync/invoices/", **INVOICES)
    pages.post("settings/sync/invoices/", **INVOICES)
    with account_scope(account.id):
        assert SettingsChange.objects.count() == 1


@pytest.mark.parametrize("role", [Role.VIEWER, Role.STANDARD])
def test_who_may_not_change_settings_sees_them_and_saves_nothing(account: Account, role: str) -> None:
    pages = Pages(account, role)
    page = words(pages.get("settings/sync/invoices/"))
    assert "Only an owner or an administrator can change settings." in page
    assert '<button class="primary">Save' not in page
    assert pages.post("settings/sync/invoices/", **INVOICES).status_code == 403
    assert settings_of(account).version == 1


def test_an_unknown_page_is_none(pages: Pages) -> None:
    assert pages.get("settings/sync/paint/").status_code == 404


@pytest.mark.django_db(transaction=True)
def test_accounts_and_templates_are_those_of_this_minute(connected: ConnectedAccount) -> None:
    pages = Pages(connected.account)
    assert "777 — Security" not in words(pages.get("settings/sync/accounts/"))
    connected.xero.add("Accounts", Code="777", Name="Security", Type="REVENUE")
    assert "777 — Security" in words(pages.get("settings/sync/accounts/"))
    form = {"unmapped_billing_code": "default", "product_codes": "off", "xero_items": "existing",
            "empty_item_code": "notice"}  # fmt: skip
    assert pages.post("settings/sync/accounts/", **form, default_sales_account="778").status_code == 400
    assert pages.post("settings/sync/accounts/", **form, default_sales_account="777").status_code == 302
    assert "Itemised" in words(pages.get("settings/sync/skipping/"))


@pytest.mark.django_db(transaction=True)
def test_a_page_opens_though_a_partner_is_down(connected: ConnectedAccount) -> None:
    with connected.pair.autotask.world.trouble("xero", "status", status=503):  # type: ignore[attr-defined]
        answer = Pages(connected.account).get("settings/sync/accounts/")
    assert answer.status_code == 200
