"""Mappings in the API: lists that are read and replaced."""

import uuid
from typing import Any

import pytest

from syncing.models import ContactLink, SettingsChange
from tenants.models import Account
from tenants.scope import account_scope
from tests.api import Api, pointers, queries
from tests.connected import ConnectedAccount
from tests.factories import make_account
from tests.world import item

THEME, OPTION, CATEGORY = (str(uuid.uuid4()) for _ in range(3))
# A row of each kind that needs no lookup, with another value for the same key.
ROWS = {
    "billing-codes": ({"billing_code_id": 5, "account_code": "200"}, {"account_code": "260"}),
    "tax-rates": (
        {"tax_region_id": 1, "tax_category_id": None, "tax_type": "OUTPUT2"},
        {"tax_type": "ZERORATEDOUTPUT"},
    ),
    "branding": ({"template_id": 7, "theme_id": THEME}, {"theme_id": str(uuid.uuid4())}),
    "tracking": (
        {"source": "territory", "source_id": 3, "category_id": CATEGORY, "option_id": OPTION},
        {"option_id": str(uuid.uuid4())},
    ),
    "items": ({"source": "product", "source_id": 9, "item_code": "SKU-9"}, {"item_code": "SKU-10"}),
}


@pytest.fixture
def account(db: None) -> Account:
    return make_account()


@pytest.fixture
def api(account: Account) -> Api:
    return Api(account)


def rows(body: dict[str, Any]) -> list[dict[str, Any]]:
    assert (body["next"], body["previous"]) == (None, None)
    found: list[dict[str, Any]] = body["results"]
    return found


@pytest.mark.parametrize("kind", ROWS)
def test_a_list_of_mappings_is_replaced_as_a_whole(api: Api, kind: str) -> None:
    row, other_value = ROWS[kind]
    key = next(name for name in row if name.endswith("_id"))
    second = {**row, key: row[key] + 1}

    assert api.get(f"/mappings/{kind}")[1]["results"] == []
    assert rows(api.put(f"/mappings/{kind}", [row, second])[1]) == [row, second]
    assert rows(api.put(f"/mappings/{kind}", [{**row, **other_value}])[1]) == [{**row, **other_value}]
    assert rows(api.get(f"/mappings/{kind}")[1]) == [{**row, **other_value}]
    assert rows(api.put(f"/mappings/{kind}", [])[1]) == []


@pytest.mark.parametrize("kind", ROWS)
def test_a_wrong_row_is_refused_at_its_place_and_nothing_is_saved(api: Api, kind: str) -> None:
    row, other_value = ROWS[kind]
    [value_name] = other_value
    key = next(name for name in row if name.endswith("_id"))
    api.put(f"/mappings/{kind}", [row])
    bad = [
        {**row, key: 1000},
        {**row, key: "many"},
        {**row, key: 1001, value_name: "x" * 100},
        {**row, key: 1002, "colour": "red"},
        {},
        {**row, key: 2**63},
        "row",
        {**row, key: 1003, value_name: None},
    ]

    status, problem = api.put(f"/mappings/{kind}", bad)

    assert status == 400
    found = pointers(problem)
    assert {f"#/1/{key}", f"#/2/{value_name}", "#/3/colour", f"#/4/{key}", f"#/5/{key}", "#/6"} <= set(found)
    assert not any(pointer.startswith("#/0") for pointer in found)
    assert rows(api.get(f"/mappings/{kind}")[1]) == [row]


@pytest.mark.parametrize("kind", ROWS)
def test_one_key_stands_on_the_list_once(api: Api, kind: str) -> None:
    row, other_value = ROWS[kind]

    status, problem = api.put(f"/mappings/{kind}", [row, {**row, **other_value}])

    assert status == 400
    assert list(pointers(problem).values()) == ["twice"]
    assert api.get(f"/mappings/{kind}")[1]["results"] == []


@pytest.mark.parametrize("body", [{}, {"results": []}, "all", 5])
def test_what_is_no_list_is_refused(api: Api, body: Any) -> None:
    assert api.put("/mappings/billing-codes", body)[0] == 400


def test_too_long_a_list_is_refused(api: Api) -> None:
    row = {"billing_code_id": 1, "account_code": "2"}
    status, problem = api.put("/mappings/billing-codes", [row] * 20_001)
    assert (status, pointers(problem)) == (400, {"#": "max_length"})


