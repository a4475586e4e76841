"""Opening, joining and closing faults. In an account scope; every move is made on rows locked for it."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from faults.models import Fault, FaultEvent, UnknownText
from faults.notify import wake
from faults.problems import SyncProblem, Transient
from faults.retry import gives_up, next_look
from tenants.scope import require_account_id

Cause = tuple[str, str]
What = FaultEvent.What

LONGEST_SUBJECT = 255
LONGEST_TEXT = 4000
LONGEST_VALUE = 2000

OVER = (Fault.State.RESOLVED, Fault.State.IGNORED)
MOVED_FIELDS = (
    "state",
    "regressed",
    "detail",
    "evidence",
    "opened_at",
    "last_seen",
    "times_seen",
    "resolved_at",
    "ignored_reason",
    "looks",
    "next_look_at",
)


def record(problems: Iterable[SyncProblem]) -> dict[Cause, Fault]:
    """Open, join or re-open the faults of `problems`. Returns them by each problem's own (code, subject).

    A problem that mends itself makes its fault `retrying`, until it was given up or the episode has lasted 24 hours;
    any other makes it `open`. One that was resolved or ignored comes back as *regressed*, with the evidence of this
    case only; otherwise new evidence is laid over the old, name by name.

    Raises ScopeError outside an account scope.
    """
    problems = list(problems)
    if not problems:
        return {}
    account_id = require_account_id()
    now = timezone.now()
    by_cause: dict[Cause, list[SyncProblem]] = defaultdict(list)
    for problem in problems:
        by_cause[_cause(problem)].append(problem)
    with transaction.atomic():
        faults = _locked(account_id, sorted(by_cause), now)
        events = [
            FaultEvent(account_id=account_id, fault=faults[cause], what=what, at=now, note=faults[cause].detail)
            for cause, seen in by_cause.items()
            if (what := _see(faults[cause], seen, now))
        ]
        Fault.objects.bulk_update(faults.values(), MOVED_FIELDS)
        FaultEvent.objects.bulk_create(events)
        if events:
            wake(account_id)
    _count_unknown_texts(problems, now)
    return {(problem.code, problem.subject): faults[_cause(problem)] for problem in problems}


def resolve(fault_ids: Iterable[int], *, by: str = "", note: str = "") -> set[int]:
    """Close faults whose causes are gone. Returns those that were not resolved yet. `by` is a person's address."""
    return _close(
        fault_ids, Fault.State.RESOLVED, (Fault.State.OPEN, Fault.State.RETRYING, Fault.State.IGNORED), by, note
    )


def ignore(fault_id: int, *, reason: str, by: str) -> bool:
    """Put a fault aside for the reason that a person gives; it opens again if its cause returns.

    Returns whether it was still open. Raises ValueError where the reason is empty.
    """
    reason = _clean_text(reason, LONGEST_TEXT).strip()
    if not reason:
        raise ValueError("A fault is ignored for a reason.")
    return bool(_close([fault_id], Fault.State.IGNORED, (Fault.State.OPEN, Fault.State.RETRYING), by, reason))


def note_resync(fault_id: int, *, by: str, note: str) -> None:
    """Remember in the fault's history that a person asked for its documents again."""
    FaultEvent.objects.create(
        fault_id=fault_id, what=What.RESYNCED, at=timezone.now(), by=by, note=_clean_text(note, LONGEST_TEXT)
    )


def _close(fault_ids: Iterable[int], state: Fault.State, living: Sequence[Fault.State], by: str, note: str) -> set[int]:
    fault_ids = set(fault_ids)
    if not fault_ids:
        return set()
    account_id = require_account_id()
    now = timezone.now()
    with transaction.atomic():
        rows = Fault.objects.filter(account_id=account_id, id__in=fault_ids, state__in=living)
        moved = list(rows.select_for_update(no_key=True).order_by("id").values_list("id", flat=True))
        Fault.objects.filter(account_id=account_id, id__in=moved).update(
            state=state,
            resolved_at=now if state == Fault.State.RESOLVED else None,
            ignored_reason=note if state == Fault.State.IGNORED else "",
        )
        FaultEvent.objects.bulk_create(
            FaultEvent(account_id=account_id, fault_id=fault_id, what=What(state.value), at=now, by=by, note=note)
            for fault_id in moved
        )
        if moved:
            wake(account_id)
    return set(moved)


