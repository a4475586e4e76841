"""Known secrets go every way that leads to a partner, well and badly, and show up in nothing that anybody reads."""

from __future__ import annotations

import inspect
import io
import logging
import secrets
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
import redis
from django.conf import settings
from django.db import connection
from django.test import RequestFactory
from django.utils import timezone
from django.views.debug import ExceptionReporter

from cloud_depot.celery import app
from cloud_depot.logs import Json
from faults.problems import SyncProblem
from syncing import diagnostics, on_demand
from syncing.autotask.records import Company
from syncing.autotask.zone import discover_zone
from syncing.partners import open_partners
from syncing.xero import identity, oauth
from syncing.xero.identity import InvalidGrantError
from tenants.models import XeroGrant
from tests.connected import ConnectedAccount
from tests.staff import Desk
from tests.world import CLIENT_SECRET


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """All that any library logs, down to its last word."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(Json())
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield stream
    root.setLevel(level)
    root.removeHandler(handler)


def ways_to_the_partners(connected: ConnectedAccount) -> dict[str, Callable[[], object]]:
    """Every way a secret goes out, by name. In the account's scope."""
    partners = open_partners()
    grant = XeroGrant.objects.get()
    return {
        "Autotask": lambda: list(partners.autotask.find(Company)),
        "Autotask's zone": lambda: discover_zone(connected.autotask.username),
        "Xero": partners.xero.organisation,
        "Xero's write": lambda: partners.xero.save_contacts([{"Name": "Acme"}], create_only=True),
        "a token": lambda: oauth.access_token(grant.id, rejected=grant.access_token),
        "a code": lambda: oauth.connect("the-code-of-a-consent"),
        "the organisations": lambda: identity.organisations(grant.access_token),
        "the end of a consent": lambda: identity.revoke(grant.refresh_token),
    }


TOKEN = secrets.token_hex()
TROUBLES = ("none", "drop_after", "expire_tokens", "status", "rate_limit")


def secrets_of(connected: ConnectedAccount) -> set[str]:
    grant = XeroGrant.objects.get()
    of_autotask = {connected.autotask.secret, connected.autotask.integration_code}
    return {str(secret) for secret in (grant.access_token, grant.refresh_token, CLIENT_SECRET, *of_autotask)}


def report_of(error: BaseException) -> str:
    """What Django would tell in a mail about this error: every frame of ours with its variables."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None and "/tests/" in trace.tb_frame.f_code.co_filename:
        trace = trace.tb_next
    request = RequestFactory().get("/", headers={"Authorization": f"Token {TOKEN}"})
    told = ExceptionReporter(request, type(error), error, trace).get_traceback_data()
    return str([told["frames"], told["filtered_POST_items"], told["request_meta"], told["settings"]])


def test_no_secret_is_in_a_log_a_report_a_row_or_a_page(connected: ConnectedAccount, log: io.StringIO) -> None:
    world, hidden, reports = connected.autotask.world, {"the-code-of-a-consent"}, []
    connected.autotask.bill(connected.pair.company_id)
    with connected.scope():
        diagnostics.switch_on()
        for trouble in TROUBLES:
            for partner in ("autotask", "xero", "identity") if trouble != "none" else ():
                world.add_trouble(partner, trouble, status=400, body="")
            if trouble == "status":
                # It may repeat what it was sent.
                words = f'{{"errors": ["You sent {connected.autotask.secret}"]}}'
                world.remove_trouble()
                world.add_trouble("autotask", trouble, path="Companies", status=400, body=words)
            XeroGrant.objects.update(broken_at=None, refresh_claim=None, expires_at=timezone.now() - timedelta(hours=1))
            for name, go in ways_to_the_partners(connected).items():
                hidden |= secrets_of(connected)
                try:
                    go()
                except (SyncProblem, InvalidGrantError) as error:
                    reports += [report_of(error), repr(error), str(error.__dict__), name]
            world.remove_trouble()
        partners = open_partners()
        shown = repr([partners, vars(partners), partners.autotask.credentials, XeroGrant.objects.get()])
        on_demand.request_run(connected.account.id)
    with suppress(SyncProblem):
        connected.sync()
    hidden |= secrets_of(connected)

    everywhere = {
        "the log": log.getvalue(),
        "a report": "\n".join(reports),
        "a repr": shown,
        "a table": "\n".join(tables(connected)),
        "a page": "\n".join(desk_pages(connected)),
        "the broker": broker(),
    }
    assert len(reports) > 40
    assert len(everywhere["the log"]) > 10_000
    for place, text in everywhere.items():
        found = [secret for secret in hidden if secret in text]
        assert not found, f"{place}: {[text[max(text.index(secret) - 200, 0) :][:300] for secret in found]}"


def tables(connected: ConnectedAccount) -> Iterator[str]:
    """Every row that the account has, as the database keeps it."""
    with connected.scope(), connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT "{table}"::text FROM "{table}"')  # noqa: S608 - names of the database itself
            yield from (row for (row,) in cursor.fetchall())


def desk_pages(connected: ConnectedAccount) -> Iterator[str]:
    desk, account = Desk(), f"tenants/account/{connected.account.id}"
    for path in ("", "tenants/account/", f"{account}/change/", f"{account}/exchanges/", "faults/unknowntext/"):
        answer = desk.get(path)
        assert answer.status_code == 200
        yield answer.content.decode()


def broker() -> str:
    with redis.Redis.from_url(settings.REDIS_URL) as server:
        return str(server.lrange("celery", 0, -1))


def test_a_report_shows_neither_our_own_keys_nor_the_passwords_of_our_servers() -> None:
    try:
        raise ValueError("a bug")
    except ValueError as error:
        report = report_of(error)
    passwords = {urlsplit(settings.REDIS_URL).password, settings.DATABASES["default"]["PASSWORD"]}
    keys = {settings.SECRET_KEY, *settings.FIELD_ENCRYPTION_KEYS, TOKEN}
    assert not [hidden for hidden in passwords | keys if hidden and hidden in report]


def test_no_task_takes_more_than_ids() -> None:
    """What a task is given stands in the broker, and in logs."""
    app.loader.import_default_modules()
    ours = [task for name, task in app.tasks.items() if not name.startswith(("celery.", "tests."))]
    assert len(ours) >= 10
    for task in ours:
        for name, parameter in inspect.signature(task.run).parameters.items():
            assert (name.endswith("_id"), parameter.annotation) == (True, "int"), f"{task.name}({name})"
