"""`manage.py create_account`: a verified owner, and a last line that a program reads."""

import io
import json
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.core.management import CommandError, call_command
from django.test import Client

from tenants.api_tokens import find_token
from tenants.models import Account, ApiToken, Member, Role, User

pytestmark = pytest.mark.django_db

PASSWORD = "pw for tests"


def create_account(
    name: str = "Acme Ltd", owner: str = "Owner@Example.com", password: str = PASSWORD
) -> dict[str, str]:
    out = io.StringIO()
    call_command("create_account", name, "--owner", owner, "--password", password, stdout=out)
    answer: dict[str, str] = json.loads(out.getvalue().splitlines()[-1])
    return answer


def test_it_makes_a_verified_owner_and_a_token() -> None:
    answer = create_account()
    assert answer.keys() == {"account", "api_token"}
    account = Account.objects.get(slug=answer["account"])
    member = Member.objects.get(account=account)
    assert (account.name, member.user.email, member.role) == ("Acme Ltd", "owner@example.com", Role.OWNER)
    assert EmailAddress.objects.get(user=member.user).verified
    token = find_token(answer["api_token"])
    assert token is not None
    assert (token.account, token.scope, token.created_by) == (account, ApiToken.Scope.WRITE, member.user)


def test_its_owner_can_log_in(client: Client) -> None:
    answer = create_account()
    response = client.post("/accounts/login/", {"login": "OWNER@example.com", "password": PASSWORD})
    assert response.status_code == 302
    assert client.session["_auth_user_id"] == str(Member.objects.get(account__slug=answer["account"]).user_id)


def test_a_log_in_that_there_is_owns_the_new_account_too() -> None:
    create_account("One")
    create_account("Two")
    assert User.objects.count() == 1
    assert Member.objects.count() == 2


def test_the_password_of_a_log_in_that_there_is_must_be_right() -> None:
    create_account("One")
    with pytest.raises(CommandError, match="another password"):
        create_account("Two", password="a guess")
    assert Account.objects.count() == 1


def test_the_password_is_read_from_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("from a pipe\n"))
    create_account(password="-")
    assert User.objects.get().check_password("from a pipe")


@pytest.mark.parametrize(
    "wrong", [{"owner": "no address"}, {"name": "  "}, {"password": ""}], ids=["address", "name", "password"]
)
def test_a_wrong_argument_makes_nothing(wrong: dict[str, Any]) -> None:
    with pytest.raises(CommandError):
        create_account(**wrong)
    assert not Account.objects.exists()
    assert not User.objects.exists()
