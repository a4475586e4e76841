"""What such a system meets besides the mission's codes: each is provoked over the wire, read, mended, and over."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from typing import Any
from uuid import UUID

import pytest
import redis
from django.conf import settings

from faults.catalogue import KINDS
from faults.models import UnknownText
from syncing.xero.connect import connect_xero
from tenants.connections import Organisation
from tenants.models import XeroGrant
from tests.connected import ConnectedAccount
from tests.mission.bookkeeper import Bookkeeper
from tests.world import Row, item

Mend = Callable[[], object]
Trouble = Callable[[Bookkeeper], tuple[int, Mend]]
"""What goes wrong, before the run that meets it: the Autotask id of the invoice, and how a person mends the cause."""

# Those of the mission's table have files of their own here.
OF_THE_MISSION = {
    "sync-stopped",
    "no-valid-contact",
    "document-locked-by-payment",
    "invoice-not-modifiable",
    "access-token-expired",
    "service-unavailable",
    "currency-not-subscribed",
    "autotask-timeout",
    "xero-unreachable",
    "amounts-do-not-match",
    "no-line-items",
    "invalid-email",
    "invoice-number-empty",
}


def bill(connected: ConnectedAccount, items: list[Row] | None = None, **fields: Any) -> int:
    return int(connected.autotask.bill(connected.pair.company_id, items, **fields)["id"])


def duplicate_number(bookkeeper: Bookkeeper) -> tuple[int, Mend]:
    connected = bookkeeper.connected
    connected.change_settings(numbering="autotask_number")
    made = connected.xero.add_invoice("Acme Ltd", number="1088")
    renumber = {"InvoiceNumber": "1088-OLD"}
    return bill(connected, invoiceNumber="1088"), lambda: connected.xero.patch(
        "Invoices", made["InvoiceID"], **renumber
    )


def account_code_invalid(bookkeeper: Bookkeeper) -> tuple[int, Mend]:
    connected = bookkeeper.connected
    account = next(row for row in connected.xero.rows("Accounts") if row.get("Code") == "260")
    code = connected.autotask.named("billing_codes", "Managed Services")
    bookkeeper.api.put("/mappings/billing-codes", [{"billing_code_id": code, "account_code": "260"}])
    connected.xero.patch("Accounts", account["AccountID"], Status="ARCHIVED")
    return bill(connected), lambda: connected.xero.patch("Accounts", account["AccountID"], Status="ACTIVE")


def tax_rate_invalid(bookkeeper: Bookkeeper) -> tuple[int, Mend]:
    connected = bookkeeper.connected
    cell = {
        "tax_region_id": connected.autotask.named("tax_regions", "New Zealand"),
        "tax_category_id": connected.autotask.named("tax_categories", "Taxable"),
    }
    bookkeeper.api.put("/mappings/tax-rates", [{**cell, "tax_type": "OUTPUT2"}])
    connected.xero.patch("TaxRates", "OUTPUT2", Status="DELETED")
    return bill(connected), lambda: connected.xero.patch("TaxRates", "OUTPUT2", Status="ACTIVE")


def tax_region_unmapped(bookkeeper: Bookkeeper) -> tuple[int, Mend]:
    connected = bookkeeper.connected
    region = connected.autotask.add("TaxRegions", name="Antarctica")
    connected.autotask.patch("Companies", connected.pair.company_id, taxRegionID=region)
    mapping = {"tax_region_id": region, "tax_category_id": None, "tax_type": "OUTPUT2"}
    invoice = bill(connected, [item("100.00", taxDollars="15.00")])
    return invoice, lambda: bookkeeper.api.put("/mappings/tax-rates", [mapping])


def mixed_tax_bundle(bookkeeper: Bookkeeper) -> tuple[int, Mend]:
    connected = bookkeeper.connected
    connected.change_settings(mixed_tax_bundles="stop")
    untaxed = connected.autotask.named("tax_categories", "Non-taxable")
    bundle = {"serviceBundleID": 7, "lineItemGroupDescription": "Gold"}
    lines = [
        item("100.00", name="Service", **bundle),
        item("10.00", name="Licence", taxCategoryID=untaxed, taxDollars=0, **bundle),
    ]
    return bill(connected, lines), lambda: bookkeeper.api.patch("/settings", {"mixed_tax_bundles": "split"})


def billing_code_unmapped(bookkeeper: Bookkeeper) -> tuple[int, Mend]:
    connected = bookkeeper.connected
    connected.change_settings(unmapped_billing_code="fault")
    code = connected.autotask.named("billing_codes", "Managed Services")
    mapping = {"billing_code_id": code, "account_code": "220"}
    return bill(connected), lambda: bookkeeper.api.put("/mappings/billing-codes", [mapping])


def item_code_empty(bookkeeper: Bookkeeper) -> tuple[int, Mend]:
    connected = bookkeeper.connected
    connected.change_settings(product_codes="sku", empty_item_code="stop")
    connected.xero.add("Items", Code="HP-840")
    product = connected.autotask.add("Products", name="Laptop 840", isActive=True, sku="")
    charge = connected.autotask.add("TicketCharges", name="Laptop", productID=product, ticketID=1)
    invoice = bill(connected, [item("100.00", ticketChargeID=charge)])
    return invoice, lambda: connected.autotask.patch("Products", product, sku="HP-840")


def contact_archived(bookkeeper: Bookkeeper) -> tuple[int, Mend]:
    connected = bookkeeper.connected
    number = f"AT-{connected.autotask.id}-{connected.pair.company_id}"
    contact = connected.xero.add_contact("Acme (old)", ContactNumber=number)
    connected.xero.archive_contact(contact["ContactID"])
    return bill(connected), lambda: connected.xero.patch("Contacts", contact["ContactID"], ContactStatus="ACTIVE")


def contact_name_taken(bookkeeper: Bookkeeper) -> tuple[int, Mend]:
    """Another company of the same name is billed as the contact of that name."""
    connected = bookkeeper.connected
    contact = connected.xero.add_contact("Acme Ltd", ContactNumber=f"AT-{connected.autotask.id}-99999")
    return bill(connected), lambda: connected.xero.patch("Contacts", contact["ContactID"], Name="Acme Holdings")


def contact_number_taken(bookkeeper: Bookkeeper) -> tuple[int, Mend]:
    connected = bookkeeper.connected
    connected.change_settings(match_account_number=True)
    connected.autotask.patch("Companies", connected.pair.company_id, companyNumber="C-1044")
    connected.xero.add_contact("Acme North", AccountNumber="C-1044")
    other = connected.xero.add_contact("Acme South")
    connected.xero.patch("Contacts", other["ContactID"], AccountNumber="C-1044")
    return bill(connected), lambda: connected.xero.patch("Contacts", other["ContactID"], AccountNumber="C-1045")


def period_locked(bookkeeper: Bookkeeper) -> tuple[int, Mend]:
    connected = bookkeeper.connected
    connected.change_settings(lookback_days=90)
    today = connected.autotask.world.now().date()
    connected.xero.set_options(period_lock_date=today)
    return bill(connected, invoiceDateTime=today), lambda: connected.xero.set_options(period_lock_date=date(2020, 1, 1))


def xero_permission(bookkeeper: Bookkeeper) -> tuple[int, Mend]:
    """The consent lacks invoices; it is given anew with all that is asked for."""
    connected = bookkeeper.connected

    def consent(**fields: Any) -> None:
        tokens = connected.xero.grant(**fields)
        grant = XeroGrant.objects.get()
        grant.access_token, grant.refresh_token = tokens["access_token"], tokens["refresh_token"]
        grant.save()

    scopes = XeroGrant.objects.get().scopes
    consent(scopes=[scope for scope in scopes if scope != "accounting.invoices"])
    return bill(connected), consent


def xero_disconnected(bookkeeper: Bookkeeper) -> tuple[int, Mend]:
    connected = bookkeeper.connected
    connected.xero.disconnect()
    return bill(connected), lambda: reconnect(connected)


def reconnect(connected: ConnectedAccount) -> None:
    """As the callback of the consent page does it."""
    tokens = connected.xero.grant()
    grant = XeroGrant.objects.get()
    grant.access_token, grant.refresh_token = tokens["access_token"], tokens["refresh_token"]
    grant.broken_at = None
    grant.save()
    organisation = Organisation(UUID(connected.xero.id), UUID(tokens["connection"]["id"]), connected.xero.name)
    connect_xero(connected.account.id, grant, organisation)


def autotask_login_refused(bookkeeper: Bookkeeper) -> tuple[int, Mend]:
    connected = bookkeeper.connected
    connected.autotask.set_api_user(locked=True)
    return bill(connected), lambda: connected.autotask.set_api_user(locked=False)


def autotask_not_permitted(bookkeeper: Bookkeeper) -> tuple[int, Mend]:
    connected = bookkeeper.connected
    connected.autotask.allow("BillingItems", "forbidden")
    return bill(connected), lambda: connected.autotask.allow("BillingItems", "all")


def rate_limited(bookkeeper: Bookkeeper) -> tuple[int, Mend]:
    """The day's calls are used up."""
    return limited(bookkeeper, "xero", "/Invoices")


