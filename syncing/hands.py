"""The threads of one run: they wait for the partners, several at a time, while the run itself goes on.

A thread works in the run's account scope, on a database connection of its own, which lasts as long as the run. What is
decided and settled stays with the run's own thread.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import copy_context
from threading import Barrier
from types import TracebackType
from typing import Self, TypeVar

from django.db import connections

Result = TypeVar("Result")


class Hands:
    """At most so many threads, made when they are first needed; with none the caller does all by itself, in order.

    Leaving waits for what they are at.
    """

    def __init__(self, most: int) -> None:
        self.most = most
        self._pool: ThreadPoolExecutor | None = None

    def start(self, work: Callable[[], Result]) -> Future[Result]:
        """Have `work` done by a thread; its result, or what it raises, stands in the answer."""
        if self.most == 0:
            return _done(work)
        if self._pool is None:
            self._pool = ThreadPoolExecutor(self.most, thread_name_prefix="hand")
        return self._pool.submit(copy_context().run, work)

    def each(self, works: Sequence[Callable[[], Result]]) -> list[Result]:
        """Have them all done at once; their results in order. Raises what the first of them that failed raised.

        One alone is done by the caller itself.
        """
        if len(works) == 1:
            return [works[0]()]
        begun = [self.start(work) for work in works]
        return [each.result() for each in begun]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._pool is None:
            return
        everyone = Barrier(self.most)

        def let_go() -> None:
            everyone.wait()
            connections.close_all()

        with self._pool as pool:
            for _ in range(self.most):
                pool.submit(let_go)
        self._pool = None


def _done(work: Callable[[], Result]) -> Future[Result]:
    done: Future[Result] = Future()
    try:
        done.set_result(work())
    except Exception as error:  # noqa: BLE001 - it is raised where the result is asked for
        done.set_exception(error)
    return done


ALONE = Hands(0)
