"""Every page there is, asked for by everyone there is.

The addresses come from the resolver, and what each takes from the view itself (tenants.permissions.requires), so that a
new page is walked the day it is made. One that says nothing of who may see it fails here until it does, or stands in a
list below.
"""

from __future__ import annotations

import json
import re
from base64 import b64decode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import unquote

import pytest
import redis
from django.db import connection
from django.http.response import HttpResponseBase
from django.test import Client
from django.urls import resolve

from tenants.models import Role, User
from tenants.permissions import ROLE_PERMISSIONS, Needs, Permission
from tests.addresses import Address, addresses
from tests.factories import make_account, make_member, make_user
from tests.one_of_everything import Everything, one_of_everything, state_of
from tests.pages import BACKEND
from tests.staff import Desk, make_staff
from tests.world import SandboxWorld

pytestmark = pytest.mark.django_db

# Whoever may only look may also do this, since it changes nothing of the account's work.
SENT_BY_WHO_MAY_SEE = {"leave-account", "preview-start", "support"}

# Outside the accounts, by path. For anyone:
PUBLIC = {
    "",
    "help/",
    "help/%(slug)s/",
    "help/faults/%(code)s/",
    "invitations/%(secret)s/",
    "accounts/login/",
    "accounts/login/code/confirm/",
    "accounts/logout/",
    "accounts/inactive/",
    "accounts/signup/",
    "accounts/confirm-email/",
    "accounts/confirm-email/%(key)s/",
    "accounts/password/reset/",
    "accounts/password/reset/done/",
    "accounts/password/reset/key/%(uidb36)s-%(key)s/",
    "accounts/password/reset/key/done/",
    "accounts/2fa/authenticate/",
    # Machines; each has tests of its own.
    "healthz",
    "readyz",
    "metrics",
    "hooks/xero/",
}
# For whoever is logged in:
PERSONS = {
    "profile/",
    "accounts/new/",
    "accounts/reauthenticate/",
    "accounts/email/",
    "accounts/password/change/",
    "accounts/password/set/",
    "accounts/2fa/",
    "accounts/2fa/reauthenticate/",
    "accounts/2fa/totp/activate/",
    "accounts/2fa/totp/deactivate/",
    "accounts/2fa/recovery-codes/",
    "accounts/2fa/recovery-codes/generate/",
    "accounts/2fa/recovery-codes/download/",
    "accounts/sessions/",
    "connections/xero/callback",
}
# Knows the account by something else than its name in the address:
ACCOUNT_ELSEWHERE = {"d/%(document_uuid)s"}

PAGES = addresses("a/%(slug)s/")
DESK = addresses("admin/")
OTHERS = [each for each in addresses() if not each.path.startswith(("a/%(slug)s/", "admin/", "api/"))]
READ_AND_SEND = ("GET", "POST")
METHODS = (*READ_AND_SEND, "PUT", "PATCH", "DELETE")
NOT_TAKEN = HTTPStatus.METHOD_NOT_ALLOWED

CLIENT = Client(raise_request_exception=False)


@dataclass(frozen=True)
class Visitor:
    """Somebody's browser. Nothing that an answer does to its cookies matters to the next request."""

    name: str
    cookie: str = ""

    def ask(self, method: str, url: str, form: Any = None, **headers: str) -> HttpResponseBase:
        answer: HttpResponseBase = getattr(CLIENT, method.lower())(
            url, form or {}, headers={"Cookie": self.cookie, **headers}
        )
        return answer


def visitor(name: str, user: User) -> Visitor:
    client = Client()
    client.force_login(user, backend=BACKEND)
    return Visitor(name, f"sessionid={client.cookies['sessionid'].value}")


NO_ONE = Visitor("no one")


@pytest.fixture
def everything(sandbox: SandboxWorld) -> Everything:
    return one_of_everything(sandbox)


@pytest.fixture
def nothing_changes(everything: Everything, redis_client: redis.Redis) -> Iterator[None]:
    """Who is refused changes no row of the account and asks for no work."""
    before = state_of(everything.account)
    yield
    after = state_of(everything.account)
    assert {label: rows for label, rows in after.items() if rows != before[label]} == {}
    assert everything.account.id not in accounts_with_work(redis_client)


def accounts_with_work(redis_client: redis.Redis) -> set[int]:
    """The accounts that a task was sent for."""
    bodies = (json.loads(b64decode(json.loads(message)["body"])) for message in redis_client.lrange("celery", 0, -1))
    return {keywords["account_id"] for _, keywords, _ in bodies}


