#!/usr/bin/env python
"""Django's command line. Without DATABASE_URL or REDIS_URL it brings up the embedded servers for as long as it runs."""

import os
import sys
from contextlib import ExitStack

from django.core.management import execute_from_command_line

WITHOUT_SERVERS = {
    "collectstatic",
    "compilemessages",
    "demo",
    "help",
    "makemessages",
    "startapp",
    "version",
    "--help",
    "--version",
}


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "cloud_depot.settings")
    with ExitStack() as stack:
        if needs_servers(sys.argv[1:]):
            from cloud_depot import embedded  # noqa: PLC0415  (a production machine does not have its libraries)

            os.environ.update(stack.enter_context(embedded.environment()))
        execute_from_command_line(sys.argv)


def needs_servers(arguments: list[str]) -> bool:
    configured = {"DATABASE_URL", "REDIS_URL"} <= os.environ.keys()
    return bool(arguments) and arguments[0] not in WITHOUT_SERVERS and not configured


if __name__ == "__main__":
    main()
