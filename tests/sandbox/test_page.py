"""The sandbox's own pages: a person can read both sides there, mend causes, and switch trouble on."""

from __future__ import annotations

import re
from urllib.parse import unquote_plus

import pytest
import requests

from tests.sandbox.autotask_calls import call, found
from tests.world import Pair, SandboxWorld, item


@pytest.fixture
def pair(sandbox: SandboxWorld) -> Pair:
    return sandbox.pair()


def read(sandbox: SandboxWorld, path: str) -> str:
    answer = sandbox.session.get(sandbox.base_url + path, timeout=30)
    assert answer.status_code == 200, answer.text
    return answer.text


def send(sandbox: SandboxWorld, path: str, **fields: str) -> str:
    """Send a form; the sentence that says what came of it."""
    answer = sandbox.session.post(sandbox.base_url + path, data=fields, allow_redirects=False, timeout=30)
    assert answer.status_code == 303, answer.text
    target = answer.headers["Location"]
    assert sandbox.session.get(sandbox.base_url + target, timeout=30).status_code == 200
    return unquote_plus(target.partition("?")[2])


def autotask_page(pair: Pair, path: str = "") -> str:
    return f"/autotask/{pair.autotask.id}{path}"


def xero_page(pair: Pair, path: str = "") -> str:
    return f"/xero/{pair.xero.id}{path}"


def test_every_page_opens_in_an_empty_sandbox(sandbox: SandboxWorld) -> None:
    for path in ("/", "/ledger", "/ledger?show=requests", "/ledger?show=breaches", "/trouble"):
        assert "<h1>" in read(sandbox, path)


def test_every_link_of_every_page_leads_somewhere(sandbox: SandboxWorld, pair: Pair) -> None:
    sandbox.month(pair.autotask, pair.xero)
    found_links, read_pages = {"/"}, set()
    while waiting := sorted(found_links - read_pages)[:1]:
        read_pages.add(waiting[0])
        if len(read_pages) > 120:
            break
        links = re.findall(r'(?:href|src)="(/[^"]*)"', read(sandbox, waiting[0]))
        found_links.update(link.replace("&amp;", "&") for link in links)
    assert len(read_pages) > 100


def test_what_people_typed_is_shown_as_text(sandbox: SandboxWorld, pair: Pair) -> None:
    company = pair.autotask.add_company("<script>alert(1)</script>")
    pair.autotask.bill(company, [item(name="<img src=x onerror=alert(1)>")])
    for path in ("", "/companies", f"/companies/{company}", "/invoices/1001"):
        page = read(sandbox, autotask_page(pair, path))
        assert "<script>" not in page
        assert "<img" not in page


def test_an_email_address_is_mended(sandbox: SandboxWorld, pair: Pair) -> None:
    contact = pair.autotask.contacts(pair.company_id)[0]
    fields = {"firstName": "Ana", "lastName": "Tamati", "emailAddress": "right@acme.example", "isActive": "on"}
    path = autotask_page(pair, f"/companies/{pair.company_id}")
    assert "Ana Tamati is changed" in send(sandbox, f"{path}/contacts/{contact['id']}", **fields)
    (row,) = found(pair.autotask, "Contacts")
    assert (row["emailAddress"], row["isActive"], row["billingContact"]) == ("right@acme.example", 1, False)


def test_a_contact_is_added_and_something_is_billed(sandbox: SandboxWorld, pair: Pair) -> None:
    path = autotask_page(pair, f"/companies/{pair.company_id}")
    send(sandbox, f"{path}/contacts", firstName="Zac", lastName="Stone", emailAddress="z@acme.example", isActive="on")
    assert len(pair.autotask.contacts(pair.company_id)) == 2
    said = send(
        sandbox, f"{path}/bill", itemName="Work", quantity="-2", rate="10", totalAmount="35", billingCodeID="Travel"
    )
    assert said == "done=Invoice 1085 of 35 is billed."
    assert "Work" in read(sandbox, autotask_page(pair, "/invoices/1001"))


def test_a_line_of_business_is_ticked(sandbox: SandboxWorld, pair: Pair) -> None:
    invoice = pair.autotask.bill(pair.company_id, [item(line_of_business="Hardware")])["id"]
    pair.autotask.hide_line_of_business("Hardware")
    assert "Hidden from the API user" in read(sandbox, autotask_page(pair, f"/invoices/{invoice}"))
    ticked = {f"line:{association}": "on" for association in pair.autotask.row["lines_of_business"].values()}
    send(sandbox, autotask_page(pair, "/access"), **ticked, can_read_costs="on", Invoices="all")
    assert len(found(pair.autotask, "BillingItems")) == 1


def test_a_security_level_is_changed(sandbox: SandboxWorld, pair: Pair) -> None:
    send(sandbox, autotask_page(pair, "/access"), BillingItems="forbidden", secret="new", locked="on")
    assert call(pair.autotask, "GET", "ThresholdInformation").status_code == 401
    assert "Locked" in read(sandbox, "/")


