"""Invitations: the e-mail and its link, for who has a log-in and who has none, and when the link is no good."""

import re
from datetime import timedelta

import pytest
from django.core import mail
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from tenants.memberships import INVITATIONS_A_DAY
from tenants.models import Account, Invitation, Member, Role, User
from tests.factories import make_account, make_member, make_user
from tests.pages import BACKEND, Pages, words

pytestmark = pytest.mark.django_db


@pytest.fixture
def owner() -> Pages:
    return Pages(make_account("Acme"), Role.OWNER)


@pytest.fixture
def link(owner: Pages) -> str:
    return send(owner)


def send(owner: Pages, email: str = "guest@example.com", role: str = Role.VIEWER) -> str:
    """The path of the link in the invitation's e-mail."""
    answer = owner.post("settings/members/invite", email=email, role=role)
    assert answer.status_code == 302
    found = re.search(r"/invitations/\S+", str(mail.outbox[-1].body))
    assert found
    return found[0]


def browser_of(user: User) -> Client:
    browser = Client()
    browser.force_login(user, backend=BACKEND)
    return browser


def role_in(account: Account, email: str = "guest@example.com") -> str | None:
    member = Member.objects.filter(account=account, user__email=email).first()
    return member.role if member else None


def test_the_email_says_who_invites_to_what_and_until_when(owner: Pages, link: str) -> None:
    (message,) = mail.outbox
    assert message.to == ["guest@example.com"]
    assert message.subject == f"{owner.user.email} invites you to Acme on Cloud Depot"
    assert "as a viewer" in message.body
    assert f"{(timezone.now() + timedelta(days=7)).day} " in message.body


def test_who_has_a_log_in_logs_in_and_joins(owner: Pages, link: str) -> None:
    guest = make_user("guest@example.com")
    assert "Log in as guest@example.com" in words(Client().get(link))
    browser = browser_of(guest)
    assert "Join Acme" in words(browser.get(link))
    assert role_in(owner.account) is None
    assert browser.post(link)["Location"] == f"/a/{owner.account.slug}/"
    assert role_in(owner.account) == Role.VIEWER


def test_who_has_none_chooses_a_password_and_joins_without_another_email(owner: Pages, link: str) -> None:
    browser = Client()
    page = browser.get(link).content.decode()
    found = re.search(r'href="(/accounts/signup/[^"]+)"', page)
    assert found
    way_in = found[1].replace("&amp;", "&")
    assert 'value="guest@example.com"' in browser.get(way_in).content.decode()
    answer = browser.post(way_in, {"email": "guest@example.com", "password1": "correct horse battery", "next": link})
    assert answer["Location"] == link
    assert browser.post(link)["Location"] == f"/a/{owner.account.slug}/"
    assert role_in(owner.account) == Role.VIEWER
    assert len(mail.outbox) == 1


def test_signing_up_with_another_address_leaves_that_one_to_be_confirmed(owner: Pages, link: str) -> None:
    browser = Client()
    browser.get(link)
    browser.post("/accounts/signup/", {"email": "else@example.com", "password1": "correct horse battery"})
    addresses = User.objects.get(email="guest@example.com").emailaddress_set.values_list("email", "verified")
    assert set(addresses) == {("guest@example.com", True), ("else@example.com", False)}


def test_used_twice_leads_its_guest_in_and_tells_others(owner: Pages, link: str) -> None:
    guest = browser_of(make_user("guest@example.com"))
    guest.post(link)
    assert guest.post(link)["Location"] == f"/a/{owner.account.slug}/"
    answer = Client().get(link)
    assert (answer.status_code, "This invitation is used" in words(answer)) == (410, True)


def test_a_member_who_opens_anothers_link_is_told_so_and_led_in(owner: Pages, link: str) -> None:
    answer = owner.client.get(link, follow=True)
    assert answer.redirect_chain[0] == (f"/a/{owner.account.slug}/", 302)
    assert f"You are a member of {owner.account.name} already." in words(answer)
    assert role_in(owner.account) is None


def test_another_address_is_told_whose_it_is_and_joins_nothing(owner: Pages, link: str) -> None:
    other = browser_of(make_user("other@example.com"))
    for answer in (other.get(link), other.post(link)):
        assert answer.status_code == 403
        assert "It was sent to <strong>guest@example.com</strong>" in words(answer)
    assert role_in(owner.account, "other@example.com") is None


