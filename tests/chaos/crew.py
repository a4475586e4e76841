"""Worker processes as rounds use them: started, waited for, found dead."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from django.conf import settings
from django.db import connection

from tests.world import CLIENT_ID, CLIENT_SECRET, REPOSITORY, SandboxWorld

KILLED = -signal.SIGKILL
STOPPED = -signal.SIGSTOP
# A round is to meet what it says, and not the limits: their time does not pass, where nobody sleeps. How many calls a
# worker makes at one time stays as it is: it has as many threads.
UNLIMITED_XERO = {"minute": 1_000_000, "day": 1_000_000, "app_minute": 1_000_000}
UNLIMITED_AUTOTASK = {"hour": 1_000_000}


@dataclass
class Crew:
    """Runs `manage.py sync SLUG` in processes of their own, against this process's database and sandbox."""

    zygote: subprocess.Popen[str]
    log: Path
    is_warm: bool = False
    few_at_once: bool = False

    def warm_up(self, slug: str) -> None:
        """The account's first run, in which nothing strikes; the first one of all makes the later ones start fast."""
        if self.is_warm:
            status = self.sync(slug)
            assert status == 0, self.said()
            return
        self._ask({"warm up": {"slug": slug, "log": str(self.log)}})
        self.is_warm = True

    def start(self, slug: str, boundary: str | None = None, time: int = 1, *, stops: bool = False) -> int:
        """Start a worker, which dies at the boundary where one is given, or stops there; its process id."""
        blow = signal.SIGSTOP if stops else signal.SIGKILL
        asked = {"slug": slug, "log": str(self.log), "boundary": boundary, "time": time, "blow": blow}
        asked["few_at_once"] = self.few_at_once
        return int(self._ask({"start": asked})["pid"])

    def wait(self, pid: int) -> int:
        """Wait for a worker's end: its exit code, or KILLED; STOPPED for one that can go on."""
        return int(self._ask({"wait": pid})["status"])

    def go_on(self, pid: int) -> None:
        """A stopped worker goes on, and knows nothing of the time that passed."""
        self._ask({"go on": pid})

    def sync(self, slug: str) -> int:
        """Run a worker to its end."""
        return self.wait(self.start(slug))

    def said(self) -> str:
        """The end of what the workers wrote."""
        return self.log.read_text()[-4000:] if self.log.exists() else ""

    def _ask(self, asked: dict[str, Any]) -> Any:
        assert self.zygote.stdin is not None
        assert self.zygote.stdout is not None
        self.zygote.stdin.write(json.dumps(asked) + "\n")
        self.zygote.stdin.flush()
        answer = self.zygote.stdout.readline()
        assert answer, f"the crew is gone:\n{self.said()}"
        return json.loads(answer)


@contextmanager
def worker_crew(world: SandboxWorld, folder: Path) -> Iterator[Crew]:
    """A crew that works while the block runs; `folder` takes its log."""
    log = folder / "workers.log"
    with (
        log.open("a") as errors,
        subprocess.Popen(
            [sys.executable, "-m", "tests.chaos.worker"],
            cwd=REPOSITORY,
            env=_environment(world),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        ) as zygote,
    ):
        try:
            yield Crew(zygote, log)
        finally:
            assert zygote.stdin is not None
            zygote.stdin.close()


def _environment(world: SandboxWorld) -> dict[str, str]:
    database = connection.settings_dict
    address = f"{database['HOST']}:{database['PORT']}/{database['NAME']}"
    partners = ("XERO_LOGIN_URL", "XERO_IDENTITY_URL", "XERO_API_URL", "AUTOTASK_ZONE_URL")
    return {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "cloud_depot.settings",
        "DATABASE_URL": f"postgres://{database['USER']}:{quote(database['PASSWORD'], safe='')}@{address}",
        "REDIS_URL": settings.REDIS_URL,
        "BASE_URL": settings.BASE_URL,
        # One that hangs in a thread's transaction holds up the second worker for so long, and in production for 60 s.
        "PGOPTIONS": "-c idle_in_transaction_session_timeout=1s",
        **dict.fromkeys(partners, world.base_url),
        "AUTOTASK_HOST_PATTERN": "^localhost$",
        "XERO_CLIENT_ID": CLIENT_ID,
        "XERO_CLIENT_SECRET": CLIENT_SECRET,
        "XERO_LIMITS": _listed(UNLIMITED_XERO),
        "AUTOTASK_LIMITS": _listed(UNLIMITED_AUTOTASK),
    }


def _listed(limits: dict[str, int]) -> str:
    return ",".join(f"{name}={value}" for name, value in limits.items())
