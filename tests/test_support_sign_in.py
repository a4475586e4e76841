"""Who gets to the desk: staff who have shown a second factor in this very session, and nobody else."""

import time
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.conf import settings
from django.test import Client

from support import second_factor
from tenants.models import User
from tests.factories import make_user
from tests.pages import BACKEND, words
from tests.staff import PASSWORD, Desk, code_of, make_staff

pytestmark = pytest.mark.django_db

PAGES = [
    "",
    "tenants/account/",
    "support/supportrequest/",
    "support/staffaction/",
    "faults/unknowntext/",
    "tenants/user/",
]


def log_in(user: User) -> Client:
    client = Client()
    client.post("/accounts/login/", {"login": user.email, "password": PASSWORD})
    return client


@pytest.mark.parametrize("page", PAGES)
def test_staff_with_a_second_factor_see_every_page(page: str) -> None:
    assert Desk().get(page).status_code == 200


@pytest.mark.parametrize("page", [*PAGES, "tenants/account/1/change/", "tenants/account/1/do/pause/"])
def test_nobody_else_sees_a_page(page: str) -> None:
    for client in (Client(), log_in(make_user(password=PASSWORD))):
        answer = client.get(f"/admin/{page}", follow=True)
        assert "Cloud Depot desk" not in answer.content.decode()
        assert client.post(f"/admin/{page}").status_code in (302, 404)


def test_who_is_not_logged_in_is_sent_to_the_common_log_in_and_back() -> None:
    answer = Client().get("/admin/tenants/account/", follow=True)
    assert answer.redirect_chain[-1][0] == "/accounts/login/?next=/admin/tenants/account/"


def test_a_customer_is_refused() -> None:
    user = make_user(password=PASSWORD)
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    assert log_in(user).get("/admin/", follow=True).status_code == 403


def test_staff_without_a_second_factor_are_sent_to_set_one_up() -> None:
    user, _ = make_staff(second_factor=False)
    answer = log_in(user).get("/admin/")
    assert answer.status_code == 302
    assert log_in(user).get("/admin/login/?next=/admin/")["Location"] == "/accounts/2fa/totp/activate/"


def test_a_password_alone_does_not_log_in_staff_who_have_a_second_factor() -> None:
    user, _ = make_staff()
    client = log_in(user)
    assert "_auth_user_id" not in client.session
    assert "Cloud Depot desk" not in words(client.get("/admin/", follow=True))


def test_a_session_that_began_without_the_second_factor_has_to_show_it() -> None:
    user, secret = make_staff()
    client = Client()
    client.force_login(user, backend=BACKEND)  # a log-in from before the second factor was set up
    asked = client.get("/admin/tenants/account/", follow=True)
    assert asked.redirect_chain[-1][0] == "/accounts/2fa/reauthenticate/?next=/admin/tenants/account/"
    assert "Cloud Depot desk" not in words(asked)

    shown = client.post("/accounts/2fa/reauthenticate/?next=/admin/tenants/account/", {"code": code_of(secret)})
    assert shown["Location"] == "/admin/tenants/account/"
    assert client.get("/admin/tenants/account/").status_code == 200


def test_a_wrong_code_lets_nobody_in() -> None:
    user, _ = make_staff()
    client = Client()
    client.force_login(user, backend=BACKEND)
    client.post("/accounts/2fa/reauthenticate/?next=/admin/", {"code": "000000"})
    assert client.get("/admin/").status_code == 302


def test_the_second_factor_of_one_session_is_none_of_another() -> None:
    user, secret = make_staff()
    assert Desk(user, secret).get().status_code == 200
    other = Client()
    other.force_login(user, backend=BACKEND)
    assert other.get("/admin/").status_code == 302


def test_after_a_working_day_the_code_is_asked_for_again(monkeypatch: Any) -> None:
    desk = Desk()
    later = time.time() + second_factor.LASTS.total_seconds() + 1
    monkeypatch.setattr(second_factor.time, "time", lambda: later)
    assert desk.get().status_code == 302


def test_whoever_is_no_longer_staff_is_out_with_the_next_request() -> None:
    desk = Desk()
    User.objects.filter(id=desk.user.id).update(is_staff=False)
    assert desk.get().status_code == 302


def test_the_log_in_leads_to_no_other_site() -> None:
    desk = Desk()
    assert desk.get("login/", next="https://elsewhere.example/")["Location"] == "/admin/"


def test_no_page_of_the_desk_asks_for_anything_inline() -> None:
    """The policy forbids it, and the browser would leave it out without a word to us."""
    for page in PAGES:
        answer = Desk().get(page)
        assert "'unsafe-inline'" not in answer["Content-Security-Policy"]
        text = answer.content.decode()
        assert "<style" not in text
        assert ' style="' not in text
        assert "<script>" not in text


def test_passwords_and_second_factors_are_on_no_page() -> None:
    user, secret = make_staff(is_superuser=True)
    desk = Desk(user, secret)
    customer = make_user(password=PASSWORD)
    text = desk.get(f"tenants/user/{customer.id}/change/").content.decode()
    assert customer.email in text
    assert customer.password not in text
    assert secret not in desk.get(f"tenants/user/{user.id}/change/").content.decode()


def test_only_superusers_say_who_is_staff() -> None:
    customer = make_user()
    form = {"is_active": "on", "is_staff": "on"}
    assert Desk().post(f"tenants/user/{customer.id}/change/", **form).status_code == 403
    user, secret = make_staff(is_superuser=True)
    assert Desk(user, secret).post(f"tenants/user/{customer.id}/change/", **form).status_code == 302
    customer.refresh_from_db()
    assert customer.is_staff


def test_no_library_puts_its_own_models_on_the_desk() -> None:
    assert "allauth.mfa" in settings.INSTALLED_APPS
    assert Desk().get("mfa/authenticator/").status_code == 404
