"""``/Invoices`` and ``/CreditNotes``: the same calls over two kinds of document."""

from __future__ import annotations

from aiohttp import web

from . import approval, documents, query, refusals
from .answers import answer
from .documents import Document, Kind
from .guard import Call
from .wire import Row
from .writing import Invalid, elements, write_each

FAILED = "HasErrors"


class Ledgers:
    """The handlers of one kind."""

    def __init__(self, kind: Kind) -> None:
        self.kind = kind

    def get_many(self, call: Call) -> web.Response:
        """``GET``: by ids, numbers, contacts, statuses, ``where``, or what changed since; lines come with pages."""
        rows, asked = self._candidates(call), call.query
        if contact_ids := set(query.ids(asked, "ContactIDs")):
            rows = [row for row in rows if row.contact.id in contact_ids]
        if statuses := set(query.listed(asked, "Statuses")):
            rows = [row for row in rows if row.status in statuses]
        if query.flag(asked, "createdByMyApp"):
            rows = [row for row in rows if row.created_by == call.token.client_id]
        if since := query.modified_since(call.request):
            rows = [row for row in rows if row.updated_at >= since]
        fields = documents.fields(self.kind)
        if text := asked.get("where"):
            test = query.where(text, fields)
            rows = [row for row in rows if test(row)]
        if term := asked.get("searchTerm", "").lower():
            rows = [row for row in rows if self._is_about(row, term)]
        page = query.paged(query.ordered(rows, asked.get("order"), fields), asked)
        summary = query.flag(asked, "summaryOnly")
        with_lines = page.pagination is not None and not summary
        shown = [row.show(places=query.places(asked), lines=with_lines, nested=not summary) for row in page.rows]
        return answer(call, self.kind.plural, shown, page.pagination)

    def get_one(self, call: Call) -> web.Response:
        """``GET`` by id or by number."""
        return answer(call, self.kind.plural, [self._shown(call, named(call, self.kind))])

    def put(self, call: Call) -> web.Response:
        """``PUT``: create only. An id of one's own is refused."""

        def write(row: Row) -> Row:
            if approval.find(call.organisation, self.kind, {self.kind.id_field: row.get(self.kind.id_field)}):
                raise Invalid([f"{self.kind.label} not of valid status for creation"], row)
            return approval.write(call, self.kind, row, None)

        return write_each(call, self.kind.plural, elements(call, self.kind.plural), write, FAILED)

    def post(self, call: Call) -> web.Response:
        """``POST``: create, or change the document of that id or number."""

        def write(row: Row) -> Row:
            return approval.write(call, self.kind, row, approval.find(call.organisation, self.kind, row))

        return write_each(call, self.kind.plural, elements(call, self.kind.plural), write, FAILED)

    def post_one(self, call: Call) -> web.Response:
        """``POST`` to one document's address."""
        document = named(call, self.kind)
        rows = elements(call, self.kind.plural)[:1]
        return write_each(
            call, self.kind.plural, rows, lambda row: approval.write(call, self.kind, row, document), FAILED
        )

    def _candidates(self, call: Call) -> list[Document]:
        """By index where ids or numbers are asked for."""
        organisation, plural = call.organisation, self.kind.plural
        wanted_ids, numbers = query.ids(call.query, "IDs"), query.listed(call.query, f"{self.kind.number_field}s")
        if not self.kind.is_invoice or not (wanted_ids or numbers):
            return list(organisation.documents[plural].values())
        found = {one: organisation.documents[plural].get(one) for one in wanted_ids}
        found |= {number: organisation.numbers[plural].get(number.lower()) for number in numbers}
        return list({row.id: row for row in found.values() if row}.values())

    def _is_about(self, row: Document, term: str) -> bool:
        return any(term in text.lower() for text in (row.number, row.reference, row.contact.name))

    def _shown(self, call: Call, document: Document) -> Row:
        row = document.show(places=query.places(call.query), contact=True)
        if document.has_attachments:
            row["Attachments"] = [about for about, _ in call.organisation.attachments[document.id].values()]
        return row


def named(call: Call, kind: Kind) -> Document:
    """The document of an address, by id or number. Raises the 404."""
    key = call.path("id").lower()
    document = call.organisation.documents[kind.plural].get(key) or call.organisation.numbers[kind.plural].get(key)
    if document is None:
        raise refusals.not_found()
    return document
