"""The demo: embedded servers, the sandbox, web, worker and beat as child processes of one supervisor.

The supervisor itself touches neither database nor Redis: what needs them runs as `manage.py …` with the demo's
variables, which are also kept in `<folder>/environment.json` for other commands of this clone. It begins afresh each
time, because the sandbox forgets everything when it stops.
"""

import json
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext, suppress
from pathlib import Path
from types import TracebackType
from typing import Self

import requests
from django.conf import settings

from cloud_depot import demo_staff, embedded
from cloud_depot.processes import Processes

# The app that the sandbox's Xero knows.
CLIENT_ID = "SANDBOXCLIENTID0000000000000000A"
CLIENT_SECRET = "sandbox-client-secret"  # noqa: S105  (of a Xero that keeps nobody's books)
PORTS_TRIED = 1000
START_SECONDS = 60
# The network's trouble strikes in the first runs, and is soon over.
MOST_RUNS = 10


class DemoError(Exception):
    """A part of the demo did not start, or stopped; the message ends with what it said last."""


@contextmanager
def demo_folder() -> Iterator[Path]:
    """An empty folder that is this demo's alone: `.local/demo`, or `.local/demo-2` while another demo runs, and so on.

    What an earlier demo left there, processes too, is ended and removed first.
    """
    embedded.LOCAL.mkdir(exist_ok=True)
    number = 1
    while True:
        folder = embedded.LOCAL / ("demo" if number == 1 else f"demo-{number}")
        with embedded.try_locked(folder.with_suffix(".lock")) as is_ours:
            if is_ours:
                embedded.discard(folder)
                folder.mkdir()
                yield folder
                return
        number += 1