@contextmanager
def undone() -> Iterator[None]:
    """Forget what a request did. A savepoint by hand, which a scope does not take for a transaction."""
    savepoint = connection.savepoint()
    try:
        yield
    finally:
        connection.savepoint_rollback(savepoint)


def needs(address: Address) -> Needs | None:
    return getattr(address.view, "needs", None)


def is_to_login(answer: HttpResponseBase) -> bool:
    return answer.status_code == HTTPStatus.FOUND and "/login/?next=/" in unquote(answer["Location"])


def test_every_page_of_an_account_says_what_it_takes() -> None:
    silent = [str(each) for each in PAGES if needs(each) is None]
    assert not silent, f"{silent} let every member in: say @requires(Permission.…)."


def test_who_may_only_see_sends_nothing_unless_it_is_listed() -> None:
    """A view that takes a form and asks for no more than to see is listed above, with the reason."""
    open_to_see = {each.name for each in PAGES if (found := needs(each)) and found.to_send == Permission.SEE}
    reading = {name for name in open_to_see if not _takes_forms(name)}
    assert open_to_see - reading == SENT_BY_WHO_MAY_SEE


def _takes_forms(name: str) -> bool:
    [address] = [each for each in PAGES if each.name == name]
    with undone():
        account = make_account()
        person = visitor("an owner", make_member(account).user)
        arguments: dict[str, Any] = dict.fromkeys(address.parameters, 1) | {"slug": account.slug}
        return person.ask("POST", address.url(arguments)).status_code != NOT_TAKEN


def test_every_other_page_is_listed_with_whom_it_is_for() -> None:
    unlisted = [str(each) for each in OTHERS if each.path not in PUBLIC | PERSONS | ACCOUNT_ELSEWHERE]
    assert not unlisted, f"{unlisted} stand in no list of this file."


@pytest.mark.usefixtures("nothing_changes")
def test_no_one_is_led_to_the_log_in_and_learns_nothing(everything: Everything) -> None:
    wrong = []
    for address in PAGES:
        for method in READ_AND_SEND:
            answer = NO_ONE.ask(method, everything.url(address))
            if not is_to_login(answer):
                wrong.append((method, str(address), answer.status_code))
        part = NO_ONE.ask("GET", everything.url(address), **{"HX-Request": "true"})
        if part.status_code != HTTPStatus.UNAUTHORIZED or "/login/" not in part["X-Login-Required"]:
            wrong.append(("htmx", str(address), part.status_code))
    assert not wrong


@pytest.mark.parametrize("who", ["a stranger", "an owner of another account", "staff"])
@pytest.mark.usefixtures("nothing_changes")
def test_who_is_no_member_finds_nothing(everything: Everything, who: str) -> None:
    user = make_staff()[0] if who == "staff" else make_user()
    if who == "an owner of another account":
        make_member(make_account(), Role.OWNER, user)
    outsider = visitor(who, user)
    wrong = []
    for address in [*PAGES, *(each for each in OTHERS if each.path in ACCOUNT_ELSEWHERE)]:
        for method in READ_AND_SEND if address in PAGES else ("GET",):
            answer = outsider.ask(method, everything.url(address))
            if answer.status_code != HTTPStatus.NOT_FOUND:
                wrong.append((method, str(address), answer.status_code))
    assert not wrong


@pytest.mark.usefixtures("nothing_changes")
def test_what_belongs_to_one_account_is_not_there_in_another(everything: Everything) -> None:
    """The owner of another account, at their own address, with the ids of this one: in the path and in the form."""
    elsewhere = make_account()
    owner = visitor("an owner of another account", make_member(elsewhere).user)
    form = {name: str(value) for name, value in everything.ids.items()}
    form |= {name.removesuffix("_id"): value for name, value in form.items()} | {"ids": form["document_id"]}
    wrong, walked = [], 0
    for address in PAGES:
        arguments = {**everything.arguments, "slug": elsewhere.slug}
        names_a_row = any(name in everything.ids for name in address.parameters)
        walked += names_a_row
        for method in READ_AND_SEND:
            answer = owner.ask(method, address.url(arguments), form)
            if answer.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR:
                wrong.append((method, str(address), answer.status_code))
            if names_a_row and answer.status_code not in (HTTPStatus.NOT_FOUND, NOT_TAKEN):
                wrong.append((method, str(address), answer.status_code))
    assert not wrong
    assert walked > 20