def test_a_second_confirmed_address_is_as_good(owner: Pages, link: str) -> None:
    person = make_user("main@example.com")
    address = person.emailaddress_set.create(email="guest@example.com", verified=False)
    browser = browser_of(person)
    assert browser.post(link).status_code == 403
    address.verified = True
    address.save()
    assert browser.post(link).status_code == 302
    assert role_in(owner.account, "main@example.com") == Role.VIEWER


def test_a_withdrawn_one_says_so(owner: Pages, link: str) -> None:
    invitation = Invitation.objects.get()
    owner.post(f"settings/invitations/{invitation.id}/withdraw")
    answer = browser_of(make_user("guest@example.com")).post(link)
    assert (answer.status_code, "This invitation is withdrawn" in words(answer)) == (410, True)
    assert role_in(owner.account) is None


def test_an_old_one_says_so_and_can_be_sent_again(owner: Pages, link: str) -> None:
    Invitation.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    guest = browser_of(make_user("guest@example.com"))
    answer = guest.post(link)
    assert (answer.status_code, "This invitation is too old" in words(answer)) == (410, True)
    assert "Too old" in words(owner.get("settings/members/"))

    owner.post(f"settings/invitations/{Invitation.objects.get().id}/resend")
    found = re.search(r"/invitations/\S+", str(mail.outbox[-1].body))
    assert found
    assert "This invitation is withdrawn" in words(guest.get(link))
    assert guest.post(found[0]).status_code == 302


def test_a_mistyped_link_says_so(client: Client) -> None:
    answer = client.get("/invitations/nonsense/")
    assert (answer.status_code, "leads to no invitation" in words(answer)) == (404, True)


def test_an_answered_invitation_is_neither_sent_again_nor_withdrawn(owner: Pages, link: str) -> None:
    invitation = Invitation.objects.get()
    browser_of(make_user("guest@example.com")).post(link)
    assert owner.post(f"settings/invitations/{invitation.id}/resend").status_code == 404
    assert owner.post(f"settings/invitations/{invitation.id}/withdraw").status_code == 404


def test_an_invitation_of_another_account_is_not_there(owner: Pages, link: str) -> None:
    stranger = Pages(make_account(), Role.OWNER)
    invitation = Invitation.objects.get()
    assert stranger.post(f"settings/invitations/{invitation.id}/withdraw").status_code == 404
    assert Invitation.objects.get().revoked_at is None


@pytest.mark.parametrize("form", [{"email": "nonsense"}, {"role": "god"}, {"email": ""}])
def test_an_invitation_that_cannot_be_is_refused_beside_its_field(owner: Pages, form: dict[str, str]) -> None:
    answer = owner.post("settings/members/invite", **{"email": "guest@example.com", "role": "viewer", **form})
    assert answer.status_code == 400
    assert "errorlist" in answer.content.decode()
    assert not mail.outbox


def test_a_member_is_not_invited_again(owner: Pages) -> None:
    member = make_member(owner.account, Role.VIEWER)
    answer = owner.post("settings/members/invite", email=member.user.email.upper(), role=Role.OWNER)
    assert f"{member.user.email} is a member already." in words(answer)


def test_an_account_sends_so_many_a_day(owner: Pages) -> None:
    for number in range(INVITATIONS_A_DAY):
        owner.post("settings/members/invite", email=f"guest{number}@example.com", role=Role.VIEWER)
    answer = owner.post("settings/members/invite", email="one.more@example.com", role=Role.VIEWER)
    assert "at most 50 invitations a day" in words(answer)
    assert len(mail.outbox) == INVITATIONS_A_DAY


def test_an_email_that_cannot_be_sent_can_be_sent_again(owner: Pages, settings: Settings) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "localhost", 1
    owner.post("settings/members/invite", email="guest@example.com", role=Role.VIEWER)
    page = words(owner.get("settings/members/"))
    assert "The e-mail to guest@example.com could not be sent." in page
    assert "Send again" in page


def test_a_name_with_a_line_break_sends_no_header(owner: Pages) -> None:
    Account.objects.update(name="Acme\nBcc: all@example.com")
    send(owner)
    assert "\n" not in mail.outbox[-1].subject
    assert mail.outbox[-1].recipients() == ["guest@example.com"]
