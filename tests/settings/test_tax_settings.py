"""Each setting of the Tax and rounding page, turned, synced, and read in Xero."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.connected import ConnectedAccount
from tests.world import Row, item


def synced(connected: ConnectedAccount, items: list[Row], **invoice: object) -> Row:
    connected.autotask.bill(connected.pair.company_id, items, **invoice)
    connected.sync()
    [arrived] = connected.xero.invoices()
    return arrived


def test_tax_mapping_sends_the_rate_of_the_region(connected: ConnectedAccount) -> None:
    export = connected.autotask.named("tax_regions", "Export")
    connected.autotask.patch("Companies", connected.pair.company_id, taxRegionID=export)
    arrived = synced(connected, [item("100.00")])
    assert (arrived["LineItems"][0]["TaxType"], arrived["TotalTax"]) == ("ZERORATED", Decimal("0"))


def test_without_tax_mapping_the_sales_account_decides(connected: ConnectedAccount) -> None:
    export = connected.autotask.named("tax_regions", "Export")
    connected.autotask.patch("Companies", connected.pair.company_id, taxRegionID=export)
    connected.change_settings(tax_mapping=False)
    assert synced(connected, [item("100.00")])["LineItems"][0]["TaxType"] == "OUTPUT2"


@pytest.mark.parametrize("setting", ["off", "warn", "stop"])
def test_tax_guard(connected: ConnectedAccount, setting: str) -> None:
    """Autotask took 13.00 of tax where Xero takes 15.00: less than the rounding that is let pass, and no rounding."""
    connected.change_settings(tax_guard=setting)
    connected.autotask.bill(connected.pair.company_id, [item("500.00")])
    connected.sync()  # which tells that this account's totals are net
    invoice = connected.autotask.bill(connected.pair.company_id, [item("100.00")], totalTaxValue=Decimal("13.00"))
    [line] = connected.autotask.items(invoice["id"])
    connected.autotask.patch("BillingItems", line["id"], taxDollars=Decimal("13.00"))
    connected.sync()
    notices = " ".join(connected.document(invoice["id"]).notices)
    assert connected.codes(invoice["id"]) == ({"amounts-do-not-match"} if setting == "stop" else set())
    assert ("Autotask’s tax is 13.00" in notices) == (setting == "warn")


@pytest.mark.parametrize(("setting", "unit", "quantity"), [(4, "1.2345", 1000), (2, "1234.50", 1)])
def test_decimals(connected: ConnectedAccount, setting: int, unit: str, quantity: int) -> None:
    connected.change_settings(decimals=setting)
    [line] = synced(connected, [item("1.2345", 1000)])["LineItems"]
    assert (line["UnitAmount"], line["Quantity"]) == (Decimal(unit), quantity)


@pytest.mark.parametrize(("setting", "lines", "total"), [(True, 4, "87.75"), (False, 3, "87.74")])
def test_rounding_line(connected: ConnectedAccount, setting: bool, lines: int, total: str) -> None:
    """Xero's own example: 25.06, 25.61 and 25.63 at 15 % are 87.74, where the tax on the sum would give 87.75."""
    connected.change_settings(rounding_line=setting)
    items = [item("25.06"), item("25.61"), item("25.63")]
    invoiced = {"invoiceTotal": Decimal("87.75"), "totalTaxValue": Decimal("11.45")}
    arrived = synced(connected, items, **invoiced)
    assert (len(arrived["LineItems"]), arrived["Total"]) == (lines, Decimal(total))


@pytest.mark.parametrize("setting", ["split", "stop"])
def test_mixed_tax_bundles(connected: ConnectedAccount, setting: str) -> None:
    untaxed = connected.autotask.named("tax_categories", "Non-taxable")
    connected.change_settings(mixed_tax_bundles=setting)
    bundle = {"serviceBundleID": 7, "lineItemGroupDescription": "Gold"}
    items = [
        item("100.00", name="Service", **bundle),
        item("10.00", name="Licence", taxCategoryID=untaxed, taxDollars=0, **bundle),
    ]
    invoice = connected.autotask.bill(connected.pair.company_id, items)
    connected.sync()
    if setting == "stop":
        assert connected.codes(invoice["id"]) == {"mixed-tax-bundle"}
    else:
        [arrived] = connected.xero.invoices()
        assert [line["TaxType"] for line in arrived["LineItems"]] == ["OUTPUT2", "NONE"]
