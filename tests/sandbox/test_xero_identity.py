"""The stand-in Xero lets people consent, hands out tokens, rotates them and takes them back."""

from __future__ import annotations

import base64
import json
import re
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from tests.sandbox.xero_calls import XeroCaller
from tests.world import CLIENT_ID, CLIENT_SECRET, REDIRECT_URI, SandboxWorld, XeroOrganisation

SCOPES = "openid offline_access accounting.invoices accounting.contacts accounting.settings.read"
DISCOVERED = {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}


@pytest.fixture
def organisation(sandbox: SandboxWorld) -> XeroOrganisation:
    return sandbox.create_xero()


def authorise(world: SandboxWorld, **changes: str) -> requests.Response:
    query = {"response_type": "code", "client_id": CLIENT_ID, "redirect_uri": REDIRECT_URI, "scope": SCOPES}
    query |= {"state": "s t/a+te", **changes}
    return requests.get(f"{world.base_url}/identity/connect/authorize", params=query, timeout=30)


def decide(world: SandboxWorld, page: requests.Response, **form: str) -> dict[str, str]:
    """Press a button on the consent page; what the app's address is given."""
    user = re.search(r'<option value="([^"]+)"', page.text)
    assert user
    answer = requests.post(page.url, data={"user": user[1], **form}, allow_redirects=False, timeout=30)
    assert answer.status_code == 302, answer.text
    assert answer.headers["Location"].startswith(REDIRECT_URI)
    return {name: values[0] for name, values in parse_qs(urlsplit(answer.headers["Location"]).query).items()}


def token(world: SandboxWorld, **form: str) -> requests.Response:
    return requests.post(f"{world.base_url}/connect/token", data={**DISCOVERED, **form}, timeout=30)


def consent(world: SandboxWorld, organisation: XeroOrganisation) -> dict[str, str]:
    code = decide(world, authorise(world), decision="allow", organisation=organisation.id)["code"]
    answer = token(world, grant_type="authorization_code", code=code, redirect_uri=REDIRECT_URI)
    assert answer.status_code == 200, answer.text
    tokens: dict[str, str] = answer.json()
    return tokens


def refresh(world: SandboxWorld, refresh_token: str) -> requests.Response:
    return token(world, grant_type="refresh_token", refresh_token=refresh_token)


def connections(world: SandboxWorld, access_token: str, path: str = "/connections", **query: str) -> requests.Response:
    headers = {"Authorization": f"Bearer {access_token}"}
    return requests.get(f"{world.base_url}{path}", params=query, headers=headers, timeout=30)


def test_consent_leads_to_tokens_that_reach_the_organisation(
    sandbox: SandboxWorld, organisation: XeroOrganisation
) -> None:
    page = authorise(sandbox)
    assert organisation.name in page.text
    answer = decide(sandbox, page, decision="allow", organisation=organisation.id)
    assert answer["state"] == "s t/a+te"
    tokens = token(sandbox, grant_type="authorization_code", code=answer["code"], redirect_uri=REDIRECT_URI).json()
    assert (tokens["expires_in"], tokens["token_type"], tokens["scope"]) == (1800, "Bearer", SCOPES)
    assert (
        XeroCaller(sandbox, organisation, tokens["access_token"]).rows("/Organisation")[0]["Name"] == organisation.name
    )


def test_a_refusal_comes_back_with_the_state(sandbox: SandboxWorld, organisation: XeroOrganisation) -> None:
    answer = decide(sandbox, authorise(sandbox), decision="deny", organisation=organisation.id)
    assert (answer["error"], answer["state"]) == ("access_denied", "s t/a+te")
    assert "code" not in answer


@pytest.mark.parametrize(
    "changes",
    [
        {"client_id": "nobody"},
        {"redirect_uri": "http://localhost:8000/elsewhere"},
        {"response_type": "token"},
        {"scope": "accounting.transactions"},
        {"scope": "accounting.invoices make.coffee"},
    ],
)
def test_a_wrong_authorise_address_is_an_error_page(
    sandbox: SandboxWorld, organisation: XeroOrganisation, changes: dict[str, str]
) -> None:
    answer = authorise(sandbox, **changes)
    assert (answer.status_code, answer.headers["Content-Type"].partition(";")[0]) == (500, "text/html")