def test_an_invoice_is_numbered_finished_and_voided(sandbox: SandboxWorld, pair: Pair) -> None:
    invoice = pair.autotask.bill(pair.company_id, [item(appears_after=999)], invoiceNumber=None)["id"]
    path = autotask_page(pair, f"/invoices/{invoice}")
    send(sandbox, path, invoiceNumber="A-7")
    send(sandbox, f"{path}/finish")
    assert pair.autotask.invoice(invoice)["invoiceNumber"] == "A-7"
    assert len(pair.autotask.items(invoice)) == 1
    send(sandbox, f"{path}/void")
    assert pair.autotask.invoice(invoice)["isVoided"] is True


def test_xero_documents_are_renumbered_approved_paid_and_voided(sandbox: SandboxWorld, pair: Pair) -> None:
    pair.xero.add_contact("Acme Ltd")
    made = pair.xero.add_invoice("Acme Ltd", number="X-1")
    path = xero_page(pair, f"/invoices/{made['InvoiceID']}")
    send(sandbox, path, number="X-2")
    send(sandbox, f"{path}/approve")
    send(sandbox, f"{path}/pay", amount="10.00")
    assert pair.xero.invoice("X-2")["AmountPaid"] == 10
    assert "The payments are removed" in send(sandbox, f"{path}/unpay")
    assert pair.xero.invoice("X-2")["AmountPaid"] == 0
    assert "Remove the payments" not in read(sandbox, path)
    send(sandbox, f"{path}/void")
    assert pair.xero.invoice("X-2")["Status"] == "VOIDED"
    assert "Acme Ltd" in read(sandbox, xero_page(pair))
    assert "Acme Ltd" in read(sandbox, xero_page(pair, "?q=acme"))
    assert "Nothing found" in read(sandbox, xero_page(pair, "?q=zzz"))


def test_xero_contacts_and_settings_are_changed(sandbox: SandboxWorld, pair: Pair) -> None:
    pair.xero.grant()
    send(sandbox, xero_page(pair, "/contacts"), name="Beta Ltd", email="b@beta.example")
    (contact,) = pair.xero.contacts()
    send(sandbox, xero_page(pair, f"/contacts/{contact['ContactID']}"), name="Beta NZ Ltd", archived="on")
    assert pair.xero.contacts()[0]["ContactStatus"] == "ARCHIVED"
    settings = xero_page(pair, "/settings")
    send(sandbox, f"{settings}/currencies", code="usd")
    send(sandbox, f"{settings}/currencies", code="aud")
    send(sandbox, f"{settings}/currencies/remove", code="AUD")
    assert [row["Code"] for row in pair.xero.rows("Currencies")] == ["NZD", "USD"]
    send(sandbox, f"{settings}/lock", period="2026-10-31", year_end="")
    assert "2026-10-31" in read(sandbox, settings)
    connection = re.search(r'name="connection" value="([^"]+)"', read(sandbox, settings))
    assert connection
    send(sandbox, f"{settings}/disconnect", connection=connection[1])
    assert "No app is connected" in read(sandbox, settings)


def test_trouble_clock_and_limits_are_set(sandbox: SandboxWorld, pair: Pair) -> None:
    send(sandbox, "/trouble", trouble="autotask-outage", times="1")
    assert "Trouble is on" in read(sandbox, "/")
    assert call(pair.autotask, "GET", "ThresholdInformation").status_code == 503
    assert call(pair.autotask, "GET", "ThresholdInformation").status_code == 200
    before = sandbox.now()
    send(sandbox, "/clock", minutes="30")
    assert (sandbox.now() - before).total_seconds() > 1799
    assert "Clock is moved" in read(sandbox, "/")
    send(sandbox, "/clock")
    send(sandbox, "/limits", **{"autotask.hour": "5", "xero.minute": "7"})
    assert sandbox.call("GET", "/limits")["xero"]["minute"] == 7
    assert sandbox.call("GET", "/limits")["autotask"]["hour"] == 5
    for trouble in re.findall(r'<option value="([^"]+)"', read(sandbox, "/trouble")):
        send(sandbox, "/trouble", trouble=trouble)
    send(sandbox, "/trouble/remove")
    assert sandbox.call("GET", "/trouble") == []


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("/settings/currencies", {"code": "dollars"}),
        ("/settings/currencies/remove", {"code": "NZD"}),
        ("/settings/lock", {"period": "never"}),
        ("/contacts", {"name": ""}),
    ],
)
def test_a_form_that_makes_no_sense_says_so(
    sandbox: SandboxWorld, pair: Pair, path: str, fields: dict[str, str]
) -> None:
    assert send(sandbox, xero_page(pair, path), **fields).startswith("problem=")


def test_what_is_not_there_is_a_404(sandbox: SandboxWorld, pair: Pair) -> None:
    for path in ("/autotask/1", autotask_page(pair, "/invoices/999"), "/xero/nobody", xero_page(pair, "/contacts/x")):
        assert sandbox.session.get(sandbox.base_url + path, timeout=30).status_code == 404


def test_a_deep_link_into_autotask_leads_to_the_company(sandbox: SandboxWorld, pair: Pair) -> None:
    link = f"/Autotask/AutotaskExtend/ExecuteCommand.aspx?Code=OpenAccount&AccountID={pair.company_id}"
    answer = requests.get(sandbox.base_url + link, timeout=30)
    assert answer.url == sandbox.base_url + autotask_page(pair, f"/companies/{pair.company_id}")
    assert "Acme Ltd" in answer.text
