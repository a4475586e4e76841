"""Whatever a run meets and wherever it dies, every invoice ends in Xero once, with the right amounts.

A covering set of the rounds; `python -m tests.chaos` plays as many random ones as one likes. The name of a test is its
round, which `play` repeats.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.chaos.boundaries import BOUNDARIES
from tests.chaos.crew import Crew, worker_crew
from tests.chaos.rounds import TROUBLES, WRITES, Round, play
from tests.world import SandboxWorld

NUMBERINGS = ("xero", "autotask_id", "autotask_number")


@pytest.fixture(scope="module")
def crew(
    sandbox_process: SandboxWorld, django_db_setup: None, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Crew]:
    with worker_crew(sandbox_process, tmp_path_factory.mktemp("chaos")) as crew:
        yield crew


# One life after the other dies at the next boundary. Numbers are written back only where Xero gives them.
KILLED = [
    Round(
        seed=seed,
        numbering=numbering,
        kills=tuple((name, 1) for name in BOUNDARIES if numbering == "xero" or not name.startswith("number written")),
    )
    for seed, numbering in enumerate(NUMBERINGS, start=1)
]
# A write that arrived, found out when Xero has forgotten its key: new invoices, an update, new credit notes.
OUTLASTED = [
    Round(seed=seed, numbering=numbering, kills=(("written by Xero, not noted", times),), long_crash=True)
    for seed, (numbering, times) in enumerate(zip(NUMBERINGS, (3, 1, 4), strict=True), start=20)
]
# Each trouble, with every kind of write and each numbering in turn.
TROUBLED = [
    Round(
        seed=30 + place,
        numbering=NUMBERINGS[place // 2 % 3],
        trouble=trouble,
        struck=WRITES[(place + 1) % 3],
        long_crash=place % 2 == 1,
    )
    for place, trouble in enumerate(TROUBLES)
]
# A second death while the first is being made good.
KILLED_TWICE = [
    Round(seed=40, kills=(("written by Xero, not noted", 3), ("open delivery taken over", 1)), long_crash=True),
]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("round_", [*KILLED, *OUTLASTED, *TROUBLED, *KILLED_TWICE], ids=str)
def test_every_invoice_arrives_exactly_once(round_: Round, sandbox: SandboxWorld, crew: Crew) -> None:
    result = play(round_, sandbox, crew)

    assert result.wrong == []
    assert result.deaths == len(round_.kills)
