"""Every address of the API, asked for with every kind of token; and every task, asked for another account's rows.

The addresses come from the resolver and what each takes from its view (`permissions`), so that a new one is walked the
day it is made.
"""

from __future__ import annotations

import inspect
import json
from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

import pytest
from celery import Task, current_app
from django.core import mail
from django.http import HttpResponse
from django.test import Client
from pytest_django import Settings

from syncing.api.views import AccountView
from tenants.api_tokens import create_token, revoke_token
from tenants.models import Account, ApiToken
from tenants.permissions import SAFE_METHODS, TOKEN_PERMISSIONS, Permission
from tenants.tasks import AccountTask
from tests.addresses import Address, addresses
from tests.api import description
from tests.factories import make_account, make_member
from tests.one_of_everything import Everything, one_of_everything, state_of
from tests.pages import BACKEND
from tests.world import SandboxWorld

pytestmark = pytest.mark.django_db

PUBLIC = {"api/v1/fault-kinds", "api/v1/schema/", "api/v1/docs/", "api/"}
# These only look: what would be sent, without sending it.
SENT_TO_READ = {"api/v1/previews", "api/v1/documents/%(document_id)s/preview"}

API = addresses("api/")
OURS = [each for each in API if each.path not in PUBLIC]
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
NOT_TAKEN = HTTPStatus.METHOD_NOT_ALLOWED
CLIENT = Client(raise_request_exception=False)


@pytest.fixture
def everything(sandbox: SandboxWorld, settings: Settings) -> Everything:
    settings.API_REQUESTS_PER_MINUTE = settings.API_ANONYMOUS_REQUESTS_PER_MINUTE = 1_000_000
    return one_of_everything(sandbox)


@pytest.fixture
def other_account(everything: Everything) -> Account:
    return make_account()


@pytest.fixture
def nothing_changes(everything: Everything) -> Iterator[None]:
    before = state_of(everything.account)
    yield
    after = state_of(everything.account)
    assert {label: rows for label, rows in after.items() if rows != before[label]} == {}


def ask(method: str, url: str, body: Any = None, **headers: str) -> HttpResponse:
    content = "" if body is None or method == "GET" else json.dumps(body)
    answer: HttpResponse = CLIENT.generic(method, url, content, content_type="application/json", headers=headers)
    return answer


def token_of(account: Account, scope: str) -> tuple[ApiToken, str]:
    """A token and the header's value that goes with it."""
    token, secret = create_token(account, "A walker", scope, None)
    return token, f"Token {secret}"


def is_problem(answer: HttpResponse, status: int) -> bool:
    return (
        answer.status_code == status
        and answer["Content-Type"] == "application/problem+json"
        and json.loads(answer.content)["status"] == status
    )


def view_of(address: Address) -> type[AccountView]:
    return address.view.view_class  # type: ignore[attr-defined,no-any-return]


def methods_of(address: Address) -> set[str]:
    return {method for method in METHODS if hasattr(view_of(address), method.lower())}


def test_every_address_is_public_or_says_what_each_method_takes() -> None:
    assert {each.path for each in API} >= PUBLIC | SENT_TO_READ
    for address in OURS:
        view = view_of(address)
        assert issubclass(view, AccountView), f"{address} is for no account, and not among the public ones."
        silent = methods_of(address) - SAFE_METHODS - set(view.permissions)
        assert not silent, f"{address} takes {silent} from whoever may see: name what it takes in `permissions`."


def test_a_token_to_read_sends_nothing_unless_it_is_listed() -> None:
    looking = {
        address.path
        for address in OURS
        for method, permission in view_of(address).permissions.items()
        if method not in SAFE_METHODS and permission in TOKEN_PERMISSIONS[ApiToken.Scope.READ]
    }
    assert looking == SENT_TO_READ


def test_the_description_tells_of_every_address_and_of_no_other() -> None:
    described = {(path, method.upper()) for path, methods in description()["paths"].items() for method in methods}
    there = {
        (each.url({name: f"{{{name}}}" for name in each.parameters}), method)
        for each in API
        if each.path not in {"api/", "api/v1/schema/", "api/v1/docs/"}
        for method in methods_of(each)
    }
    assert described == there


