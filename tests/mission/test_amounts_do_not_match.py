"""Invoice amounts do not match: the limit to the cent, the three causes, and the ways out of each."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from tenants.features import FeatureName
from tenants.models import Feature
from tests.mission.bookkeeper import Bookkeeper
from tests.mission.test_partner_trouble import when_due
from tests.world import item


def long_ago(bookkeeper: Bookkeeper) -> datetime:
    moment: datetime = bookkeeper.connected.autotask.world.now() - timedelta(days=2)
    return moment


def bill_with_total_off_by(bookkeeper: Bookkeeper, off: str) -> int:
    """An old invoice of 100.00 whose total in Autotask says so much more."""
    autotask = bookkeeper.connected.autotask
    made = autotask.bill(bookkeeper.connected.pair.company_id, createDateTime=long_ago(bookkeeper))
    autotask.patch("Invoices", made["id"], invoiceTotal=made["invoiceTotal"] + Decimal(off))
    bookkeeper.connected.sync()
    return int(made["id"])


def tell_net_from_gross(bookkeeper: Bookkeeper) -> None:
    """An invoice that is complete shows whether this database's totals are net."""
    bookkeeper.connected.autotask.bill(bookkeeper.connected.pair.company_id)
    bookkeeper.connected.sync()


def bill_adjusted(bookkeeper: Bookkeeper, adjustment: dict[str, Any]) -> int:
    items = [item("20.00", 20), adjustment]
    invoice = bookkeeper.connected.autotask.bill(
        bookkeeper.connected.pair.company_id, items, createDateTime=long_ago(bookkeeper)
    )
    bookkeeper.connected.sync()
    return int(invoice["id"])


def diagnosis_of(fault: Any, cause: str) -> Any:
    return next(each for each in fault["evidence"]["diagnosis"] if each["cause"] == cause)


def turn_on_support(bookkeeper: Bookkeeper) -> None:
    with bookkeeper.connected.scope():
        Feature.objects.create(
            name=FeatureName.SERVICE_ADJUSTMENTS, enabled=True, reason="It explains the case.", changed_by="s@d.example"
        )


@pytest.mark.parametrize("off", ["2.99", "-2.99"])
def test_a_difference_of_2_99_is_sent(bookkeeper: Bookkeeper, off: str) -> None:
    invoice = bill_with_total_off_by(bookkeeper, off)

    bookkeeper.assert_arrived_once(invoice)
    assert bookkeeper.living_codes() == []
    assert "2.99" in " ".join(bookkeeper.document(invoice)["notices"])


@pytest.mark.parametrize("off", ["3.00", "-3.00"])
def test_a_difference_of_3_00_is_not(bookkeeper: Bookkeeper, off: str) -> None:
    invoice = bill_with_total_off_by(bookkeeper, off)

    fault = bookkeeper.fault("amounts-do-not-match")
    assert fault["evidence"]["difference"] == "3.00"
    assert bookkeeper.document(invoice)["state"] == "faulted"
    assert bookkeeper.connected.xero.invoices() == []


def test_lines_of_a_hidden_line_of_business(bookkeeper: Bookkeeper) -> None:
    autotask = bookkeeper.connected.autotask
    hidden = next(iter(autotask.row["lines_of_business"]))
    tell_net_from_gross(bookkeeper)
    autotask.hide_line_of_business(hidden)
    items = [item("100.00"), item("40.00", line_of_business=hidden)]
    invoice = autotask.bill(bookkeeper.connected.pair.company_id, items, createDateTime=long_ago(bookkeeper))["id"]
    bookkeeper.connected.sync()

    fault = bookkeeper.fault("amounts-do-not-match")
    likeliest = fault["evidence"]["diagnosis"][0]
    assert (likeliest["cause"], likeliest["fits"], likeliest["sum_missing"]) == ("lines_missing", True, "40.00")

    autotask.show_all_lines_of_business()
    bookkeeper.resync(fault)

    bookkeeper.assert_mended(fault, invoice)
    assert [row["SubTotal"] for row in bookkeeper.connected.xero.invoices()] == [Decimal("100.00"), Decimal("140.00")]


def test_an_old_billing_run_that_was_broken_off(bookkeeper: Bookkeeper) -> None:
    autotask = bookkeeper.connected.autotask
    items = [item("100.00"), item("40.00", appears_after=999_999)]
    invoice = autotask.bill(bookkeeper.connected.pair.company_id, items, createDateTime=long_ago(bookkeeper))["id"]
    bookkeeper.connected.sync()
    fault = bookkeeper.fault("amounts-do-not-match")
    assert fault["state"] == "open"
    assert diagnosis_of(fault, "unfinished_billing_run")["fits"]

    autotask.finish_billing_run()
    bookkeeper.resync(fault)

    bookkeeper.assert_mended(fault, invoice)


