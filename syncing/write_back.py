"""Stage 9: tell Autotask the number that an invoice got in Xero, where the account asks for it."""

from __future__ import annotations

from collections.abc import Sequence

from syncing.autotask.client import AutotaskClient
from syncing.models import Document, SyncSettings
from syncing.states import DocumentState


def write_back(autotask: AutotaskClient, documents: Sequence[Document], settings: SyncSettings) -> None:
    """Write the Xero number of those of `documents` that arrived, and whose number in Autotask differs.

    One call for each, as Autotask takes them one by one. Raises the client's SyncProblems.
    """
    if not settings.write_back_number:
        return
    ids = [document.id for document in documents]
    arrived = Document.objects.filter(id__in=ids, state=DocumentState.SYNCED).exclude(xero_number="")
    for document in arrived.only("id", "autotask_id", "autotask_number", "xero_number"):
        if document.autotask_number == document.xero_number:
            continue
        autotask.update_invoice(document.autotask_id, number=document.xero_number)
        Document.objects.filter(id=document.id).update(autotask_number=document.xero_number)
