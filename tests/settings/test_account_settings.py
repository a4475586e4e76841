"""Each setting of the Accounts and items page, turned, synced, and read in Xero."""

from __future__ import annotations

import pytest

from tests.connected import ConnectedAccount
from tests.world import Row, item


@pytest.mark.parametrize(("setting", "code"), [("", "210"), ("260", "260")])
def test_default_sales_account(connected: ConnectedAccount, setting: str, code: str) -> None:
    connected.change_settings(default_sales_account=setting)
    connected.autotask.bill(connected.pair.company_id)
    connected.sync()
    assert [row["LineItems"][0]["AccountCode"] for row in connected.xero.invoices()] == [code]


@pytest.mark.parametrize("setting", ["default", "fault"])
def test_unmapped_billing_code(connected: ConnectedAccount, setting: str) -> None:
    connected.change_settings(unmapped_billing_code=setting)
    invoice = connected.autotask.bill(connected.pair.company_id)
    connected.sync()
    assert connected.codes(invoice["id"]) == ({"billing-code-unmapped"} if setting == "fault" else set())
    notices = connected.document(invoice["id"]).notices
    assert any("no sales account of its own" in notice for notice in notices) == (setting == "default")


def sold(connected: ConnectedAccount, **product: object) -> Row:
    """A billing item that sells a product."""
    product_id = connected.autotask.add("Products", **{"name": "Laptop 840", "isActive": True, **product})
    charge = connected.autotask.add("TicketCharges", name="Laptop", productID=product_id, ticketID=1)
    return item("100.00", ticketChargeID=charge)


def item_codes(connected: ConnectedAccount) -> list[str | None]:
    return [line.get("ItemCode") for row in connected.xero.invoices() for line in row["LineItems"]]


@pytest.mark.parametrize(
    ("setting", "code"),
    [("off", None), ("sku", "HP-840"), ("internal", "I-1"), ("external", "E-1"), ("manufacturer", "M-1")],
)
def test_product_codes(connected: ConnectedAccount, setting: str, code: str | None) -> None:
    for known in ("HP-840", "I-1", "E-1", "M-1"):
        connected.xero.add("Items", Code=known)
    connected.change_settings(product_codes=setting)
    codes = {"sku": "HP-840", "internalProductID": "I-1", "externalProductID": "E-1", "manufacturerProductName": "M-1"}
    connected.autotask.bill(connected.pair.company_id, [sold(connected, **codes)])
    connected.sync()
    assert item_codes(connected) == [code]


@pytest.mark.parametrize(("setting", "code"), [("existing", None), ("create", "HP-840"), ("update", "HP-840")])
def test_xero_items_decides_whether_a_missing_item_is_made(
    connected: ConnectedAccount, setting: str, code: str | None
) -> None:
    connected.change_settings(product_codes="sku", xero_items=setting)
    connected.autotask.bill(connected.pair.company_id, [sold(connected, sku="HP-840", unitPrice=1200)])
    connected.sync()
    assert item_codes(connected) == [code]
    made = [(row["Code"], row["Name"]) for row in connected.xero.rows("Items")]
    assert made == ([("HP-840", "Laptop 840")] if code else [])


@pytest.mark.parametrize(("setting", "name"), [("create", "Old name"), ("update", "Laptop 840")])
def test_xero_items_decides_whether_an_item_is_kept_up_to_date(
    connected: ConnectedAccount, setting: str, name: str
) -> None:
    connected.xero.add("Items", Code="HP-840", Name="Old name")
    connected.change_settings(product_codes="sku", xero_items=setting)
    connected.autotask.bill(connected.pair.company_id, [sold(connected, sku="HP-840")])
    connected.sync()
    assert [row["Name"] for row in connected.xero.rows("Items")] == [name]


@pytest.mark.parametrize("setting", ["ignore", "notice", "stop"])
def test_empty_item_code(connected: ConnectedAccount, setting: str) -> None:
    connected.change_settings(product_codes="sku", empty_item_code=setting)
    invoice = connected.autotask.bill(connected.pair.company_id, [sold(connected, sku="")])
    connected.sync()
    assert connected.codes(invoice["id"]) == ({"item-code-empty"} if setting == "stop" else set())
    notices = connected.document(invoice["id"]).notices
    assert any("is empty in Autotask" in notice for notice in notices) == (setting == "notice")
