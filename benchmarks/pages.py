"""How fast the pages and the API open with 1,000,000 documents: `bin/python -m benchmarks.pages [--rebuild]`.

Each page is asked for through the whole WSGI application in this process, as production runs it, in an account of
300,000 documents and 10,000 open faults and in one of 350. The data stays under `.local/bench-pages/`.
"""

from __future__ import annotations

import argparse
import io
import math
import os
import random
import secrets
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from wsgiref.util import setup_testing_defaults

from cloud_depot import embedded

FOLDER = embedded.LOCAL / "bench-pages"
FILLED = FOLDER / "filled"
WARM_UP = 3
SAMPLE = 2_000
MOST_MILLISECONDS = 60.0
MOST_QUERIES = 12


@dataclass(frozen=True)
class Answer:
    milliseconds: float
    busy: float  # milliseconds of processor time: what it takes where nobody else wants the processor
    queries: int
    size: int


@dataclass(frozen=True)
class Case:
    """A page by its name, and the path of the next request to it."""

    name: str
    path: Callable[[], str]


@dataclass(frozen=True, kw_only=True)
class Reader:
    """Who asks: by the cookie of a session, or a token."""

    headers: dict[str, str]

    def ask(self, application: Any, path: str) -> Answer:
        from django.db import connection

        path_info, _, query = path.partition("?")
        environ: dict[str, Any] = {"PATH_INFO": path_info, "QUERY_STRING": query, "wsgi.input": io.BytesIO()}
        environ |= {"HTTP_HOST": "localhost", "REMOTE_ADDR": "127.0.0.1", **self.headers}
        setup_testing_defaults(environ)
        told: list[str] = []
        queries = _Counter()
        with connection.execute_wrapper(queries):
            worked, begun = _processor_time(), time.perf_counter()
            answer = application(environ, lambda status, headers: told.append(status))
            size = sum(len(part) for part in answer)
            answer.close()
            took = (time.perf_counter() - begun) * 1000
            worked = (_processor_time() - worked) * 1000
        if not told[0].startswith("200"):
            raise SystemExit(f"{path} answered {told[0]}")
        return Answer(took, worked, queries.count, size)


def _processor_time() -> float:
    """Seconds that this process and the database's side of its connection have worked, by Linux's books."""
    from django.db import connection

    connection.ensure_connection()
    backend = Path(f"/proc/{connection.connection.info.backend_pid}/schedstat")
    return time.process_time() + int(backend.read_text().split()[0]) / 1e9


class _Counter:
    def __init__(self) -> None:
        self.count = 0

    def __call__(self, execute: Callable[..., Any], *args: Any) -> Any:
        self.count += 1
        return execute(*args)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rebuild", action="store_true", help="make the data anew")
    parser.add_argument("--requests", type=int, default=40, help="to each page (40)")
    parser.add_argument("--only", default="", help="the pages whose name has this in it")
    wanted = parser.parse_args()
    if wanted.rebuild:
        embedded.discard(FOLDER)
    with embedded.servers(FOLDER, durable=False) as addresses:
        _set_up(addresses)
        rows = list(measure(wanted.requests, wanted.only))
    from benchmarks.report import report

    report("Pages and API with 1,000,000 documents", rows)
    slow = [row["page"] for row in rows if row["p95 ms"] > MOST_MILLISECONDS or row["queries"] > MOST_QUERIES]
    if slow:
        sys.exit(f"Above {MOST_MILLISECONDS:.0f} ms or {MOST_QUERIES} queries: {', '.join(slow)}")


def _set_up(addresses: embedded.Addresses) -> None:
    """Django as production has it, on these servers, with the data in them."""
    os.environ.update(addresses.as_environment())
    os.environ.update(
        DEBUG="0",
        SECRET_KEY=secrets.token_urlsafe(50),
        FIELD_ENCRYPTION_KEYS="cGFnZXMgYmVuY2htYXJrOiBvZiBubyBvdGhlciB1c2U=",
        BASE_URL="http://localhost",
        DATABASE_POOL_SIZE="1",
        STATIC_ROOT=str(FOLDER / "static"),
        API_REQUESTS_PER_MINUTE="1000000",
        LOG_LEVEL="WARNING",
        DJANGO_SETTINGS_MODULE="cloud_depot.settings",
    )
    import django
    from django.core.management import call_command

    django.setup()
    call_command("collectstatic", interactive=False, verbosity=0)
    call_command("migrate", interactive=False, verbosity=0)
    if not FILLED.exists():
        from benchmarks.pages_data import fill

        begun = time.monotonic()
        fill()
        FILLED.touch()
        print(f"The data was made in {time.monotonic() - begun:.0f} s.")


