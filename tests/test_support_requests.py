"""Requests for service adjustment support, and messages: from the customer's click to the e-mail that answers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.mail import EmailMessage
from pytest_django import Settings

from faults.models import Fault
from support import answers, ask, tasks
from support.models import StaffAction, SupportRequest
from tenants.features import FeatureName, is_enabled
from tenants.models import Role, User
from tenants.scope import account_scope
from tests.connected import ConnectedAccount
from tests.factories import make_account, make_member
from tests.pages import Pages, words
from tests.staff import Desk, make_staff
from tests.world import item

Mailbox = Sequence[EmailMessage]
SERVICE_ADJUSTMENTS = SupportRequest.Kind.SERVICE_ADJUSTMENTS


@pytest.fixture
def tasks_at_once(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Mail goes out as it is asked for; runs are the test's own."""
    for task in (tasks.mail_to_customer, tasks.mail_to_desk):
        monkeypatch.setattr(task, "delay", lambda task=task, **ids: task.apply(kwargs=ids))


@pytest.fixture
def stuck(connected: ConnectedAccount) -> ConnectedAccount:
    """A combined service adjustment, which waits because its amounts do not match."""
    old = connected.autotask.world.now() - timedelta(days=2)
    lines = [item("20.00", 20), item("10.00", -2, "35.00")]
    connected.autotask.bill(connected.pair.company_id, lines, createDateTime=old)
    connected.sync()
    return connected


def fault_of(connected: ConnectedAccount) -> Fault:
    with connected.scope():
        return Fault.objects.get(code="amounts-do-not-match")


def ask_for_it(connected: ConnectedAccount, pages: Pages) -> SupportRequest:
    pages.post("support/", kind="service_adjustments", fault=fault_of(connected).id)
    with connected.scope():
        return SupportRequest.objects.get()


def is_on(connected: ConnectedAccount) -> bool:
    with connected.scope():
        return is_enabled(FeatureName.SERVICE_ADJUSTMENTS)


@pytest.mark.usefixtures("tasks_at_once")
def test_approved_support_carries_the_stuck_invoice_and_tells_the_customer(
    stuck: ConnectedAccount, mailoutbox: Mailbox
) -> None:
    pages, desk = Pages(stuck.account, Role.STANDARD), Desk()
    request = ask_for_it(stuck, pages)
    mailoutbox.clear()  # type: ignore[attr-defined]

    seen = words(desk.get(f"support/supportrequest/{request.id}/change/"))
    assert "Would meet to the cent" in seen
    assert "Fits this invoice" in seen
    assert request.kind == SERVICE_ADJUSTMENTS
    assert stuck.account.name in words(desk.get("support/supportrequest/"))

    form = {"decision": "approve", "reason": "Your contract combines two adjustments in one entry."}
    answer = desk.post(f"support/supportrequest/{request.id}/settle/", **form)
    assert answer.status_code == 302
    assert is_on(stuck)

    stuck.sync()
    [arrived] = stuck.xero.invoices()
    line = arrived["LineItems"][1]
    assert (line["Quantity"], line["UnitAmount"]) == (1, Decimal("35.00"))
    assert fault_of(stuck).state == Fault.State.RESOLVED

    [mail] = mailoutbox
    assert mail.to == [pages.user.email]
    assert "service adjustment support is on" in mail.subject
    assert form["reason"] in mail.body
    with stuck.scope():
        assert list(StaffAction.objects.order_by("id").values_list("what", flat=True)) == ["approved", "feature_on"]
    assert form["reason"] in words(Pages(stuck.account).get("settings/history/support/"))
    assert "Approved" in words(pages.get("support/"))


