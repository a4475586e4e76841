"""Connecting an account to Xero and letting go, over HTTP on both sides (syncing/connect_views.py)."""

import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from pytest_django import Settings

from syncing.consents import LIFE_SECONDS, PENDING
from syncing.xero import oauth
from syncing.xero.client import XeroClient
from tenants.models import Account, Member, Role, XeroConnection, XeroGrant
from tenants.scope import account_scope
from tests.api import make_fault
from tests.factories import make_account, make_member
from tests.world import CLIENT_ID, CLIENT_SECRET, REDIRECT_URI, SandboxWorld, XeroOrganisation

pytestmark = pytest.mark.django_db

PERSON = "bookkeeper@demo-msp.example"


@dataclass
class Browser:
    """A member at work, here and at Xero."""

    member: Member
    client: Client
    sandbox: SandboxWorld

    @property
    def account(self) -> Account:
        return self.member.account

    def page(self, **query: str) -> HttpResponse:
        return self.client.get(f"/a/{self.account.slug}/settings/connections/", query)

    def begin(self, **form: str) -> str:
        """Press the button; the address of Xero's consent page."""
        answer = self.client.post(f"/a/{self.account.slug}/connections/xero/start", form)
        assert answer.status_code == 302
        return str(answer["Location"])

    def consent(self, address: str, *organisations: XeroOrganisation, person: str = PERSON) -> str:
        """Allow access on Xero's page; the way back, as Xero gives it."""
        user = self.sandbox.call("POST", "/xero/users", {"email": person, "name": "Bookkeeper"})
        form = {"decision": "allow", "user": user["id"], "organisation": [one.id for one in organisations]}
        return self._decide(address, form)

    def deny(self, address: str) -> str:
        return self._decide(address, {"decision": "deny"})

    def _decide(self, address: str, form: dict[str, Any]) -> str:
        answer = requests.post(address, data=form, allow_redirects=False, timeout=10)
        assert answer.status_code == 302, answer.text
        back = answer.headers["Location"]
        assert back.startswith(REDIRECT_URI)
        return back

    def return_by(self, back: str) -> HttpResponse:
        parts = urlsplit(back)
        return self.client.get(f"{parts.path}?{parts.query}")

    def connect(self, *organisations: XeroOrganisation, person: str = PERSON) -> HttpResponse:
        return self.return_by(self.consent(self.begin(), *organisations, person=person))

    def connections(self) -> list[XeroConnection]:
        with account_scope(self.account.id):
            return list(XeroConnection.objects.select_related("grant").order_by("name"))

    def disconnect(self, xero_connection: XeroConnection) -> HttpResponse:
        path = f"/a/{self.account.slug}/settings/connections/xero/{xero_connection.id}/disconnect"
        return self.client.post(path, follow=True)


def browser_of(sandbox: SandboxWorld, role: str = Role.OWNER, account: Account | None = None) -> Browser:
    member = make_member(account or make_account(), role)
    client = Client()
    client.force_login(member.user, backend="allauth.account.auth_backends.AuthenticationBackend")
    return Browser(member, client, sandbox)


@pytest.fixture
def owner(sandbox: SandboxWorld, settings: Settings) -> Browser:
    settings.BASE_URL = REDIRECT_URI.removesuffix("/connections/xero/callback")
    return browser_of(sandbox)


@pytest.fixture
def organisation(sandbox: SandboxWorld) -> XeroOrganisation:
    return sandbox.create_xero()


def query_of(address: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}


def words(answer: HttpResponse) -> str:
    return answer.content.decode()


# Connecting


def test_an_organisation_is_connected_and_can_be_read_at_once(owner: Browser, organisation: XeroOrganisation) -> None:
    answer = owner.connect(organisation)
    assert (answer.status_code, answer["Location"]) == (302, f"/a/{owner.account.slug}/settings/connections/")
    (connected,) = owner.connections()
    assert str(connected.organisation_id) == organisation.id
    assert (connected.name, connected.base_currency, connected.state) == (organisation.name, "NZD", "connected")
    assert connected.short_code
    assert (connected.grant.email, connected.grant.name) == (PERSON, "Bookkeeper")
    client = XeroClient(str(connected.organisation_id), oauth.GrantTokens(connected.grant))
    assert client.organisation().name == organisation.name
    page = words(owner.page())
    assert f"Connected to “{organisation.name}” in Xero." in page
    assert "Disconnect" in page


