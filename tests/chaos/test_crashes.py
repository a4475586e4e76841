"""Whatever a run meets and wherever it dies, every invoice ends in Xero once, with the right amounts.

Every step of a run × killed, cut off before and after, timed out, for each numbering; `python -m tests.chaos` plays the
same one by one, kills of the servers, and as many random rounds as one likes. The name of a test is its round.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.chaos.crew import Crew, worker_crew
from tests.chaos.plans import suite
from tests.chaos.rounds import Round, play
from tests.world import SandboxWorld


@pytest.fixture(scope="module")
def crew(
    sandbox_process: SandboxWorld, django_db_setup: None, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Crew]:
    with worker_crew(sandbox_process, tmp_path_factory.mktemp("chaos")) as crew:
        yield crew


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("round_", list(suite()), ids=str)
def test_every_invoice_arrives_exactly_once(round_: Round, sandbox: SandboxWorld, crew: Crew) -> None:
    result = play(round_, sandbox, crew)

    assert result.wrong == []
    assert result.missed == []
