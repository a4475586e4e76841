"""What Xero answers, read: one reply for each element of a write, and a problem for every other answer.

https://developer.xero.com/documentation/api/accounting/responsecodes
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from faults.problems import NeedsReconnect, NeedsSupport, SyncProblem, Transient
from syncing.limits import retry_after

SUBJECT = "Xero"
NO_ID = "00000000-0000-0000-0000-000000000000"
LONGEST_QUOTE = 500
# Where Xero does not say when to come again: a limit of calls at one time passes within seconds.
CONCURRENCY_SECONDS, MINUTE = 5.0, 60.0

_ID_FIELDS = {"Invoices": "InvoiceID", "CreditNotes": "CreditNoteID", "Contacts": "ContactID", "Items": "ItemID"}
_NUMBER_FIELDS = {
    "Invoices": "InvoiceNumber",
    "CreditNotes": "CreditNoteNumber",
    "Contacts": "ContactNumber",
    "Items": "Code",
}


class NoAnswer(Transient):
    """Nothing came back. With `sent` the write may have happened; without it the connection never opened."""

    def __init__(self, detail: str, *, sent: bool) -> None:
        super().__init__("xero-unreachable", detail, SUBJECT)
        self.sent = sent


class ServerError(Transient):
    """A 5xx, or an answer that cannot be read: a write may have happened, and its key may have remembered the error."""

    def __init__(self, detail: str, status: int) -> None:
        super().__init__("service-unavailable", detail, SUBJECT, evidence={"status": status})
        self.status = status


class RequestRefused(NeedsSupport):
    """Xero refused the request as a whole (400, 413, …); nothing of it was done."""

    def __init__(self, status: int, messages: tuple[str, ...]) -> None:
        super().__init__("unexpected", "\n".join(messages), SUBJECT, evidence={"status": status})
        self.status = status
        self.messages = messages

    @property
    def is_for_content(self) -> bool:
        """Whether it was for what was sent, so that part of it may be taken."""
        return self.status in (400, 413)


@dataclass(frozen=True)
class Answer:
    """What came back, of whatever status. `headers` are found in any case of letters."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)


@dataclass(frozen=True)
class ElementReply:
    """What became of one element of a write, in the order they were sent.

    `id` is None where it was not created. `number` is the InvoiceNumber, CreditNoteNumber or ContactNumber, `status`
    that of the document or contact.
    """

    ok: bool
    id: str | None
    number: str
    status: str
    raw: dict[str, Any] = field(repr=False)

    @property
    def messages(self) -> tuple[str, ...]:
        """Why it was refused, in Xero's own words, each once."""
        return messages_in(self.raw, "ValidationErrors")

    @property
    def warnings(self) -> tuple[str, ...]:
        return messages_in(self.raw, "Warnings")


def element_replies(endpoint: str, answer: Answer, count: int) -> list[ElementReply]:
    """The replies to a write of `count` elements with ``summarizeErrors=false``.

    Raises ServerError where the answer does not tell of each of them.
    """
    elements = rows(answer, endpoint)
    if len(elements) != count:
        raise ServerError(f"Xero answered for {len(elements)} of {count} elements.", answer.status)
    return [_element_reply(endpoint, element) for element in elements]


def _element_reply(endpoint: str, element: dict[str, Any]) -> ElementReply:
    identifier = element.get(_ID_FIELDS[endpoint])
    failed = element.get("StatusAttributeString") == "ERROR" or bool(
        element.get("HasErrors") or element.get("HasValidationErrors")
    )
    exists = bool(identifier) and identifier != NO_ID
    return ElementReply(
        ok=exists and not failed,
        id=identifier if exists else None,
        number=element.get(_NUMBER_FIELDS[endpoint]) or "",
        status=element.get("Status") or element.get("ContactStatus") or "",
        raw=element,
    )


