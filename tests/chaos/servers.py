"""PostgreSQL and Redis of a run by hand: killed as by the kernel, and started again on the same ports."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import psutil
import psycopg
import redis

from cloud_depot import embedded
from cloud_depot.processes import Processes

# Seconds for which a server is away.
AWAY = 0.3
FOLDER = embedded.LOCAL / f"test-{os.getpid()}"


@contextmanager
def own_servers() -> Iterator[embedded.Addresses]:
    """Both, as durable as a server of production: what is committed outlives a kill."""
    try:
        with embedded.servers(FOLDER, durable=True) as addresses:
            yield addresses
    finally:
        embedded.discard(FOLDER)


def killed_and_restarted(name: str) -> None:
    """SIGKILL the server "postgres" or "redis" with all its processes; a moment later start it, and wait for it."""
    processes = Processes(FOLDER)
    server = psutil.Process(processes.running()[name].pid)
    folder, user = server.cwd(), server.username()
    # Redis writes its address over its command line.
    command = server.cmdline() if name == "postgres" else [server.exe(), str(FOLDER / "redis.conf")]
    family = [server, *server.children(recursive=True)]
    for process in family:
        with suppress(psutil.NoSuchProcess):  # the server's own end has taken it along
            process.kill()
    psutil.wait_procs(family)
    time.sleep(AWAY)
    environment = {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"}
    processes.start(name, command, env=environment, cwd=folder, user=user if os.geteuid() == 0 else None)
    processes.leave()
    _wait_for(name)


def _wait_for(name: str) -> None:
    deadline = time.monotonic() + embedded.START_SECONDS
    while True:
        try:
            _ask(name)
        except (psycopg.OperationalError, redis.RedisError):
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
        else:
            return


def _ask(name: str) -> None:
    if name == "postgres":
        psycopg.connect(os.environ["DATABASE_URL"], connect_timeout=5).close()
        return
    with redis.Redis.from_url(os.environ["REDIS_URL"]) as client:
        client.ping()
