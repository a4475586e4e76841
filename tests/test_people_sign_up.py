"""Signing up, logging in, passwords and the second step: allauth's flows through our pages and in our words."""

import re
from urllib.parse import urlencode, urlsplit

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.core.cache import cache
from django.http import HttpResponse
from django.test import Client

from tenants.models import User
from tenants.templatetags.browsers import browser_name
from tests.factories import make_account, make_member
from tests.pages import words
from tests.staff import code_of

pytestmark = pytest.mark.django_db

PASSWORD = "correct horse battery"
NEW_PASSWORD = "staple horse battery"


def link_in_last_mail() -> str:
    """The path of the first link that leads somewhere of its own."""
    paths = (urlsplit(url).path for url in re.findall(r"https?://\S+", str(mail.outbox[-1].body)))
    return next(path for path in paths if path != "/")


def sign_up(client: Client, email: str = "ana@example.com") -> HttpResponse:
    return client.post("/accounts/signup/", {"email": email, "password1": PASSWORD})


def log_in(client: Client, password: str = PASSWORD, email: str = "ana@example.com") -> HttpResponse:
    return client.post("/accounts/login/", {"login": email, "password": password})


@pytest.fixture
def person(client: Client) -> User:
    """Signed up, confirmed and logged in, as a member of an account; the password was asked for once more."""
    sign_up(client)
    Client().post(link_in_last_mail())
    log_in(client)
    client.post("/accounts/reauthenticate/", {"password": PASSWORD})
    person = User.objects.get()
    make_member(make_account("Acme"), user=person)
    mail.outbox.clear()
    cache.clear()  # so that no limit on mails stands in the way
    return person


def test_signing_up_ends_at_the_first_account_by_the_emails_link(client: Client) -> None:
    assert sign_up(client, "Ana@Example.com")["Location"] == "/accounts/confirm-email/"
    assert mail.outbox[0].to == ["ana@example.com"]
    assert mail.outbox[0].subject == "Welcome to Cloud Depot: confirm your address"
    link = link_in_last_mail()
    assert "Yes, it is mine" in words(client.get(link))
    assert client.post(link, follow=True).redirect_chain[-1][0] == "/accounts/new/"
    assert User.objects.get().email == "ana@example.com"


def test_the_link_alone_logs_nobody_in_in_another_browser(client: Client) -> None:
    sign_up(client)
    other = Client()
    other.post(link_in_last_mail())
    assert other.get("/profile/").status_code == 302
    assert log_in(other)["Location"] == "/"


def test_nobody_logs_in_before_the_address_is_confirmed(client: Client) -> None:
    sign_up(client)
    assert log_in(Client())["Location"] == "/accounts/confirm-email/"


def test_a_link_that_is_used_or_mistyped_says_what_to_do(client: Client, person: User) -> None:
    answer = Client().get("/accounts/confirm-email/nonsense/")
    assert "This link is too old" in words(answer)


def test_signing_up_with_a_taken_address_tells_only_its_mailbox(client: Client, person: User) -> None:
    answer = sign_up(Client())
    assert answer["Location"] == "/accounts/confirm-email/"
    assert "already" in mail.outbox[-1].subject
    assert User.objects.count() == 1


@pytest.mark.parametrize("password", ["short", "1234567890123", "password123"])
def test_a_password_that_is_easy_to_guess_is_refused(client: Client, password: str) -> None:
    answer = client.post("/accounts/signup/", {"email": "ana@example.com", "password1": password})
    assert answer.status_code == 200
    assert "errorlist" in answer.content.decode()
    assert not User.objects.exists()


def test_a_wrong_password_does_not_tell_whether_the_address_is_known(person: User) -> None:
    sorry = "This e-mail and this password do not belong together."
    assert sorry in words(log_in(Client(), "wrong password"))
    assert sorry in words(log_in(Client(), "wrong password", "nobody@example.com"))


def test_a_forgotten_password_is_replaced_by_the_emails_link_once(person: User) -> None:
    browser = Client()
    browser.post("/accounts/password/reset/", {"email": person.email})
    assert mail.outbox[-1].subject == "Choose a new password for Cloud Depot"
    link = link_in_last_mail()
    form = browser.get(link, follow=True)
    answer = browser.post(form.redirect_chain[-1][0], {"password1": NEW_PASSWORD, "password2": NEW_PASSWORD})
    assert answer["Location"] == "/accounts/password/reset/key/done/"
    assert "Your password is changed" in words(browser.get(answer["Location"]))
    assert log_in(Client(), NEW_PASSWORD)["Location"] == "/"
    assert "This link is too old" in words(Client().get(link, follow=True))


def test_a_password_for_an_unknown_address_is_asked_for_without_telling(client: Client) -> None:
    answer = client.post("/accounts/password/reset/", {"email": "nobody@example.com"})
    assert answer["Location"] == "/accounts/password/reset/done/"
    assert mail.outbox[-1].subject == "No log-in with this address"


def test_a_changed_password_ends_the_sessions_elsewhere(client: Client, person: User) -> None:
    elsewhere = Client()
    log_in(elsewhere)
    assert elsewhere.get("/profile/").status_code == 200
    client.post(
        "/accounts/password/change/", {"oldpassword": PASSWORD, "password1": NEW_PASSWORD, "password2": NEW_PASSWORD}
    )
    assert mail.outbox[-1].subject == "Your password is changed"
    assert elsewhere.get("/profile/").status_code == 302
    assert client.get("/profile/").status_code == 200


