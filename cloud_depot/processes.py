"""Child processes of one folder, with a record there by which the next parent can end them after a kill -9."""

import json
import os
import pwd
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

RECORD = "processes.json"


@dataclass(frozen=True)
class Recorded:
    """A process as it was started. Ids come round again, so `created` (seconds since 1970) is part of its name."""

    name: str
    pid: int
    created: float

    def find(self) -> psutil.Process | None:
        """The same process, if it still runs."""
        try:
            process = psutil.Process(self.pid)
            is_same = abs(process.create_time() - self.created) < 1
        except psutil.NoSuchProcess:
            return None
        return process if is_same and is_alive(process) else None


class Processes:
    """Starts and stops named children. Ctrl-C reaches only the parent, which stops them in order."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.record = folder / RECORD
        self.children: dict[str, subprocess.Popen[bytes]] = {}

    def start(
        self,
        name: str,
        command: Sequence[str | Path],
        *,
        env: Mapping[str, str],
        cwd: Path,
        user: str | None = None,
        sockets: Sequence[int] = (),
    ) -> subprocess.Popen[bytes]:
        """Start `command`, its output in `<folder>/<name>.log`; as `user` and with open `sockets` where given."""
        with self.log(name).open("ab") as log:
            child = subprocess.Popen(  # noqa: S603  (our own commands)
                list(map(str, command)),
                env=env,
                cwd=cwd,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                pass_fds=sockets,
                user=user,
                group=group_of(user),
                extra_groups=[] if user else None,
            )
        self.children[name] = child
        self._remember(Recorded(name, child.pid, psutil.Process(child.pid).create_time()))
        return child

    def log(self, name: str) -> Path:
        return self.folder / f"{name}.log"

    def failed(self) -> str | None:
        """The name of a child that has ended by itself, if one has."""
        return next((name for name, child in self.children.items() if child.poll() is not None), None)

    def stop(self, name: str, *, how: signal.Signals = signal.SIGTERM, patience: float = 10) -> None:
        """Ask the child to end, and after `patience` seconds end it with all its own children."""
        child = self.children.pop(name, None)
        if child is None:
            return
        end(child.pid, how, patience)
        child.wait()

    def running(self) -> dict[str, Recorded]:
        """What the record names and still runs, whoever started it."""
        return {recorded.name: recorded for recorded in self._recorded() if recorded.find()}

    def end_all(self, how: Mapping[str, signal.Signals] | None = None) -> None:
        """End what runs here, ours or left over by an earlier parent, the last started first."""
        for recorded in reversed(self.running().values()):
            end(recorded.pid, (how or {}).get(recorded.name, signal.SIGTERM), patience=10)
        for child in self.children.values():
            child.wait()
        self.children.clear()
        self.record.unlink(missing_ok=True)

    def leave(self) -> None:
        """Let our children run on for somebody else, who will end them by the record."""
        for child in self.children.values():
            child.returncode = 0  # or Popen warns that it still runs
        self.children.clear()

    def _recorded(self) -> list[Recorded]:
        try:
            return [Recorded(**row) for row in json.loads(self.record.read_text())]
        except (FileNotFoundError, ValueError):
            return []

    def _remember(self, recorded: Recorded) -> None:
        rows = [row for row in self._recorded() if row.name != recorded.name] + [recorded]
        draft = self.record.with_suffix(f".{os.getpid()}")
        draft.write_text(json.dumps([asdict(row) for row in rows]))
        draft.replace(self.record)


def group_of(user: str | None) -> int | None:
    """The user's own group; none where no user is meant."""
    return pwd.getpwnam(user).pw_gid if user else None


def end(pid: int, how: signal.Signals, patience: float) -> None:
    """Send `how` to the process, then SIGKILL to what is left of it and its children after `patience` seconds."""
    try:
        process = psutil.Process(pid)
        family = [process, *process.children(recursive=True)]
        process.send_signal(how)
    except psutil.NoSuchProcess:
        return
    deadline = time.monotonic() + patience
    while (alive := [process for process in family if is_alive(process)]) and time.monotonic() < deadline:
        time.sleep(0.02)
    for survivor in alive:
        survivor.kill()


def is_alive(process: psutil.Process) -> bool:
    """Not gone, and not a zombie: an orphan may stay one for ever where the machine's first process reaps nobody."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