class Demo:
    """One demo in its folder. Entering starts the servers, the sandbox and the account; leaving stops them."""

    def __init__(self, folder: Path, say: Callable[[str], object]) -> None:
        self.folder = folder
        self.say = say
        self.processes = Processes(folder)
        self.environment: dict[str, str] = {}
        self.stack = ExitStack()

    def __enter__(self) -> Self:
        with self.stack:
            self.sockets = self._listen()
            port = self.sockets[0].getsockname()[1]
            self.base_url = f"http://localhost:{port}"
            self.say("Starting PostgreSQL and Redis …")
            addresses = self.stack.enter_context(self._servers())
            self.stack.callback(self.processes.end_all)
            self.say("Starting the sandbox, which stands in for Autotask and Xero …")
            self.sandbox_url = self._start_sandbox()
            self.environment = self._environment(addresses, port)
            embedded.write_private(self.folder / "environment.json", json.dumps(self.environment))
            self._manage("migrate", "--verbosity", "0")
            self.say("Billing a month in Autotask …")
            seeded = self._manage("seed_demo", self.sandbox_url).splitlines()[-1]
            (self.folder / "account.json").write_text(seeded)
            self.account = json.loads(seeded)
            self.stack = self.stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stack.close()

    def sync_once(self) -> bool:
        """The first sync, and its table. Whether what we think we sent is what the sandbox received."""
        for _ in range(MOST_RUNS):
            self.say("Syncing …")
            summary = json.loads(self._manage("sync", self.account["slug"]).splitlines()[-1])
            if not (problem := summary["problem"]):
                break
            self.say(f"  stopped, and tried again ({problem['code']}): {problem['detail']}")
        command = [sys.executable, "manage.py", "demo_table", self.sandbox_url, str(self.folder / "account.json")]
        return subprocess.run(command, cwd=settings.BASE_DIR, env=self.environment, check=False).returncode == 0  # noqa: S603

    def run(self) -> bool:
        """Start web, worker and beat, tell where they are, and watch over them until a signal ends the demo."""
        self._manage("collectstatic", "--no-input", "--verbosity", "0")
        self._start_web()
        celery = [sys.executable, "-m", "celery", "-A", "cloud_depot"]
        self._start("worker", [*celery, "worker", "--concurrency", "2", "--loglevel", "INFO"])
        self._start("beat", [*celery, "beat", "--schedule", self.folder / "beat-schedule", "--loglevel", "INFO"])
        self._wait_until_ready()
        self.say(self._welcome())
        while not (failed := self.processes.failed()):
            time.sleep(0.5)
        raise DemoError(f"{failed} has stopped:\n{self._tail(failed)}")

    def _welcome(self) -> str:
        lines = ["", f"Cloud Depot          {self.base_url}", f"Autotask and Xero    {self.sandbox_url}", ""]
        lines += [f"{login['role']:<20} {login['email']}  {login['password']}" for login in self.account["logins"]]
        lines += ["", f"Staff work at {self.base_url}/admin/, with the code {demo_staff.code_now()}"]
        lines += ["(it lasts 30 seconds; bin/demo --code tells the next one)."]
        lines += ["", f"Logs and mail are in {self.folder}. Ctrl-C stops everything.", ""]
        return "\n".join(lines)

    def _listen(self) -> list[socket.socket]:
        """The web process's sockets, bound here, so that two demos cannot both believe a port to be free."""
        ports = range(settings.PORT, settings.PORT + PORTS_TRIED)
        for port in ports:
            sockets = []
            try:
                for family, host in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
                    sockets.append(listening_socket(family, host, port))
            except OSError:
                if not sockets:
                    continue  # taken; where only ::1 fails, the machine has no IPv6
            for bound in sockets:
                self.stack.enter_context(bound)
            return sockets
        raise DemoError(f"No port from {ports[0]} to {ports[-1]} is free.")

    def _servers(self) -> AbstractContextManager[embedded.Addresses]:
        if {"DATABASE_URL", "REDIS_URL"} <= os.environ.keys():
            return nullcontext(embedded.Addresses(os.environ["DATABASE_URL"], os.environ["REDIS_URL"]))
        return embedded.servers(self.folder / "servers", durable=False)

    def _environment(self, addresses: embedded.Addresses, port: int) -> dict[str, str]:
        """As a production machine would set it, but over http and with the sandbox for the partners."""
        return {
            "SYNC_INTERVAL_SECONDS": "30",
            "SYNC_BACKOFF_SECONDS": "1,2,3,5,15,60,300",
            **os.environ,
            **addresses.as_environment(),
            "DEBUG": "0",
            "LOG_FORMAT": "line",
            "PORT": str(port),
            "BASE_URL": self.base_url,
            "SECRET_KEY": settings.SECRET_KEY,
            "FIELD_ENCRYPTION_KEYS": ",".join(settings.FIELD_ENCRYPTION_KEYS),
            "STATIC_ROOT": str(self.folder / "static"),
            "EMAIL_URL": f"file:///{self.folder / 'mail'}",
            "XERO_CLIENT_ID": CLIENT_ID,
            "XERO_CLIENT_SECRET": CLIENT_SECRET,
            "XERO_LOGIN_URL": self.sandbox_url,
            "XERO_IDENTITY_URL": self.sandbox_url,
            "XERO_API_URL": self.sandbox_url,
            "AUTOTASK_ZONE_URL": self.sandbox_url,
            "AUTOTASK_HOST_PATTERN": "^localhost$",
            "no_proxy": ",".join(filter(None, ["localhost", os.environ.get("no_proxy") or os.environ.get("NO_PROXY")])),
        }

    def _start(self, name: str, command: Sequence[str | Path], sockets: list[int] | None = None) -> None:
        self.processes.start(
            name, command, env=self.environment or os.environ, cwd=settings.BASE_DIR, sockets=sockets or []
        )

    def _start_sandbox(self) -> str:
        """It tells its port as JSON, in a line of its own, when it is ready."""
        self._start("sandbox", [sys.executable, "-m", "sandbox", "--port", "0"])
        log = self.processes.log("sandbox")
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and not self.processes.failed():
            if ready := re.search(r'^\{"port": (\d+)\}$', log.read_text(), re.MULTILINE):
                return f"http://localhost:{ready[1]}"
            time.sleep(0.05)
        raise DemoError(f"The sandbox did not start:\n{self._tail('sandbox')}")

    def _start_web(self) -> None:
        command = [sys.executable, "-m", "gunicorn", "cloud_depot.wsgi", "--no-control-socket", "--workers", "2"]
        command += ["--threads", "4"]
        descriptors = [bound.fileno() for bound in self.sockets]
        for descriptor in descriptors:
            command += ["--bind", f"fd://{descriptor}"]
        self.environment["DATABASE_POOL_SIZE"] = "4"
        self._start("web", command, descriptors)
        del self.environment["DATABASE_POOL_SIZE"]

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        with requests.Session() as session:
            session.trust_env = False  # no proxy to this machine itself
            while time.monotonic() < deadline and not self.processes.failed():
                with suppress(requests.ConnectionError, requests.Timeout):  # not yet
                    if session.get(f"{self.base_url}/readyz", timeout=5).ok:
                        return
                time.sleep(0.2)
        raise DemoError(f"The web process is not ready:\n{self._tail('web')}")

    def _manage(self, *arguments: str) -> str:
        """Run `manage.py …` to its end and return what it printed."""
        command = [sys.executable, "manage.py", *arguments]
        done = subprocess.run(  # noqa: S603  (our own command)
            command, cwd=settings.BASE_DIR, env=self.environment, capture_output=True, text=True, check=False
        )
        with self.processes.log("commands").open("a") as log:
            log.write(f"$ {' '.join(command[1:])}\n{done.stdout}{done.stderr}")
        if done.returncode:
            raise DemoError(f"manage.py {arguments[0]} failed:\n{done.stderr[-4000:]}")
        return done.stdout

    def _tail(self, name: str) -> str:
        return self.processes.log(name).read_text(errors="replace")[-4000:]


def listening_socket(family: socket.AddressFamily, host: str, port: int) -> socket.socket:
    bound = socket.socket(family)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind((host, port))
        bound.listen(128)
    except OSError:
        bound.close()
        raise
    return bound
