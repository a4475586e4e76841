"""What processor time and memory something takes, apart for ourselves, PostgreSQL, Redis and the sandbox.

Processor time, not the clock, so that what else a machine does matters little.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from cloud_depot.processes import Processes

PARTS = ("ours", "postgres", "redis", "sandbox")
MEGABYTE = 1024 * 1024
LOOKS_AT_MEMORY_EVERY = 0.05


@dataclass
class Used:
    """Seconds by the clock, processor seconds of each of PARTS, and by how much our memory (MB) rose at its highest.

    `load` is what the whole machine had to do meanwhile: processors' worth of work, ours included.
    """

    seconds: float = 0.0
    cpu: dict[str, float] = field(default_factory=lambda: dict.fromkeys(PARTS, 0.0))
    memory: float = 0.0
    load: float = 0.0

    @property
    def engine(self) -> float:
        """Processor seconds of the product: our own and PostgreSQL's and Redis's, without the sandbox's."""
        return sum(self.cpu.values()) - self.cpu["sandbox"]

    @property
    def sandbox_share(self) -> float:
        """The sandbox's part of all processor time, 0 to 1."""
        return self.cpu["sandbox"] / (sum(self.cpu.values()) or 1.0)

    def as_row(self) -> dict[str, object]:
        """For a report: seconds, processor seconds of each part, the sandbox's share in percent."""
        times = {f"cpu {part}": round(seconds, 2) for part, seconds in self.cpu.items()}
        share = round(100 * self.sandbox_share)
        return {"seconds": round(self.seconds, 2), **times, "sandbox %": share, "load": round(self.load, 1)}


class Meter:
    """Reads the processes of this benchmark: this one and its workers, and the servers that `folder` records."""

    def __init__(self, folder: Path) -> None:
        servers = Processes(folder).running()
        self.groups = {name: [psutil.Process(server.pid)] for name, server in servers.items()}
        self.groups["sandbox"] = [child for child in psutil.Process().children() if "sandbox" in child.cmdline()]
        self.own = psutil.Process()

    @contextmanager
    def measured(self) -> Iterator[Used]:
        """What the block took; the values are there when it is over."""
        used = Used()
        before, began, busy = self._times(), time.monotonic(), _busy()
        with self._watched_memory(used):
            yield used
        used.seconds = time.monotonic() - began
        used.cpu = {part: seconds - before[part] for part, seconds in self._times().items()}
        used.load = (_busy() - busy) / used.seconds

    def _times(self) -> dict[str, float]:
        times = {name: sum(map(_seconds_of_family, processes)) for name, processes in self.groups.items()}
        servers = {process.pid for processes in self.groups.values() for process in processes}
        workers = [child for child in self.own.children() if child.pid not in servers]
        ended = os.times()
        times["ours"] = sum(ended[:4]) + sum(map(_seconds_of_family, workers))
        return times

    @contextmanager
    def _watched_memory(self, used: Used) -> Iterator[None]:
        first, over = self.own.memory_info().rss, threading.Event()

        def watch() -> None:
            while not over.wait(LOOKS_AT_MEMORY_EVERY):
                used.memory = max(used.memory, (self.own.memory_info().rss - first) / MEGABYTE)

        watcher = threading.Thread(target=watch, daemon=True)
        watcher.start()
        try:
            yield
        finally:
            over.set()
            watcher.join()


def _seconds_of_family(process: psutil.Process) -> float:
    """Processor seconds of a process and those below it, the ended ones too."""
    total = 0.0
    for member in (process, *process.children(recursive=True)):
        with suppress(psutil.NoSuchProcess):
            times = member.cpu_times()
            total += times.user + times.system + times.children_user + times.children_system
    return total


def _busy() -> float:
    """Seconds that all processors of the machine have worked so far."""
    times = psutil.cpu_times()
    return times.user + times.nice + times.system