def test_the_tokens_are_encrypted_where_they_are_kept(owner: Browser, organisation: XeroOrganisation) -> None:
    owner.connect(organisation)
    grant = XeroGrant.objects.get()
    with connection.cursor() as cursor:
        cursor.execute("SELECT access_token, refresh_token FROM tenants_xerogrant")
        (stored,) = cursor.fetchall()
    assert grant.access_token not in stored
    assert grant.refresh_token not in stored


def test_no_more_is_asked_for_than_is_needed(owner: Browser, organisation: XeroOrganisation) -> None:
    query = query_of(owner.begin())
    assert query["redirect_uri"] == REDIRECT_URI
    assert query["client_id"] == CLIENT_ID
    scopes = set(query["scope"].split())
    assert {"offline_access", "accounting.invoices", "accounting.settings.read"} <= scopes
    assert "accounting.settings" not in scopes
    wider = owner.begin(change_settings="on")
    assert "accounting.settings" in query_of(wider)["scope"].split()
    owner.return_by(owner.consent(wider, organisation))
    (connected,) = owner.connections()
    XeroClient(str(connected.organisation_id), oauth.GrantTokens(connected.grant)).add_currency("USD")


def test_the_same_organisation_again_is_the_same_connection_with_new_tokens(
    owner: Browser, organisation: XeroOrganisation
) -> None:
    owner.connect(organisation)
    XeroGrant.objects.update(broken_at="2026-01-01T00:00:00Z", broken_reason="Ended.")
    (before,) = owner.connections()
    assert "Sign in again" in words(owner.page())
    owner.connect(organisation)
    (after,) = owner.connections()
    assert (after.id, after.grant_id) == (before.id, before.grant_id)
    assert after.grant.broken_at is None
    assert after.grant.refresh_token != before.grant.refresh_token


def test_one_xero_user_serves_two_accounts_with_one_grant(
    owner: Browser, sandbox: SandboxWorld, organisation: XeroOrganisation
) -> None:
    second = browser_of(sandbox)
    owner.connect(organisation)
    second.connect(sandbox.create_xero())
    assert XeroGrant.objects.count() == 1
    assert owner.connections()[0].grant_id == second.connections()[0].grant_id


def several(sandbox: SandboxWorld) -> list[XeroOrganisation]:
    app = {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET, "redirect_uris": [REDIRECT_URI]}
    found = [sandbox.create_xero(name="First <b>Ltd</b>"), sandbox.create_xero(name="שנייה בע״מ")]
    sandbox.call("POST", "/xero/apps", {**app, "bulk_connections": True})
    return found


def test_of_several_organisations_the_person_chooses_one(owner: Browser, sandbox: SandboxWorld) -> None:
    first, second = several(sandbox)
    answer = owner.connect(first, second)
    choose = f"/a/{owner.account.slug}/settings/connections/xero/choose"
    assert (answer.status_code, answer["Location"]) == (302, choose)
    page = words(owner.client.get(choose))
    assert "First &lt;b&gt;Ltd&lt;/b&gt;" in page
    assert second.name in page
    assert owner.connections() == []

    wrong = owner.client.post(choose, {"organisation": "5b5a1f5e-0000-4000-8000-000000000001"})
    assert "Choose one of these organisations." in words(wrong)
    assert owner.connections() == []

    owner.client.post(choose, {"organisation": second.id})
    assert [one.name for one in owner.connections()] == [second.name]
    assert owner.client.get(choose).status_code == 400


def test_a_choice_belongs_to_the_session_and_the_account(owner: Browser, sandbox: SandboxWorld) -> None:
    first, second = several(sandbox)
    owner.connect(first, second)
    colleague = browser_of(sandbox, account=owner.account)
    choose = f"/a/{owner.account.slug}/settings/connections/xero/choose"
    assert colleague.client.post(choose, {"organisation": first.id}).status_code == 400
    other_account = make_member(make_account(), user=owner.member.user).account
    elsewhere = f"/a/{other_account.slug}/settings/connections/xero/choose"
    assert owner.client.post(elsewhere, {"organisation": first.id}).status_code == 400
    assert owner.connections() == []


# Back to the fault


