"""Rounds by hand: ``python -m tests.chaos --rounds 500 [--seed 7]``, with servers and a sandbox of its own.

Prints each round that ends wrong, with what replays it, and a table at the end. Exits 1 where any did.
"""

from __future__ import annotations

import argparse
import math
import os
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import django
from django.core.management import call_command

from tests.chaos.servers import own_servers
from tests.world import CLIENT_ID, CLIENT_SECRET, SandboxWorld, running_sandbox


def main() -> int:
    arguments = _arguments()
    with _surroundings() as world, tempfile.TemporaryDirectory() as folder:
        from tests.chaos import crew, plans

        if arguments.matrix:
            rounds: Iterable[plans.Round] = plans.matrix()
        elif arguments.servers:
            rounds = plans.servers()
        else:
            _say(f"Seeds {arguments.seed} to {arguments.seed + arguments.rounds - 1}")
            rounds = map(plans.random_round, range(arguments.seed, arguments.seed + arguments.rounds))
        rounds = [each for each in rounds if arguments.only in str(each)][arguments.skip :]
        with crew.worker_crew(world, Path(folder)) as workers:
            return _play_all(rounds, world, workers, arguments.seconds)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--rounds", type=int, default=100, help="so many random rounds")
    parser.add_argument("--seed", type=int, default=int(time.time()) % 1_000_000, help="the first round's seed")
    parser.add_argument("--matrix", action="store_true", help="each step × fault × numbering instead, one to a round")
    parser.add_argument("--servers", action="store_true", help="PostgreSQL and Redis killed in mid-run instead")
    parser.add_argument("--only", default="", help="of all these, the rounds that have this in their name")
    parser.add_argument("--skip", type=int, default=0, help="of all these, leave so many out")
    parser.add_argument("--seconds", type=float, default=math.inf, help="begin no round after so long")
    return parser.parse_args()


@contextmanager
def _surroundings() -> Iterator[SandboxWorld]:
    with own_servers() as addresses, running_sandbox() as world:
        partners = ("XERO_LOGIN_URL", "XERO_IDENTITY_URL", "XERO_API_URL", "AUTOTASK_ZONE_URL")
        os.environ |= {
            **addresses.as_environment(),
            "DJANGO_SETTINGS_MODULE": "cloud_depot.settings",
            **dict.fromkeys(partners, world.base_url),
            "AUTOTASK_HOST_PATTERN": "^localhost$",
            "XERO_CLIENT_ID": CLIENT_ID,
            "XERO_CLIENT_SECRET": CLIENT_SECRET,
        }
        django.setup()
        call_command("migrate", verbosity=0)
        yield world
        world.session.close()


def _play_all(rounds, world, crew, seconds) -> int:  # type: ignore[no-untyped-def] # its types need Django to be set up
    from tests.chaos.rounds import play

    table: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    began = time.monotonic()
    for played, round_ in enumerate(rounds):
        if time.monotonic() - began > seconds:
            _say(f"Played {played} of {len(rounds)}; the next would be: {round_}")
            break
        world.reset()
        result = play(round_, world, crew)
        for row in _rows(round_):
            for column, count in enumerate((1, result.deaths, result.runs, bool(result.wrong))):
                table[row][column] += count
        if result.wrong:
            _say(f"WRONG  {round_}", *(f"       {each}" for each in result.wrong))
    _say(f"{time.monotonic() - began:.0f} s", "")
    _say("| what happened | rounds | workers killed | runs | rounds that ended wrong |", "|---|--:|--:|--:|--:|")
    _say(*(f"| {name} | {' | '.join(map(str, counts))} |" for name, counts in sorted(table.items())))
    return 1 if any(counts[3] for counts in table.values()) else 0


def _rows(round_) -> set[str]:  # type: ignore[no-untyped-def]
    rows = {" all", f" numbers: {round_.numbering}"}
    for life in round_.lives:
        rows |= {f"killed at “{life.kill.boundary}”"} if life.kill else set()
        rows |= {str(life.trouble)} if life.trouble else set()
        rows |= {life.strike.name} if life.strike else set()
    if round_.late or any(life.late for life in round_.lives):
        rows.add(" a crash longer than six minutes")
    return rows


def _say(*lines: str) -> None:
    sys.stdout.write("\n".join(lines) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
