"""The mappings' pages and files: fresh lists, what is broken shown before it faults, all saved or nothing."""

from __future__ import annotations

import io
import time
from collections.abc import Callable
from typing import Any

import pytest
from django.http import HttpResponse

from syncing.change_mappings import mapped
from syncing.mapping_kinds import KINDS
from tenants.models import Role
from tests.connected import ConnectedAccount
from tests.pages import Pages, words
from tests.world import item

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def pages(connected: ConnectedAccount) -> Pages:
    return Pages(connected.account)


def code_id(connected: ConnectedAccount, name: str = "Hardware") -> int:
    return connected.autotask.named("billing_codes", name)


def save(pages: Pages, kind: str, *rows: tuple[str, str, str]) -> Any:
    """Rows of key, what was seen, and what is chosen."""
    form = {f"was:{key}": seen for key, seen, _ in rows} | {f"value:{key}": value for key, _, value in rows}
    return pages.post(f"settings/mappings/{kind}/", **form)


def standing(connected: ConnectedAccount, kind: str = "billing-codes") -> dict[str, str]:
    with connected.scope():
        return mapped(KINDS[kind])


def give(pages: Pages, content: bytes, kind: str = "billing-codes") -> Any:
    file = io.BytesIO(content)
    file.name = "mappings.csv"
    return pages.post(f"settings/mappings/{kind}/import", file=file)


def text_of(answer: HttpResponse) -> str:
    return b"".join(answer.streaming_content).decode("utf-8-sig")  # type: ignore[attr-defined]


def test_a_billing_code_goes_to_its_sales_account(connected: ConnectedAccount, pages: Pages) -> None:
    assert save(pages, "billing-codes", (str(code_id(connected)), "", "260")).status_code == 302
    connected.autotask.bill(connected.pair.company_id, [item("10.00", code="Hardware"), item("20.00")])
    connected.sync()
    [arrived] = connected.xero.invoices()
    assert [line["AccountCode"] for line in arrived["LineItems"]] == ["260", "210"]
    assert "Hardware: none → 260" in words(pages.get("settings/history/")).replace("<del>", "").replace(
        "</del>", ""
    ).replace("<ins>", "").replace("</ins>", "").replace(" — Other Revenue", "").replace("</span>", "")


def test_a_tax_region_goes_to_its_rate(connected: ConnectedAccount, pages: Pages) -> None:
    region = connected.autotask.named("tax_regions", "New Zealand")
    made = connected.xero.add("TaxRates", Name="GST by hand", EffectiveRate=15, TaxType="TAX009")
    assert save(pages, "tax-rates", (f"{region}/", "", made["TaxType"])).status_code == 302
    page = words(pages.get("settings/mappings/tax-rates/"))
    assert "GST by hand (15 %)" in page
    taxable = connected.autotask.named("tax_categories", "Taxable")
    assert save(pages, "tax-rates", (f"{region}/{taxable}", "", made["TaxType"])).status_code == 302
    connected.autotask.bill(connected.pair.company_id)
    connected.sync()
    assert connected.xero.invoices()[0]["LineItems"][0]["TaxType"] == "TAX009"


def test_an_invoice_template_goes_to_its_branding_theme(connected: ConnectedAccount, pages: Pages) -> None:
    theme = connected.xero.add("BrandingThemes", Name="Blue")
    template = connected.autotask.named("invoice_templates", "Itemised")
    assert save(pages, "branding", (str(template), "", theme["BrandingThemeID"])).status_code == 302
    connected.autotask.bill(connected.pair.company_id, invoiceEditorTemplateID=template)
    connected.sync()
    assert connected.xero.invoices()[0]["BrandingThemeID"] == theme["BrandingThemeID"]


def test_a_territory_goes_to_its_tracking_option(connected: ConnectedAccount, pages: Pages) -> None:
    category = connected.xero.add("TrackingCategories", Name="Region", Options=["North"])
    option = category["Options"][0]["TrackingOptionID"]
    value = f"{category['TrackingCategoryID']}/{option}"
    connected.autotask.patch("Companies", connected.pair.company_id, territoryID=29682778)
    assert save(pages, "tracking", ("territory/29682778", "", value)).status_code == 302
    connected.autotask.bill(connected.pair.company_id)
    connected.sync()
    [line] = connected.xero.invoices()[0]["LineItems"]
    assert [each["Option"] for each in line["Tracking"]] == ["North"]