def test_who_came_from_a_fault_is_brought_back_to_it(owner: Browser, organisation: XeroOrganisation) -> None:
    owner.connect(organisation)
    fault = make_fault(owner.account)
    asked = owner.client.post(f"/a/{owner.account.slug}/faults/{fault.id}/currency/")
    assert "accounting.settings" in query_of(asked["Location"])["scope"].split()
    answer = owner.return_by(owner.consent(asked["Location"], organisation))
    assert (answer.status_code, answer["Location"]) == (302, f"/a/{owner.account.slug}/faults/{fault.id}/")
    assert f"Connected to “{organisation.name}” in Xero." in words(owner.client.get(answer["Location"]))


def test_the_way_back_outlasts_the_choice_of_an_organisation(owner: Browser, sandbox: SandboxWorld) -> None:
    first, second = several(sandbox)
    fault = make_fault(owner.account)
    answer = owner.return_by(owner.consent(owner.begin(fault=str(fault.id)), first, second))
    chosen = owner.client.post(answer["Location"], {"organisation": second.id})
    assert chosen["Location"] == f"/a/{owner.account.slug}/faults/{fault.id}/"


@pytest.mark.parametrize("named", ["a stranger's", "https://evil.example/", "-1", "9" * 30, "²", ""])
def test_no_other_way_back_is_taken(owner: Browser, organisation: XeroOrganisation, named: str) -> None:
    fault = str(make_fault(make_account()).id) if named == "a stranger's" else named
    answer = owner.return_by(owner.consent(owner.begin(fault=fault), organisation))
    assert answer["Location"] == f"/a/{owner.account.slug}/settings/connections/"


# Refusals


def test_an_organisation_that_another_account_feeds_is_refused(
    owner: Browser, sandbox: SandboxWorld, organisation: XeroOrganisation
) -> None:
    owner.connect(organisation)
    stranger = browser_of(sandbox)
    answer = stranger.connect(organisation)
    assert answer.status_code == 409
    assert "fed by another account" in words(answer)
    assert owner.account.name not in words(answer)
    assert stranger.connections() == []
    (still,) = owner.connections()
    assert XeroClient(organisation.id, oauth.GrantTokens(still.grant)).organisation().name == organisation.name


def test_the_consent_of_a_refused_organisation_is_given_back(owner: Browser, sandbox: SandboxWorld) -> None:
    people = [PERSON, "partner@demo-msp.example"]
    shared = sandbox.create_xero(users=people)
    owner.connect(shared)
    assert browser_of(sandbox).connect(shared, person=people[1]).status_code == 409
    unused = XeroGrant.objects.get(email=people[1])
    assert (unused.access_token, unused.refresh_token, unused.broken_reason) == ("", "", oauth.FORGOTTEN)
    assert len(sandbox.ledger("identity").calls("POST", "/connect/revocation")) == 1


def test_a_refused_consent_says_so(owner: Browser, organisation: XeroOrganisation) -> None:
    answer = owner.return_by(owner.deny(owner.begin()))
    assert answer.status_code == 400
    assert "You did not give Cloud Depot access" in words(answer)
    assert owner.connections() == []


def test_an_unknown_error_from_xero_is_shown_as_text(owner: Browser) -> None:
    state = query_of(owner.begin())["state"]
    answer = owner.client.get("/connections/xero/callback", {"state": state, "error": "<script>alert(1)</script>"})
    assert answer.status_code == 400
    assert "&lt;script&gt;" in words(answer)
    assert "<script>alert" not in words(answer)


def test_an_answer_is_good_once(owner: Browser, organisation: XeroOrganisation, sandbox: SandboxWorld) -> None:
    back = owner.consent(owner.begin(), organisation)
    owner.return_by(back)
    again = owner.return_by(back)
    assert again.status_code == 400
    assert "does not belong to a sign-in" in words(again)
    assert len(sandbox.ledger("identity").calls("POST", "/connect/token")) == 1


@pytest.mark.parametrize("state", ["", "forged", "%00", "é"])
def test_a_forged_answer_is_refused_and_leaves_the_real_one_standing(
    owner: Browser, organisation: XeroOrganisation, sandbox: SandboxWorld, state: str
) -> None:
    back = owner.consent(owner.begin(), organisation)
    forged = owner.client.get("/connections/xero/callback", {"state": state, "code": "stolen"})
    assert forged.status_code == 400
    assert sandbox.ledger("identity").calls("POST", "/connect/token") == []
    assert owner.return_by(back).status_code == 302


