"""The only code that speaks to Xero's Accounting API. A call is one request, counted and limited; answers are raw JSON.

https://developer.xero.com/documentation/api/accounting/overview
"""

from __future__ import annotations

import json
import threading
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Literal, Protocol, TypeVar
from urllib.parse import quote

from syncing import limits
from syncing.batches import in_batches
from syncing.xero import replies
from syncing.xero.documents import encode
from syncing.xero.records import (
    BrandingTheme,
    Contact,
    Currency,
    Item,
    LedgerAccount,
    Organisation,
    Row,
    TaxRate,
    TrackingCategory,
)
from syncing.xero.replies import Answer, ElementReply, NoAnswer, RequestRefused, ServerError
from syncing.xero.transport import accounting_api

__all__ = ["ElementReply", "NoAnswer", "RequestRefused", "ServerError", "TokenSource", "XeroClient"]

Endpoint = Literal["Invoices", "CreditNotes", "Contacts", "Items"]
Method = Literal["PUT", "POST"]
Parsed = TypeVar("Parsed")

# Xero's gateway answers 404 to a query of more than 2,048 characters (https://github.com/XeroAPI/xero-node/issues/404).
# This is for the values that were asked for; the rest is for the other parameters.
QUERY_ROOM: Final = 1800
PAGE_SIZE: Final = 1000
# Documents come with their lines, some 3 kB each.
DOCUMENT_PAGE_SIZE: Final = 200
MOST_CONTACTS: Final = 50
# Xero's clock is not the database's, and If-Modified-Since is read to the second.
CLOCK_OVERLAP: Final = timedelta(minutes=5)
_WRITES: Final = {
    ("Invoices", "PUT"): "create_invoices",
    ("Invoices", "POST"): "update_or_create_invoices",
    ("CreditNotes", "PUT"): "create_credit_notes",
    ("CreditNotes", "POST"): "update_or_create_credit_notes",
    ("Contacts", "PUT"): "create_contacts",
    ("Contacts", "POST"): "update_or_create_contacts",
    ("Items", "PUT"): "create_items",
    ("Items", "POST"): "update_or_create_items",
}


def _nothing() -> None:
    """No check."""


class TokenSource(Protocol):
    """Where access tokens come from (syncing.xero.oauth.GrantTokens)."""

    def access_token(self, rejected: str | None = None) -> str:
        """A token that is good now, and not the one that Xero has just `rejected`. Raises SyncProblem."""


@dataclass(frozen=True)
class Page:
    """One page of a list, and how many there are."""

    rows: list[Row]
    page_count: int


