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


@dataclass(frozen=True)
class Crew:
    """Runs `manage.py sync SLUG` in processes of their own, against this process's database and sandbox."""

    zygote: subprocess.Popen[str]
    log: Path

    def start(self, slug: str, boundary: str | None = None, occurrence: int = 1) -> int:
        """Start a worker, which dies at the boundary where one is given; its process id."""
        asked = {"slug": slug, "log": str(self.log), "boundary": boundary, "occurrence": occurrence}
        return int(self._ask({"start": asked})["pid"])

    def wait(self, pid: int) -> int:
        """Wait for a worker's end: its exit code, or KILLED."""
        return int(self._ask({"wait": pid})["status"])

    def sync(self, slug: str, boundary: str | None = None, occurrence: int = 1) -> int:
        """Run a worker to its end."""
        return self.wait(self.start(slug, boundary, occurrence))

    def said(self) -> str:
        """The end of what the workers wrote."""
        return self.log.read_text()[-4000:] if self.log.exists() else ""

    def _ask(self, asked: dict[str, Any]) -> Any:
        assert self.zygote.stdin is not None
        assert self.zygote.stdout is not None
        self.zygote.stdin.write(json.dumps(asked) + "\n")
        self.zygote.stdin.flush()
        return json.loads(self.zygote.stdout.readline())


@contextmanager
def worker_crew(world: SandboxWorld, folder: Path) -> Iterator[Crew]:
    """A crew that works while the block runs; `folder` takes its log."""
    command = [sys.executable, "-m", "tests.chaos.worker"]
    with (
        (folder / "zygote.log").open("w") as errors,
        subprocess.Popen(
            command,
            cwd=REPOSITORY,
            env=_environment(world),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        ) as zygote,
    ):
        try:
            yield Crew(zygote, folder / "workers.log")
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
        **dict.fromkeys(partners, world.base_url),
        "AUTOTASK_HOST_PATTERN": "^localhost$",
        "XERO_CLIENT_ID": CLIENT_ID,
        "XERO_CLIENT_SECRET": CLIENT_SECRET,
    }