def test_an_answer_to_another_session_is_refused(
    owner: Browser, organisation: XeroOrganisation, sandbox: SandboxWorld
) -> None:
    back = owner.consent(owner.begin(), organisation)
    colleague = browser_of(sandbox, account=owner.account)
    assert colleague.return_by(back).status_code == 400
    assert sandbox.ledger("identity").calls("POST", "/connect/token") == []


def test_an_answer_that_comes_too_late_is_refused(owner: Browser, organisation: XeroOrganisation) -> None:
    back = owner.consent(owner.begin(), organisation)
    session = owner.client.session
    session[PENDING] = session[PENDING] | {"until": time.time() - 1}
    session.save()
    assert owner.return_by(back).status_code == 400
    assert owner.connections() == []
    assert LIFE_SECONDS <= 3600


def test_a_code_that_xero_does_not_take_says_to_begin_again(owner: Browser, organisation: XeroOrganisation) -> None:
    state = query_of(owner.begin())["state"]
    answer = owner.client.get("/connections/xero/callback", {"state": state, "code": "made up"})
    assert answer.status_code == 400
    assert "did not accept the code" in words(answer)


def test_an_answer_without_a_code_is_refused(owner: Browser) -> None:
    state = query_of(owner.begin())["state"]
    assert owner.client.get("/connections/xero/callback", {"state": state}).status_code == 400


@pytest.mark.parametrize("path", ["/connect/token", "/connections"])
def test_an_outage_at_xero_changes_nothing_and_says_so(
    owner: Browser, organisation: XeroOrganisation, sandbox: SandboxWorld, path: str
) -> None:
    back = owner.consent(owner.begin(), organisation)
    partner = "identity" if path == "/connect/token" else "xero"
    with sandbox.trouble(partner, "outage", path=path):
        answer = owner.return_by(back)
    assert answer.status_code == 400
    assert "Xero does not answer at the moment" in words(answer)
    assert owner.connections() == []


def test_an_organisation_is_connected_although_its_details_cannot_be_read_now(
    owner: Browser, organisation: XeroOrganisation, sandbox: SandboxWorld
) -> None:
    back = owner.consent(owner.begin(), organisation)
    with sandbox.trouble("xero", "outage", path="/Organisation"):
        assert owner.return_by(back).status_code == 302
    (connected,) = owner.connections()
    assert (connected.name, connected.base_currency) == (organisation.name, "")


def test_wrong_credentials_of_the_app_send_to_support(
    owner: Browser, organisation: XeroOrganisation, settings: Settings
) -> None:
    back = owner.consent(owner.begin(), organisation)
    settings.XERO_CLIENT_SECRET = "wrong"
    answer = owner.return_by(back)
    assert answer.status_code == 400
    assert "invalid_client" in words(answer)
    assert "wrong" not in words(answer)


# Who may


@pytest.mark.parametrize(
    ("role", "allowed"),
    [(Role.OWNER, True), (Role.ADMINISTRATOR, True), (Role.STANDARD, False), (Role.VIEWER, False)],
)
def test_only_owners_and_administrators_connect(
    owner: Browser, sandbox: SandboxWorld, role: str, allowed: bool
) -> None:
    member = browser_of(sandbox, role)
    slug = member.account.slug
    assert member.page().status_code == 200
    assert ("Connect Xero" in words(member.page())) is allowed
    assert member.client.post(f"/a/{slug}/connections/xero/start").status_code == (302 if allowed else 403)
    assert member.client.get(f"/a/{slug}/settings/connections/xero/choose").status_code == (400 if allowed else 403)


def test_a_stranger_finds_no_such_account(
    owner: Browser, sandbox: SandboxWorld, organisation: XeroOrganisation
) -> None:
    owner.connect(organisation)
    stranger = browser_of(sandbox)
    for path in ("", "xero/choose"):
        assert stranger.client.get(f"/a/{owner.account.slug}/settings/connections/{path}").status_code == 404
    (theirs,) = owner.connections()
    own = f"/a/{stranger.account.slug}/settings/connections/xero/{theirs.id}/disconnect"
    assert stranger.client.post(own).status_code == 404
    assert owner.connections()[0].state == "connected"


