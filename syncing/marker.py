"""The mark that our invoices carry in Xero: their `Url` leads to the document's page, and tells them from others."""

from __future__ import annotations

import uuid
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings


def marker_url(document_uuid: uuid.UUID) -> str:
    return f"{settings.BASE_URL}/d/{document_uuid}"


def marked_uuid(raw: dict[str, Any]) -> uuid.UUID | None:
    """The document that a Xero invoice says it is. Only the path counts, since BASE_URL may change."""
    path = urlsplit(str(raw.get("Url") or "")).path
    _, found, text = path.rpartition("/d/")
    if not found:
        return None
    try:
        return uuid.UUID(text.strip("/"))
    except ValueError:
        return None
