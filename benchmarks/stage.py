"""What a benchmark runs on: a PostgreSQL, a Redis and a sandbox of its own, and Django set up over them.

with stage() as here:
    account = here.connect()
    …
    with here.measured() as used:
        account.sync()
    report("A run", [used.as_row()])
"""

from __future__ import annotations

import base64
import os
import secrets
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

import django
from django.core.management import call_command

from benchmarks.meter import Meter, Used
from cloud_depot import embedded
from tests.world import CLIENT_ID, CLIENT_SECRET, Pair, SandboxWorld, running_sandbox

if TYPE_CHECKING:
    from tests.connected import ConnectedAccount

PARTNERS = ("XERO_LOGIN_URL", "XERO_IDENTITY_URL", "XERO_API_URL", "AUTOTASK_ZONE_URL")
PLENTY = 1_000_000_000
WITHOUT_LIMITS = {
    "XERO_LIMITS": f"minute={PLENTY},day={PLENTY},app_minute={PLENTY}",
    "AUTOTASK_LIMITS": f"hour={PLENTY}",
}
SANDBOX_WITHOUT_LIMITS = (*("--xero-minute", "--xero-day", "--xero-app-minute", "--autotask-hour"),)


@dataclass(frozen=True)
class Stage:
    """A benchmark's surroundings. `folder` is theirs, and goes with them."""

    folder: Path
    world: SandboxWorld
    meter: Meter
    _numbers: Iterator[int] = field(default_factory=count)

    def connect(self, pair: Pair | None = None) -> ConnectedAccount:
        """A new account, connected to `pair` or to new partners, by a Xero user of its own."""
        from tests.connected import connect

        return connect(self.world, pair or self._new_pair())

    def _new_pair(self) -> Pair:
        return self.world.pair(xero={"users": [f"bookkeeper-{next(self._numbers)}@msp.example"]})

    @contextmanager
    def measured(self) -> Iterator[Used]:
        """What the block took, told when it is over."""
        with self.meter.measured() as used:
            yield used


@contextmanager
def stage(
    *, limits: bool = True, sandbox: Sequence[str] = (), environment: Mapping[str, str] | None = None
) -> Iterator[Stage]:
    """The surroundings while the block runs, with settings as in production (`DEBUG` off).

    `limits`: whether the partners' limits are as published, or as good as none. `sandbox` are options of
    ``python -m sandbox`` (e.g. ``"--latency", "400"``), `environment` further variables for the settings.
    """
    options = [] if limits else [part for name in SANDBOX_WITHOUT_LIMITS for part in (name, str(PLENTY))]
    folder = embedded.LOCAL / f"bench-{os.getpid()}"
    with embedded.servers_of_this_process("bench") as addresses, running_sandbox(*options, *sandbox) as world:
        os.environ |= {
            **addresses.as_environment(),
            "DJANGO_SETTINGS_MODULE": "cloud_depot.settings",
            "DEBUG": "0",
            "BASE_URL": "http://localhost:8000",
            "ALLOWED_HOSTS": "localhost,testserver",
            "SECRET_KEY": secrets.token_urlsafe(50),
            "FIELD_ENCRYPTION_KEYS": base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
            "EMAIL_URL": "dummymail:",
            "STATIC_ROOT": str(folder / "static"),
            "LOG_LEVEL": "WARNING",
            **dict.fromkeys(PARTNERS, world.base_url),
            "AUTOTASK_HOST_PATTERN": "^localhost$",
            "XERO_CLIENT_ID": CLIENT_ID,
            "XERO_CLIENT_SECRET": CLIENT_SECRET,
            **({} if limits else WITHOUT_LIMITS),
            **(environment or {}),
        }
        django.setup()
        call_command("migrate", verbosity=0)
        try:
            yield Stage(folder, world, Meter(folder))
        finally:
            world.session.close()
            _close_connections()


def _close_connections() -> None:
    from django.db import connections

    connections.close_all()
