"""The threads of a run, and how they are left."""

import time
from threading import Thread

import pytest

from syncing.hands import Hands


def test_what_a_thread_starts_while_the_run_leaves_is_done_too() -> None:
    done: list[str] = []

    def parent() -> None:
        time.sleep(0.1)  # the run is leaving by now
        done.append(hands.start(lambda: "child").result())

    hands = Hands(3)

    def run() -> None:
        with hands:
            hands.start(parent)

    running = Thread(target=run, daemon=True)
    running.start()
    running.join(5)
    assert not running.is_alive()
    assert done == ["child"]


def test_leaving_for_a_problem_waits_for_what_is_under_way() -> None:
    done: list[int] = []

    def run() -> None:
        with Hands(2) as hands:
            hands.start(lambda: (time.sleep(0.1), done.append(1)))
            raise ValueError("a problem")

    with pytest.raises(ValueError, match="a problem"):
        run()
    assert done == [1]
