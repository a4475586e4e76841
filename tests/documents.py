"""Documents as rows, for the tests of lists and pages. In the scope of their account."""

from __future__ import annotations

import datetime
import uuid
from decimal import Decimal
from typing import Any

from django.utils import timezone

from faults.catalogue import KINDS
from faults.models import Fault
from faults.record import record
from syncing.models import Blocker, Document
from syncing.states import DocumentState

FIRST_ID = 1001


def make_documents(count: int, **fields: Any) -> list[Document]:
    """As many of them, with growing ids and numbers, each with a line."""
    return Document.objects.bulk_create([_document(FIRST_ID + place, fields) for place in range(count)])


def make_document(autotask_id: int = FIRST_ID, **fields: Any) -> Document:
    document = _document(autotask_id, fields)
    document.save()
    return document


def _document(autotask_id: int, fields: dict[str, Any]) -> Document:
    line = {
        "id": autotask_id * 10,
        "name": "Support",
        "description": "",
        "quantity": "1",
        "rate": "100",
        "total": "100",
    }
    values: dict[str, Any] = {
        "kind": Document.Kind.INVOICE,
        "autotask_id": autotask_id,
        "autotask_number": f"N{autotask_id}",
        "autotask_created_at": timezone.now(),
        "company_name": "Acme Ltd",
        "date": datetime.date(2026, 5, 4),
        "currency": "NZD",
        "total": Decimal("115.00"),
        "source": {"invoice_total": "100.00", "tax": "15.00", "lines": [line]},
        "source_fetched_at": timezone.now(),
    }
    return Document(**values | fields)


def in_xero(**fields: Any) -> dict[str, Any]:
    """The columns of a document that is in Xero."""
    return {
        "state": DocumentState.SYNCED,
        "xero_id": uuid.uuid4(),
        "xero_number": "INV-0001",
        "xero_status": "DRAFT",
        "synced_at": timezone.now(),
        **fields,
    }


def stop(document: Document, code: str, subject: str = "", **evidence: Any) -> Fault:
    """Let the document wait for a fault of this kind."""
    problem = KINDS[code].problem("In the partner's words.", subject, evidence=evidence)
    fault = record([problem])[code, subject]
    Blocker.objects.create(document=document, fault=fault)
    Document.objects.filter(id=document.id).update(state=DocumentState.FAULTED)
    return fault
