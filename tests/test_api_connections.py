"""Connections in the API: Autotask is tried before it is kept; Xero's health is told."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import Settings

from syncing.models import Document, SyncState
from tenants.models import Account, AutotaskConnection, XeroGrant
from tenants.scope import account_scope
from tests.api import Api, make_document, make_fault, pointers
from tests.connected import ConnectedAccount
from tests.factories import make_account
from tests.world import AutotaskDatabase, SandboxWorld

pytestmark = pytest.mark.django_db


@pytest.fixture
def account() -> Account:
    return make_account()


@pytest.fixture
def api(account: Account) -> Api:
    return Api(account)


@pytest.fixture
def database(sandbox: SandboxWorld) -> AutotaskDatabase:
    return sandbox.create_autotask()


def credentials(database: AutotaskDatabase, **changes: Any) -> dict[str, Any]:
    good = {
        "username": database.username,
        "secret": database.secret,
        "integration_code": database.integration_code,
    }
    return {**good, **changes}


def kept(account: Account) -> AutotaskConnection | None:
    with account_scope(account.id):
        return AutotaskConnection.objects.first()


def test_good_credentials_are_kept_and_never_shown(api: Api, account: Account, database: AutotaskDatabase) -> None:
    assert api.get("/connections/autotask")[0] == 404

    status, body = api.put("/connections/autotask", credentials(database))

    assert status == 200
    assert (body["username"], body["state"], body["database_id"]) == (database.username, "connected", database.id)
    assert api.get("/connections/autotask") == (200, body)
    assert database.secret not in str(body)
    assert database.integration_code not in str(body)
    connection = kept(account)
    assert connection is not None
    assert (connection.secret, connection.integration_code) == (database.secret, database.integration_code)
    assert connection.resource_id is not None
    account.refresh_from_db()
    assert account.next_sync_at is not None
    assert account.next_sync_at <= timezone.now()


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"secret": "wrong"}, "autotask-login-refused"),
        ({"username": "nobody@elsewhere.example"}, "autotask-login-refused"),
        ({"integration_code": "WRONG"}, "autotask-login-refused"),
        ({"secret": "two\nlines"}, "autotask-login-refused"),
        ({"secret": "🔑🔑"}, "autotask-login-refused"),
    ],
)
def test_bad_credentials_are_told_and_not_kept(
    api: Api, account: Account, database: AutotaskDatabase, changes: dict[str, str], code: str
) -> None:
    status, problem = api.put("/connections/autotask", credentials(database, **changes))

    assert (status, problem["code"]) == (400, code)
    assert problem["type"].endswith(f"/help/faults/{code}/")
    assert kept(account) is None


def test_bad_credentials_leave_the_good_ones_in_place(api: Api, account: Account, database: AutotaskDatabase) -> None:
    api.put("/connections/autotask", credentials(database))
    api.put("/connections/autotask", credentials(database, secret="wrong"))

    connection = kept(account)
    assert connection is not None
    assert connection.secret == database.secret


def test_a_level_that_may_not_read_invoices_is_told(api: Api, account: Account, database: AutotaskDatabase) -> None:
    database.allow("Invoices", "forbidden")

    status, problem = api.put("/connections/autotask", credentials(database))

    assert (status, problem["code"]) == (400, "autotask-not-permitted")
    assert "Invoices" in problem["detail"]
    assert kept(account) is None


def test_an_outage_is_not_the_credentials_fault(
    api: Api, account: Account, database: AutotaskDatabase, sandbox: SandboxWorld
) -> None:
    with sandbox.trouble("autotask", "status", status=503):
        status, problem = api.put("/connections/autotask", credentials(database))

    assert (status, problem["code"]) == (503, "service-unavailable")
    assert kept(account) is None


@pytest.mark.parametrize(
    ("body", "where"),
    [
        ({}, {"#/username", "#/secret"}),
        ({"username": "", "secret": ""}, {"#/username", "#/secret"}),
        ({"username": "a", "secret": ["b"]}, {"#/secret"}),
        ({"username": "x" * 255, "secret": "b"}, {"#/username"}),
        ({"username": "a\0", "secret": "b"}, {"#/username"}),
        ({"username": "a", "secret": "b", "password": "c"}, {"#/password"}),
        ({"username": "a", "secret": "b", "integration_code": None}, {"#/integration_code"}),
        ([], {"#"}),
    ],
)
def test_a_wrong_body_is_refused_at_its_place(api: Api, settings: Settings, body: Any, where: set[str]) -> None:
    settings.AUTOTASK_INTEGRATION_CODE = "ours"
    status, problem = api.put("/connections/autotask", body)
    assert (status, set(pointers(problem))) == (400, where)


def test_the_installations_own_tracking_identifier_is_used_where_there_is_one(
    api: Api, database: AutotaskDatabase, settings: Settings
) -> None:
    without = {name: value for name, value in credentials(database).items() if name != "integration_code"}
    settings.AUTOTASK_INTEGRATION_CODE = ""
    assert pointers(api.put("/connections/autotask", without)[1]) == {"#/integration_code": "required"}

    settings.AUTOTASK_INTEGRATION_CODE = database.integration_code
    status, body = api.put("/connections/autotask", without)
    assert (status, body["own_integration_code"]) == (200, False)


def test_connecting_again_begins_again(connected: ConnectedAccount) -> None:
    api = Api(connected.account)
    connected.autotask.bill(connected.pair.company_id)
    connected.sync()
    waiting = make_document(connected.account, state="retrying")
    fault = make_fault(connected.account, waiting, code="autotask-login-refused", subject="Autotask")

    status, _ = api.put("/connections/autotask", credentials(connected.autotask))

    assert status == 200
    assert api.get(f"/faults/{fault.id}")[1]["state"] == "resolved"
    with connected.scope():
        assert Document.objects.get(id=waiting.id).state == "waiting"
        assert SyncState.objects.get().walked_at is None


def test_a_user_of_another_database_is_refused_once_documents_were_carried(
    connected: ConnectedAccount, sandbox: SandboxWorld
) -> None:
    api = Api(connected.account)
    other = sandbox.create_autotask()
    assert api.put("/connections/autotask", credentials(other))[0] == 200
    assert api.put("/connections/autotask", credentials(connected.autotask))[0] == 200
    connected.autotask.bill(connected.pair.company_id)
    connected.sync()

    status, problem = api.put("/connections/autotask", credentials(other))

    assert (status, problem["code"]) == (409, "conflict")
    assert str(other.id) in problem["detail"]
    assert api.get("/connections/autotask")[1]["database_id"] == connected.autotask.id


def test_the_organisations_and_their_health(connected: ConnectedAccount) -> None:
    connected.autotask.bill(connected.pair.company_id)
    connected.sync()

    status, body = Api(connected.account).get("/connections/xero")

    assert status == 200
    [row] = body["results"]
    assert (row["name"], row["state"], row["organisation_id"]) == (connected.xero.name, "connected", connected.xero.id)
    assert row["signed_in_by"] == connected.xero.user
    assert row["last_answered_at"]
    assert row["health"] == {"mark": "good", "word": "Connected", "says": "Xero answers.", "remedy": ""}
    assert row["sign_in_ends_at"] > timezone.now().isoformat()
    assert Api(make_account()).get("/connections/xero")[1]["results"] == []


def test_a_sign_in_that_ends_soon_or_has_ended_is_told(connected: ConnectedAccount) -> None:
    api = Api(connected.account)
    almost = timezone.now() - timedelta(days=57)
    XeroGrant.objects.update(refreshed_at=almost, granted_at=almost)
    [row] = api.get("/connections/xero")[1]["results"]
    assert (row["health"]["mark"], row["health"]["word"]) == ("warn", "Sign-in ends soon")

    XeroGrant.objects.update(broken_at=timezone.now(), broken_reason="Xero has ended it.")
    [row] = api.get("/connections/xero")[1]["results"]
    assert (row["health"]["mark"], row["health"]["says"]) == ("bad", "Xero has ended it.")
    assert (row["state"], row["sign_in_ends_at"]) == ("connected", None)


def test_a_run_is_asked_for_and_watched(connected: ConnectedAccount) -> None:
    api = Api(connected.account)
    connected.autotask.bill(connected.pair.company_id)

    status, asked = api.post("/syncs")
    again = api.post("/syncs")[1]
    assert (status, asked["state"], again["id"]) == (202, "queued", asked["id"])
    connected.sync()

    _, run = api.get(f"/syncs/{asked['id']}")
    assert (run["state"], run["problem"], run["trigger"]) == ("finished", None, "person")
    assert run["counts"]["created"] == 1
    assert Api(make_account()).get(f"/syncs/{asked['id']}")[0] == 404


def test_a_run_that_stopped_says_why(connected: ConnectedAccount, sandbox: SandboxWorld) -> None:
    connected.autotask.bill(connected.pair.company_id)
    with sandbox.trouble("autotask", "status", status=503):
        run = connected.sync()

    _, body = Api(connected.account).get(f"/syncs/{run.id}")

    assert (body["state"], body["problem"]["code"]) == ("stopped", "service-unavailable")