@pytest.mark.usefixtures("tasks_at_once")
def test_a_declined_request_changes_nothing_and_tells_why(stuck: ConnectedAccount, mailoutbox: Mailbox) -> None:
    pages, desk = Pages(stuck.account), Desk()
    request = ask_for_it(stuck, pages)
    mailoutbox.clear()  # type: ignore[attr-defined]

    form = {"decision": "decline", "reason": "A line of business is missing.\nGive it to the API user."}
    desk.post(f"support/supportrequest/{request.id}/settle/", **form)

    assert not is_on(stuck)
    assert fault_of(stuck).state == Fault.State.OPEN
    [mail] = mailoutbox
    assert mail.to == [pages.user.email]
    assert "A line of business is missing." in mail.body
    stuck.sync()
    assert stuck.xero.invoices() == []


@pytest.mark.usefixtures("tasks_at_once")
def test_a_request_is_settled_once(stuck: ConnectedAccount, mailoutbox: Mailbox) -> None:
    request = ask_for_it(stuck, Pages(stuck.account))
    staff, _ = make_staff()
    answers.decline(request, by=staff, reason="No.")
    mailoutbox.clear()  # type: ignore[attr-defined]
    with pytest.raises(answers.SettledAlreadyError):
        answers.approve(request, by=staff, reason="Yes.")
    assert not is_on(stuck)
    assert not mailoutbox


@pytest.mark.parametrize("form", [{}, {"decision": "approve"}, {"decision": "x", "reason": "y"}])
def test_a_decision_without_a_reason_is_none(stuck: ConnectedAccount, form: dict[str, Any]) -> None:
    request = ask_for_it(stuck, Pages(stuck.account))
    Desk().post(f"support/supportrequest/{request.id}/settle/", **form)
    with stuck.scope():
        assert SupportRequest.objects.get().state == SupportRequest.State.OPEN


def test_only_staff_turn_it_on(stuck: ConnectedAccount) -> None:
    pages = Pages(stuck.account)
    request = ask_for_it(stuck, pages)
    with pytest.raises(PermissionError):
        answers.approve(request, by=pages.user, reason="I would like it.")
    form = {"decision": "approve", "reason": "I would like it."}
    assert pages.client.post(f"/admin/support/supportrequest/{request.id}/settle/", form).status_code in (302, 404)
    assert not is_on(stuck)
    with stuck.scope():
        assert SupportRequest.objects.get().state == SupportRequest.State.OPEN


@pytest.fixture
def message(db: None) -> SupportRequest:
    account = make_account("Harbour IT")
    member = make_member(account, Role.STANDARD)
    with account_scope(account.id):
        request, _ = ask.ask(
            account, kind="contact", message="Hello <b>you</b>", asked_by=member.user.email, fault=None
        )
    return request


@pytest.mark.usefixtures("tasks_at_once")
def test_a_message_is_answered_by_mail(
    message: SupportRequest, mailoutbox: Mailbox, django_capture_on_commit_callbacks: Any
) -> None:
    desk = Desk()
    page = desk.get(f"support/supportrequest/{message.id}/change/")
    assert "Hello <b>you</b>" in words(page)
    assert "<b>you" not in page.content.decode()
    with django_capture_on_commit_callbacks(execute=True):
        desk.post(f"support/supportrequest/{message.id}/settle/", decision="answer", reason="Good day.")
    [mail] = mailoutbox
    assert (mail.to, mail.reply_to) == ([message.asked_by], ["support@localhost"])
    assert "Good day." in mail.body
    assert "Hello <b>you</b>" in mail.body


@pytest.mark.usefixtures("tasks_at_once")
def test_the_owners_read_the_answer_where_the_person_has_left(
    message: SupportRequest, mailoutbox: Mailbox, django_capture_on_commit_callbacks: Any
) -> None:
    owner = make_member(message.account, Role.OWNER)
    User.objects.get(email=message.asked_by).memberships.all().delete()
    with django_capture_on_commit_callbacks(execute=True):
        answers.answer(message, by=Desk().user, text="Good day.")
    assert [mail.to for mail in mailoutbox] == [[owner.user.email]]


def test_a_message_is_not_approved(message: SupportRequest) -> None:
    with pytest.raises(ValueError, match="answered"):
        answers.approve(message, by=Desk().user, reason="Yes.")
