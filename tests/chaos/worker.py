"""The worker processes: forks of this one that run `manage.py sync SLUG`, and may kill or stop themselves on their way.

Forks, so that hundreds of rounds do not wait for hundreds of starts. A line of JSON asks for one; see `crew.py`.
The engine does what it always does; its functions only tell when they begin or end, and then a signal may come.
"""

from __future__ import annotations

import gc
import json
import os
import signal
import sys
from typing import Any

import django
import urllib3
from django.core.cache import caches
from django.core.management import call_command
from django.db import connections

# Seconds in which a partner answers, so that a round with a late answer need not wait for a minute.
PATIENCE = 0.4
# Documents of a page of Autotask, and of a batch, so that a day's work makes several of each, and threads carry them.
FEW = 5


def main() -> None:
    django.setup()
    _lose_patience()
    for line in sys.stdin:
        asked = json.loads(line)
        answer: Any
        if "warm up" in asked:
            answer = _warm_up(**asked["warm up"])
        elif "start" in asked:
            answer = {"pid": _fork(**asked["start"])}
        elif "go on" in asked:
            answer = os.kill(asked["go on"], signal.SIGCONT)
        else:
            answer = {"status": _wait(asked["wait"])}
        os.write(ANSWERS, f"{json.dumps(answer)}\n".encode())


def _lose_patience() -> None:
    from syncing.autotask import transport as autotask
    from syncing.xero import identity
    from syncing.xero import transport as xero

    xero.TIMEOUT = urllib3.Timeout(connect=5, read=PATIENCE)  # type: ignore[misc]
    autotask.TIMEOUTS = (5, PATIENCE)  # type: ignore[misc]
    identity.READ_SECONDS = PATIENCE  # type: ignore[misc]


def _take_few_at_once() -> None:
    from syncing import discover, queue
    from syncing.autotask import client

    client.PAGE = discover.PAGE = FEW  # type: ignore[misc]
    client.AutotaskClient._page.__kwdefaults__["most"] = FEW
    queue.CLAIMED_AT_ONCE = FEW


def _warm_up(slug: str, log: str) -> dict[str, Any]:
    """One run in this very process: what Python and Django load at the first use, the forks have from then on."""
    _write_to(log)
    call_command("sync", slug)
    connections.close_all()
    caches.close_all()
    gc.collect()
    gc.freeze()
    return {}


def _wait(pid: int) -> int:
    """The exit code of a worker that has ended, or the number of the signal that killed or stopped it, less than 0."""
    _, status = os.waitpid(pid, os.WUNTRACED)
    return -os.WSTOPSIG(status) if os.WIFSTOPPED(status) else os.waitstatus_to_exitcode(status)


def _fork(slug: str, log: str, boundary: str | None, *, time: int, blow: int, few_at_once: bool) -> int:
    pid = os.fork()
    if pid:
        return pid
    _write_to(log)
    if few_at_once:
        _take_few_at_once()
    if boundary is not None:
        _strike_at(boundary, time, blow)
    code = 1
    try:
        call_command("sync", slug)
        code = 0
    finally:
        sys.setprofile(None)
        sys.excepthook(*sys.exc_info()) if code else None
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _write_to(log: str) -> None:
    descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(descriptor, 1)
    os.dup2(descriptor, 2)
    os.close(descriptor)


def _strike_at(boundary: str, time: int, blow: int) -> None:
    """Send this process the signal `blow` as soon as the boundary is met for the `time`-th time."""
    from tests.chaos.boundaries import ALL

    left = time

    def met() -> None:
        nonlocal left
        left -= 1
        if left == 0:
            os.kill(os.getpid(), blow)

    ALL[boundary].watch(met)


if __name__ == "__main__":
    ANSWERS = os.dup(1)
    main()