def _locked(account_id: int, causes: list[Cause], now: datetime) -> dict[Cause, Fault]:
    """The row of each cause, made where there is none yet, and locked."""

    def rows() -> dict[Cause, Fault]:
        wanted = Fault.objects.filter(
            account_id=account_id, code__in={code for code, _ in causes}, subject__in={subject for _, subject in causes}
        )
        found = {(fault.code, fault.subject): fault for fault in wanted.select_for_update(no_key=True).order_by("id")}
        return {cause: found[cause] for cause in causes if cause in found}

    found = rows()
    missing = [cause for cause in causes if cause not in found]
    if not missing:
        return found
    Fault.objects.bulk_create(
        [
            Fault(
                account_id=account_id,
                code=code,
                subject=subject,
                state=Fault.State.RETRYING,
                first_seen=now,
                opened_at=now,
                last_seen=now,
            )
            for code, subject in missing
        ],
        ignore_conflicts=True,
    )
    return rows()


def _see(fault: Fault, seen: list[SyncProblem], now: datetime) -> What | None:
    """Note on `fault`, unsaved, that its cause was met again. Returns the turn this is in its life, if it is one."""
    new = fault.times_seen == 0
    returned = fault.state in OVER
    was_retrying = not new and fault.state == Fault.State.RETRYING
    if new or returned:
        fault.opened_at = now
        fault.evidence = {}
        fault.regressed = returned
        fault.resolved_at = None
        fault.ignored_reason = ""
        fault.state = Fault.State.RETRYING
        fault.looks = 0
        fault.next_look_at = now + timedelta(seconds=next_look(0))
    if gives_up(fault.opened_at, now) or any(_asks_for_someone(problem) for problem in seen):
        fault.state = Fault.State.OPEN
    fault.detail = _clean_text(seen[-1].detail, LONGEST_TEXT)
    for problem in seen:
        fault.evidence |= _clean_mapping(problem.evidence)
    fault.last_seen = now
    fault.times_seen += len(seen)
    if returned:
        return What.RETURNED
    if new:
        return What.OPENED
    if was_retrying and fault.state == Fault.State.OPEN:
        return What.GAVE_UP
    return None


def _asks_for_someone(problem: SyncProblem) -> bool:
    return not isinstance(problem, Transient) or problem.given_up


def _cause(problem: SyncProblem) -> Cause:
    return _clean_text(problem.code, 40), _clean_text(problem.subject, LONGEST_SUBJECT)


def _clean_text(text: str, longest: int) -> str:
    """What PostgreSQL takes: no NUL, no half of a surrogate pair, and not longer than `longest`."""
    return text.replace("\x00", "").encode("utf-8", "replace").decode()[:longest]


def _clean_mapping(mapping: Mapping[Any, Any]) -> dict[str, Any]:
    return {_clean_text(str(name), LONGEST_VALUE): _clean(value) for name, value in mapping.items()}


def _clean(value: Any) -> Any:
    """`value` as JSON that PostgreSQL takes; money and dates as strings."""
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, Mapping):
        return _clean_mapping(value)
    if isinstance(value, list | tuple | set | frozenset):
        return [_clean(item) for item in value]
    return _clean_text(str(value), LONGEST_VALUE)


def _count_unknown_texts(problems: Iterable[SyncProblem], now: datetime) -> None:
    """Count them once all is committed: the rows are of all accounts, and none waits for another's transaction."""
    counts = Counter(
        (partner, _clean_text(text, 500)) for problem in problems for partner, text in problem.unknown_texts
    )
    if counts:
        transaction.on_commit(partial(_add_unknown_texts, counts, now), robust=True)


def _add_unknown_texts(counts: Mapping[tuple[str, str], int], now: datetime) -> None:
    UnknownText.objects.bulk_create(
        [UnknownText(partner=partner, text=text, first_seen=now, last_seen=now) for partner, text in counts],
        ignore_conflicts=True,
    )
    for (partner, text), count in counts.items():
        UnknownText.objects.filter(partner=partner, text=text).update(times_seen=F("times_seen") + count, last_seen=now)