def test_an_app_from_before_march_2026_may_ask_for_broad_scopes(
    sandbox: SandboxWorld, organisation: XeroOrganisation
) -> None:
    app = {"client_id": "OLD", "client_secret": "s", "redirect_uris": [REDIRECT_URI], "granular": False}
    sandbox.call("POST", "/xero/apps", app)
    assert authorise(sandbox, client_id="OLD", scope="offline_access accounting.transactions").status_code == 200


def test_a_redirect_to_127_0_0_1_cannot_be_registered(sandbox: SandboxWorld) -> None:
    app = {"client_id": "X", "client_secret": "s", "redirect_uris": ["http://127.0.0.1:8000/callback"]}
    answer = requests.post(f"{sandbox.base_url}/sandbox/xero/apps", json=app, timeout=30)
    assert answer.status_code == 400


def test_one_organisation_to_a_consent_unless_the_app_may_connect_in_bulk(
    sandbox: SandboxWorld, organisation: XeroOrganisation
) -> None:
    other = sandbox.create_xero()
    page = authorise(sandbox)
    user = re.findall(r'<option value="([^"]+)"', page.text)[0]
    form = {"user": user, "decision": "allow", "organisation": [organisation.id, other.id]}
    assert requests.post(page.url, data=form, allow_redirects=False, timeout=30).status_code == 500
    app = {**DISCOVERED, "redirect_uris": [REDIRECT_URI], "bulk_connections": True}
    sandbox.call("POST", "/xero/apps", app)
    assert requests.post(page.url, data=form, allow_redirects=False, timeout=30).status_code == 302


def test_a_user_cannot_connect_an_organisation_that_is_not_his(
    sandbox: SandboxWorld, organisation: XeroOrganisation
) -> None:
    stranger = sandbox.call("POST", "/xero/users", {"email": "stranger@example.com"})
    form = {"user": stranger["id"], "decision": "allow", "organisation": organisation.id}
    assert requests.post(authorise(sandbox).url, data=form, allow_redirects=False, timeout=30).status_code == 500


def test_a_code_is_used_once(sandbox: SandboxWorld, organisation: XeroOrganisation) -> None:
    code = decide(sandbox, authorise(sandbox), decision="allow", organisation=organisation.id)["code"]
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": REDIRECT_URI}
    assert token(sandbox, **form).status_code == 200
    again = token(sandbox, **form)
    assert (again.status_code, again.text) == (400, '{"error":"invalid_grant"}')


def test_a_code_lives_five_minutes(sandbox: SandboxWorld, organisation: XeroOrganisation) -> None:
    code = decide(sandbox, authorise(sandbox), decision="allow", organisation=organisation.id)["code"]
    sandbox.advance_clock(301)
    late = token(sandbox, grant_type="authorization_code", code=code, redirect_uri=REDIRECT_URI)
    assert late.json() == {"error": "invalid_grant"}


def test_a_code_is_good_for_its_own_redirect_only(sandbox: SandboxWorld, organisation: XeroOrganisation) -> None:
    code = decide(sandbox, authorise(sandbox), decision="allow", organisation=organisation.id)["code"]
    answer = token(sandbox, grant_type="authorization_code", code=code, redirect_uri="http://localhost:1/other")
    assert answer.json() == {"error": "invalid_grant"}


def test_wrong_client_and_wrong_grant_type_are_told(sandbox: SandboxWorld, organisation: XeroOrganisation) -> None:
    wrong = token(sandbox, grant_type="refresh_token", refresh_token="x", client_secret="wrong")
    assert (wrong.status_code, wrong.json()) == (400, {"error": "invalid_client"})
    assert token(sandbox, grant_type="password").json() == {"error": "unsupported_grant_type"}


