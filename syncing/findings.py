"""What comes to light while one invoice is translated: problems as values, and notices."""

from __future__ import annotations

from faults.problems import SyncProblem


class Findings:
    """Collects each problem once (by code and subject) and each notice once, in the order of their discovery."""

    def __init__(self) -> None:
        self._problems: dict[tuple[str, str], SyncProblem] = {}
        self._notices: dict[str, None] = {}

    def add(self, problem: SyncProblem) -> None:
        self._problems.setdefault((problem.code, problem.subject), problem)

    def note(self, notice: str) -> None:
        self._notices[notice] = None

    @property
    def problems(self) -> tuple[SyncProblem, ...]:
        return tuple(self._problems.values())

    @property
    def notices(self) -> tuple[str, ...]:
        return tuple(self._notices)
