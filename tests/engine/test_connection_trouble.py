"""Trouble with a connection is one fault for the account and partner; nothing is lost, and nothing is sent twice."""

from __future__ import annotations

from typing import Any

import pytest
from django.db.models.functions import Now

from faults.models import Fault
from syncing.models import Document, SyncRun
from syncing.states import DocumentState
from syncing.xero.connect import connect_xero
from tenants.connections import Organisation
from tenants.models import XeroConnection, XeroGrant
from tests.connected import ConnectedAccount

TROUBLE: dict[str, tuple[str, dict[str, Any]]] = {
    "Xero is down": ("service-unavailable", {"partner": "xero", "kind": "outage"}),
    "Xero cuts the connection": ("xero-unreachable", {"partner": "xero", "kind": "drop_before"}),
    "Autotask is down": ("service-unavailable", {"partner": "autotask", "kind": "outage"}),
    "Autotask cuts the connection": ("autotask-timeout", {"partner": "autotask", "kind": "drop_before"}),
}


def open_faults(connected: ConnectedAccount) -> list[tuple[str, str]]:
    with connected.scope():
        living = Fault.objects.filter(state__in=[Fault.State.OPEN, Fault.State.RETRYING])
        return [(fault.code, fault.state) for fault in living]


def make_due(connected: ConnectedAccount) -> None:
    with connected.scope():
        Document.objects.filter(state=DocumentState.RETRYING).update(next_attempt_at=Now())


@pytest.mark.parametrize("name", list(TROUBLE))
def test_an_outage_is_one_fault_however_many_invoices_wait(connected: ConnectedAccount, name: str) -> None:
    code, rule = TROUBLE[name]
    for _ in range(14):
        connected.autotask.bill(connected.pair.company_id)
    connected.autotask.world.add_trouble(**rule)

    run = connected.sync()

    assert (run.state, run.problem_code) == (SyncRun.State.STOPPED, code)
    assert open_faults(connected) == [(code, Fault.State.RETRYING)]
    assert connected.xero.invoices() == []


@pytest.mark.parametrize("name", list(TROUBLE))
def test_once_it_is_over_everything_arrives_and_the_fault_is_resolved(connected: ConnectedAccount, name: str) -> None:
    _, rule = TROUBLE[name]
    for _ in range(14):
        connected.autotask.bill(connected.pair.company_id)
    connected.autotask.world.add_trouble(**rule)
    connected.sync()
    connected.sync()
    connected.autotask.world.remove_trouble()
    make_due(connected)

    connected.sync()

    assert len(connected.xero.invoices()) == 14
    assert {document.state for document in connected.documents()} == {DocumentState.SYNCED}
    assert open_faults(connected) == []


def test_a_token_that_expires_in_the_middle_is_refreshed_and_nobody_notices(connected: ConnectedAccount) -> None:
    connected.autotask.bill(connected.pair.company_id)
    connected.autotask.world.add_trouble("xero", "expire_tokens", times=1, path="/Invoices")

    run = connected.sync()

    assert run.state == SyncRun.State.FINISHED
    assert len(connected.xero.invoices()) == 1
    assert open_faults(connected) == []


def test_a_user_who_disconnects_in_xero_is_told_to_reconnect(connected: ConnectedAccount) -> None:
    connected.autotask.bill(connected.pair.company_id)
    connected.xero.disconnect()

    connected.sync()

    assert open_faults(connected) == [("xero-disconnected", Fault.State.OPEN)]


def test_a_refused_log_in_is_not_tried_again_on_schedule(connected: ConnectedAccount) -> None:
    connected.autotask.set_api_user(secret="changed by somebody")
    connected.sync()
    assert open_faults(connected) == [("autotask-login-refused", Fault.State.OPEN)]
    before = connected.autotask.world.ledger("autotask").last_n

    from syncing import runs

    with connected.scope():
        runs.run_now(connected.account.id, SyncRun.Trigger.SCHEDULE)

    assert connected.autotask.world.ledger("autotask", since_n=before).requests == []


def test_a_limit_that_passes_soon_gives_the_documents_back_without_a_word(connected: ConnectedAccount) -> None:
    invoice = connected.autotask.bill(connected.pair.company_id)
    connected.autotask.world.add_trouble("xero", "rate_limit", seconds=30, path="/Invoices")

    connected.sync()

    assert connected.document(invoice["id"]).state == DocumentState.WAITING
    assert open_faults(connected) == []


def test_a_reconnected_organisation_gets_at_once_what_waited_for_it(connected: ConnectedAccount) -> None:
    invoice = connected.autotask.bill(connected.pair.company_id)["id"]
    connected.xero.disconnect()
    connected.sync()
    assert connected.document(invoice).state == DocumentState.FAULTED
    tokens = connected.xero.grant()
    with connected.scope():
        old = XeroConnection.objects.get()
        XeroGrant.objects.filter(id=old.grant_id).update(
            access_token=tokens["access_token"], refresh_token=tokens["refresh_token"], broken_at=None
        )
    grant = XeroGrant.objects.get(id=old.grant_id)

    connect_xero(connected.account.id, grant, Organisation(old.organisation_id, None, old.name))
    connected.sync()

    assert connected.document(invoice).state == DocumentState.SYNCED
    assert open_faults(connected) == []
