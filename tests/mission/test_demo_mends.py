"""The demo's own troubles: each is mended as the sandbox's page says, on that page, and what was behind it arrives."""

from __future__ import annotations

from itertools import takewhile
from typing import Any

import pytest
from pytest_django import Settings

from faults.models import Fault
from support import answers
from support.ask import ask
from support.models import SupportRequest
from tests.connected import ConnectedAccount
from tests.factories import make_user
from tests.mission.bookkeeper import Bookkeeper
from tests.sandbox.forms import Form, forms_of, send
from tests.world import Row, SandboxWorld

CODES = {
    "amounts-do-not-match",
    "currency-not-subscribed",
    "document-locked-by-payment",
    "duplicate-number",
    "invalid-email",
    "invoice-not-modifiable",
    "invoice-number-empty",
    "no-line-items",
    "no-valid-contact",
}


OF_THE_NETWORK = {"access-token-expired", "autotask-timeout", "service-unavailable", "xero-unreachable"}
MOST_RUNS = 10


@pytest.fixture
def month(bookkeeper: Bookkeeper, settings: Settings) -> Row:
    """The demo's month, carried as far as it can be; each trouble of the network stops a run on the way."""
    settings.SYNC_BACKOFF_SECONDS = (0,)
    settings.XERO_LIMITS = {"minute": 1000}  # a person does not mend ten causes within a minute; this test does
    connected = bookkeeper.connected
    connected.autotask.world.limits(xero={"minute": 1000})
    connected.change_settings(numbering="autotask_number")
    month: Row = connected.autotask.world.month(connected.autotask, connected.xero, trouble=True)
    codes = list(takewhile(bool, (connected.sync().problem_code for _ in range(MOST_RUNS))))
    assert set(codes) == OF_THE_NETWORK
    return month


def test_every_cause_is_mended_on_the_sandboxs_page_and_its_documents_arrive(
    bookkeeper: Bookkeeper, month: Row
) -> None:
    cases = [case for case in month["faults"] if not case["heals_itself"]]
    assert {case["code"] for case in cases} == CODES
    for case in cases:
        documents = [document["autotask_id"] for document in case["documents"]]
        faults = behind(bookkeeper, documents)
        assert [fault["code"] for fault in faults] == [case["code"]] * len(faults)
        if case["steps"]:
            mend_on_its_page(bookkeeper.connected.autotask.world, case)
        else:
            let_staff_approve(bookkeeper.connected, faults[0]["id"])

        for fault in faults:
            bookkeeper.resync(fault)

        for fault in faults:
            assert bookkeeper.state_of(fault) == "resolved", case
        bookkeeper.assert_arrived_once(*documents)


def test_a_sync_that_has_stopped_goes_on_once_the_api_user_is_unlocked(bookkeeper: Bookkeeper) -> None:
    connected = bookkeeper.connected
    connected.sync()
    pair = {"autotask_database": connected.autotask.id, "xero_organisation": connected.xero.id}
    (case,) = connected.autotask.world.call("POST", "/scenario/stopped", pair)["faults"]
    connected.sync()
    assert bookkeeper.living_codes() == ["autotask-login-refused"]

    mend_on_its_page(connected.autotask.world, case)
    bookkeeper.api.post("/syncs")
    connected.sync()

    assert bookkeeper.living_codes() == []
    bookkeeper.assert_arrived_once(*(document["autotask_id"] for document in case["documents"]))


def behind(bookkeeper: Bookkeeper, documents: list[int]) -> list[Any]:
    """The faults that these documents wait for, each once."""
    found = {fault["id"]: fault for number in documents for fault in bookkeeper.document(number)["faults"]}
    assert found
    return list(found.values())


def mend_on_its_page(sandbox: SandboxWorld, case: Row) -> None:
    """As `case["mend"]` says it, in the form that is meant."""
    forms = forms_of(sandbox, case["page"])
    form = next(form for form in forms if is_meant(case, form))
    fill_in(case, form)
    assert send(sandbox, form)


def is_meant(case: Row, form: Form) -> bool:
    if "billing run" in case["cause"]:
        return form.action.endswith("/finish")
    if case["code"] == "no-valid-contact":
        return form.fields.get("firstName") in ("Tom", "Mia")
    if case["code"] == "currency-not-subscribed":
        return form.action.endswith("/currencies")
    wanted = {
        "invalid-email": "emailAddress",
        "invoice-number-empty": "invoiceNumber",
        "amounts-do-not-match": "secret",
        "no-line-items": "secret",
        "sync-stopped": "secret",
    }
    return wanted.get(case["code"], "number") in form.fields


def fill_in(case: Row, form: Form) -> None:
    match case["code"]:
        case "no-valid-contact":
            form.tick("isActive", "billingContact")
        case "currency-not-subscribed":
            form.fields["code"] = "USD"
        case "invalid-email":
            form.fields["emailAddress"] = "ada.wells@korimako.example"
        case "invoice-number-empty":
            form.fields["invoiceNumber"] = "M-1"
        case "amounts-do-not-match" | "no-line-items" if "secret" in form.fields:
            form.tick(*(name for name in form.unticked if name.startswith("line:")))
        case "sync-stopped":
            form.untick("locked")
        case _ if "number" in form.fields:
            form.fields["number"] += "-OLD"


def let_staff_approve(connected: ConnectedAccount, fault_id: int) -> None:
    """Ask for service adjustment support, and say yes to it at the desk."""
    with connected.scope():
        fault = Fault.objects.get(id=fault_id)
        kind = SupportRequest.Kind.SERVICE_ADJUSTMENTS
        asked, _ = ask(connected.account, kind=kind, message="", asked_by="bea@example.com", fault=fault)
    answers.approve(asked, by=make_user(is_staff=True), reason="It makes the totals meet.")