@pytest.mark.parametrize("who", ["no one", "a log-in", "an unknown token", "a revoked token", "a token in the address"])
@pytest.mark.usefixtures("nothing_changes")
def test_without_a_good_token_nothing_is_told(everything: Everything, other_account: Account, who: str) -> None:
    headers, query = {}, ""
    if who == "a log-in":
        browser = Client()
        browser.force_login(make_member(other_account).user, backend=BACKEND)
        headers = {"Cookie": f"sessionid={browser.cookies['sessionid'].value}"}
    if who == "an unknown token":
        headers = {"Authorization": "Token cd_nothing"}
    if who == "a revoked token":
        token, header = token_of(other_account, ApiToken.Scope.WRITE)
        revoke_token(token)
        headers = {"Authorization": header}
    if who == "a token in the address":
        query = f"?token={token_of(other_account, ApiToken.Scope.WRITE)[1].removeprefix('Token ')}"
    wrong = [
        (method, str(address), answer.status_code)
        for address in OURS
        for method in METHODS
        if not is_problem(answer := ask(method, everything.url(address) + query, {}, **headers), 401)
    ]
    assert not wrong


@pytest.mark.parametrize("scope", list(ApiToken.Scope))
def test_each_scope_may_do_what_the_table_says_and_no_more(everything: Everything, scope: str) -> None:
    _, header = token_of(everything.account, scope)
    wrong = []
    for address in OURS:
        for method in METHODS:
            answer = ask(method, everything.url(address), {}, Authorization=header)
            needed = view_of(address).permissions.get(method, Permission.SEE)
            if method not in methods_of(address):
                is_right = is_problem(answer, NOT_TAKEN)
            elif needed not in TOKEN_PERMISSIONS[scope]:
                is_right = is_problem(answer, HTTPStatus.FORBIDDEN) and f"may not {needed}" in answer.content.decode()
            elif answer.status_code < HTTPStatus.BAD_REQUEST:
                is_right = answer["Content-Type"] == "application/json"
            else:
                is_right = is_problem(answer, HTTPStatus.BAD_REQUEST) or is_problem(answer, HTTPStatus.CONFLICT)
            if not is_right:
                wrong.append((method, str(address), answer.status_code))
    assert not wrong


def body_of(address: Address, everything: Everything) -> dict[str, Any]:
    """One that is in order, so that nothing but the rows it is about can be wrong with it."""
    if address.path.endswith(("/skip", "/ignore")):
        return {"reason": "Mine"}
    return {} if address.parameters else {"ids": [everything.arguments["document_id"]]}


@pytest.mark.parametrize("scope", list(ApiToken.Scope))
@pytest.mark.usefixtures("nothing_changes")
def test_a_token_of_another_account_finds_nothing(everything: Everything, other_account: Account, scope: str) -> None:
    """With this account's ids in the path and in the body."""
    _, header = token_of(other_account, scope)
    wrong, walked = [], 0
    for address in OURS:
        names_a_row = any(name in everything.ids for name in address.parameters)
        walked += names_a_row
        for method in METHODS:
            answer = ask(method, everything.url(address), body_of(address, everything), Authorization=header)
            refused = {int(NOT_TAKEN), 404} | ({403} if scope == ApiToken.Scope.READ else set())
            if answer.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR:
                wrong.append((method, str(address), answer.status_code))
            if names_a_row and answer.status_code not in refused:
                wrong.append((method, str(address), answer.status_code))
    assert not wrong
    assert walked >= 8


def test_what_is_public_is_so_for_anyone(everything: Everything) -> None:
    for path in PUBLIC - {"api/"}:
        assert ask("GET", f"/{path}").status_code == HTTPStatus.OK
        for method in METHODS[1:]:
            assert ask(method, f"/{path}").status_code == NOT_TAKEN, (method, path)


TASKS: list[Task] = [
    task
    for name, task in sorted(current_app.tasks.items())
    if name.startswith(("tenants.", "faults.", "syncing.", "support."))
]


@pytest.mark.parametrize("task", TASKS, ids=lambda task: task.name)
@pytest.mark.usefixtures("nothing_changes")
def test_a_tasks_arguments_cannot_reach_into_another_account(
    everything: Everything, other_account: Account, task: Task
) -> None:
    parameters = set(inspect.signature(task.run).parameters)
    if not isinstance(task, AccountTask):
        assert not parameters, f"{task.name} takes arguments: it works for an account, and is an AccountTask."
        return
    ids = {name: everything.ids[name] for name in parameters - {"account_id"}}
    task.apply(kwargs={"account_id": other_account.id, **ids}, throw=False)
    assert mail.outbox == []