def measure(requests: int, only: str) -> Iterator[dict[str, Any]]:
    from cloud_depot.wsgi import application

    for slug in ("large", "account-1"):
        session, token = _readers(slug)
        for case in _pages(slug):
            if only in case.name:
                yield _measured(application, session, case, requests)
        for case in _api(slug):
            if only in case.name:
                yield _measured(application, token, case, requests)


def _measured(application: Any, reader: Reader, case: Case, requests: int) -> dict[str, Any]:
    for _ in range(WARM_UP):
        reader.ask(application, case.path())
    answers = [reader.ask(application, case.path()) for _ in range(requests)]
    times = sorted(answer.milliseconds for answer in answers)
    return {
        "page": case.name,
        "p50 ms": round(statistics.median(times), 1),
        "p95 ms": round(_p95(times), 1),
        "max ms": round(times[-1], 1),
        "busy p95 ms": round(_p95(sorted(answer.busy for answer in answers)), 1),
        "queries": max(answer.queries for answer in answers),
        "bytes": max(answer.size for answer in answers),
    }


def _p95(times: Sequence[float]) -> float:
    """Of sorted times."""
    return times[max(math.ceil(len(times) * 0.95) - 1, 0)]


def _readers(slug: str) -> tuple[Reader, Reader]:
    from django.conf import settings
    from django.test import Client

    from benchmarks.pages_data import owner_of, token_of
    from tenants.models import Account

    account = Account.objects.get(slug=slug)
    client = Client()
    client.force_login(owner_of(account), backend=settings.AUTHENTICATION_BACKENDS[0])
    cookie = client.cookies[settings.SESSION_COOKIE_NAME].value
    return (
        Reader(headers={"HTTP_COOKIE": f"{settings.SESSION_COOKIE_NAME}={cookie}"}),
        Reader(headers={"HTTP_AUTHORIZATION": f"Token {token_of(account)}", "HTTP_ACCEPT": "application/json"}),
    )


@dataclass(frozen=True)
class _Known:
    """What there is to ask for in an account."""

    documents: Sequence[tuple[int, int, str]]  # id, Autotask id, number: a sample
    faults: Sequence[int]
    big_fault: int
    attempts: Sequence[int]


def _known(slug: str) -> _Known:
    from django.db.models import Max, Min

    from faults.models import Fault
    from syncing.models import Attempt, Document
    from tenants.models import Account
    from tenants.scope import account_scope

    with account_scope(Account.objects.get(slug=slug).id):
        rows = Document.objects.order_by("-autotask_id").values_list("id", "autotask_id", "autotask_number")
        documents = random.Random(7).sample(list(rows), min(len(rows), SAMPLE))
        faults = list(Fault.objects.filter(state="open").order_by("id").values_list("id", flat=True))
        ends = Attempt.objects.aggregate(first=Min("id"), last=Max("id"))
        return _Known(documents, faults, faults[0], range(ends["first"], ends["last"]))


def _pages(slug: str) -> Iterator[Case]:
    known, dice = _known(slug), random.Random(7)
    for name, path in _documents(known, dice):
        yield Case(f"{slug}: documents, {name}", lambda path=path: f"/a/{slug}/documents/{path()}")
    for name, path in {
        "overview": lambda: "",
        "document": lambda: f"documents/{dice.choice(known.documents)[0]}/",
        "faults": lambda: "faults/",
        "faults of a kind": lambda: "faults/?code=invalid-email",
        "faults that mend themselves": lambda: "faults/?state=retrying",
        "faults by text": lambda: f"faults/?q=company+{dice.randrange(10_000)}",
        "faults by a document": lambda: f"faults/?q={dice.choice(known.documents)[2]}",
        "faults that are over": lambda: "faults/?state=resolved",
        "fault": lambda: f"faults/{dice.choice(known.faults)}/",
        "fault with the most documents": lambda: f"faults/{known.big_fault}/",
        "log": lambda: "log/",
        "log, any page": lambda: f"log/?before={(place := dice.choice(known.attempts))}.{place}",
        "log of an outcome": lambda: f"log/?outcome={dice.choice(['created', 'faulted', 'adopted'])}",
        "log by text": lambda: f"log/?q={dice.choice(known.documents)[2]}",
        "log by words": lambda: f"log/?q={dice.choice(['archived', 'reason', 'nothing+like+it'])}",
        "log of a day": lambda: f"log/?{_days(dice, 1)}",
        "runs": lambda: "log/runs/",
    }.items():
        yield Case(f"{slug}: {name}", lambda path=path: f"/a/{slug}/{path()}")


