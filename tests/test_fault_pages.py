"""The faults of an account as people see them, and what they do about one."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from faults.catalogue import KINDS
from faults.models import Fault, FaultEvent
from syncing.models import ContactLink, Document, SyncRun
from tenants.models import Account, Role, XeroGrant
from tenants.scope import account_scope
from tests.api import make_document, make_fault, queries
from tests.connected import ConnectedAccount
from tests.factories import make_account, make_member

pytestmark = pytest.mark.django_db


@dataclass
class Reader:
    account: Account
    client: Client
    email: str

    def url(self, name: str, *ids: Any) -> str:
        return reverse(name, args=[self.account.slug, *ids])

    def read(self, name: str, *ids: Any, status: int = 200, **query: Any) -> str:
        answer = self.client.get(self.url(name, *ids), query)
        assert answer.status_code == status
        return answer.content.decode()

    def post(self, name: str, *ids: Any, **form: Any) -> Any:
        return self.client.post(self.url(name, *ids), form)

    def message(self, answer: Any) -> str:
        """What the page says after a redirect."""
        return self.client.get(answer["Location"]).content.decode()


def reader(account: Account, role: str = Role.STANDARD) -> Reader:
    member = make_member(account, role)
    client = Client()
    client.force_login(member.user, backend="allauth.account.auth_backends.AuthenticationBackend")
    return Reader(account, client, member.user.email)


@pytest.fixture
def account() -> Account:
    return make_account("Harbour IT")


@pytest.fixture
def bea(account: Account) -> Reader:
    return reader(account)


def stuck(account: Account, count: int, **fields: Any) -> list[Document]:
    values = {"state": "faulted", "currency": "USD", "total": Decimal("100.00"), **fields}
    return [make_document(account, **values) for _ in range(count)]


def state(fault: Fault) -> str:
    with account_scope(fault.account_id):
        return str(Fault.objects.get(id=fault.id).state)


class TestTheList:
    def test_a_cause_stands_there_once_with_what_waits_behind_it(self, account: Account, bea: Reader) -> None:
        documents = stuck(account, 2) + stuck(account, 1, currency="GBP", total=Decimal("8310.50"))
        make_fault(account, *documents, evidence={"currency": "USD", "subscribed": ["NZD", "AUD"]})
        page = bea.read("faults")
        assert page.count(KINDS["currency-not-subscribed"].title) == 2  # its row, and the choice of kinds
        assert "The documents are in USD, and the Xero organisation has only NZD and AUD." in page
        assert "200.00" in page
        assert "8,310.50" in page

    def test_what_mends_itself_stands_apart_with_its_next_try(self, account: Account, bea: Reader) -> None:
        make_fault(account, code="service-unavailable", subject="Xero", state=Fault.State.RETRYING)
        page = bea.read("faults")
        assert "Mends itself" in page
        assert "with the next run" in page
        assert 'id="needs-you"' not in page

    def test_nothing_stuck_is_said(self, bea: Reader) -> None:
        assert "Nothing is stuck" in bea.read("faults")

    def test_history_tells_who_ended_it_and_why(self, account: Account, bea: Reader) -> None:
        fault = make_fault(account)
        bea.post("fault-ignore", fault.id, reason="We bill this one by hand.")
        page = bea.read("faults", state="ignored")
        assert "We bill this one by hand." in page
        assert bea.email in page
        assert "We bill this one by hand." not in bea.read("faults")

    @pytest.mark.parametrize("text", ["usd", "not subscribed", "HB-77", "Kauri"])
    def test_a_search_finds_it_by_subject_title_number_and_company(
        self, account: Account, bea: Reader, text: str
    ) -> None:
        make_fault(account, *stuck(account, 1, autotask_number="HB-77", company_name="Kauri Dental"))
        make_fault(account, code="invalid-email", subject="Jo (contact 5)")
        page = bea.read("faults", q=text)
        assert "1 cause<" in page
        assert "No fault is like that" in bea.read("faults", q="nothing like it")

    @pytest.mark.parametrize(
        "query",
        [{"q": "a\x00b"}, {"q": "%_\\'"}, {"q": "x" * 5000}, {"state": "odd"}, {"code": "../x"}, {"page": "-1"}],
    )
    def test_an_odd_question_is_answered(self, bea: Reader, query: dict[str, str]) -> None:
        bea.read("faults", **query)

    def test_it_costs_the_same_for_one_fault_and_for_fifty(self, account: Account, bea: Reader) -> None:
        make_fault(account, *stuck(account, 1), subject="C0")
        bea.read("faults")  # the first request of a session notes it
        with queries() as few:
            bea.read("faults")
        for number in range(1, 50):
            make_fault(account, *stuck(account, 2), subject=f"C{number}")
        with queries() as many:
            bea.read("faults")
        assert len(many) == len(few)


class TestThePage:
    @pytest.mark.parametrize("code", KINDS)
    def test_every_kind_has_a_page_also_without_any_fact(self, account: Account, bea: Reader, code: str) -> None:
        fault = make_fault(account, *stuck(account, 1), code=code, subject="X")
        page = bea.read("fault", fault.id)
        assert page.count("<h1>") == 1
        assert KINDS[code].article_path in page

    def test_it_costs_the_same_for_one_document_and_for_many(self, account: Account, bea: Reader) -> None:
        few_behind = make_fault(account, *stuck(account, 1))
        many_behind = make_fault(account, *stuck(account, 60), subject="GBP")
        bea.read("fault", few_behind.id)  # the first request of a session notes it
        with queries() as few:
            bea.read("fault", few_behind.id)
        with queries() as many:
            page = bea.read("fault", many_behind.id)
        assert len(many) == len(few)
        assert page.count('name="document"') == 25
        assert ">Older<" in page

    def test_a_fault_of_another_account_is_not_there(self, account: Account) -> None:
        theirs = make_fault(make_account())
        owner = reader(account, Role.OWNER)
        owner.read("fault", theirs.id, status=404)
        for name in ("fault-resync", "fault-skip", "fault-ignore", "fault-currency", "fault-contact"):
            assert owner.post(name, theirs.id, reason="Mine now.").status_code == 404
        assert state(theirs) == Fault.State.OPEN

    def test_what_a_partner_says_is_text(self, account: Account, bea: Reader) -> None:
        odd = "<script>alert(1)</script>"
        fault = make_fault(
            account, code="validation-refused", subject=odd, detail=odd, evidence={"messages": [odd], odd: odd}
        )
        assert "<script>alert" not in bea.read("fault", fault.id)


class TestActing:
    def test_resync_asks_for_all_behind_it_and_watches_them(self, account: Account, bea: Reader) -> None:
        fault = make_fault(account, *stuck(account, 3))
        answer = bea.post("fault-resync", fault.id)
        assert "watch=" in answer["Location"]
        assert "0 of 3 done" in bea.message(answer)
        with account_scope(account.id):
            assert set(Document.objects.values_list("state", flat=True)) == {"waiting"}
            event = FaultEvent.objects.get(fault=fault)
        assert (event.what, event.by, event.note) == ("resynced", bea.email, "3 documents")

    def test_twice_at_once_is_one_run(self, account: Account, bea: Reader) -> None:
        fault = make_fault(account, *stuck(account, 2))
        for _ in range(2):
            assert bea.post("fault-resync", fault.id).status_code == 302
        with account_scope(account.id):
            assert SyncRun.objects.count() == 1

    def test_what_is_being_sent_is_left_alone(self, account: Account, bea: Reader) -> None:
        fault = make_fault(account, *stuck(account, 1, state="in_flight"))
        assert "being sent at this moment" in bea.message(bea.post("fault-resync", fault.id))
        with account_scope(account.id):
            assert not SyncRun.objects.exists()

    def test_behind_an_outage_a_run_looks_whether_it_is_over(self, account: Account, bea: Reader) -> None:
        fault = make_fault(account, code="service-unavailable", subject="Xero", state=Fault.State.RETRYING)
        assert "A run has been asked for" in bea.message(bea.post("fault-resync", fault.id))

    def test_the_watching_ends_where_no_run_is_there(self, account: Account, bea: Reader) -> None:
        fault = make_fault(account, *stuck(account, 1))
        token = bea.post("fault-resync", fault.id)["Location"].partition("watch=")[2]
        assert 'hx-trigger="every 500ms"' in bea.read("fault-progress", fault.id, token)
        with account_scope(account.id):
            Document.objects.update(state="synced")
        answer = bea.client.get(bea.url("fault-progress", fault.id, token))
        assert answer["HX-Trigger"] == "documents-settled"
        assert "every 500ms" not in answer.content.decode()
        assert "1 arrived in Xero" in answer.content.decode()

    def test_a_token_of_another_account_watches_nothing(self, account: Account, bea: Reader) -> None:
        fault = make_fault(account, *stuck(account, 1))
        token = bea.post("fault-resync", fault.id)["Location"].partition("watch=")[2]
        other = reader(make_account())
        assert "hidden" in other.read("fault-progress", make_fault(other.account).id, token)

    def test_ten_thousand_are_asked_for_at_once(self, account: Account, bea: Reader) -> None:
        fault = make_fault(account, *_many(account, 10_000))
        with queries() as made:
            answer = bea.post("fault-resync", fault.id)
        assert len(made) < 30
        assert "0 of 10,000 done" in bea.message(answer)

    def test_documents_are_skipped_for_a_reason(self, account: Account, bea: Reader) -> None:
        first, second = stuck(account, 2)
        fault = make_fault(account, first, second)
        assert bea.post("fault-skip", fault.id, reason="  ").status_code == 400
        bea.post("fault-skip", fault.id, reason="Billed by hand.", document=first.id)
        with account_scope(account.id):
            assert Document.objects.get(id=first.id).skipped_reason == "Billed by hand."
            assert Document.objects.get(id=second.id).state == "faulted"
        assert state(fault) == Fault.State.OPEN
        bea.post("fault-skip", fault.id, reason="This too.")
        assert state(fault) == Fault.State.RESOLVED

    @pytest.mark.parametrize("ticked", ["x", "²", "-1", "9" * 30])
    def test_an_odd_tick_never_means_all(self, account: Account, bea: Reader, ticked: str) -> None:
        fault = make_fault(account, *stuck(account, 2))
        assert bea.post("fault-skip", fault.id, reason="Why.", document=ticked).status_code == 302
        with account_scope(account.id):
            assert not Document.objects.filter(state="skipped").exists()

    def test_a_reason_has_a_length(self, account: Account, bea: Reader) -> None:
        fault = make_fault(account)
        assert bea.post("fault-ignore", fault.id, reason="x" * 1_000_000).status_code == 400
        assert bea.post("fault-ignore", fault.id, reason="a\x00b").status_code == 400
        assert state(fault) == Fault.State.OPEN

    def test_a_viewer_reads_and_changes_nothing(self, account: Account) -> None:
        fault = make_fault(account, *stuck(account, 1))
        viewer = reader(account, Role.VIEWER)
        page = viewer.read("fault", fault.id)
        assert "You may look, and not re-sync." in page
        assert 'class="primary"' not in page
        for name in ("fault-resync", "fault-skip", "fault-ignore", "fault-currency", "fault-contact"):
            assert viewer.post(name, fault.id, reason="Why.").status_code == 403
        assert viewer.client.get(viewer.url("fault-contacts", fault.id)).status_code == 403
        with account_scope(account.id):
            assert not SyncRun.objects.exists()
        assert state(fault) == Fault.State.OPEN


def _many(account: Account, count: int) -> list[Document]:
    with account_scope(account.id):
        documents = Document.objects.bulk_create(
            Document(account=account, kind="invoice", autotask_id=10**6 + number, state="faulted")
            for number in range(count)
        )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")  # the server does so by itself, within a minute
    return documents


class TestRemedies:
    def usd(self, connected: ConnectedAccount) -> Fault:
        """An invoice in US dollars, which Xero does not have, was met."""
        company = connected.autotask.add_company("Cascade Inc.", currency="USD")
        connected.autotask.bill(company)
        connected.sync()
        with connected.scope():
            return Fault.objects.get(code="currency-not-subscribed")

    def test_a_currency_is_added_in_xero_and_the_invoice_arrives(self, connected: ConnectedAccount) -> None:
        bea = reader(connected.account, Role.ADMINISTRATOR)
        fault = self.usd(connected)
        assert "Add it in Xero" in bea.read("fault", fault.id)
        XeroGrant.objects.update(scopes=_wider(connected))

        assert "watch=" in bea.post("fault-currency", fault.id)["Location"]
        connected.sync()
        assert state(fault) == Fault.State.RESOLVED
        assert [row["CurrencyCode"] for row in connected.xero.invoices()] == ["USD"]

    def test_without_the_wider_permission_xero_is_asked_for_it(self, connected: ConnectedAccount) -> None:
        fault = self.usd(connected)
        owner = reader(connected.account, Role.OWNER)
        assert "accounting.settings%20" in owner.post("fault-currency", fault.id)["Location"] + "%20"

    def test_who_may_not_change_settings_changes_none_by_a_remedy(self, connected: ConnectedAccount) -> None:
        connected.autotask.bill(connected.autotask.add_company("Kauri Dental", email=None))
        usd = self.usd(connected)
        with connected.scope():
            nobody = Fault.objects.get(code="no-valid-contact")
        contact = connected.xero.add_contact("Kauri Dental Group")["ContactID"]
        standard = reader(connected.account, Role.STANDARD)

        assert "An owner or administrator of this account can add the currency" in standard.read("fault", usd.id)
        assert "An owner or administrator of this account can choose the Xero" in standard.read("fault", nobody.id)
        assert standard.post("fault-currency", usd.id).status_code == 403
        assert standard.post("fault-contact", nobody.id, contact=contact).status_code == 403
        assert standard.client.get(standard.url("fault-contacts", nobody.id)).status_code == 403
        with connected.scope():
            assert not ContactLink.objects.filter(contact_id=contact).exists()

    def test_a_contact_is_chosen_and_the_invoice_goes_to_it(self, connected: ConnectedAccount) -> None:
        bea = reader(connected.account, Role.ADMINISTRATOR)
        company = connected.autotask.add_company("Kauri Dental", email=None)
        connected.autotask.bill(company)
        contact = connected.xero.add_contact("Kauri Dental Group")
        connected.sync()
        with connected.scope():
            fault = Fault.objects.get(code="no-valid-contact")

        found = bea.read("fault-contacts", fault.id, q="Kauri")
        assert contact["ContactID"] in found
        bea.post("fault-contact", fault.id, contact=contact["ContactID"])
        connected.sync()
        assert state(fault) == Fault.State.RESOLVED
        assert [row["Contact"]["ContactID"] for row in connected.xero.invoices()] == [contact["ContactID"]]
        with connected.scope():
            assert ContactLink.objects.get().rule == "person"

    @pytest.mark.parametrize("contact", ["", "x", "00000000-0000-0000-0000-000000000001"])
    def test_a_contact_that_is_none_is_not_linked(self, connected: ConnectedAccount, contact: str) -> None:
        bea = reader(connected.account, Role.ADMINISTRATOR)
        connected.autotask.bill(connected.autotask.add_company("Kauri Dental", email=None))
        connected.sync()
        with connected.scope():
            fault = Fault.objects.get(code="no-valid-contact")
        assert bea.post("fault-contact", fault.id, contact=contact).status_code == 302
        with connected.scope():
            assert not ContactLink.objects.exists()


def _wider(connected: ConnectedAccount) -> list[str]:
    """The permission to change settings, given in the sandbox and noted on our side."""
    scopes = XeroGrant.objects.get().scopes
    wider = [scope.replace("accounting.settings.read", "accounting.settings") for scope in scopes]
    tokens = connected.xero.grant(scopes=wider)
    grant = XeroGrant.objects.get()
    grant.access_token, grant.refresh_token = tokens["access_token"], tokens["refresh_token"]
    grant.refreshed_at = timezone.now()
    grant.save()
    return wider
