"""The front door: what a stranger reads, where a person is led, and making the first account."""

import pytest
from django.test import Client

from tenants.accounts import create_account
from tenants.models import Account, Member, Role, User
from tests.factories import make_account, make_member, make_user
from tests.pages import BACKEND, words

pytestmark = pytest.mark.django_db


@pytest.fixture
def person(client: Client) -> User:
    person = make_user("ana@example.com")
    client.force_login(person, backend=BACKEND)
    return person


def test_a_stranger_reads_what_this_is_and_finds_both_ways_in(client: Client) -> None:
    answer = client.get("/")
    assert answer.status_code == 200
    assert 'href="/accounts/login/"' in answer.content.decode()
    assert 'href="/accounts/signup/"' in answer.content.decode()


def test_the_only_account_is_entered_at_once(client: Client, person: User) -> None:
    account = create_account("Acme", person)
    assert client.get("/")["Location"] == f"/a/{account.slug}/"


def test_of_several_accounts_one_is_chosen_and_others_are_not_shown(client: Client, person: User) -> None:
    for name in ("Acme", "Bolt <b>"):
        create_account(name, person)
    create_account("Hidden", make_user())
    page = client.get("/").content.decode()
    assert "Acme" in page
    assert "Bolt &lt;b&gt;" in page
    assert "Hidden" not in page


def test_who_belongs_to_no_account_makes_one_and_owns_it(client: Client, person: User) -> None:
    assert client.get("/")["Location"] == "/accounts/new/"
    form = {"name": "  Acme \n Ltd ", "your_name": "Ana", "time_zone": "Pacific/Auckland"}
    assert client.post("/accounts/new/", form)["Location"] == "/a/acme-ltd/"
    member = Member.objects.select_related("account", "user").get(user=person)
    assert (member.role, member.account.name, member.account.time_zone) == (Role.OWNER, "Acme Ltd", "Pacific/Auckland")
    assert (member.user.name, member.user.time_zone) == ("Ana", "Pacific/Auckland")


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": ""},
        {"name": " \n "},
        {"name": "x" * 201},
        {"name": "a\0b"},
        {"time_zone": "Mars/Olympus"},
        {"time_zone": "../../etc/passwd"},
        {"your_name": "x" * 151},
    ],
)
def test_an_account_that_cannot_be_is_refused_with_its_reason(
    client: Client, person: User, wrong: dict[str, str]
) -> None:
    answer = client.post("/accounts/new/", {"name": "Acme", "time_zone": "UTC", **wrong})
    assert answer.status_code == 400
    assert "errorlist" in answer.content.decode()
    assert not Account.objects.exists()


def test_who_was_invited_is_reminded_before_they_make_an_account(client: Client, person: User) -> None:
    from tenants.memberships import invite

    invite(make_account("Bolt"), person.email, Role.VIEWER, make_user())
    assert "Bolt has invited you" in words(client.get("/accounts/new/")).replace("<strong>", "").replace(
        "</strong>", ""
    )


def test_a_person_reads_times_in_their_zone_and_a_stranger_in_utc(client: Client, person: User) -> None:
    person.time_zone = "Pacific/Auckland"
    person.save()
    member = make_member(make_account(), Role.OWNER, person)
    Member.objects.filter(id=member.id).update(created_at="2026-01-05T23:30:00Z")
    page = f"/a/{member.account.slug}/settings/members/"
    assert "12:30:00 NZDT" in words(client.get(page))
    client.logout()
    client.force_login(make_member(member.account).user, backend=BACKEND)
    assert "23:30:00 UTC" in words(client.get(page))


def test_our_staff_are_led_to_the_desk(client: Client, person: User) -> None:
    User.objects.filter(id=person.id).update(is_staff=True)
    assert client.get("/")["Location"] == "/admin/"