def test_a_row_for_a_region_and_one_for_its_category_are_two(api: Api) -> None:
    both = [
        {"tax_region_id": 1, "tax_category_id": None, "tax_type": "OUTPUT2"},
        {"tax_region_id": 1, "tax_category_id": 4, "tax_type": "OUTPUT2"},
    ]
    assert rows(api.put("/mappings/tax-rates", both)[1]) == both
    del both[0]["tax_category_id"]
    assert api.put("/mappings/tax-rates", both)[0] == 200


def test_mappings_come_in_pages_at_the_same_cost(api: Api) -> None:
    many = [{"billing_code_id": number, "account_code": "200"} for number in range(1, 301)]
    api.put("/mappings/billing-codes", many[:10])
    with queries() as few:
        api.get("/mappings/billing-codes")
    _, body = api.put("/mappings/billing-codes", many)
    with queries() as more:
        api.get("/mappings/billing-codes")

    assert len(body["results"]) == 200
    assert api.client.get(body["next"]).json()["results"] == many[200:]
    assert len(more) == len(few)


def test_accounts_and_billing_codes_must_be_there(connected: ConnectedAccount) -> None:
    api = Api(connected.account)
    code = connected.autotask.named("billing_codes", "Managed Services")
    good = {"billing_code_id": code, "account_code": "200"}

    status, problem = api.put("/mappings/billing-codes", [good, {"billing_code_id": 99_999, "account_code": "no such"}])

    assert status == 400
    assert pointers(problem) == {"#/1/billing_code_id": "unknown", "#/1/account_code": "unknown"}
    assert rows(api.put("/mappings/billing-codes", [good])[1]) == [good]


def test_a_mapping_that_stands_may_stay_when_its_account_has_gone(connected: ConnectedAccount) -> None:
    api = Api(connected.account)
    made = connected.xero.add("Accounts", Code="4711", Name="Old services", Type="REVENUE")
    first = {
        "billing_code_id": connected.autotask.named("billing_codes", "Managed Services"),
        "account_code": "4711",
    }
    api.put("/mappings/billing-codes", [first])
    connected.xero.patch("Accounts", made["AccountID"], Status="ARCHIVED")

    second = {"billing_code_id": connected.autotask.add_billing_code("Projects"), "account_code": "200"}

    assert api.put("/mappings/billing-codes", [first, second])[0] == 200


def test_tax_rates_must_be_of_sales(connected: ConnectedAccount) -> None:
    api = Api(connected.account)
    region = next(iter(connected.autotask.row["tax_regions"].values()))

    good = {"tax_region_id": region, "tax_category_id": None, "tax_type": "OUTPUT2"}
    bad = {"tax_region_id": 99_999, "tax_category_id": 88_888, "tax_type": "NOTAX"}
    status, problem = api.put("/mappings/tax-rates", [good, bad])

    assert status == 400
    assert set(pointers(problem)) == {"#/1/tax_region_id", "#/1/tax_category_id", "#/1/tax_type"}
    assert rows(api.put("/mappings/tax-rates", [good])[1]) == [good]


def test_a_mapped_account_is_where_the_next_invoice_goes(connected: ConnectedAccount) -> None:
    code = connected.autotask.named("billing_codes", "Managed Services")
    mapping = {"billing_code_id": code, "account_code": "260"}
    assert Api(connected.account).put("/mappings/billing-codes", [mapping])[0] == 200
    connected.autotask.bill(connected.pair.company_id, [item("100.00")])

    connected.sync()

    [invoice] = connected.xero.invoices()
    assert [line["AccountCode"] for line in invoice["LineItems"]] == ["260"]


