"""Pages about faults, and those of our staff, for everyone: axe-core finds nothing in either colour scheme."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from faults.catalogue import KINDS
from faults.models import Fault, UnknownText
from support.ask import ask
from syncing import health
from tenants.models import Role, User
from tests.api import make_document, make_fault
from tests.browser.checks import check_accessible
from tests.connected import ConnectedAccount
from tests.factories import make_member
from tests.staff import Desk
from tests.world import item

HOLDER = {"number": "1313", "status": "AUTHORISED", "contact": "Tūī Travel", "date": "2026-11-24", "total": "552.00"}
CONTACT = {"id": 7, "name": "Tom Reed", "email": "tom@pukeko.example", "active": False}
EVIDENCE: dict[str, dict[str, Any]] = {
    "no-valid-contact": {
        "company": "Pūkeko",
        "company_id": 241,
        "rules": [{"rule": "primary", "found": []}],
        "contacts": [CONTACT],
        "contacts_count": 1,
    },
    "document-locked-by-payment": {**HOLDER, "currency": "NZD", "amount_paid": "100.00"},
    "sync-stopped": {"reason": "Autotask refuses the log-in."},
}


@pytest.fixture
def mismatch(connected: ConnectedAccount) -> Fault:
    """A combined service adjustment, with its diagnosis."""
    old = connected.autotask.world.now() - timedelta(days=2)
    lines = [item("20.00", 20), item("10.00", -2, "35.00")]
    connected.autotask.bill(connected.pair.company_id, lines, createDateTime=old)
    connected.sync()
    with connected.scope():
        return Fault.objects.get(code="amounts-do-not-match")


def test_faults_help_and_support(
    page: Page, connected: ConnectedAccount, mismatch: Fault, log_in: Callable[[User], None], no_errors: list[str]
) -> None:
    log_in(make_member(connected.account, Role.OWNER).user)
    faults = [mismatch]
    for code, evidence in EVIDENCE.items():
        document = make_document(connected.account, state="faulted", currency="NZD", total="100.00")
        faults.append(make_fault(connected.account, document, code=code, subject="1313", evidence=evidence))
    account = f"/a/{connected.account.slug}"
    for fault in faults:
        page.goto(f"{account}/faults/{fault.id}/")
        expect(page.get_by_role("heading", level=1)).to_have_text(KINDS[fault.code].title)
        check_accessible(page)
    for path in (f"{account}/faults/", f"{account}/support/?fault={mismatch.id}&kind=service_adjustments", "/help/"):
        page.goto(path)
        check_accessible(page)


def test_the_desk(
    page: Page, base_url: str, connected: ConnectedAccount, mismatch: Fault, no_errors: list[str]
) -> None:
    with connected.scope():
        asked, _ = ask(
            connected.account, kind="service_adjustments", message="", asked_by="bea@x.example", fault=mismatch
        )
        health.refresh(connected.account.id)
    now = timezone.now()
    UnknownText.objects.create(partner="xero", text="The moon is full.", times_seen=3, first_seen=now, last_seen=now)
    cookie = Desk().client.cookies["sessionid"].value
    page.context.add_cookies([{"name": "sessionid", "value": cookie, "url": base_url}])
    for path in (
        "",
        "tenants/account/",
        "tenants/user/",
        "support/supportrequest/",
        f"support/supportrequest/{asked.id}/change/",
        "support/staffaction/",
        "faults/unknowntext/",
    ):
        page.goto(f"/admin/{path}")
        check_accessible(page)