def test_a_billing_code_goes_to_its_item(connected: ConnectedAccount, pages: Pages) -> None:
    connected.xero.add("Items", Code="MS", Name="Managed services")
    code = code_id(connected, "Managed Services")
    assert save(pages, "items", (f"billing_code/{code}", "", "MS")).status_code == 302
    connected.autotask.bill(connected.pair.company_id)
    connected.sync()
    assert connected.xero.invoices()[0]["LineItems"][0]["ItemCode"] == "MS"


def test_an_account_made_a_minute_ago_can_be_chosen(connected: ConnectedAccount, pages: Pages) -> None:
    pages.get("settings/mappings/billing-codes/")
    connected.xero.add("Accounts", Code="777", Name="Security", Type="REVENUE")
    assert "777 — Security" in words(pages.get("settings/mappings/billing-codes/"))
    assert save(pages, "billing-codes", (str(code_id(connected)), "", "777")).status_code == 302


def value_to_break(connected: ConnectedAccount, kind: str) -> tuple[str, str, Callable[[], object]]:
    """A key, a value that Xero has for it, and what takes that away in Xero."""
    xero, autotask = connected.xero, connected.autotask
    if kind == "billing-codes":
        account = next(row for row in xero.rows("Accounts") if row["Code"] == "260")
        return (
            str(code_id(connected)),
            "260",
            lambda: xero.patch("Accounts", account["AccountID"], Status="ARCHIVED"),
        )
    if kind == "tax-rates":
        rate = xero.add("TaxRates", Name="GST by hand", EffectiveRate=15, TaxType="TAX009")
        key = f"{autotask.named('tax_regions', 'New Zealand')}/"
        return key, "TAX009", lambda: xero.patch("TaxRates", rate["TaxType"], Status="DELETED")
    if kind == "branding":
        theme = xero.add("BrandingThemes", Name="Blue")["BrandingThemeID"]
        key = str(autotask.named("invoice_templates", "Itemised"))
        return key, theme, lambda: xero.remove("BrandingThemes", theme)
    if kind == "tracking":
        category = xero.add("TrackingCategories", Name="Region", Options=["North"])
        value = f"{category['TrackingCategoryID']}/{category['Options'][0]['TrackingOptionID']}"
        return (
            f"billing_code/{code_id(connected)}",
            value,
            lambda: xero.patch("TrackingCategories", category["TrackingCategoryID"], Status="ARCHIVED"),
        )
    item_id = xero.add("Items", Code="MS", Name="Managed services")["ItemID"]
    return f"billing_code/{code_id(connected)}", "MS", lambda: xero.remove("Items", item_id)


@pytest.mark.parametrize("kind", KINDS)
def test_a_mapping_to_what_is_archived_or_deleted_is_shown_as_broken_before_it_faults(
    connected: ConnectedAccount, pages: Pages, kind: str
) -> None:
    key, value, take_away = value_to_break(connected, kind)
    assert save(pages, kind, (key, "", value)).status_code == 302
    assert "Broken" not in words(pages.get(f"settings/mappings/{kind}/"))
    take_away()
    page = words(pages.get(f"settings/mappings/{kind}/"))
    assert '<span class="state bad">Broken</span>' in page
    assert "no longer in Xero" in page
    assert '<span class="state bad">1 broken</span>' in words(pages.get("settings/mappings/"))


def test_a_mapping_of_what_autotask_has_no_more_is_shown_and_can_be_removed(
    connected: ConnectedAccount, pages: Pages
) -> None:
    code = connected.autotask.add_billing_code("Short-lived")
    save(pages, "billing-codes", (str(code), "", "260"))
    connected.autotask.delete("BillingCodes", code)
    assert "Gone from Autotask" in words(pages.get("settings/mappings/billing-codes/"))
    assert save(pages, "billing-codes", (str(code), "260", "")).status_code == 302
    assert standing(connected) == {}


