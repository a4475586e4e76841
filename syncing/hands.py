"""The threads of one run: they wait for the partners, several at a time, while the run itself goes on.

A thread works in the run's account scope, on a database connection of its own, which lasts as long as the run. What is
claimed and settled stays with the run's own thread.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextvars import copy_context
from threading import Barrier
from types import TracebackType
from typing import Any, Self, TypeVar

from django.db import connections

Result = TypeVar("Result")


class Hands:
    """At most so many threads, made when they are first needed; with none the caller does all by itself, in order.

    Leaving waits for what they are at, and for what that starts in its turn.
    """

    def __init__(self, most: int) -> None:
        self.most = most
        self._pool: ThreadPoolExecutor | None = None
        self._under_way: set[Future[Any]] = set()

    def start(self, work: Callable[[], Result]) -> Future[Result]:
        """Have `work` done by a thread; its result, or what it raises, stands in the answer."""
        if self.most == 0:
            return _done(work)
        if self._pool is None:
            self._pool = ThreadPoolExecutor(self.most, thread_name_prefix="hand")
        begun = self._pool.submit(copy_context().run, work)
        self._under_way.add(begun)
        begun.add_done_callback(self._under_way.discard)
        return begun

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
        while self._under_way:  # also what its own work has started: it would wait behind the barrier for ever
            wait(tuple(self._under_way))
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
