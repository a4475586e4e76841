"""Connecting an account to Autotask from its page (syncing/connect_views.py, syncing/autotask/connect.py)."""

from dataclasses import dataclass

import pytest
from django.http import HttpResponse
from django.test import Client
from pytest_django import Settings

from tenants.models import AutotaskConnection, Member, Role
from tenants.scope import account_scope
from tests.factories import make_account, make_member
from tests.world import AutotaskDatabase, SandboxWorld

pytestmark = pytest.mark.django_db


@dataclass
class Owner:
    member: Member
    client: Client

    @property
    def path(self) -> str:
        return f"/a/{self.member.account.slug}/settings/connections/"

    def connect(self, database: AutotaskDatabase, **changes: str) -> HttpResponse:
        form = {
            "username": database.username,
            "secret": database.secret,
            "integration_code": database.integration_code,
            **changes,
        }
        return self.client.post(f"/a/{self.member.account.slug}/settings/connections/autotask/change", form)

    def connection(self) -> AutotaskConnection | None:
        with account_scope(self.member.account.id):
            return AutotaskConnection.objects.first()


def member(role: str = Role.OWNER) -> Owner:
    who = make_member(make_account(), role)
    client = Client()
    client.force_login(who.user, backend="allauth.account.auth_backends.AuthenticationBackend")
    return Owner(who, client)


@pytest.fixture
def owner() -> Owner:
    return member()


@pytest.fixture
def database(sandbox: SandboxWorld) -> AutotaskDatabase:
    return sandbox.create_autotask()


def words(answer: HttpResponse) -> str:
    return answer.content.decode()


def test_good_credentials_are_kept_with_where_the_database_is(owner: Owner, database: AutotaskDatabase) -> None:
    answer = owner.connect(database)
    assert (answer.status_code, answer["Location"]) == (302, f"{owner.path}autotask/")
    connection = owner.connection()
    assert connection is not None
    assert (connection.username, connection.secret) == (database.username, database.secret)
    assert (connection.database_id, connection.state) == (database.id, "connected")
    assert connection.zone_url.startswith("http://localhost")
    page = words(owner.client.get(owner.path))
    assert f"Connected to Autotask as {database.username}." in page
    assert database.secret not in page
    assert database.integration_code not in page


@pytest.mark.parametrize("wrong", [{"secret": "wrong"}, {"integration_code": "WRONG"}, {"username": "no@one.example"}])
def test_credentials_that_do_not_work_are_not_kept(
    owner: Owner, database: AutotaskDatabase, wrong: dict[str, str]
) -> None:
    answer = owner.connect(database, **wrong)
    assert answer.status_code == 400
    assert "does not take these credentials" in words(answer)
    assert owner.connection() is None


def test_credentials_that_do_not_work_leave_the_old_ones_in_place(owner: Owner, database: AutotaskDatabase) -> None:
    owner.connect(database)
    assert owner.connect(database, secret="wrong").status_code == 400
    connection = owner.connection()
    assert connection is not None
    assert (connection.secret, connection.state) == (database.secret, "connected")


def test_a_zone_answer_that_points_elsewhere_is_not_followed(
    owner: Owner, database: AutotaskDatabase, settings: Settings, sandbox: SandboxWorld
) -> None:
    settings.AUTOTASK_HOST_PATTERN = r"^webservices\d+\.autotask\.net$"
    answer = owner.connect(database)
    assert answer.status_code == 400
    assert "is no host of Autotask" in words(answer)
    assert len(sandbox.ledger("autotask").requests) == 1


def test_a_user_who_may_not_read_invoices_is_told_so(owner: Owner, database: AutotaskDatabase) -> None:
    database.allow("Invoices", "forbidden")
    answer = owner.connect(database)
    assert answer.status_code == 400
    assert "may not read Invoices" in words(answer)


def test_an_outage_changes_nothing_and_says_so(owner: Owner, database: AutotaskDatabase, sandbox: SandboxWorld) -> None:
    with sandbox.trouble("autotask", "outage"):
        answer = owner.connect(database)
    assert "Autotask does not answer at the moment" in words(answer)
    assert owner.connection() is None


def test_the_code_of_this_installation_stands_in_for_an_empty_one(
    owner: Owner, database: AutotaskDatabase, settings: Settings
) -> None:
    assert "This field is required" in words(owner.connect(database, integration_code=""))
    settings.AUTOTASK_INTEGRATION_CODE = database.integration_code
    assert owner.connect(database, integration_code="").status_code == 302
    connection = owner.connection()
    assert connection is not None
    assert connection.integration_code == ""


@pytest.mark.parametrize("name", ["<script>alert(1)</script>", "\u202egnp.exe", "é\r\nX: y", " "])
def test_odd_user_names_are_refused_without_harm(owner: Owner, database: AutotaskDatabase, name: str) -> None:
    answer = owner.connect(database, username=name)
    assert answer.status_code == 400
    assert "<script>alert" not in words(answer)
    assert owner.connection() is None


@pytest.mark.parametrize("role", [Role.STANDARD, Role.VIEWER])
def test_only_owners_and_administrators_change_the_credentials(database: AutotaskDatabase, role: str) -> None:
    one = member(role)
    assert one.connect(database).status_code == 403
    assert "Secret" not in words(one.client.get(one.path))