class XeroClient:
    """One organisation, for one run, whose threads may share it.

    Every method raises SyncProblem children only: NoAnswer, ServerError, RequestRefused, Transient("rate-limited" |
    "access-token-expired"), NeedsReconnect("xero-disconnected" | "xero-permission"). An expired token is refreshed, and
    the call made again at once. `calls` and `bytes_received` count what this client used; `day_calls_remaining` is what
    Xero last said of the organisation's day.
    """

    def __init__(self, organisation_id: str, tokens: TokenSource) -> None:
        self.organisation_id = str(organisation_id)
        self.calls = 0
        self.bytes_received = 0
        self.day_calls_remaining: int | None = None
        self._tokens = tokens
        self._counting = threading.Lock()
        self._this = threading.local()  # `token`: what the call of this thread is made with
        self._api = accounting_api(self._bearer)

    # ---- settings

    def organisation(self) -> Organisation:
        found = self._read(Organisation.parse, "get_organisations", "Organisations")
        if not found:
            raise ServerError("Xero's answer names no organisation.", 200)
        return found[0]

    def accounts(self) -> list[LedgerAccount]:
        """The whole chart, archived ones too."""
        return self._read(LedgerAccount.parse, "get_accounts", "Accounts")

    def tax_rates(self) -> list[TaxRate]:
        return self._read(TaxRate.parse, "get_tax_rates", "TaxRates")

    def currencies(self) -> list[Currency]:
        """Those that the organisation is subscribed to."""
        return self._read(Currency.parse, "get_currencies", "Currencies")

    def add_currency(self, code: str) -> None:
        """Subscribe the organisation to a currency; without the wider scope NeedsReconnect("xero-permission")."""
        self._call("create_currency", {"Code": code})

    def branding_themes(self) -> list[BrandingTheme]:
        return self._read(BrandingTheme.parse, "get_branding_themes", "BrandingThemes")

    def items(self) -> list[Item]:
        """The whole price list."""
        return self._read(Item.parse, "get_items", "Items")

    def tracking_categories(self) -> list[TrackingCategory]:
        return self._read(TrackingCategory.parse, "get_tracking_categories", "TrackingCategories")

    # ---- contacts (searched in bulk by syncing.xero.contact_search)

    def contacts(self, **filters: Any) -> Iterator[Contact]:
        """All contacts, or those of `where`, `search_term` or `i_ds`; archived and merged ones too."""
        number, last = 1, 1
        while number <= last:
            page = self.contacts_page(number, **filters)
            yield from _parsed(Contact.parse, page.rows)
            number, last = number + 1, page.page_count

    def contacts_page(self, number: int, **filters: Any) -> Page:
        """One page of 1,000, by name, so that a contact that changes meanwhile does not move."""
        filters |= {"include_archived": "true", "order": "Name"}
        return self._page("get_contacts", "Contacts", number, PAGE_SIZE, **filters)

    def contacts_by_ids(self, contact_ids: Iterable[str]) -> list[Contact]:
        return [contact for ids in packed(contact_ids, ",") for contact in self.contacts(i_ds=ids)]

    def save_contacts(self, contacts: Sequence[Row], *, create_only: bool) -> list[ElementReply]:
        """Write contacts, 50 to a call; their replies in order. `create_only` refuses those that exist (PUT)."""
        return self._save("Contacts", "PUT" if create_only else "POST", contacts)

    def save_items(self, items: Sequence[Row]) -> list[ElementReply]:
        """Write items of the price list, told by their codes; their replies in order."""
        return self._save("Items", "POST", items)

    def change_documents(self, endpoint: Endpoint, documents: Sequence[Row]) -> list[ElementReply]:
        """Change what Xero has, each element with its id, and twice changed as once; their replies in order."""
        return self._save(endpoint, "POST", documents)

    def _save(self, endpoint: Endpoint, method: Method, elements: Sequence[Row]) -> list[ElementReply]:
        parts = in_batches(elements, MOST_CONTACTS)
        return [reply for part in parts for reply in self._save_part(endpoint, method, part)]

    def _save_part(self, endpoint: Endpoint, method: Method, elements: Sequence[Row]) -> list[ElementReply]:
        """One call. What is refused as a whole is written again in halves, down to the element that is refused."""
        try:
            return self._write_again(endpoint, method, encode(elements, endpoint))
        except RequestRefused as refused:
            if not refused.is_for_content:
                raise
            if len(elements) == 1:
                return [replies.refused_element(refused)]
        middle = len(elements) // 2
        halves = elements[:middle], elements[middle:]
        return [reply for half in halves for reply in self._save_part(endpoint, method, half)]

    def _write_again(self, endpoint: Endpoint, method: Method, body: bytes) -> list[ElementReply]:
        """Write, and once more under the same key where the answer was lost: Xero then tells what it told before."""
        key = f"{self.organisation_id}:{uuid.uuid4()}"
        try:
            return self.write(endpoint, method, body, key)
        except NoAnswer:
            return self.write(endpoint, method, body, key)

    # ---- documents, as Xero's own JSON; sales only

    def invoices_by_ids(self, invoice_ids: Iterable[str]) -> list[Row]:
        return [row for ids in packed(invoice_ids, ",") for row in self._invoices(i_ds=ids)]

    def invoices_by_numbers(self, numbers: Iterable[str]) -> list[Row]:
        """Sales invoices with these numbers, of any status."""
        wanted = set(numbers)
        listable = sorted(number for number in wanted if "," not in number)
        found = [row for group in packed(listable, ",") for row in self._invoices(invoice_numbers=group)]
        for number in sorted(wanted.difference(listable)):
            found += self._invoices(search_term=number)
        return [row for row in found if row.get("InvoiceNumber") in wanted]

    def invoices_by_app_since(self, since: datetime) -> list[Row]:
        """The sales invoices that this app has made and that were changed since then (aware)."""
        from_utc = (since - CLOCK_OVERLAP).astimezone(UTC).replace(tzinfo=None, microsecond=0)
        return list(self._invoices(if_modified_since=from_utc, created_by_my_app="true"))

    def credit_notes_by_ids(self, credit_note_ids: Iterable[str]) -> list[Row]:
        return self._credit_notes(f'CreditNoteID==guid("{identifier}")' for identifier in credit_note_ids)

    def credit_notes_by_numbers(self, numbers: Iterable[str]) -> list[Row]:
        """Credit notes with these numbers, of any status. A number with a quotation mark raises ValueError."""
        return self._credit_notes(equals("CreditNoteNumber", number) for number in sorted(set(numbers)))

    def _invoices(self, **filters: Any) -> Iterator[Row]:
        for row in self._pages("get_invoices", "Invoices", include_archived="true", unitdp=4, **filters):
            if row.get("Type") == "ACCREC":
                yield row

    def _credit_notes(self, clauses: Iterable[str]) -> list[Row]:
        found: list[Row] = []
        for group in packed(clauses, OR):
            found += self._pages("get_credit_notes", "CreditNotes", where=OR.join(group), unitdp=4)
        return [row for row in found if row.get("Type") == "ACCRECCREDIT"]

    # ---- writing

    def write(
        self, endpoint: str, method: str, body: bytes, idempotency_key: str, check: Callable[[], None] = _nothing
    ) -> list[ElementReply]:
        """Send exactly these bytes, ``{"<endpoint>": [...]}``; one reply for each element, in order.

        `check` is made whenever they are about to leave, with a token at hand; what it raises keeps them here.

        Xero keeps the key for 6 minutes with its first answer, errors too, and refuses it with another body:
        https://developer.xero.com/documentation/guides/idempotent-requests/idempotency/
        """
        units = {} if endpoint == "Contacts" else {"unitdp": 4}
        answer = self._call(
            _WRITES[endpoint, method],
            body,
            check=check,
            summarize_errors="false",
            idempotency_key=idempotency_key,
            **units,
        )
        return replies.element_replies(endpoint, answer, count=len(json.loads(body)[endpoint]))

    # ---- calls

    def _read(self, parse: Callable[[Row], Parsed], operation: str, plural: str) -> list[Parsed]:
        return _parsed(parse, self._rows(operation, plural))

    def _rows(self, operation: str, plural: str, *arguments: Any, **parameters: Any) -> list[Row]:
        return replies.rows(self._call(operation, *arguments, **parameters), plural)

    def _pages(self, operation: str, plural: str, **parameters: Any) -> Iterator[Row]:
        number, last = 1, 1
        while number <= last:
            page = self._page(operation, plural, number, DOCUMENT_PAGE_SIZE, **parameters)
            yield from page.rows
            number, last = number + 1, page.page_count

    def _page(self, operation: str, plural: str, number: int, size: int, **parameters: Any) -> Page:
        answer = self._call(operation, page=number, page_size=size, **parameters)
        rows = replies.rows(answer, plural)
        pagination = replies.envelope(answer).get("pagination") or {}
        # Without a word about the pages, a full one is followed by another.
        return Page(rows, int(pagination.get("pageCount", number + (len(rows) >= size))))

    def _call(self, operation: str, *arguments: Any, check: Callable[[], None] = _nothing, **parameters: Any) -> Answer:
        """One call of the SDK's `operation`, with another token where this one is refused. Raises what errors mean."""
        answer = self._once(check, operation, *arguments, **parameters)
        if replies.token_is_refused(answer):
            self._tokens.access_token(rejected=self._this.token)
            answer = self._once(check, operation, *arguments, **parameters)
        if not 200 <= answer.status < 300:
            raise replies.problem(answer)
        return answer

    def _once(self, check: Callable[[], None], operation: str, *arguments: Any, **parameters: Any) -> Answer:
        """One request. Its token comes first: it may have to be waited for, and a slot is not to be held meanwhile."""
        call: Callable[..., Answer] = getattr(self._api, operation)
        self._this.token = self._tokens.access_token()
        check()
        with limits.xero_call(self.organisation_id) as counted:
            self._count(calls=1)
            answer = call(self.organisation_id, *arguments, _preload_content=False, **parameters)
            self._count(received=len(answer.body))
            counted.observe(answer.status, answer.headers)
        remaining = answer.headers.get("X-DayLimit-Remaining", "")
        if remaining.isdecimal():
            self.day_calls_remaining = int(remaining)
        return answer

    def _count(self, *, calls: int = 0, received: int = 0) -> None:
        with self._counting:
            self.calls += calls
            self.bytes_received += received

    def _bearer(self) -> str:
        token: str = self._this.token
        return token


