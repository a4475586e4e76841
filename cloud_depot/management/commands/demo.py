"""`manage.py demo`: everything on this machine, for trying the product out. See `cloud_depot/demo.py`."""

import signal
import sys
from argparse import ArgumentParser
from types import FrameType
from typing import Any, NoReturn

from django.core.management.base import BaseCommand, CommandError

from cloud_depot import demo_staff
from cloud_depot.demo import Demo, DemoError, demo_folder
from cloud_depot.embedded import StartError


class Command(BaseCommand):
    help = (
        "Run everything on this machine: servers, a sandbox for the partners, and an account with a month of billing."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--once", action="store_true", help="Run the first sync, print what arrived, and end.")
        parser.add_argument("--code", action="store_true", help="Print the staff's second-factor code of now, and end.")

    def handle(self, *args: Any, once: bool, code: bool, **options: Any) -> None:
        if code:
            self.stdout.write(demo_staff.code_now())
            return
        for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(name, stop_in_order)
        try:
            with demo_folder() as folder, Demo(folder, say=self.stdout.write) as demo:
                agreed = demo.sync_once() if once else demo.run()
        except KeyboardInterrupt:
            self.stdout.write("Stopped.")
            sys.exit(130)
        except (DemoError, StartError) as failed:
            raise CommandError(str(failed)) from None
        if not agreed:
            sys.exit(1)


def stop_in_order(number: int, frame: FrameType | None) -> NoReturn:
    """End the demo's processes and its servers as Ctrl-C does; a second signal does not cut that short."""
    for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(name, signal.SIG_IGN)
    raise KeyboardInterrupt
