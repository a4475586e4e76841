"""The invoice as a file: a small but real PDF, and the markup that Autotask offers beside it."""

from __future__ import annotations

from base64 import b64encode
from html import escape
from typing import Any

from .store import Database
from .tables import Row


def pdf_answer(database: Database, invoice: Row) -> dict[str, Any]:
    """The answer to ``/Invoices/{id}/InvoicePdf``: https://ww1.autotask.net/help/DeveloperHelp/Content/APIs/REST/Entities/InvoicesEntity.htm"""
    data = _pdf(_lines(database, invoice))
    return {
        "item": {
            "id": invoice["id"],
            "contentType": "application/pdf",
            "fileName": f"Invoice-{invoice['invoiceNumber'] or invoice['id']}.pdf",
            "fileSize": len(data),
            "data": b64encode(data).decode(),
        }
    }


def markup_answer(database: Database, invoice: Row) -> dict[str, str]:
    """The answer to ``/InvoiceMarkupHtml`` and ``/InvoiceMarkupXml``: one escaped text."""
    return {"invoiceMarkup": escape("".join(f"<p>{escape(line)}</p>" for line in _lines(database, invoice)))}


def _lines(database: Database, invoice: Row) -> list[str]:
    company = database.table("Companies").rows.get(invoice["companyID"], {})
    items = database.table("BillingItems").where(invoiceID=invoice["id"])
    return [
        f"Invoice {invoice['invoiceNumber'] or invoice['id']}",
        str(company.get("companyName", "")),
        *(f"{item['itemName']}  {item['quantity']} x {item['rate']}  {item['totalAmount']}" for item in items),
        f"Tax {invoice['totalTaxValue']}",
        f"Total {invoice['invoiceTotal']}",
    ]


def _pdf(lines: list[str]) -> bytes:
    """A one-page PDF with these lines."""
    shown = [line.encode("latin-1", "replace").translate(None, b"\\()").decode("latin-1") for line in lines]
    text = "BT /F1 12 Tf 72 770 Td 16 TL " + " ".join(f"({line}) Tj T*" for line in shown) + " ET"
    stream = text.encode("latin-1")
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources 6 0 R >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
        b"<< /Font << /F1 5 0 R >> >>",
    ]
    out = bytearray(b"%PDF-1.4\n")
    offsets = []
    for number, content in enumerate(objects, 1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    out += b"trailer << /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, start)
    return bytes(out)