def _api(slug: str) -> Iterator[Case]:
    known, dice = _known(slug), random.Random(7)
    for name, path in _documents(known, dice, api=True):
        yield Case(f"{slug}: API documents, {name}", lambda path=path: f"/api/v1/documents{path()}")
    for name, path in {
        "document": lambda: f"documents/{dice.choice(known.documents)[0]}",
        "faults": lambda: "faults",
        "open faults": lambda: "faults?state=open",
        "faults of a kind": lambda: "faults?code=invalid-email,period-locked",
        "fault": lambda: f"faults/{dice.choice(known.faults)}",
        "fault with the most documents": lambda: f"faults/{known.big_fault}",
        "account": lambda: "account",
    }.items():
        yield Case(f"{slug}: API {name}", lambda path=path: f"/api/v1/{path()}")


def _documents(known: _Known, dice: random.Random, *, api: bool = False) -> Iterator[tuple[str, Callable[[], str]]]:
    """The ways to ask for documents, of the page and of the API alike where both have them."""
    one = lambda: dice.choice(known.documents)  # noqa: E731
    yield "newest", lambda: ""
    if api:
        yield "any page", lambda: f"?cursor={_cursor(one()[1])}"
        yield "needing someone, any page", lambda: f"?state=faulted&cursor={_cursor(one()[1])}"
    else:
        yield "any page", lambda: "?before={1}.{0}".format(*one())
        yield "needing someone, any page", lambda: "?state=faulted&before={1}.{0}".format(*one())
        yield "of some days", lambda: f"?{_days(dice, dice.choice([1, 30, 365]))}"
        yield "of some days and a state", lambda: f"?{_days(dice, 60)}&state=skipped"
    yield "in Xero", lambda: "?state=synced"
    yield "on the way", lambda: "?state=waiting,in_flight,uncertain,retrying"
    yield "skipped or voided", lambda: "?state=skipped,voided"
    yield "being sent", lambda: "?state=in_flight"
    yield "credit notes", lambda: "?kind=credit_note"
    yield "credit notes skipped", lambda: "?kind=credit_note&state=skipped,waiting"
    yield "behind a fault", lambda: f"?fault={dice.choice(known.faults)}"
    yield "behind the fault with the most", lambda: f"?fault={known.big_fault}"
    yield "behind a kind of fault", lambda: "?fault=invalid-email"
    yield "behind no such fault", lambda: "?fault=currency-not-subscribed"
    yield "by number", lambda: f"?q={one()[2]}"
    yield "by the Autotask id", lambda: f"?q={one()[1]}"
    yield "by company", lambda: f"?q=acme+dental+{dice.randrange(997)}"
    yield "by the beginning of many companies", lambda: f"?q={dice.choice(['acme', 'harbour l', 'the'])}"
    yield "by one letter", lambda: f"?q={dice.choice('athi')}"
    yield "by what is not there", lambda: "?q=nothing+like+it"
    yield (
        "by company and state",
        lambda: f"?q={dice.choice(['acme', 'kauri'])}&state={dice.choice(['skipped', 'faulted'])}",
    )


def _days(dice: random.Random, length: int) -> str:
    from datetime import timedelta

    from django.utils import timezone

    first = timezone.localdate() - timedelta(days=dice.randrange(length, 1000))
    return urlencode({"since": first, "until": first + timedelta(days=length - 1)})


def _cursor(position: int) -> str:
    from base64 import b64encode

    return b64encode(urlencode({"p": position}).encode()).decode()


if __name__ == "__main__":
    main()
