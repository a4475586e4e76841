"""Workers and beat as production has them, for the benchmarks that are about many accounts at once."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from cloud_depot.processes import Processes

if TYPE_CHECKING:
    from tests.connected import ConnectedAccount

START_SECONDS = 60
CELERY = (sys.executable, "-m", "celery", "-A", "cloud_depot")


@contextmanager
def crew(folder: Path, workers: int) -> Iterator[None]:
    """So many worker processes of Celery, and beat, while the block runs. They log to `folder`."""
    home = folder / "crew"
    home.mkdir(exist_ok=True)
    processes = Processes(home)
    try:
        worker = [*CELERY, "worker", "--concurrency", str(workers), "--without-gossip", "--without-mingle"]
        processes.start("worker", worker, env=os.environ, cwd=Path.cwd())
        _wait_for_workers()
        beat = [*CELERY, "beat", "--schedule", home / "schedule", "--loglevel", "INFO"]
        processes.start("beat", beat, env=os.environ, cwd=Path.cwd())
        if not wait_until(lambda: "Sending due task" in processes.log("beat").read_text(), START_SECONDS):
            raise RuntimeError("Beat did not start.")
        yield
    finally:
        processes.end_all()


def _wait_for_workers() -> None:
    from cloud_depot.celery import app

    if not wait_until(lambda: bool(app.control.ping(timeout=1)), START_SECONDS):
        raise RuntimeError("The workers did not start.")


def wait_until(is_so: Callable[[], bool], seconds: float, every: float = 0.5) -> bool:
    """Whether it was so within so many seconds."""
    give_up_at = time.monotonic() + seconds
    while not is_so():
        if time.monotonic() > give_up_at:
            return False
        time.sleep(every)
    return True


def make_due(accounts: Iterable[ConnectedAccount]) -> None:
    """Have the dispatcher ask for a run of each now, as if their time had come."""
    from django.utils import timezone

    from tenants.models import Account

    ids = [account.account.id for account in accounts]
    Account.objects.filter(id__in=ids).update(next_sync_at=timezone.now(), paused=False)