def test_a_mapped_theme_and_option_stand_on_the_next_invoice(connected: ConnectedAccount) -> None:
    api = Api(connected.account)
    theme = connected.xero.add("BrandingThemes", Name="Projects")["BrandingThemeID"]
    category = connected.xero.add("TrackingCategories", Name="Region", Options=[{"Name": "North"}])
    option = category["Options"][0]["TrackingOptionID"]
    template = next(iter(connected.autotask.row["invoice_templates"].values()))
    code = connected.autotask.named("billing_codes", "Managed Services")
    assert api.put("/mappings/branding", [{"template_id": template, "theme_id": theme}])[0] == 200
    row = {"source": "billing_code", "source_id": code, "category_id": category["TrackingCategoryID"]}
    assert api.put("/mappings/tracking", [{**row, "option_id": option}])[0] == 200
    assert api.put("/mappings/tracking", [{**row, "option_id": str(uuid.uuid4())}])[0] == 400
    connected.autotask.bill(connected.pair.company_id, [item("100.00")], invoiceEditorTemplateID=template)

    connected.sync()

    [invoice] = connected.xero.invoices()
    assert invoice["BrandingThemeID"] == theme
    [tracking] = invoice["LineItems"][0]["Tracking"]
    assert tracking["TrackingOptionID"] == option


def test_contact_links_are_corrected_by_hand(connected: ConnectedAccount) -> None:
    api = Api(connected.account)
    company = connected.pair.company_id
    connected.autotask.bill(company)
    connected.sync()
    [linked] = rows(api.get("/mappings/contacts")[1])
    assert (linked["company_id"], linked["rule"]) == (company, "created")
    right = connected.xero.add_contact("The right one")["ContactID"]

    status, body = api.put("/mappings/contacts", [{"company_id": company, "contact_id": right}])

    assert status == 200
    [row] = rows(body)
    assert (row["contact_id"], row["contact_name"], row["rule"]) == (right, "The right one", "person")
    connected.autotask.bill(company)
    connected.sync()
    assert [one["Contact"]["ContactID"] for one in connected.xero.invoices()].count(right) == 1


@pytest.mark.parametrize("kind", ROWS)
def test_what_a_list_changes_stands_in_the_history(api: Api, account: Account, kind: str) -> None:
    row, other_value = ROWS[kind]
    for body in ([row], [row], [{**row, **other_value}], []):
        api.put(f"/mappings/{kind}", body)
    with account_scope(account.id):
        history = list(SettingsChange.objects.order_by("id"))
    assert [(change.what, change.changed_by) for change in history] == [(kind, "API token “A program”")] * 3
    first, second, last = (change.changes[0] for change in history)
    assert (first["before"], last["after"]) == ("", "")
    assert first["after"] == second["before"] != second["after"] == last["before"]


def test_the_history_of_links_has_names(connected: ConnectedAccount) -> None:
    api, company = Api(connected.account), connected.pair.company_id
    right = connected.xero.add_contact("The right one")["ContactID"]
    api.put("/mappings/contacts", [{"company_id": company, "contact_id": right}])
    api.put("/mappings/contacts", [])
    with connected.scope():
        made, removed = (change.changes for change in SettingsChange.objects.order_by("id"))
    assert made == [{"name": "Contacts: Acme Ltd", "before": "", "after": "The right one"}]
    assert removed == [{"name": f"Contacts: {company}", "before": "The right one", "after": ""}]


def test_contact_links_that_stay_keep_how_they_were_found(connected: ConnectedAccount) -> None:
    api = Api(connected.account)
    connected.autotask.bill(connected.pair.company_id)
    connected.sync()
    [row] = rows(api.get("/mappings/contacts")[1])

    body = [{"company_id": row["company_id"], "contact_id": row["contact_id"]}]

    assert rows(api.put("/mappings/contacts", body)[1]) == [row]


def test_contacts_and_companies_must_be_there(connected: ConnectedAccount) -> None:
    api = Api(connected.account)
    archived = connected.xero.add_contact("Gone")["ContactID"]
    connected.xero.archive_contact(archived)
    company = connected.pair.company_id
    body = [{"company_id": company, "contact_id": archived}, {"company_id": 98_765, "contact_id": str(uuid.uuid4())}]

    status, problem = api.put("/mappings/contacts", body)

    assert status == 400
    assert set(pointers(problem)) == {"#/0/contact_id", "#/1/company_id", "#/1/contact_id"}
    with connected.scope():
        assert not ContactLink.objects.exists()


def test_without_xero_there_is_no_contact_to_link(api: Api) -> None:
    assert api.put("/mappings/contacts", [{"company_id": 1, "contact_id": str(uuid.uuid4())}])[0] == 409


def test_mappings_of_another_account_are_not_seen(api: Api) -> None:
    api.put("/mappings/billing-codes", [ROWS["billing-codes"][0]])
    assert Api(make_account()).get("/mappings/billing-codes")[1]["results"] == []
