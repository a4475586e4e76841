"""Why a document could not be carried, and who must act."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


class SyncProblem(Exception):  # noqa: N818 - a problem is what people read, not always an error
    """One reason why a document, or a whole run, could not go on.

    `code` is a code of the catalogue (faults/catalogue). `detail` is the partner's own words, or ours where there are
    none. `subject` is what has to be mended (a currency, a contact, an account code …), as the kind says: problems of
    one account with the same code and subject are one fault. `retry_after` is in seconds, as a partner asked for.
    `evidence` holds the facts of this case, JSON-safe (money as strings), and never a secret. `unknown_texts` is what
    a partner said that the catalogue does not know, as (partner, text without its values).
    """

    unknown_texts: Sequence[tuple[str, str]] = ()

    def __init__(
        self,
        code: str,
        detail: str = "",
        subject: str = "",
        retry_after: float | None = None,
        evidence: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(code, detail, subject)
        self.code = code
        self.detail = detail
        self.subject = subject
        self.retry_after = retry_after
        self.evidence: dict[str, Any] = dict(evidence or {})

    def __str__(self) -> str:
        return f"{self.code}: {self.detail}" if self.detail else self.code


class Transient(SyncProblem):
    """Nobody acts: it mends itself, and is tried again. Whoever stops trying sets `given_up`: a person acts then."""

    given_up = False


class NeedsPerson(SyncProblem):
    """The customer acts, in Autotask, in Xero or in a setting."""


class NeedsReconnect(SyncProblem):
    """The customer signs in to the partner again."""


class NeedsSupport(SyncProblem):
    """We act: a bug of ours, or a thing that only staff can switch."""
