"""The front door."""

import pytest
from django.test import Client

from tenants.accounts import create_account
from tenants.models import User

pytestmark = pytest.mark.django_db


@pytest.fixture
def person(client: Client) -> User:
    person = User.objects.create_user("ana@example.com", "a long pass phrase")
    client.force_login(person)
    return person


def test_a_stranger_is_asked_to_log_in(client: Client) -> None:
    answer = client.get("/")
    assert (answer.status_code, answer["Location"]) == (302, "/accounts/login/?next=/")


def test_the_only_account_is_entered_at_once(client: Client, person: User) -> None:
    account = create_account("Acme", person)
    assert client.get("/")["Location"] == f"/a/{account.slug}/settings/connections/"


def test_of_several_accounts_one_is_chosen_and_others_are_not_shown(client: Client, person: User) -> None:
    for name in ("Acme", "Bolt <b>"):
        create_account(name, person)
    create_account("Hidden", User.objects.create_user("other@example.com", "a long pass phrase"))
    page = client.get("/").content.decode()
    assert "Acme" in page
    assert "Bolt &lt;b&gt;" in page
    assert "Hidden" not in page


def test_who_belongs_to_no_account_is_told_whom_to_ask(client: Client, person: User) -> None:
    assert f"invite {person.email}" in client.get("/").content.decode()
