"""Which rounds there are: those of the suite, the whole matrix, kills of the servers, and random ones."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace

from tests.chaos.boundaries import ALL, AT_ANY_MOMENT, BOUNDARIES, boundaries_with
from tests.chaos.rounds import STRIKES, Kill, Life, Round, Strike
from tests.chaos.troubles import ALL_CALLS, TROUBLES, Trouble, calls_with

NUMBERINGS = ("xero", "autotask_id", "autotask_number")
# Whoever hangs inside a transaction holds up the second worker for as long.
INSIDE = ("settling, not committed",)
# Of like troubles the suite takes one for each numbering; the matrix takes all.
TOO_LATE = ("answered too late", "done too late", "answered too late")


def suite() -> Iterator[Round]:
    """Each step × fault × numbering once: in one numbering past the life of a key, in the others within it, by turns.

    A round goes through all steps, one life after the other, each with its blow; so what one blow leaves is mended by
    a run that meets the next.
    """
    for turn, numbering in enumerate(NUMBERINGS):
        yield _all_kills(numbering, turn)
        yield _all_hangs(numbering, turn)
        for trouble in ("cut before", "cut after", TOO_LATE[turn]):
            yield _all_calls(numbering, trouble, turn)
        yield killed_again(numbering, late=turn != 0)
    yield killed_in_a_thread("xero", late=False)
    yield many_at_once("xero", late=False)
    yield many_at_once("autotask_id", late=True)
    yield _all_calls("xero", "503", 1)
    yield _all_calls("autotask_id", "done, and 500", 2)


def matrix() -> Iterator[Round]:
    """Each step × fault × numbering on an account of its own, both within the life of a key and past it."""
    for late in (False, True):
        for numbering in NUMBERINGS:
            for name in boundaries_with(numbering):
                yield _one(numbering, Life(kill=Kill(name)), late=late)
                if name not in INSIDE:
                    yield _one(numbering, Life(kill=Kill(name, hangs=True)), late=late)
            for trouble in TROUBLES:
                for call in calls_with(numbering):
                    yield _one(numbering, Life(trouble=Trouble(trouble, call)), late=late)
            yield killed_again(numbering, late=late)
            yield killed_in_a_thread(numbering, late=late)
            yield many_at_once(numbering, late=late)


def servers() -> Iterator[Round]:
    """PostgreSQL and Redis killed in mid-run, at growing distances from its begin, and back a moment later."""
    for numbering in NUMBERINGS:
        for server in ("PostgreSQL killed", "Redis killed"):
            lives = tuple(Life(strike=Strike(server, round(0.02 * place, 2))) for place in range(1, 9))
            yield Round(name=f"{server}, 8 times, numbers: {numbering}", seed=70, numbering=numbering, lives=lives)


def random_round(seed: int) -> Round:
    """Whatever the seed says."""
    chance = random.Random(seed)
    numbering = chance.choice(NUMBERINGS)
    lives = tuple(_random_life(chance) for _ in range(chance.choice((1, 1, 2, 3))))
    late = chance.random() < 0.4
    name = f"seed {seed}, numbers: {numbering}; {', '.join(map(str, lives))}" + ("; 7 minutes later" if late else "")
    bills = chance.choice([0] * 9 + [60])
    return Round(name=name, seed=seed, numbering=numbering, lives=lives, late=late, bills=bills)


def killed_again(numbering: str, *, late: bool) -> Round:
    """A second death while the first is being made good, and a look-up without an answer."""
    written = "written by Xero, not noted (new invoices)"
    lives = (
        Life(kill=Kill(written)),
        Life(kill=Kill("open delivery taken over"), late=late),
        Life(kill=Kill("written by Xero, not noted (new credit notes)"), late=late),
        Life(trouble=Trouble("cut before", "credit notes looked up"), late=True),
        Life(kill=Kill(written), late=late),
        Life(trouble=Trouble("answered too late", "invoices looked up"), late=True),
        Life(kill=Kill("replayed or looked up"), late=late),
    )
    return Round(name=f"killed again, numbers: {numbering}", seed=60, numbering=numbering, lives=lives, late=late)


def killed_in_a_thread(numbering: str, *, late: bool) -> Round:
    """Deaths while a thread walks the pages after the first, and while one prepares the batch after the first."""
    steps = ("invoices stored, cursor not moved", "claimed", "gathered", "translated and checked")
    lives = tuple(Life(kill=Kill(name, time=2), late=late) for name in steps)
    return Round(name=f"killed in a thread, numbers: {numbering}", seed=75, numbering=numbering, lives=lives, late=late)


def many_at_once(numbering: str, *, late: bool) -> Round:
    """Several calls for one kind of document: some are answered, some not, when the worker dies or the line is cut."""
    lives = (
        Life(kill=Kill("written by Xero, not noted (new invoices)", time=2)),
        Life(trouble=Trouble("cut after", "new invoices"), late=late),
    )
    return Round(
        name=f"70 bills at once, numbers: {numbering}", seed=65, numbering=numbering, lives=lives, late=late, bills=70
    )


def _all_kills(numbering: str, turn: int) -> Round:
    lives = [Life(kill=Kill(name)) for name in boundaries_with(numbering)]
    return _in_turn(f"killed at each step, numbers: {numbering}", 10 + turn, numbering, lives, turn)


def _all_hangs(numbering: str, turn: int) -> Round:
    names = [name for name in boundaries_with(numbering) if name not in INSIDE]
    lives = [Life(kill=Kill(name, hangs=True)) for name in names[turn :: len(NUMBERINGS)]]
    return _in_turn(f"outlives its lease at each third step, numbers: {numbering}", 30 + turn, numbering, lives, turn)


def _all_calls(numbering: str, trouble: str, turn: int) -> Round:
    lives = [Life(trouble=Trouble(trouble, call)) for call in calls_with(numbering)]
    return _in_turn(f"each call {trouble}, numbers: {numbering}", 20 + turn, numbering, lives, turn)


def _in_turn(name: str, seed: int, numbering: str, lives: list[Life], turn: int) -> Round:
    """Every third of what a life leaves is mended when Xero has forgotten its key; another third in each numbering."""
    late = [place % 3 == turn for place in range(len(lives))]
    begun = tuple(replace(life, late=after) for life, after in zip(lives, [False, *late], strict=False))
    return Round(name=name, seed=seed, numbering=numbering, lives=begun, late=late[-1])


def _one(numbering: str, *lives: Life, late: bool) -> Round:
    name = f"numbers: {numbering}; {', '.join(map(str, lives))}" + ("; 7 minutes later" if late else "")
    return Round(name=name, seed=1, numbering=numbering, lives=lives, late=late)


def _random_life(chance: random.Random) -> Life:
    kill = trouble = strike = None
    kind = chance.random()
    if kind < 0.45:
        name = chance.choice([*ALL, AT_ANY_MOMENT, AT_ANY_MOMENT])
        time = int(10 ** chance.uniform(1, 4)) if name == AT_ANY_MOMENT else chance.choice((1, 1, 1, 2))
        kill = Kill(name, time, hangs=name in BOUNDARIES and name not in INSIDE and chance.random() < 0.3)
    if kind > 0.35 and kind < 0.8:
        trouble = Trouble(chance.choice(list(TROUBLES)), chance.choice(list(ALL_CALLS)), chance.choice((0, 1)))
    if kind > 0.7:
        strike = Strike(chance.choice(list(STRIKES)), round(chance.uniform(0, 0.4), 2))
    return Life(kill=kill, trouble=trouble, strike=strike, late=chance.random() < 0.4)
