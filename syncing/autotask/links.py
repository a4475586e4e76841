"""Where a person opens a thing in Autotask.

Companies and contacts by its ExecuteCommand API, which has no command for invoices; these by the page that Autotask
itself opens.
https://autotask.net/help/developerhelp/content/apis/ExecuteCommand/UsingExecuteCommandAPI.htm
"""

from __future__ import annotations


def company_url(web_url: str, company_id: int) -> str:
    """`web_url` is the root of the database's own pages, as its zone look-up told."""
    return f"{web_url.rstrip('/')}/Autotask/AutotaskExtend/ExecuteCommand.aspx?Code=OpenAccount&AccountID={company_id}"


def contact_url(web_url: str, contact_id: int) -> str:
    return f"{web_url.rstrip('/')}/Autotask/AutotaskExtend/ExecuteCommand.aspx?Code=OpenContact&ContactID={contact_id}"


def invoice_url(web_url: str, invoice_id: int) -> str:
    return f"{web_url.rstrip('/')}/Mvc/Contracts/InvoiceViewer.mvc?invoiceId={invoice_id}"