def test_a_young_invoice_is_fetched_again_before_it_is_judged(bookkeeper: Bookkeeper) -> None:
    autotask = bookkeeper.connected.autotask
    items = [item("100.00"), item("40.00", appears_after=999_999)]
    invoice = autotask.bill(bookkeeper.connected.pair.company_id, items, createDateTime=autotask.world.now())["id"]
    bookkeeper.connected.sync()
    fault = bookkeeper.fault("amounts-do-not-match")
    assert (fault["state"], fault["who_acts"]) == ("retrying", "nobody")
    assert seconds_until(bookkeeper.document(invoice)["next_attempt_at"], bookkeeper) == pytest.approx(135, abs=25)

    autotask.patch("Invoices", invoice, createDateTime=autotask.world.now() - timedelta(minutes=3))
    when_due(bookkeeper)
    assert bookkeeper.fault("amounts-do-not-match")["state"] == "retrying"
    assert seconds_until(bookkeeper.document(invoice)["next_attempt_at"], bookkeeper) == pytest.approx(435, abs=25)

    autotask.patch("Invoices", invoice, createDateTime=autotask.world.now() - timedelta(minutes=11))
    when_due(bookkeeper)
    assert bookkeeper.fault("amounts-do-not-match")["state"] == "open"


def seconds_until(moment: str, bookkeeper: Bookkeeper) -> float:
    return float((datetime.fromisoformat(moment) - bookkeeper.connected.autotask.world.now()).total_seconds())


def test_combined_service_adjustments_arrive_as_one_line_once_support_is_on(bookkeeper: Bookkeeper) -> None:
    invoice = bill_adjusted(bookkeeper, item("10.00", -2, "35.00"))

    fault = bookkeeper.fault("amounts-do-not-match")
    diagnosis = fault["evidence"]["diagnosis"][0]
    assert (diagnosis["cause"], diagnosis["fits"]) == ("service_adjustments", True)
    assert Decimal(diagnosis["difference_with_support"]) == 0
    assert bookkeeper.connected.xero.invoices() == []

    turn_on_support(bookkeeper)
    bookkeeper.resync(fault)

    bookkeeper.assert_mended(fault, invoice)
    [sent] = bookkeeper.connected.xero.invoices()
    assert (sent["LineItems"][1]["Quantity"], sent["LineItems"][1]["UnitAmount"]) == (1, Decimal("35.00"))


def test_a_plain_service_adjustment_arrives_with_its_sign_on_the_price(bookkeeper: Bookkeeper) -> None:
    invoice = bill_adjusted(bookkeeper, item("10.00", -2))

    bookkeeper.assert_arrived_once(invoice)
    [sent] = bookkeeper.connected.xero.invoices()
    assert (sent["LineItems"][1]["Quantity"], sent["LineItems"][1]["UnitAmount"]) == (2, Decimal("-10.00"))
    assert sent["SubTotal"] == Decimal("380.00")


@pytest.mark.parametrize("total", ["-19.99", "-18.00", "-22.50"])
def test_a_combined_adjustment_is_a_mismatch_however_small(bookkeeper: Bookkeeper, total: str) -> None:
    bill_adjusted(bookkeeper, item("10.00", -2, total))

    assert diagnosis_of(bookkeeper.fault("amounts-do-not-match"), "service_adjustments")["fits"]
    assert bookkeeper.connected.xero.invoices() == []


def test_what_is_stuck_is_the_invoice_as_autotask_bills_it(bookkeeper: Bookkeeper) -> None:
    tell_net_from_gross(bookkeeper)
    invoice = bill_with_total_off_by(bookkeeper, "50.00")

    row = bookkeeper.document(invoice)
    assert (row["subtotal"], row["tax"], row["total"]) == ("150.00", "15.00", "165.00")


def test_so_is_a_credit_note_and_its_amounts_are_positive(bookkeeper: Bookkeeper) -> None:
    tell_net_from_gross(bookkeeper)
    autotask = bookkeeper.connected.autotask
    lines = [item("-100.00")]
    made = autotask.bill(bookkeeper.connected.pair.company_id, lines, createDateTime=long_ago(bookkeeper))
    autotask.patch("Invoices", made["id"], invoiceTotal=Decimal("-150.00"))
    bookkeeper.connected.sync()

    row = bookkeeper.document(made["id"])
    assert (row["kind"], row["subtotal"], row["tax"], row["total"]) == ("credit_note", "150.00", "15.00", "165.00")
