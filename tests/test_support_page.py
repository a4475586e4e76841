"""Asking support from a page: what goes along, what is refused, and what the desk gets."""

from __future__ import annotations

from typing import Any

import pytest
from django.core import mail
from pytest_django import Settings

from faults.models import Fault
from support import tasks
from support.models import SupportRequest
from tenants.models import Account, Feature, Role
from tenants.scope import account_scope
from tests.api import make_document, make_fault
from tests.factories import make_account
from tests.pages import Pages, words

pytestmark = pytest.mark.django_db


@pytest.fixture
def account() -> Account:
    return make_account("Harbour IT")


@pytest.fixture
def pages(account: Account) -> Pages:
    return Pages(account, Role.STANDARD)


@pytest.fixture
def fault(account: Account) -> Fault:
    evidence = {"expected": "435.00", "computed": "380.00", "currency": "NZD"}
    return make_fault(account, make_document(account), code="amounts-do-not-match", subject="7", evidence=evidence)


def asked(account: Account) -> list[SupportRequest]:
    with account_scope(account.id):
        return list(SupportRequest.objects.order_by("id"))


def test_a_message_takes_the_facts_of_its_fault_along(account: Account, pages: Pages, fault: Fault) -> None:
    answer = pages.post("support/", fault=fault.id, message="It was right last month.", kind="contact")
    assert answer["Location"] == f"/a/{account.slug}/faults/{fault.id}/"
    (request,) = asked(account)
    assert (request.asked_by, request.message, request.fault_id) == (
        pages.user.email,
        "It was right last month.",
        fault.id,
    )
    assert request.context["evidence"]["expected"] == "435.00"
    assert request.context["documents"] == 1


def test_the_desk_is_told_by_mail(account: Account, pages: Pages, fault: Fault, settings: Settings) -> None:
    pages.post("support/", fault=fault.id, message="Help", kind="contact")
    tasks.mail_to_desk(account_id=account.id, request_id=asked(account)[0].id)
    (message,) = mail.outbox
    assert (message.to, message.reply_to) == ([settings.SUPPORT_EMAIL], [pages.user.email])
    assert f"/a/{account.slug}/faults/{fault.id}/" in message.body


def test_service_adjustment_support_is_asked_for_once(account: Account, pages: Pages, fault: Fault) -> None:
    assert "435.00" in words(pages.get("support/", fault=fault.id, kind="service_adjustments"))
    for _ in range(2):
        assert pages.post("support/", fault=fault.id, kind="service_adjustments").status_code == 302
    assert [request.kind for request in asked(account)] == ["service_adjustments"]


def test_what_is_on_already_is_not_asked_for(account: Account, pages: Pages, fault: Fault) -> None:
    with account_scope(account.id):
        Feature.objects.create(account=account, name="service_adjustments", enabled=True, reason="Proven.")
    assert "It is on for this account already" in words(pages.get("support/", kind="service_adjustments"))
    pages.post("support/", fault=fault.id, kind="service_adjustments")
    assert asked(account) == []


@pytest.mark.parametrize(
    "form",
    [
        {"message": ""},
        {"message": "   "},
        {"message": "x" * 1_000_000},
        {"message": "a\x00b"},
        {"message": "Hi", "kind": "odd"},
        {"message": "Hi", "fault": "-1"},
        {"message": "Hi", "fault": "9" * 30},
        {"message": "Hi", "fault": "x"},
    ],
)
def test_what_makes_no_sense_is_told_and_not_kept(account: Account, pages: Pages, form: dict[str, Any]) -> None:
    answer = pages.post("support/", **{"kind": "contact", **form})
    assert answer.status_code == 400
    assert len(answer.content) < 60_000
    assert asked(account) == []


def test_markup_is_text(pages: Pages) -> None:
    pages.post("support/", kind="contact", message="<script>alert(1)</script>")
    assert b"<script>alert" not in pages.get("support/").content


def test_a_fault_of_another_account_is_not_there(pages: Pages) -> None:
    theirs = make_fault(make_account())
    assert pages.get("support/", fault=theirs.id).status_code == 404
    assert pages.post("support/", fault=theirs.id, message="Hi", kind="contact").status_code == 404


def test_a_viewer_may_write_and_not_ask_for_a_feature(account: Account, fault: Fault) -> None:
    viewer = Pages(account, Role.VIEWER)
    assert viewer.post("support/", kind="service_adjustments", fault=fault.id).status_code == 403
    assert viewer.post("support/", kind="contact", message="Who may re-sync?").status_code == 302
    assert len(asked(account)) == 1


def test_the_page_says_whether_chat_is_open(pages: Pages) -> None:
    page = words(pages.get("support/"))
    assert "<strong>Chat is open now</strong>, until" in page or "<strong>Chat is closed now</strong>. It opens" in page