def test_the_client_may_authenticate_by_basic_header(sandbox: SandboxWorld, organisation: XeroOrganisation) -> None:
    tokens = consent(sandbox, organisation)
    answer = requests.post(
        f"{sandbox.base_url}/connect/token",
        data={"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]},
        auth=(CLIENT_ID, CLIENT_SECRET),
        timeout=30,
    )
    assert answer.status_code == 200


def test_refresh_tokens_rotate_and_the_old_one_lives_thirty_minutes_more(
    sandbox: SandboxWorld, organisation: XeroOrganisation
) -> None:
    first = consent(sandbox, organisation)["refresh_token"]
    second = refresh(sandbox, first).json()["refresh_token"]
    assert second != first
    sandbox.advance_clock(29 * 60)
    third = refresh(sandbox, first)
    assert third.status_code == 200
    sandbox.advance_clock(2 * 60)
    dead = refresh(sandbox, first)
    assert (dead.status_code, dead.text) == (400, '{"error":"invalid_grant"}')
    assert refresh(sandbox, third.json()["refresh_token"]).status_code == 200


def test_using_the_old_refresh_token_again_ends_the_set_it_had_brought(
    sandbox: SandboxWorld, organisation: XeroOrganisation
) -> None:
    first = consent(sandbox, organisation)["refresh_token"]
    lost = refresh(sandbox, first).json()["refresh_token"]
    refresh(sandbox, first)
    assert refresh(sandbox, lost).json() == {"error": "invalid_grant"}


def test_a_refresh_token_dies_after_sixty_days(sandbox: SandboxWorld, organisation: XeroOrganisation) -> None:
    first = consent(sandbox, organisation)["refresh_token"]
    sandbox.advance_clock(61 * 86_400)
    assert refresh(sandbox, first).json() == {"error": "invalid_grant"}


def test_without_offline_access_there_is_no_refresh_token(
    sandbox: SandboxWorld, organisation: XeroOrganisation
) -> None:
    assert "refresh_token" not in organisation.grant(scopes="accounting.invoices")


def test_the_access_token_names_its_authentication_event(sandbox: SandboxWorld, organisation: XeroOrganisation) -> None:
    other = sandbox.create_xero()
    consent(sandbox, other)
    access = consent(sandbox, organisation)["access_token"]
    part = access.split(".")[1]
    claims = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    event = claims["authentication_event_id"]
    assert {row["tenantId"] for row in connections(sandbox, access).json()} == {organisation.id, other.id}
    (joined,) = connections(sandbox, access, authEventId=event).json()
    assert (joined["tenantId"], joined["tenantType"], joined["tenantName"]) == (
        organisation.id,
        "ORGANISATION",
        organisation.name,
    )
    assert not joined["createdDateUtc"].endswith("Z")


def test_connections_may_be_written_with_a_capital(sandbox: SandboxWorld, organisation: XeroOrganisation) -> None:
    access = consent(sandbox, organisation)["access_token"]
    assert len(connections(sandbox, access, "/Connections").json()) == 1


def test_a_deleted_connection_is_gone_for_good(sandbox: SandboxWorld, organisation: XeroOrganisation) -> None:
    access = consent(sandbox, organisation)["access_token"]
    address = f"{sandbox.base_url}/connections/{connections(sandbox, access).json()[0]['id']}"
    headers = {"Authorization": f"Bearer {access}"}
    assert requests.delete(address, headers=headers, timeout=30).status_code == 204
    assert requests.delete(address, headers=headers, timeout=30).status_code == 404
    answer = XeroCaller(sandbox, organisation, access).call("GET", "/Organisation")
    assert (answer.status_code, answer.json()["Detail"]) == (403, "AuthenticationUnsuccessful")


def test_revocation_ends_the_grant_with_all_its_connections(
    sandbox: SandboxWorld, organisation: XeroOrganisation
) -> None:
    other = sandbox.create_xero()
    consent(sandbox, other)
    tokens = consent(sandbox, organisation)
    form = {**DISCOVERED, "token": tokens["refresh_token"]}
    answer = requests.post(f"{sandbox.base_url}/connect/revocation", data=form, timeout=30)
    assert (answer.status_code, answer.content) == (200, b"")
    assert connections(sandbox, tokens["access_token"]).status_code == 401
    assert refresh(sandbox, tokens["refresh_token"]).json() == {"error": "invalid_grant"}
    assert sandbox.call("GET", "/xero/organisations")[0]["connections"] == []


def test_expired_tokens_as_trouble_refuse_the_refresh(sandbox: SandboxWorld, organisation: XeroOrganisation) -> None:
    first = consent(sandbox, organisation)["refresh_token"]
    with sandbox.trouble("identity", "expire_tokens", times=1):
        assert refresh(sandbox, first).json() == {"error": "invalid_grant"}
    assert refresh(sandbox, first).status_code == 200
