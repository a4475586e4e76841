"""Each setting of the Skipping and Schedule pages, turned, synced, and read in Xero."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from syncing import on_demand, schedule
from syncing.change_settings import change_settings
from syncing.models import Document
from syncing.states import DocumentState
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


def change(connected: ConnectedAccount, **values: Any) -> None:
    with connected.scope():
        change_settings(connected.account, values)


@pytest.mark.parametrize(
    ("setting", "leaves_out", "lets_through"),
    [
        ("zero_totals", "skip", "send"),
        ("zero_lines", "skip", "keep"),
        ("skip_total_below", Decimal("1.00"), None),
        ("skip_udf", "XeroNoSync", ""),
        ("skip_templates", True, []),
    ],
)
def test_what_a_setting_left_out_arrives_once_that_is_turned_off(
    connected: ConnectedAccount, setting: str, leaves_out: Any, lets_through: Any
) -> None:
    template = connected.autotask.named("invoice_templates", "Itemised")
    no_sync = [{"name": "XeroNoSync", "value": "true"}]
    company = connected.autotask.add_company("Left Out Ltd", userDefinedFields=no_sync)
    rate = 0 if setting.startswith("zero") else "0.45"
    change(connected, **{setting: [template] if setting == "skip_templates" else leaves_out})
    invoice = connected.autotask.bill(company, [item(rate)], invoiceEditorTemplateID=template)
    connected.sync()
    assert connected.document(invoice["id"]).state == DocumentState.SKIPPED

    change(connected, **{setting: lets_through})
    connected.sync()

    document = connected.document(invoice["id"])
    assert (document.state, document.skipped_reason) == (DocumentState.SYNCED, "")


def test_what_another_setting_left_out_stays_out(connected: ConnectedAccount) -> None:
    change(connected, skip_total_below=Decimal("1.00"))
    invoice = connected.autotask.bill(connected.pair.company_id, [item("0.45")])
    connected.sync()

    change(connected, zero_totals="skip")

    assert connected.document(invoice["id"]).state == DocumentState.SKIPPED


def test_a_limit_that_is_only_lowered_leaves_out_what_is_still_below_it(connected: ConnectedAccount) -> None:
    change(connected, skip_total_below=Decimal("10.00"))
    ids = [connected.autotask.bill(connected.pair.company_id, [item(rate)])["id"] for rate in ("0.45", "5.00")]
    connected.sync()

    change(connected, skip_total_below=Decimal("1.00"))
    connected.sync()

    assert [connected.document(id_).state for id_ in ids] == [DocumentState.SKIPPED, DocumentState.SYNCED]


def test_no_setting_brings_back_what_a_person_or_a_void_left_out(connected: ConnectedAccount) -> None:
    change(connected, skip_total_below=Decimal("1.00"))
    by_person, by_void, voided_later = (
        connected.autotask.bill(connected.pair.company_id, [item("0.45")])["id"] for _ in range(3)
    )
    connected.autotask.void(by_void)
    connected.sync()
    connected.ask_again(by_person)
    with connected.scope():
        on_demand.skip(connected.account.id, Document.objects.filter(autotask_id=by_person), "Paid in cash")
    connected.autotask.void(voided_later)
    connected.sync()

    change(connected, skip_total_below=None)
    connected.sync()

    states = {connected.document(autotask_id).state for autotask_id in (by_person, by_void, voided_later)}
    assert states == {DocumentState.SKIPPED}
    assert connected.xero.invoices() == []


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