def test_who_lost_the_right_on_the_way_to_xero_does_not_connect(owner: Browser, organisation: XeroOrganisation) -> None:
    back = owner.consent(owner.begin(), organisation)
    Member.objects.filter(id=owner.member.id).update(role=Role.VIEWER)
    assert owner.return_by(back).status_code == 403
    back = owner.consent(oauth.authorize_url(remember(owner)), organisation)
    Member.objects.filter(id=owner.member.id).delete()
    assert owner.return_by(back).status_code == 404


def remember(owner: Browser) -> str:
    session = owner.client.session
    session[PENDING] = {"state": "a state", "account_id": owner.account.id, "until": time.time() + 60}
    session.save()
    return "a state"


def test_who_is_not_logged_in_is_sent_to_the_log_in(owner: Browser) -> None:
    answer = Client().get("/connections/xero/callback", {"state": "x", "code": "y"})
    assert answer.status_code == 302
    assert answer["Location"].startswith("/accounts/login/")


def test_connecting_begins_with_a_post(owner: Browser) -> None:
    assert owner.client.get(f"/a/{owner.account.slug}/connections/xero/start").status_code == 405


# Letting go


def test_disconnecting_tells_xero_and_with_the_last_connection_ends_the_consent(
    owner: Browser, sandbox: SandboxWorld, organisation: XeroOrganisation
) -> None:
    owner.connect(organisation)
    owner.connect(sandbox.create_xero())
    first, second = owner.connections()

    assert "is disconnected, here and in Xero" in words(owner.disconnect(first))
    identity = sandbox.ledger("identity")
    assert len(sandbox.ledger("xero").calls("DELETE", f"/connections/{first.connection_id}")) == 1
    assert identity.calls("POST", "/connect/revocation") == []
    XeroClient(str(second.organisation_id), oauth.GrantTokens(second.grant)).organisation()

    owner.disconnect(second)
    assert len(sandbox.ledger("identity").calls("POST", "/connect/revocation")) == 1
    assert [one.state for one in owner.connections()] == ["disconnected", "disconnected"]
    grant = XeroGrant.objects.get()
    assert (grant.access_token, grant.refresh_token) == ("", "")
    with pytest.raises(oauth.NeedsReconnect):
        oauth.access_token(grant.id)


def test_a_disconnected_organisation_can_be_connected_again_by_anyone(
    owner: Browser, sandbox: SandboxWorld, organisation: XeroOrganisation
) -> None:
    owner.connect(organisation)
    (connected,) = owner.connections()
    owner.disconnect(connected)
    other = browser_of(sandbox)
    assert other.connect(organisation).status_code == 302
    assert [one.state for one in other.connections()] == ["connected"]


def test_disconnecting_waits_for_xero_where_it_does_not_answer(
    owner: Browser, sandbox: SandboxWorld, organisation: XeroOrganisation
) -> None:
    owner.connect(organisation)
    (connected,) = owner.connections()
    with sandbox.trouble("xero", "outage", method="DELETE"):
        assert "is still connected" in words(owner.disconnect(connected))
    assert [one.state for one in owner.connections()] == ["connected"]


def test_what_was_disconnected_in_xero_before_is_let_go_here(
    owner: Browser, sandbox: SandboxWorld, organisation: XeroOrganisation
) -> None:
    owner.connect(organisation)
    (connected,) = owner.connections()
    sandbox.call("POST", f"/xero/organisations/{organisation.id}/disconnect", {})
    assert "is disconnected" in words(owner.disconnect(connected))


def test_a_connection_whose_consent_has_ended_is_let_go_without_xero(
    owner: Browser, sandbox: SandboxWorld, organisation: XeroOrganisation
) -> None:
    owner.connect(organisation)
    (connected,) = owner.connections()
    XeroGrant.objects.update(broken_at="2026-01-01T00:00:00Z", broken_reason="Ended.")
    owner.disconnect(connected)
    assert [one.state for one in owner.connections()] == ["disconnected"]
    assert sandbox.ledger("xero").calls("DELETE") == []


def test_disconnecting_with_an_expired_token_refreshes_it(
    owner: Browser, sandbox: SandboxWorld, organisation: XeroOrganisation
) -> None:
    owner.connect(organisation)
    (connected,) = owner.connections()
    sandbox.advance_clock(31 * 60)
    owner.disconnect(connected)
    assert [row["status"] for row in sandbox.ledger("xero").calls("DELETE")] == [401, 204]
