"""The Celery application: workers and beat. Every policy stands in the settings under CELERY_."""

import gc
import os
import time
from typing import Any

from celery import Celery
from celery.signals import before_task_publish, setup_logging, worker_process_init, worker_shutting_down
from django.db import connection

from syncing.stopping import ask_to_stop

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "cloud_depot.settings")

app = Celery("cloud_depot")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@setup_logging.connect
def leave_logging_alone(**kwargs: Any) -> None:
    """Django has set it up: a receiver keeps Celery from doing so too."""


@before_task_publish.connect
def stamp(headers: dict[str, Any], **kwargs: Any) -> None:
    """When the task was queued, so that /metrics can tell how old the queue is."""
    headers["queued_at"] = time.time()


# Seconds for which a worker keeps its connection: to open one takes longer than to find that an account is at rest.
CONNECTION_SECONDS = 300


@worker_process_init.connect
def settle_in(**kwargs: Any) -> None:
    """What is loaded by now lives as long as the process: the garbage collector need not look at it again and again.

    A connection goes from task to task; each task's scope sets whose it is, and takes that out at its end.
    """
    gc.collect()
    gc.freeze()
    connection.settings_dict["CONN_MAX_AGE"] = CONNECTION_SECONDS


@worker_shutting_down.connect
def end_soon(**kwargs: Any) -> None:
    """At SIGTERM: the runs in progress end with the call that they are at, and give back what they did not send."""
    ask_to_stop()
