"""The worker processes: each is a fork of this one that runs `manage.py sync SLUG`, and may kill itself on its way.

Forks, so that hundreds of rounds do not wait for hundreds of starts. A line of JSON asks for one; see `crew.py`.
Nothing of the engine is changed: a profiler watches which of its functions are entered and left, and SIGKILLs.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from types import FrameType
from typing import Any

import django
import urllib3
from django.core.management import execute_from_command_line

from tests.chaos.boundaries import ALL, Boundary

# Seconds in which Xero answers, so that a round with a late answer need not wait for a minute.
PATIENCE = 0.5


def main() -> None:
    django.setup()
    _load_the_engine()
    for line in sys.stdin:
        asked = json.loads(line)
        if "start" in asked:
            answer = {"pid": _fork(**asked["start"])}
        else:
            _, status = os.waitpid(asked["wait"], 0)
            answer = {"status": os.waitstatus_to_exitcode(status)}
        print(json.dumps(answer), flush=True)  # noqa: T201


def _load_the_engine() -> None:
    from syncing import engine  # noqa: F401  (loaded once, for all forks)
    from syncing.xero import transport

    transport.TIMEOUT = urllib3.Timeout(connect=5, read=PATIENCE)  # type: ignore[misc]


def _fork(slug: str, log: str, boundary: str | None, occurrence: int) -> int:
    pid = os.fork()
    if pid:
        return pid
    _write_to(log)
    if boundary is not None:
        _kill_at(ALL[boundary], occurrence)
    code = 1
    try:
        execute_from_command_line(["manage.py", "sync", slug])
        code = 0
    except SystemExit as end:
        code = int(end.code or 0)
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _write_to(log: str) -> None:
    descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(descriptor, 1)
    os.dup2(descriptor, 2)


def _kill_at(boundary: Boundary, occurrence: int) -> None:
    """SIGKILL this process as soon as the boundary is met for the `occurrence`-th time."""
    left = occurrence

    def watch(frame: FrameType, event: str, _: Any) -> None:
        nonlocal left
        if boundary.is_here(frame.f_code.co_filename, frame.f_code.co_qualname, event):
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.setprofile(watch)


if __name__ == "__main__":
    main()
