"""The items of Xero's price list that documents name: made, or kept up to date, where the account asks for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from faults.classify import classify_xero
from faults.problems import SyncProblem
from syncing.autotask.records import Product
from syncing.deliver import ReadyDocument
from syncing.models import SyncSettings
from syncing.settle import Outcome, stuck
from syncing.xero.client import XeroClient
from syncing.xero.documents import half_up
from syncing.xero.records import Item
from syncing.xero.text import clean, clean_line

LONGEST_NAME = 50
LONGEST_DESCRIPTION = 4000


def see_to_items(
    client: XeroClient,
    ready: Sequence[ReadyDocument],
    settings: SyncSettings,
    known: Sequence[Item],
    products: Mapping[str, Product],
) -> tuple[list[ReadyDocument], list[Outcome]]:
    """Make the items that `ready` name and Xero lacks; the documents that may be sent, and what became of the others.

    `products` are those of Autotask by their item codes. Raises the client's SyncProblems.
    """
    if settings.xero_items == SyncSettings.XeroItems.EXISTING:
        return list(ready), []
    present = {item.code: item for item in known}
    named = {line.item_code for item in ready for line in item.content.lines if line.item_code}
    wanted = [_element(code, products.get(code)) for code in sorted(named)]
    is_due = {element["Code"]: _is_due(element, present.get(element["Code"]), settings) for element in wanted}
    elements = [element for element in wanted if is_due[element["Code"]]]
    refused: dict[str, SyncProblem] = {}
    for element, reply in zip(elements, client.save_items(elements), strict=True):
        if not reply.ok:
            refused[element["Code"]] = classify_xero(reply.messages)
    return _divided(ready, refused)


def _element(code: str, product: Product | None) -> dict[str, Any]:
    """An item as Xero takes it. Without its product there is nothing but the code."""
    if product is None:
        return {"Code": code, "Name": code}
    element: dict[str, Any] = {
        "Code": code,
        "Name": clean_line(product.name, LONGEST_NAME) or code,
        "Description": clean(product.description or product.name, LONGEST_DESCRIPTION),
    }
    if product.unit_price:
        element["SalesDetails"] = {"UnitPrice": half_up(product.unit_price, 4)}
    return element


def _is_due(element: dict[str, Any], present: Item | None, settings: SyncSettings) -> bool:
    if present is None:
        return True
    if settings.xero_items != SyncSettings.XeroItems.UPDATE or "Description" not in element:
        return False
    price = element.get("SalesDetails", {}).get("UnitPrice")
    same_price = price is None or Decimal(present.sales_price or 0) == price
    return (present.name, present.sales_description) != (element["Name"], element["Description"]) or not same_price


def _divided(
    ready: Sequence[ReadyDocument], refused: Mapping[str, SyncProblem]
) -> tuple[list[ReadyDocument], list[Outcome]]:
    sendable: list[ReadyDocument] = []
    outcomes: list[Outcome] = []
    for item in ready:
        codes = [line.item_code for line in item.content.lines if line.item_code]
        problems = [refused[code] for code in codes if code in refused]
        if problems:
            outcomes.append(stuck(item.document, problems[:1], item.values))
        else:
            sendable.append(item)
    return sendable, outcomes
