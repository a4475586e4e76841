"""Invoice contains no line items: skipped where there is nothing to bill, a fault where lines should be there."""

from __future__ import annotations

from datetime import timedelta

from tests.mission.bookkeeper import Bookkeeper
from tests.mission.test_partner_trouble import when_due
from tests.world import item


def test_an_invoice_of_nothing_is_skipped_with_a_notice(bookkeeper: Bookkeeper) -> None:
    connected = bookkeeper.connected
    invoice = connected.autotask.bill(connected.pair.company_id, [])["id"]

    connected.sync()

    document = bookkeeper.document(invoice)
    assert (document["state"], document["skipped_reason"]) == ("skipped", "The invoice contains no line items.")
    assert bookkeeper.living_codes() == []


def test_lines_that_are_hidden_by_a_line_of_business(bookkeeper: Bookkeeper) -> None:
    connected = bookkeeper.connected
    names = sorted(connected.autotask.row["lines_of_business"])
    connected.autotask.hide_line_of_business(names[0])
    created = connected.autotask.world.now()
    lines = [item("40.00", line_of_business=names[0])]
    invoice = connected.autotask.bill(connected.pair.company_id, lines, createDateTime=created)["id"]
    connected.sync()
    assert bookkeeper.fault("no-line-items")["state"] == "retrying"

    connected.autotask.patch("Invoices", invoice, createDateTime=created - timedelta(minutes=11))
    when_due(bookkeeper)
    fault = bookkeeper.fault("no-line-items")
    assert (fault["state"], fault["evidence"]["total"]) == ("open", "40.00")
    seen = fault["evidence"]["api_user_lines_of_business"]
    assert seen
    assert not any(names[0] in name for name in seen)

    connected.autotask.show_all_lines_of_business()
    bookkeeper.resync(fault)

    bookkeeper.assert_mended(fault, invoice)
