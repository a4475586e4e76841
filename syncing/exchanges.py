"""Every exchange with a partner, which is one request and its answer, passes here: it is counted, and kept where our
staff look closely at an account (syncing/diagnostics.py).

    with exchange("Xero", method, url, headers, body) as now:
        …
        now.answered(status, headers, body)
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

import requests

from syncing import counters, diagnostics
from syncing.counters import BYTES, CALLS, Addition
from tenants.scope import current_account_id

NO_ACCOUNT = ""


@dataclass(kw_only=True)
class Exchange:
    """One request, and what came back; `status` is None while nothing has. `seconds` is how long it took."""

    partner: str
    method: str
    url: str
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    status: int | None = None
    answer_headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    answer: bytes = field(default=b"", repr=False)
    seconds: float = 0

    def answered(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        self.status, self.answer_headers, self.answer = status, headers, body


@contextmanager
def exchange(
    partner: str, method: str, url: str, headers: Mapping[str, str], body: bytes | str | None
) -> Iterator[Exchange]:
    """Around one request; what it raises goes on."""
    sent = body.encode() if isinstance(body, str) else body or b""
    now = Exchange(partner=partner, method=method, url=url, headers=headers, body=sent)
    # Looked up before, so that nothing can fail between the answer and what is made of it.
    is_kept = current_account_id() is not None and diagnostics.is_on()
    started = time.monotonic()
    try:
        yield now
    finally:
        now.seconds = time.monotonic() - started
        _count(now)
        if is_kept:
            diagnostics.keep(now)


def why_no_answer(error: requests.RequestException, whose: str, connect: float, read: float) -> str:
    """In words, with the time-outs in seconds."""
    match error:
        case requests.ConnectTimeout():
            return f"{whose} could not be reached within {connect:g} seconds."
        case requests.Timeout():
            return f"{whose} did not answer within {read:g} seconds."
        case _:
            return f"The connection to {whose} broke, or could not be opened ({type(error).__name__})."


def _count(ended: Exchange) -> None:
    account = current_account_id() or NO_ACCOUNT
    answer = "none" if ended.status is None else f"{ended.status // 100}xx" if ended.status != 429 else "429"
    counters.add(
        Addition(CALLS, (ended.partner, account, answer)),
        Addition(BYTES, (ended.partner, account, "sent"), len(ended.body)),
        Addition(BYTES, (ended.partner, account, "received"), len(ended.answer)),
    )