def autotask_threshold(bookkeeper: Bookkeeper) -> tuple[int, Mend]:
    return limited(bookkeeper, "autotask", "/BillingItems")


def limited(bookkeeper: Bookkeeper, partner: str, path: str) -> tuple[int, Mend]:
    world = bookkeeper.connected.autotask.world
    world.add_trouble(partner, "rate_limit", seconds=3600, path=path)
    return bill(bookkeeper.connected), world.remove_trouble


def validation_refused(bookkeeper: Bookkeeper) -> tuple[int, Mend]:
    return refused_by_xero(bookkeeper, "The moon must be full.")


def unexpected(bookkeeper: Bookkeeper) -> tuple[int, Mend]:
    """Xero names a mistake that only we can have made."""
    return refused_by_xero(bookkeeper, "The description field is mandatory for each line item.")


def refused_by_xero(bookkeeper: Bookkeeper, text: str) -> tuple[int, Mend]:
    element = {
        "InvoiceID": "00000000-0000-0000-0000-000000000000",
        "StatusAttributeString": "ERROR",
        "HasErrors": True,
        "ValidationErrors": [{"Message": text}],
    }
    world = bookkeeper.connected.autotask.world
    world.add_trouble(
        "xero",
        "status",
        method="PUT",
        path="/Invoices",
        status=200,
        body=json.dumps({"Invoices": [element]}),
        headers={"Content-Type": "application/json"},
    )
    return bill(bookkeeper.connected), world.remove_trouble