def test_sessions_are_listed_and_ended_elsewhere(client: Client, person: User) -> None:
    elsewhere = Client(headers={"user-agent": "A browser <elsewhere>"})
    log_in(elsewhere)
    assert "A browser <elsewhere>" in words(client.get("/accounts/sessions/"))
    assert client.post("/accounts/sessions/").status_code == 302
    assert elsewhere.get("/profile/").status_code == 302


@pytest.mark.parametrize(
    ("user_agent", "words_for_it"),
    [
        (
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/140.0 Safari/537.36 Edg/140.0",
            "Edge on Windows",
        ),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1 Mobile Safari/604.1",
            "Safari on iPhone",
        ),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0", "Firefox on Linux"),
        ("curl/8.5.0", "curl/8.5.0"),
        ("", "Unknown"),
    ],
)
def test_a_session_is_told_by_the_browsers_common_name(user_agent: str, words_for_it: str) -> None:
    assert browser_name(user_agent) == words_for_it


def test_another_address_is_added_confirmed_and_made_the_main_one(client: Client, person: User) -> None:
    client.post("/accounts/email/", {"action_add": "", "email": "Ana@Office.example"})
    assert "Not confirmed yet" in words(client.get("/accounts/email/"))
    client.post(link_in_last_mail())
    client.post("/accounts/email/", {"action_primary": "", "email": "ana@office.example"})
    person.refresh_from_db()
    assert person.email == "ana@office.example"
    client.post("/accounts/email/", {"action_remove": "", "email": "ana@example.com"})
    assert list(EmailAddress.objects.values_list("email", flat=True)) == ["ana@office.example"]


def test_a_change_to_the_log_in_asks_for_the_password_once_more(person: User) -> None:
    browser = Client()
    log_in(browser)
    page = "/accounts/2fa/totp/activate/"
    asked = browser.get(page)["Location"]
    assert asked == "/accounts/reauthenticate/?" + urlencode({"next": page})
    assert "Show that it is you" in words(browser.get(asked))
    assert "This is not your password" in words(browser.post(asked, {"password": "wrong password"}))
    assert browser.post(asked, {"password": PASSWORD, "next": page})["Location"] == page


def turn_on_second_step(client: Client) -> str:
    """Through the pages; the app's key."""
    page = client.get("/accounts/2fa/totp/activate/").content.decode()
    found = re.search(r'<code class="key">(\w+)</code>', page)
    assert found
    client.post("/accounts/2fa/totp/activate/", {"code": code_of(found[1])})
    return found[1]


@pytest.mark.django_db(transaction=True)  # its mail waits for the commit
def test_the_second_step_is_set_up_asked_for_and_turned_off(client: Client, person: User) -> None:
    secret = turn_on_second_step(client)
    assert [message.subject for message in mail.outbox] == ["The two-step log-in is on"]
    assert "On" in words(client.get("/accounts/2fa/"))

    browser = Client()
    assert log_in(browser)["Location"] == "/accounts/2fa/authenticate/"
    assert browser.get("/profile/").status_code == 302
    assert "This code is not right." in words(browser.post("/accounts/2fa/authenticate/", {"code": "000000"}))
    client.post("/accounts/2fa/totp/deactivate/")
    assert mail.outbox[-1].subject == "The two-step log-in is off"
    assert log_in(Client())["Location"] == "/"
    assert len(secret) > 20


def test_a_recovery_code_lets_in_once(client: Client, person: User) -> None:
    turn_on_second_step(client)
    page = client.post("/accounts/2fa/recovery-codes/generate/", follow=True).content.decode()
    found = re.search(r'<pre class="codes"[^>]*>([^<]+)</pre>', page)
    assert found
    code = found[1].split()[0]
    assert code not in client.get("/accounts/2fa/recovery-codes/").content.decode()

    browser = Client()
    log_in(browser)
    assert browser.post("/accounts/2fa/authenticate/", {"code": code})["Location"] == "/"
    again = Client()
    log_in(again)
    assert again.post("/accounts/2fa/authenticate/", {"code": code}).status_code == 200


def test_guessing_a_password_comes_to_an_end(person: User) -> None:
    answers = [log_in(Client(), "wrong password") for _ in range(15)]
    assert "Too many tries" in words(answers[-1])


def test_a_log_in_leads_back_to_where_it_was_asked_for_and_nowhere_else(person: User) -> None:
    form = {"login": person.email, "password": PASSWORD}
    assert Client().post("/accounts/login/", {**form, "next": "/profile/"})["Location"] == "/profile/"
    assert Client().post("/accounts/login/", {**form, "next": "https://evil.example/"})["Location"] == "/"


PAGES = [
    "/accounts/email/",
    "/accounts/password/change/",
    "/accounts/2fa/",
    "/accounts/2fa/totp/activate/",
    "/accounts/sessions/",
    "/accounts/logout/",
    "/accounts/reauthenticate/",
    "/accounts/inactive/",
]


@pytest.mark.parametrize("path", PAGES)
def test_no_page_has_anything_inline_or_words_of_allauths_own(client: Client, person: User, path: str) -> None:
    page = client.get(path).content.decode()
    assert "Cloud Depot</title>" in page
    assert not re.search(r"<script(?![^>]*src=)|<style|\sstyle=|\son\w+=", page)
    assert not re.search(r"\b([Ss]ign in|[Ss]ign out|[Pp]lease|Menu:)\b", page)
