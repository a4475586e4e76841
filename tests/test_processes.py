"""Child processes: stopped in order, also those that an earlier parent left behind."""

import json
import os
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from cloud_depot.processes import RECORD, Processes, is_alive

STUBBORN = (
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('ready', flush=True); time.sleep(60)"
)


@pytest.fixture
def processes(tmp_path: Path) -> Iterator[Processes]:
    processes = Processes(tmp_path)
    yield processes
    processes.end_all()


def start(
    processes: Processes, name: str, code: str = "print('ready', flush=True); import time; time.sleep(60)"
) -> int:
    """Start a child and wait until it has said that it is ready; its process id."""
    child = processes.start(name, [sys.executable, "-c", code], env=os.environ, cwd=processes.folder)
    while not processes.log(name).read_text():
        time.sleep(0.01)
    return child.pid


def test_a_child_is_stopped_with_the_children_it_has(processes: Processes) -> None:
    pid = start(processes, "parent", f"import subprocess, sys; subprocess.run([sys.executable, '-c', {STUBBORN!r}])")
    family = [psutil.Process(pid), *psutil.Process(pid).children()]
    assert len(family) == 2
    processes.stop("parent", patience=0.2)
    psutil.wait_procs(family, timeout=5)
    assert not any(is_alive(process) for process in family)


def test_a_child_that_does_not_listen_is_killed(processes: Processes) -> None:
    pid = start(processes, "stubborn", STUBBORN)
    processes.stop("stubborn", patience=0.2)
    assert not psutil.pid_exists(pid)


def test_a_child_that_has_ended_by_itself_is_named(processes: Processes) -> None:
    start(processes, "steady")
    assert processes.failed() is None
    os.kill(start(processes, "brittle"), signal.SIGKILL)
    while processes.failed() is None:
        time.sleep(0.01)
    assert processes.failed() == "brittle"


def test_what_an_earlier_parent_left_is_ended_the_last_started_first(processes: Processes) -> None:
    pids = [start(processes, name) for name in ("one", "two")]
    heir = Processes(processes.folder)
    assert list(heir.running()) == ["one", "two"]
    heir.end_all()
    assert heir.running() == {}
    processes.end_all()
    assert not any(psutil.pid_exists(pid) for pid in pids)


def test_a_process_id_that_has_come_round_again_is_left_alone(processes: Processes) -> None:
    pid = start(processes, "stranger")
    record = processes.folder / RECORD
    (row,) = json.loads(record.read_text())
    record.write_text(json.dumps([row | {"created": row["created"] - 3600}]))
    heir = Processes(processes.folder)
    assert heir.running() == {}
    heir.end_all()
    assert psutil.pid_exists(pid)
    processes.stop("stranger")