def _parsed(parse: Callable[[Row], Parsed], rows: Iterable[Row]) -> list[Parsed]:
    """The rows, read. Raises ServerError where one has values that no Xero gives."""
    try:
        return [parse(row) for row in rows]
    except (ValueError, TypeError, AttributeError, ArithmeticError) as error:
        raise ServerError(f"Xero's answer has a row that cannot be read ({type(error).__name__}).", 200) from None


OR: Final = " OR "


def equals(field: str, value: str) -> str:
    """A clause of a `where`. Raises ValueError for a value that it cannot hold: how to escape a quotation mark is not
    documented, and no known way works (https://github.com/XeroAPI/Xero-Java/issues/347)."""
    if not is_searchable(value):
        raise ValueError(f"A where clause cannot hold {value!r}.")
    return f'{field}=="{value}"'


def is_searchable(value: str) -> bool:
    """Whether a `where` clause can hold this value."""
    return not set(value) & {'"', "\\"}


def packed(values: Iterable[str], joint: str, room: int = QUERY_ROOM) -> list[list[str]]:
    """The values in as few groups as fit a query each, once they are joined and percent-encoded."""
    groups: list[list[str]] = []
    length = 0
    for value in values:
        needs = len(quote(joint + value, safe=""))
        if not groups or length + needs > room:
            groups.append([])
            length = 0
        groups[-1].append(value)
        length += needs
    return groups
