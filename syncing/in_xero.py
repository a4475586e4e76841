"""What Xero has of a document at this moment, beside what we sent: shown before a person's edits are overwritten."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from syncing.models import Document
from syncing.resync import HEAD, differs, head_differs, head_of
from syncing.xero.client import XeroClient
from syncing.xero.oauth import GrantTokens
from syncing.xero.records import Row


@dataclass(frozen=True, kw_only=True)
class Edit:
    """One line: as we sent it and as Xero has it, under Xero's names; None where there is none on that side."""

    ours: dict[str, Any] | None
    theirs: dict[str, Any] | None

    @property
    def is_changed(self) -> bool:
        return self.ours is None or self.theirs is None or differs(self.theirs, self.ours)


@dataclass(frozen=True, kw_only=True)
class HeadEdit:
    """What a person gave the document besides its lines: as we sent it, and as it is now."""

    label: str
    ours: str
    theirs: str


@dataclass(frozen=True, kw_only=True)
class Edits:
    head: Sequence[HeadEdit]
    lines: Sequence[Edit]


def read_edits(document: Document) -> Edits | None:
    """Both sides; None where Xero no longer has the document. Asks Xero once, and again where the contact is another.

    Raises the client's SyncProblems.
    """
    connection = document.organisation
    assert connection is not None
    client = XeroClient(str(connection.organisation_id), GrantTokens(connection.grant))
    read = client.credit_notes_by_ids if document.kind == Document.Kind.CREDIT_NOTE else client.invoices_by_ids
    rows = read([str(document.xero_id)])
    if not rows:
        return None
    lines = edits(document.sent.get("lines") or [], rows[0].get("LineItems") or [])
    return Edits(head=_head_edits(client, document.sent, rows[0]), lines=lines)


def _head_edits(client: XeroClient, ours: dict[str, Any], raw: Row) -> list[HeadEdit]:
    theirs = head_of(raw)
    changed = [name for name in HEAD if head_differs(theirs, ours, name)]
    shown = {name: (str(ours[name]), theirs[name] or "none") for name in changed}
    if "contact_id" in shown:
        ours_now = client.contacts_by_ids([shown["contact_id"][0]])
        name = ours_now[0].name if ours_now else "a contact that is no longer there"
        shown["contact_id"] = (name, (raw.get("Contact") or {}).get("Name") or "none")
    return [HeadEdit(label=_LABELS[name], ours=mine, theirs=other) for name, (mine, other) in shown.items()]


_LABELS = {"contact_id": "Contact", "date": "Date", "due_date": "Due date", "reference": "Reference"}


def edits(ours: Sequence[dict[str, Any]], theirs: Sequence[dict[str, Any]]) -> list[Edit]:
    """Ours in their order, each beside Xero's line of the same id; then the lines that are Xero's alone."""
    by_id = {line.get("LineItemID"): line for line in theirs}
    paired = [Edit(ours=line, theirs=by_id.pop(line.get("line_item_id"), None)) for line in ours]
    return paired + [Edit(ours=None, theirs=line) for line in theirs if line.get("LineItemID") in by_id]