def refused_element(refused: RequestRefused) -> ElementReply:
    """The reply of the one element for which a request was refused as a whole."""
    errors = [{"Message": message} for message in refused.messages]
    return ElementReply(ok=False, id=None, number="", status="", raw={"ValidationErrors": errors})


def messages_in(value: Any, name: str) -> tuple[str, ...]:
    """The texts of every list `name` ("ValidationErrors", "Warnings"), at any depth: of the element, its contact, its
    lines …; each once, the element's own first."""
    return tuple(dict.fromkeys(_texts(value, name)))


def _texts(value: Any, name: str) -> Iterator[str]:
    if isinstance(value, list):
        for item in value:
            yield from _texts(item, name)
    elif isinstance(value, dict):
        entries = value.get(name)
        for entry in entries if isinstance(entries, list) else ():
            # The documentation's own sample has "Description" in place of "Message".
            text = (entry.get("Message") or entry.get("Description")) if isinstance(entry, dict) else entry
            if text:
                yield str(text)
        for key, item in value.items():
            if key != name:
                yield from _texts(item, name)


def rows(answer: Answer, endpoint: str) -> list[dict[str, Any]]:
    """The objects of a 200, e.g. those under "Invoices". Raises ServerError for anything else."""
    found = envelope(answer).get(endpoint) or []
    if not isinstance(found, list) or not all(isinstance(row, dict) for row in found):
        raise ServerError(f"Xero's answer has no list of {endpoint}.", answer.status)
    return found


def envelope(answer: Answer) -> dict[str, Any]:
    """The whole JSON of a 200; numbers with a fraction are Decimal. Raises ServerError where it is none."""
    try:
        value = json.loads(answer.body, parse_float=Decimal)
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        raise ServerError(f"Xero answered with something else than JSON: {_quoted(answer.body)}", answer.status)
    return value


def problem(answer: Answer) -> SyncProblem:
    """Why an answer that is no 2xx refuses."""
    status, details = answer.status, _details(answer.body)
    words = "\n".join(details) or f"HTTP {status}"
    if status == 401:
        return _unauthorised(words)
    if status == 403:
        return NeedsReconnect("xero-disconnected", words, SUBJECT)
    if status == 429:
        return _rate_limited(answer)
    if status >= 500 or status < 400:
        return ServerError(f"HTTP {status}: {words}", status)
    return RequestRefused(status, details)


def token_is_refused(answer: Answer) -> bool:
    """Whether another access token may help: this one has expired, or is not known any more."""
    return answer.status == 401 and not _lacks_permission("\n".join(_details(answer.body)))


def _unauthorised(words: str) -> SyncProblem:
    if _lacks_permission(words):
        return NeedsReconnect("xero-permission", words, SUBJECT)
    if "tokenexpired" in words.lower():
        return Transient("access-token-expired", words, SUBJECT)
    return NeedsReconnect("xero-disconnected", words, SUBJECT)


def _lacks_permission(words: str) -> bool:
    return "authorizationunsuccessful" in words.lower()


def _rate_limited(answer: Answer) -> Transient:
    limit = answer.headers.get("X-Rate-Limit-Problem", "")
    usual = CONCURRENCY_SECONDS if limit.lower().startswith("conc") else MINUTE
    return Transient(
        "rate-limited",
        f"Xero takes no more calls for now (limit: {limit or 'not named'}).",
        SUBJECT,
        retry_after=retry_after(answer.headers, usual),
        evidence={"limit": limit},
    )


def _details(body: bytes) -> tuple[str, ...]:
    """Xero's words in an error answer: of its elements, else of the whole, else the beginning of the text itself."""
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        return (_quoted(body),) if body.strip() else ()
    whole = tuple(str(value[name]) for name in ("Message", "Detail", "detail", "Title") if value.get(name))
    return messages_in(value.get("Elements"), "ValidationErrors") or whole[:1] or (_quoted(body),)


def _quoted(body: bytes) -> str:
    return body[:LONGEST_QUOTE].decode("utf-8", "replace").strip()
