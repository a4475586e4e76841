"""`manage.py worker`: a Celery worker with its scheduler, on the same servers as every other command."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from cloud_depot.celery import app


class Command(BaseCommand):
    help = "Run a worker and the scheduler in one process, for development. Production runs `celery` itself."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--concurrency", type=int, default=2, help="How many accounts at once (2).")

    def handle(self, *args: Any, concurrency: int, **options: Any) -> None:
        schedule = settings.LOCAL_DIR / "beat-schedule"
        app.worker_main(
            ["worker", "--beat", f"--schedule={schedule}", f"--concurrency={concurrency}", "--loglevel=INFO"]
        )