@pytest.mark.parametrize("source", ["line_of_business", "billing_code"])
def test_a_line_of_business_or_a_billing_code_goes_to_its_tracking_option(
    connected: ConnectedAccount, pages: Pages, source: str
) -> None:
    category = connected.xero.add("TrackingCategories", Name="Team", Options=["Projects"])
    value = f"{category['TrackingCategoryID']}/{category['Options'][0]['TrackingOptionID']}"
    name = next(iter(connected.autotask.row["lines_of_business"]))
    source_id = (
        connected.autotask.named("lines_of_business", name) if source == "line_of_business" else code_id(connected)
    )
    assert save(pages, "tracking", (f"{source}/{source_id}", "", value)).status_code == 302
    connected.autotask.bill(
        connected.pair.company_id, [item(code="Hardware", line_of_business=name), item(code="Travel")]
    )
    connected.sync()
    tracked = [[each["Option"] for each in line["Tracking"]] for line in connected.xero.invoices()[0]["LineItems"]]
    assert tracked == [["Projects"], []]


def test_a_mapping_to_an_id_that_does_not_exist_is_refused_at_its_row(
    connected: ConnectedAccount, pages: Pages
) -> None:
    good, bad = str(code_id(connected)), str(code_id(connected, "Travel"))
    answer = save(pages, "billing-codes", (good, "", "260"), (bad, "", "999"))
    assert answer.status_code == 400
    assert "There is no 999 to choose in Xero" in words(answer)
    assert save(pages, "billing-codes", ("12345", "", "260")).status_code == 400
    assert standing(connected) == {}


def test_two_who_save_the_same_row_see_each_other(connected: ConnectedAccount, pages: Pages) -> None:
    key, other = str(code_id(connected)), str(code_id(connected, "Travel"))
    save(Pages(connected.account), "billing-codes", (key, "", "260"))
    assert save(pages, "billing-codes", (other, "", "200")).status_code == 302
    answer = save(pages, "billing-codes", (key, "", "200"))
    assert answer.status_code == 409
    assert "Now: 260" in words(answer)
    assert standing(connected)[key] == "260"


def test_what_external_numbers_suggest_is_taken_with_one_click(connected: ConnectedAccount, pages: Pages) -> None:
    save(pages, "billing-codes", (str(code_id(connected, "Travel")), "", "260"))
    assert "Map them so" in words(pages.get("settings/mappings/billing-codes/"))
    assert pages.post("settings/mappings/billing-codes/suggested").status_code == 302
    taken = standing(connected)
    assert (taken[str(code_id(connected))], taken[str(code_id(connected, "Travel"))]) == ("260", "260")
    assert taken[str(code_id(connected, "Managed Services"))] == "200"
    assert "Map them so" not in words(pages.get("settings/mappings/billing-codes/"))


def test_a_tax_without_a_rate_of_its_percentage_says_what_that_means(connected: ConnectedAccount, pages: Pages) -> None:
    assert "no rate of this percentage: its invoices stop" in words(pages.get("settings/mappings/tax-rates/"))


def test_a_file_is_exported_changed_and_taken_back(connected: ConnectedAccount, pages: Pages) -> None:
    key = code_id(connected)
    exported = text_of(pages.get("settings/mappings/billing-codes/export"))
    assert exported.splitlines()[0] == "billing_code_id,name,account_code,mapped_to"
    assert f"{key},Hardware,," in exported
    changed = exported.replace(f"{key},Hardware,,", f"{key},Hardware,260,")
    assert give(pages, changed.encode()).status_code == 302
    assert standing(connected) == {str(key): "260"}
    emptied = f"billing_code_id,account_code\n{key},\n"
    assert give(pages, emptied.encode()).status_code == 302
    assert standing(connected) == {}


