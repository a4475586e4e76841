"""The log: attempts and runs, found, walked and exported."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from django.test import Client
from django.utils import timezone

from syncing.models import Attempt, SyncRun
from tenants.models import Account, Role, User
from tenants.scope import account_scope
from tests.documents import make_document, make_documents
from tests.factories import make_account, make_member
from tests.queries import queries_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def account() -> Account:
    return make_account()


@pytest.fixture
def scope(account: Account) -> Iterator[None]:
    with account_scope(account.id):
        yield


@pytest.fixture
def viewer(client: Client, account: Account) -> Client:
    client.force_login(make_member(account, Role.VIEWER).user)
    return client


def log(client: Client, account: Account, path: str = "log/", **query: str) -> str:
    answer = client.get(f"/a/{account.slug}/{path}", query)
    assert answer.status_code == 200
    return answer.content.decode()


def test_an_empty_log_says_what_begins_it(viewer: Client, account: Account) -> None:
    assert "Nothing was tried yet" in log(viewer, account)
    assert "No run yet" in log(viewer, account, "log/runs/")


@pytest.mark.parametrize("path", ["log/", "log/export"])
@pytest.mark.parametrize("zone", ["UTC", "Pacific/Auckland", "America/Los_Angeles"])
@pytest.mark.parametrize("day", ["0001-01-01", "1900-01-01", "2999-12-31", "9999-12-31"])
def test_no_day_is_too_early_or_too_late_to_be_asked_for(account: Account, path: str, zone: str, day: str) -> None:
    user = make_member(account, Role.VIEWER).user
    User.objects.filter(id=user.id).update(time_zone=zone)
    reader = Client()
    reader.force_login(user)
    for name in ("since", "until"):
        answer = reader.get(f"/a/{account.slug}/{path}", {name: day})
        assert answer.status_code == 200
        told = path == "log/" and day in ("0001-01-01", "9999-12-31")
        body = b"".join(answer.streaming_content) if answer.streaming else answer.content
        assert (b"Choose a day from 1900 to 2999." in body) == told


def test_attempts_are_found_by_words_company_id_outcome_and_day(viewer: Client, account: Account, scope: None) -> None:
    first, second = make_document(1, company_name="Bolt Ltd"), make_document(2)
    Attempt.objects.create(document=first, outcome="created")
    said = Attempt.objects.create(document=second, outcome="faulted", detail="Invoice # must be unique. 100% sure")
    Attempt.objects.filter(id=said.id).update(at=datetime(2026, 3, 4, 23, 59, tzinfo=UTC))
    for query, found in [
        ({"q": "must be UNIQUE"}, 2),
        ({"q": "100%"}, 2),
        ({"q": "bolt"}, 1),
        ({"q": "2"}, 2),
        ({"outcome": "created"}, 1),
        ({"since": "2026-03-05"}, 1),
        ({"until": "2026-03-04"}, 2),
    ]:
        shown = log(viewer, account, **query)
        assert [number for number in (1, 2) if f">N{number}</a>" in shown] == [found], query


def test_what_was_said_of_a_document_that_is_found_too_comes_once(
    viewer: Client, account: Account, scope: None
) -> None:
    document = make_document(1, company_name="Bolt Ltd")
    for detail in ("Bolt Ltd was archived.", ""):
        Attempt.objects.create(document=document, outcome="faulted", detail=detail)
    assert log(viewer, account, q="bolt").count(">N1</a>") == 2
    answer = viewer.get(f"/a/{account.slug}/log/export", {"q": "bolt"})
    assert len(list(csv.DictReader(io.StringIO(b"".join(answer.streaming_content).decode("utf-8-sig"))))) == 2


@pytest.mark.parametrize("text", ["%", "_", "\\", "'", '"', "a\x00b", "x" * 10_000, "9" * 40])
def test_any_text_gets_a_clear_answer(viewer: Client, account: Account, scope: None, text: str) -> None:
    Attempt.objects.create(document=make_document(), outcome="created", detail="Nothing of the kind")
    log(viewer, account, q=text)
    assert viewer.get(f"/a/{account.slug}/log/export", {"q": text}).status_code == 200


def test_the_number_of_queries_does_not_grow_with_the_rows(viewer: Client, account: Account, scope: None) -> None:
    def attempts(count: int, entity: str) -> None:
        documents = make_documents(count, entity=entity)
        Attempt.objects.bulk_create(Attempt(document=document, outcome="created") for document in documents)

    attempts(10, "invoice")
    few = queries_of(lambda: log(viewer, account))
    attempts(1000, "purchase_order")
    assert queries_of(lambda: log(viewer, account)) == few < 20
    assert "Older →" in log(viewer, account)


def test_the_file_has_what_was_said_and_no_formula(viewer: Client, account: Account, scope: None) -> None:
    Attempt.objects.create(document=make_document(), outcome="faulted", code="validation-refused", detail="=cmd()")
    answer = viewer.get(f"/a/{account.slug}/log/export")
    [row] = csv.DictReader(io.StringIO(b"".join(answer.streaming_content).decode("utf-8-sig")))
    assert (row["Outcome"], row["Fault"], row["In their words"]) == ("Needs attention", "validation-refused", "'=cmd()")


def test_runs_tell_what_they_did_and_why_they_stopped(viewer: Client, account: Account, scope: None) -> None:
    now = timezone.now()
    SyncRun.objects.create(trigger="person", state="finished", started_at=now, finished_at=now, counts={"created": 12})
    SyncRun.objects.create(
        trigger="schedule", state="stopped", problem_code="service-unavailable", problem_detail="HTTP 503"
    )
    shown = log(viewer, account, "log/runs/")
    assert "12 into Xero" in shown
    assert "HTTP 503" in shown
    assert "Stopped by “Xero or Autotask is unavailable (503)”" in shown
    assert "Nothing new" not in shown
