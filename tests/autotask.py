"""What the tests of the Autotask client share: a client for a sandbox's database, and a partner that answers oddly."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from time import sleep
from typing import Any

from faults.problems import SyncProblem
from syncing.autotask.client import AutotaskClient, Credentials
from syncing.limits import Call
from tests.world import AutotaskDatabase

SECRET = "s3cret-of-the-api-user"
CODE = "TRACKINGIDENTIFIER"


def credentials_of(database: AutotaskDatabase, **changes: Any) -> Credentials:
    given: dict[str, Any] = {
        "username": database.username,
        "secret": database.secret,
        "integration_code": database.integration_code,
        "zone_url": database.zone_url,
        "database_id": database.id,
    }
    return Credentials(**given | changes)


def client_of(database: AutotaskDatabase, **changes: Any) -> AutotaskClient:
    return AutotaskClient(credentials_of(database, **changes))


class _NoObserver:
    def observe(self, status: int, headers: Any) -> None:
        """Nothing is counted."""


@contextmanager
def unlimited(database_id: int | str, integration_code: str, entity: str, host: str) -> Iterator[Call]:
    """A limiter for a partner without limits."""
    yield _NoObserver()


@dataclass
class OddPartner:
    """A server that gives every request the same answer, whatever was asked; `requests` are what it was sent.

    `zone` is what it answers when asked for one, if not the same; `seconds` is how long it thinks.
    """

    url: str
    status: int = 200
    body: bytes = b"{}"
    headers: dict[str, str] = field(default_factory=dict)
    zone: Any = None
    seconds: float = 0.0
    requests: list[tuple[str, str, dict[str, str], bytes]] = field(default_factory=list)

    def answer(self, body: Any, *, status: int = 200, headers: dict[str, str] | None = None) -> None:
        """Answer so from now on: bytes as they are, other values as JSON."""
        self.status, self.headers = status, headers or {}
        self.body = body if isinstance(body, bytes) else json.dumps(body).encode()

    def client(self) -> AutotaskClient:
        """A client that takes this server for its zone."""
        credentials = Credentials(
            username="api@msp.example",
            secret=SECRET,
            integration_code=CODE,
            zone_url=f"{self.url}/ATServicesRest",
            database_id=14,
        )
        return AutotaskClient(credentials, limiter=unlimited)

    def paths(self) -> list[str]:
        return [path for _, path, _, _ in self.requests]


@contextmanager
def odd_partner() -> Iterator[OddPartner]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            sent = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            partner.requests.append((self.command, self.path, dict(self.headers), sent))
            sleep(partner.seconds)
            status, body, headers = partner.status, partner.body, partner.headers
            if partner.zone is not None and "zoneinformation" in self.path.lower():
                status, body, headers = 200, json.dumps(partner.zone).encode(), {}
            self.send_response(status)
            for name, value in {
                "Content-Type": "application/json",
                "Content-Length": str(len(body)),
                **headers,
            }.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)
            if int(headers.get("Content-Length", len(body))) > len(body):
                self.close_connection = True

        do_GET = do_POST = do_PUT = do_PATCH = answer  # noqa: N815 - http.server's names

        def log_message(self, *_: Any) -> None:
            """Silent."""

    class Server(ThreadingHTTPServer):
        def handle_error(self, *_: Any) -> None:
            """A client that has gone is nothing to tell of."""

    with Server(("localhost", 0), Handler) as server:
        partner = OddPartner(f"http://localhost:{server.server_address[1]}")
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield partner
        finally:
            server.shutdown()
            thread.join()


def without_secrets(problem: SyncProblem) -> bool:
    """Whether nothing of a problem, or of what it was raised from, tells the credentials."""
    told = repr((problem, problem.detail, problem.subject, problem.evidence, problem.__cause__))
    return SECRET not in told and CODE not in told
