"""From an Autotask invoice to what Xero gets. Pure: no ORM, no HTTP, no clock; whatever is wrong comes back as a value."""

from __future__ import annotations

from dataclasses import dataclass

from faults.problems import SyncProblem
from syncing.billing_contact import ContactDetails
from syncing.rules import Rules
from syncing.source import SourceInvoice
from syncing.xero.documents import XeroDocument


@dataclass(frozen=True, slots=True, kw_only=True)
class Translation:
    """What became of an invoice: a document with its contact; or problems, all of them; or a reason to skip it.

    Where problems only hinder the sending, `document` and `contact` are there as far as they can be told, for the preview.
    A `Transient` among the problems asks to be fetched again after its `retry_after` seconds. `notices` need no one.
    """

    document: XeroDocument | None = None
    contact: ContactDetails | None = None
    problems: tuple[SyncProblem, ...] = ()
    notices: tuple[str, ...] = ()
    skipped_reason: str | None = None
    skipped_code: str = ""  # a code of the catalogue, where the reason has one

    @property
    def is_ready(self) -> bool:
        """Whether there is something to send and nothing against it."""
        return self.document is not None and not self.problems and self.skipped_reason is None


def translate(source: SourceInvoice, rules: Rules) -> Translation:
    """What `source` becomes under `rules`. Never raises, however odd the data."""
    raise NotImplementedError