def test_each_role_may_do_what_the_table_says_and_no_more(everything: Everything) -> None:
    """Whatever is refused is refused with 403; whatever is allowed is neither refused, nor missing, nor a bug; and no
    page offers what its reader may not do."""
    people = {role: visitor(role.label, make_member(everything.account, role).user) for role in Role}
    wrong, taken = [], set()
    for address in PAGES:
        url, needed = everything.url(address), needs(address)
        assert needed is not None
        for role in Role:  # the owner is the first, and may do all
            for method in METHODS if role == Role.OWNER else READ_AND_SEND:
                with undone():
                    answer = people[role].ask(method, url)
                    wrong += [(role.label, method, str(address), offer) for offer in _vain_offers(answer, role)]
                status = answer.status_code
                if role == Role.OWNER and status != NOT_TAKEN:
                    taken.add((address, method))
                allowed = needed.for_method(method) in ROLE_PERMISSIONS[role]
                if not _as_expected(status, is_taken=(address, method) in taken, is_allowed=allowed):
                    wrong.append((role.label, method, str(address), str(status)))
    assert not wrong
    assert {method for _, method in taken} <= set(READ_AND_SEND)
    assert {address for address, _ in taken} == set(PAGES)


def _as_expected(status: int, *, is_taken: bool, is_allowed: bool) -> bool:
    if not is_taken:
        return status in (NOT_TAKEN, HTTPStatus.FORBIDDEN)
    if not is_allowed:
        return status == HTTPStatus.FORBIDDEN
    return status < HTTPStatus.INTERNAL_SERVER_ERROR and status not in (
        HTTPStatus.UNAUTHORIZED,
        HTTPStatus.FORBIDDEN,
        HTTPStatus.NOT_FOUND,
    )


def _vain_offers(answer: HttpResponseBase, role: str) -> list[str]:
    """The links and forms of a page that lead its reader to a refusal."""
    if answer.status_code != HTTPStatus.OK or not answer["Content-Type"].startswith("text/html"):
        return []
    page = answer.content.decode()  # type: ignore[attr-defined]
    offers = [("GET", url) for url in re.findall(r'(?:href|hx-get)="(/a/[^"?#]+)', page)]
    offers += [
        ("POST", url) for url in re.findall(r'(?:<form method="post" action|hx-post|formaction)="(/a/[^"?#]+)', page)
    ]
    return [f"{method} {url}" for method, url in offers if not _may(role, method, url)]


def _may(role: str, method: str, url: str) -> bool:
    needed: Needs = resolve(url).func.needs
    return needed.for_method(method) in ROLE_PERMISSIONS[role]


def test_pages_outside_an_account_are_for_anyone_or_for_whoever_is_logged_in(everything: Everything) -> None:
    stranger = visitor("a stranger", make_user())
    viewer = visitor("a viewer", make_member(everything.account, Role.VIEWER).user)
    wrong = []
    for address in OTHERS:
        for method in READ_AND_SEND:
            for person in (NO_ONE, stranger, viewer):
                with undone():
                    answer = person.ask(method, everything.url(address))
                to_login = person is NO_ONE and address.path not in PUBLIC
                if to_login and not (is_to_login(answer) or answer.status_code == NOT_TAKEN):
                    wrong.append((person.name, method, str(address), answer.status_code))
                if answer.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR:
                    wrong.append((person.name, method, str(address), answer.status_code))
    assert not wrong


@pytest.mark.usefixtures("nothing_changes")
def test_the_desk_is_shut_to_all_but_staff_with_a_second_factor(everything: Everything) -> None:
    owner = visitor("an owner", make_member(make_account()).user)
    newcomer = visitor("staff without a second factor", make_staff(second_factor=False)[0])
    wrong = []
    for address in DESK:
        for person in (NO_ONE, owner, newcomer):
            for method in READ_AND_SEND:
                answer = person.ask(method, everything.url(address))
                if answer.status_code not in (HTTPStatus.FOUND, HTTPStatus.FORBIDDEN, NOT_TAKEN):
                    wrong.append((person.name, method, str(address), answer.status_code))
                if answer.status_code == HTTPStatus.FOUND and not _leads_away(answer["Location"]):
                    wrong.append((person.name, method, str(address), answer["Location"]))
    assert not wrong


def _leads_away(location: str) -> bool:
    """To a log-in, to the set-up of a second factor, or (who has just logged out) to the front door of the desk."""
    return "/login/" in location or location.startswith("/accounts/") or location == "/admin/"


def test_nothing_on_the_desk_is_a_bug_to_staff_at_work(everything: Everything) -> None:
    desk = Desk()
    at_work = Visitor("staff", f"sessionid={desk.client.cookies['sessionid'].value}")
    wrong = []
    for address in DESK:
        for method in READ_AND_SEND:
            with undone():
                answer = at_work.ask(method, everything.url(address))
            if answer.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR:
                wrong.append((method, str(address), answer.status_code))
    assert not wrong