TROUBLES: dict[str, Trouble] = {
    trouble.__name__.replace("_", "-"): trouble
    for trouble in (
        duplicate_number,
        account_code_invalid,
        tax_rate_invalid,
        tax_region_unmapped,
        mixed_tax_bundle,
        billing_code_unmapped,
        item_code_empty,
        contact_archived,
        contact_name_taken,
        contact_number_taken,
        period_locked,
        xero_permission,
        xero_disconnected,
        autotask_login_refused,
        autotask_not_permitted,
        rate_limited,
        autotask_threshold,
        validation_refused,
        unexpected,
    )
}


def test_no_kind_of_the_catalogue_is_only_a_text() -> None:
    assert OF_THE_MISSION | TROUBLES.keys() | {"void-refused", "sent-twice"} == KINDS.keys()


@pytest.mark.parametrize("code", TROUBLES)
def test_it_is_met_read_mended_and_over(bookkeeper: Bookkeeper, redis_client: redis.Redis, code: str) -> None:
    invoice, mend = TROUBLES[code](bookkeeper)
    bookkeeper.connected.sync()
    assert bookkeeper.living_codes() == [code]
    fault = bookkeeper.fault(code)
    assert (fault["title"], fault["article_url"]) == (KINDS[code].title, f"{settings.BASE_URL}/help/faults/{code}/")
    assert bookkeeper.connected.xero.invoices() == [] or code == "duplicate-number"

    mend()
    redis_client.flushdb()  # an hour later, no limit is waited for any more
    bookkeeper.resync(fault)

    assert bookkeeper.state_of(fault) == "resolved"
    if code not in ("autotask-login-refused", "autotask-not-permitted", "autotask-threshold"):
        bookkeeper.assert_arrived_once(invoice)
    bookkeeper.connected.sync()
    bookkeeper.assert_arrived_once(invoice)


def test_a_refused_void_is_over_once_the_payment_is_gone(bookkeeper: Bookkeeper) -> None:
    connected = bookkeeper.connected
    connected.change_settings(import_status="approved", void_sync=True)
    invoice = bill(connected)
    connected.sync()
    [arrived] = connected.xero.invoices()
    connected.xero.pay(arrived["InvoiceID"])
    connected.autotask.void(invoice)
    connected.sync()
    fault = bookkeeper.fault("void-refused")

    connected.xero.unpay(arrived["InvoiceID"])
    bookkeeper.resync(fault)

    assert bookkeeper.state_of(fault) == "resolved"
    assert [row["Status"] for row in connected.xero.invoices()] == ["VOIDED"]


def test_an_unknown_text_is_quoted_to_the_customer_and_counted_for_staff(bookkeeper: Bookkeeper) -> None:
    validation_refused(bookkeeper)
    bookkeeper.connected.sync()

    fault = bookkeeper.fault("validation-refused")
    assert fault["evidence"]["messages"] == ["The moon must be full."]
    assert [(text.partner, text.times_seen) for text in UnknownText.objects.all()] == [("xero", 1)]
