"""Random rounds by hand: ``python -m tests.chaos --rounds 500 [--seed 7]``, with servers and a sandbox of its own.

Prints each round that ends wrong, with what replays it (``--only SEED``), and a table at the end.
Exits 1 where any did.
"""

from __future__ import annotations

import argparse
import os
import random
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import django
from django.core.management import call_command

from tests.conftest import servers_of_this_run
from tests.world import CLIENT_ID, CLIENT_SECRET, SandboxWorld, running_sandbox

NUMBERINGS = ("xero", "autotask_id", "autotask_number")


def main() -> int:
    arguments = _arguments()
    seeds = [arguments.only] if arguments.only is not None else range(arguments.seed, arguments.seed + arguments.rounds)
    with _surroundings() as world, tempfile.TemporaryDirectory() as folder:
        from tests.chaos.crew import worker_crew

        with worker_crew(world, Path(folder)) as crew:
            return _play_all(seeds, world, crew)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--rounds", type=int, default=100)
    parser.add_argument("--seed", type=int, default=int(time.time()) % 1_000_000, help="the first round's seed")
    parser.add_argument("--only", type=int, help="replay the round of this seed")
    return parser.parse_args()


@contextmanager
def _surroundings() -> Iterator[SandboxWorld]:
    with servers_of_this_run() as addresses, running_sandbox() as world:
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


def _play_all(seeds, world, crew) -> int:  # type: ignore[no-untyped-def] # its types need Django to be set up
    from tests.chaos.rounds import play

    table: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    began = time.monotonic()
    for seed in seeds:
        round_ = _random_round(seed)
        world.reset()
        result = play(round_, world, crew)
        for name in _rows(round_):
            for column, count in enumerate((1, result.deaths, result.lives, bool(result.wrong))):
                table[name][column] += count
        if result.wrong:
            _say(f"WRONG  {round_}", *(f"       {each}" for each in result.wrong))
    _say(f"Seeds {seeds[0]} to {seeds[-1]}, {time.monotonic() - began:.0f} s", "")
    _say("| what happened | rounds | workers killed | runs | rounds that ended wrong |", "|---|--:|--:|--:|--:|")
    _say(*(f"| {name} | {' | '.join(map(str, counts))} |" for name, counts in sorted(table.items())))
    return 1 if any(counts[3] for counts in table.values()) else 0


def _random_round(seed: int):  # type: ignore[no-untyped-def]
    from tests.chaos.boundaries import ALL, AT_ANY_MOMENT, BOUNDARIES
    from tests.chaos.rounds import TROUBLES, WRITES, Round

    chance = random.Random(seed)
    kills = []
    for boundaries in (BOUNDARIES, ALL)[: chance.choice((0, 1, 1, 2))]:
        name = chance.choice([*boundaries, AT_ANY_MOMENT, AT_ANY_MOMENT])
        kills.append((name, int(10 ** chance.uniform(1, 4.5)) if name == AT_ANY_MOMENT else chance.randint(1, 4)))
    return Round(
        seed=seed,
        numbering=chance.choice(NUMBERINGS),
        kills=tuple(kills),
        trouble=chance.choice([*TROUBLES, None, None, None]),
        struck=chance.choice(WRITES),
        cut=chance.choice([("PostgreSQL", round(chance.uniform(0, 1), 2)), ("Redis", 0.2), *[None] * 8]),
        long_crash=chance.random() < 0.4,
    )


def _rows(round_) -> Iterator[str]:  # type: ignore[no-untyped-def]
    yield " all"
    yield f" numbers: {round_.numbering}"
    yield from (f"killed: {name}" for name, _ in round_.kills)
    if round_.trouble:
        yield f"{round_.trouble} ({round_.struck})"
    if round_.cut:
        yield f"{round_.cut[0]} cuts all connections"
    if round_.long_crash:
        yield " crash longer than six minutes"


def _say(*lines: str) -> None:
    sys.stdout.write("\n".join(lines) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
