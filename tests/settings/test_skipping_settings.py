"""Each setting of the Skipping and Schedule pages, turned, synced, and read in Xero."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from syncing import schedule
from syncing.change_settings import change_settings
from tests.connected import ConnectedAccount
from tests.world import item


@pytest.mark.parametrize(("setting", "lines"), [("keep", 2), ("skip", 1)])
def test_zero_lines(connected: ConnectedAccount, setting: str, lines: int) -> None:
    connected.change_settings(zero_lines=setting)
    connected.autotask.bill(connected.pair.company_id, [item("100.00"), item("90.00", 2, 0, name="Covered")])
    connected.sync()
    assert [len(row["LineItems"]) for row in connected.xero.invoices()] == [lines]


@pytest.mark.parametrize("setting", ["send", "skip"])
def test_zero_totals(connected: ConnectedAccount, setting: str) -> None:
    connected.change_settings(zero_totals=setting, import_status="approved")
    invoice = connected.autotask.bill(connected.pair.company_id, [item("90.00", 2, 0, name="Covered")])
    connected.sync()
    assert [row["Status"] for row in connected.xero.invoices()] == (["DRAFT"] if setting == "send" else [])
    assert connected.document(invoice["id"]).skipped_reason == ("" if setting == "send" else "Its total is zero.")


def test_skip_total_below(connected: ConnectedAccount) -> None:
    connected.change_settings(skip_total_below=Decimal("1.00"))
    for rate in ("0.45", "1.00", "-0.45"):
        connected.autotask.bill(connected.pair.company_id, [item(rate)])
    connected.sync()
    assert [row["SubTotal"] for row in connected.xero.documents()] == [Decimal("1.00")]


def test_skip_udf(connected: ConnectedAccount) -> None:
    for value in ("true", "false"):
        fields = [{"name": "XeroNoSync", "value": value}]
        company = connected.autotask.add_company(f"Says {value}", userDefinedFields=fields)
        connected.autotask.bill(company)
    connected.change_settings(skip_udf="XeroNoSync")
    connected.sync()
    assert [row["Contact"]["Name"] for row in connected.xero.invoices()] == ["Says false"]


def test_skip_templates(connected: ConnectedAccount) -> None:
    templates = {name: connected.autotask.named("invoice_templates", name) for name in ("Standard", "Itemised")}
    connected.change_settings(skip_templates=[templates["Itemised"]])
    for template in templates.values():
        connected.autotask.bill(connected.pair.company_id, invoiceEditorTemplateID=template)
    connected.sync()
    assert len(connected.xero.invoices()) == 1


def test_lookback_days(connected: ConnectedAccount) -> None:
    """A longer look-back finds at the next run what lay before the shorter one."""
    old = timezone.now() - timedelta(days=40)
    connected.autotask.bill(connected.pair.company_id, createDateTime=old, invoiceDateTime=old.date())
    with connected.scope():
        change_settings(connected.account, {"lookback_days": 30})
    connected.sync()
    assert connected.xero.invoices() == []
    with connected.scope():
        change_settings(connected.account, {"lookback_days": 60})
    connected.sync()
    assert len(connected.xero.invoices()) == 1


def test_a_paused_account_runs_on_no_schedule_and_when_it_is_asked_to(connected: ConnectedAccount) -> None:
    connected.autotask.bill(connected.pair.company_id)
    with connected.scope():
        change_settings(connected.account, {"paused": True})
    type(connected.account).objects.update(next_sync_at=timezone.now() - timedelta(minutes=1))
    assert list(schedule.take_due_accounts()) == []
    connected.sync()
    assert len(connected.xero.invoices()) == 1


def test_interval_minutes(connected: ConnectedAccount) -> None:
    with connected.scope():
        change_settings(connected.account, {"interval_minutes": 45})
    connected.sync()
    connected.account.refresh_from_db()
    assert connected.account.next_sync_at is not None
    assert timedelta(minutes=44) < connected.account.next_sync_at - timezone.now() <= timedelta(minutes=45)
