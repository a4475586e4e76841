"""What a log line holds: the ids of what it is about, in JSON for machines, and no address that is a secret."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client

from cloud_depot.logs import Context, Json, Line, Routes
from tenants.log_context import log_context
from tenants.models import Role
from tenants.scope import account_scope
from tests.connected import ConnectedAccount
from tests.factories import make_account
from tests.pages import Pages
from tests.world import item


class Log:
    """What the console handler of the settings writes, as a machine reads it."""

    def __init__(self, formatter: logging.Formatter) -> None:
        self.stream = io.StringIO()
        self.handler = logging.StreamHandler(self.stream)
        self.handler.setFormatter(formatter)
        self.handler.addFilter(Context())
        self.handler.addFilter(Routes())

    @property
    def text(self) -> str:
        return self.stream.getvalue()

    def lines(self, logger: str = "") -> list[dict[str, Any]]:
        lines = [json.loads(line) for line in self.text.splitlines()]
        return [line for line in lines if line["logger"].startswith(logger)]


@pytest.fixture
def log() -> Iterator[Log]:
    log = Log(Json())
    logging.getLogger().addHandler(log.handler)
    yield log
    logging.getLogger().removeHandler(log.handler)


def test_the_way_of_a_document_is_told_with_account_sync_and_document(connected: ConnectedAccount, log: Log) -> None:
    connected.autotask.bill(connected.pair.company_id, [item(rate="100.00")])
    run = connected.sync()
    [line] = [line for line in log.lines("syncing.settle") if line["outcome"] == "created"]
    [document] = connected.documents()
    assert (line["account"], line["sync"], line["document"]) == (connected.account.id, run.id, document.id)
    assert line["time"].endswith("+00:00")
    assert log.lines("syncing.engine")[-1]["message"] == "The run has finished"


@pytest.mark.django_db
def test_a_line_carries_the_ids_of_the_work_around_it_and_an_exception_its_traceback(log: Log) -> None:
    account = make_account()
    with account_scope(account.id), log_context(sync=7):
        with log_context(document=9):
            logging.getLogger("syncing").warning("Inside of %s", "both")
        try:
            raise ValueError("a bug")
        except ValueError:
            logging.getLogger("syncing").exception("It failed", extra={"document": 4})
    logging.getLogger("syncing").warning("Outside")
    inside, failed, outside = log.lines("syncing")
    assert (inside["account"], inside["sync"], inside["document"]) == (account.id, 7, 9)
    assert inside["message"] == "Inside of both"
    assert failed["document"] == 4
    assert "ValueError: a bug" in failed["exception"]
    assert not {"account", "sync", "document"} & outside.keys()


def test_a_line_for_people_has_the_ids_in_brackets() -> None:
    log = Log(Line())
    record = logging.makeLogRecord(
        {"name": "syncing", "levelname": "INFO", "msg": "Created", "document": 4, "secret": "x"}
    )
    log.handler.handle(record)
    assert "INFO syncing [document=4]: Created" in log.text


@pytest.mark.django_db
def test_each_request_has_a_line_that_says_whose_it_was(log: Log) -> None:
    pages = Pages(make_account(), Role.VIEWER)
    log.stream.truncate(0)
    log.stream.seek(0)
    pages.get("documents/", q="a customer's words")
    [line] = log.lines("cloud_depot.logs")
    assert (line["method"], line["route"], line["status"]) == ("GET", "a/<slug:slug>/documents/", 200)
    assert line["account"] == pages.account.id
    assert line["user"] == pages.user.id
    assert line["milliseconds"] >= 0
    assert "customer's words" not in log.text


@pytest.mark.django_db
def test_an_address_that_is_a_secret_is_in_no_line(log: Log) -> None:
    browser = Client(raise_request_exception=False)
    for address in ("/invitations/the-secret-of-it/", "/accounts/password/reset/key/1-the-secret-of-it/"):
        browser.get(address)
        browser.post(address, {})
    assert log.lines("cloud_depot.logs")
    assert "the-secret-of-it" not in log.text


@pytest.mark.django_db
def test_machines_that_look_every_few_seconds_leave_no_line(log: Log) -> None:
    for path in ("/healthz", "/readyz", "/metrics"):
        Client().get(path)
    assert log.lines("cloud_depot") == []
