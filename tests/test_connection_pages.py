"""How the connections page tells of health, and what the API user of Autotask can see."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from faults.models import Fault
from tenants.models import AutotaskConnection, Role, XeroConnection, XeroGrant
from tests.api import make_fault
from tests.connected import ConnectedAccount
from tests.factories import make_member

pytestmark = pytest.mark.django_db(transaction=True)


def page_of(connected: ConnectedAccount, path: str = "", role: str = Role.OWNER) -> tuple[int, str]:
    client = Client()
    client.force_login(
        make_member(connected.account, role).user, backend="allauth.account.auth_backends.AuthenticationBackend"
    )
    answer = client.get(f"/a/{connected.account.slug}/settings/connections/{path}")
    return answer.status_code, " ".join(answer.content.decode().split())


def change(connected: ConnectedAccount, model: Any, **fields: Any) -> None:
    with connected.scope():
        model.objects.update(**fields)


def test_what_works_is_told_with_when_it_last_answered_and_who_signed_in(connected: ConnectedAccount) -> None:
    connected.sync()
    connected.autotask.bill(connected.pair.company_id)
    connected.sync()
    status, page = page_of(connected)
    assert status == 200
    assert page.count('<span class="state good">Connected</span>') == 2
    assert page.count("just now") >= 2
    assert f"{connected.xero.user}" in page
    assert "good for 59 days" in page or "good for 60 days" in page


def test_a_sign_in_that_no_sync_renewed_for_long_is_warned_about(connected: ConnectedAccount) -> None:
    XeroGrant.objects.update(refreshed_at=timezone.now() - timedelta(days=57))
    _, page = page_of(connected)
    assert "Sign-in ends soon" in page
    assert "good for 2 days" in page


def test_a_sign_in_that_ended_says_why_and_what_to_do(connected: ConnectedAccount) -> None:
    XeroGrant.objects.update(broken_at=timezone.now(), broken_reason="It was disconnected in Xero.")
    _, page = page_of(connected)
    assert "It was disconnected in Xero." in page
    assert "What waits goes on by itself." in page


def test_a_refused_log_in_says_what_autotask_said_and_is_not_tried_on_schedule(connected: ConnectedAccount) -> None:
    change(connected, AutotaskConnection, state="refused", last_problem="The user is locked.")
    _, page = page_of(connected)
    assert "Log-in refused" in page
    assert "The user is locked." in page
    assert "Nothing is tried on schedule" in page


def test_an_outage_is_named_and_asks_nothing_of_anyone(connected: ConnectedAccount) -> None:
    make_fault(connected.account, code="xero-unreachable", subject="Xero", state=Fault.State.RETRYING)
    _, page = page_of(connected)
    assert "Cloud Depot tries again by itself" in page
    assert "/help/faults/xero-unreachable/" in page


def test_an_organisation_that_is_disconnected_can_be_joined_again(connected: ConnectedAccount) -> None:
    change(connected, XeroConnection, state="disconnected", disconnected_at=timezone.now())
    _, page = page_of(connected)
    assert "nothing is sent twice" in page
    assert "Reconnect Xero" in page


def test_what_the_api_user_sees_is_asked_for_and_hidden_lines_of_business_are_named(
    connected: ConnectedAccount,
) -> None:
    connected.autotask.hide_line_of_business("Hardware")
    status, page = page_of(connected, "autotask/")
    assert status == 200
    assert "Lines of business are hidden" in page
    assert "Hardware" in page
    assert "/help/faults/amounts-do-not-match/" in page


def test_an_api_user_who_sees_everything_needs_nothing(connected: ConnectedAccount) -> None:
    connected.autotask.bill(connected.pair.company_id)
    _, page = page_of(connected, "autotask/")
    assert "Nothing that is needed is hidden from this API user." in page


def test_an_autotask_that_does_not_answer_is_a_sentence_and_no_error_page(connected: ConnectedAccount) -> None:
    with connected.pair.autotask.world.trouble("autotask", "status", status=503):  # type: ignore[attr-defined]
        status, page = page_of(connected, "autotask/")
    assert status == 200
    assert "Autotask does not answer at the moment." in page


def test_ending_a_connection_is_confirmed_on_a_page_of_its_own(connected: ConnectedAccount) -> None:
    with connected.scope():
        connection = XeroConnection.objects.get()
    client = Client()
    client.force_login(
        make_member(connected.account).user, backend="allauth.account.auth_backends.AuthenticationBackend"
    )
    path = f"/a/{connected.account.slug}/settings/connections/xero/{connection.id}/disconnect"
    assert "What is in Xero stays there" in client.get(path).content.decode()
    with connected.scope():
        assert XeroConnection.objects.get().state == "connected"
    client.post(path)
    with connected.scope():
        assert XeroConnection.objects.get().state == "disconnected"


@pytest.mark.parametrize("role", [Role.VIEWER, Role.STANDARD])
def test_who_may_not_connect_sees_the_health_and_no_button(connected: ConnectedAccount, role: str) -> None:
    status, page = page_of(connected, role=role)
    assert status == 200
    assert '<form method="post" action="/a/' not in page.replace("/accounts/logout/", "")
    assert "Only an owner or an administrator" in page
    assert page_of(connected, "autotask/", role)[0] == 403
