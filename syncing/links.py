"""Where a person opens a document: in Autotask, in Xero, here. Empty where there is nothing to open."""

from __future__ import annotations

from typing import Any

from django.urls import reverse

from syncing.autotask import links as autotask
from syncing.models import Document
from syncing.xero.links import credit_note_url, invoice_url
from tenants.models import AutotaskConnection


def in_autotask(document: Document, connection: AutotaskConnection | None) -> str:
    web_url = connection.web_url if connection else ""
    return autotask.invoice_url(web_url, document.autotask_id) if web_url else ""


def in_xero(document: Document) -> str:
    """Reads the document's organisation."""
    if document.xero_id is None:
        return ""
    return xero_url(document.kind, document.xero_id, document.organisation.short_code if document.organisation else "")


def xero_url(kind: str, xero_id: Any, short_code: str) -> str:
    """Of the Xero document that a document of this kind has become."""
    url = credit_note_url if kind == Document.Kind.CREDIT_NOTE else invoice_url
    return url(xero_id, short_code)


def here(document: Document, slug: str) -> str:
    return reverse("document", args=[slug, document.id])
