"""What Xero has of a document at this moment, beside what we sent: shown before a person's edits are overwritten."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from syncing.models import Document
from syncing.resync import differs
from syncing.xero.client import XeroClient
from syncing.xero.oauth import GrantTokens


@dataclass(frozen=True, kw_only=True)
class Edit:
    """One line: as we sent it and as Xero has it, under Xero's names; None where there is none on that side."""

    ours: dict[str, Any] | None
    theirs: dict[str, Any] | None

    @property
    def is_changed(self) -> bool:
        return self.ours is None or self.theirs is None or differs(self.theirs, self.ours)


def read_edits(document: Document) -> Sequence[Edit] | None:
    """The lines of both sides; None where Xero no longer has the document. Asks Xero once.

    Raises the client's SyncProblems.
    """
    connection = document.organisation
    assert connection is not None
    client = XeroClient(str(connection.organisation_id), GrantTokens(connection.grant_id))
    read = client.credit_notes_by_ids if document.kind == Document.Kind.CREDIT_NOTE else client.invoices_by_ids
    rows = read([str(document.xero_id)])
    return edits(document.sent.get("lines") or [], rows[0].get("LineItems") or []) if rows else None


def edits(ours: Sequence[dict[str, Any]], theirs: Sequence[dict[str, Any]]) -> list[Edit]:
    """Ours in their order, each beside Xero's line of the same id; then the lines that are Xero's alone."""
    by_id = {line.get("LineItemID"): line for line in theirs}
    paired = [Edit(ours=line, theirs=by_id.pop(line.get("line_item_id"), None)) for line in ours]
    return paired + [Edit(ours=None, theirs=line) for line in theirs if line.get("LineItemID") in by_id]