@pytest.mark.parametrize(
    "form",
    [
        "\ufeffbilling_code_id,account_code\r\n{key},260\r\n",
        'billing_code_id;name;account_code\n{key};"Hardware; and more";260\n',
        "account_code\tbilling_code_id\n260\t{key}\n\n",
        "Billing_Code_ID,Account_Code\n '{key},'260\n",
    ],
)
def test_a_file_is_read_however_a_spreadsheet_saves_it(connected: ConnectedAccount, pages: Pages, form: str) -> None:
    key = code_id(connected)
    answer = give(pages, form.replace("'", "").format(key=key).encode())
    assert answer.status_code == 302, words(answer)
    assert standing(connected) == {str(key): "260"}


def test_a_file_with_a_wrong_line_is_refused_with_each_line_and_nothing_is_saved(
    connected: ConnectedAccount, pages: Pages
) -> None:
    key = code_id(connected)
    lines = ["billing_code_id,account_code", f"{key},260", "abc,200", "7,200", f"{key},200", f"{key},999"]
    answer = give(pages, "\n".join(lines).encode())
    assert answer.status_code == 400
    page = words(answer)
    assert "Line 3: Billing code abc: “abc” is no id." in page
    assert "Line 4: Billing code 7 is not in Autotask." in page
    assert "Line 5: This is line 2 again." in page
    assert "Line 6: Sales account 999 is not in Xero" in page
    assert standing(connected) == {}


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "The file is empty."),
        (b"\xff\xd8\xff\xe0 no text at all", "It has no column"),
        (b"name,price\nx,1\n", "It has no column billing_code_id, account_code."),
    ],
)
def test_a_file_that_is_none_is_refused_in_words(pages: Pages, content: bytes, says: str) -> None:
    answer = give(pages, content)
    assert answer.status_code == 400
    assert says in words(answer)


def test_a_file_of_fifty_thousand_lines_is_refused_at_once(connected: ConnectedAccount, pages: Pages) -> None:
    content = b"billing_code_id,account_code\n" + b"".join(b"%d,200\n" % number for number in range(50_000))
    began = time.monotonic()
    answer = give(pages, content)
    assert (answer.status_code, standing(connected)) == (400, {})
    assert "more than 20,000 lines" in words(answer)
    assert time.monotonic() - began < 5


def test_a_formula_in_a_name_is_harmless_in_the_export(connected: ConnectedAccount, pages: Pages) -> None:
    connected.autotask.add_billing_code('=HYPERLINK("http://evil.example")')
    exported = text_of(pages.get("settings/mappings/billing-codes/export"))
    assert "'=HYPERLINK" in exported


@pytest.mark.parametrize("kind", KINDS)
def test_every_page_opens_also_when_a_partner_is_down(connected: ConnectedAccount, pages: Pages, kind: str) -> None:
    assert pages.get(f"settings/mappings/{kind}/").status_code == 200
    with connected.pair.autotask.world.trouble("xero", "status", status=503):  # type: ignore[attr-defined]
        answer = pages.get(f"settings/mappings/{kind}/")
    assert answer.status_code == 200
    assert "Xero does not answer now" in words(answer)


def test_before_anything_is_connected_the_page_says_what_to_do(db: None) -> None:
    from tests.factories import make_account

    assert "Connect Autotask and Xero first" in words(Pages(make_account()).get("settings/mappings/tax-rates/"))


def test_who_may_not_change_mappings_sees_them_and_saves_nothing(connected: ConnectedAccount) -> None:
    viewer = Pages(connected.account, Role.VIEWER)
    assert "<select" not in words(viewer.get("settings/mappings/billing-codes/"))
    assert save(viewer, "billing-codes", (str(code_id(connected)), "", "260")).status_code == 403
    assert give(viewer, b"billing_code_id,account_code\n").status_code == 403
    assert viewer.post("settings/mappings/billing-codes/suggested").status_code == 403


def test_the_overview_counts_what_is_mapped(connected: ConnectedAccount, pages: Pages) -> None:
    save(pages, "billing-codes", (str(code_id(connected)), "", "260"))
    page = words(pages.get("settings/mappings/"))
    assert '<td data-label="Mapped" class="numeric nowrap"><div>1</div></td>' in page
