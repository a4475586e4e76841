"""Stage 7: write to Xero, at most 50 documents to a call, so that a crash at any moment leaves one document, or none.

A Delivery (key, exact bytes, ordered documents) is committed before the call. Then the reply settles it, or a definite
refusal gives its documents back, or no answer leaves it open and its documents uncertain (syncing/uncertain.py).
"""

from __future__ import annotations

import hashlib
import uuid
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, wait
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property, partial
from typing import Any

from django.db import transaction
from django.db.models.functions import Now
from django.utils import timezone

from faults.catalogue import Subject
from faults.classify import classify_xero
from faults.problems import SyncProblem
from syncing import limits
from syncing.hands import ALONE, Hands
from syncing.lease import renew_lease
from syncing.models import Attempt, Delivery, Document, SyncRun
from syncing.settle import Outcome, close_delivery, settle
from syncing.states import DocumentState
from syncing.stopping import is_stopping
from syncing.xero.client import NoAnswer, RequestRefused, ServerError, XeroClient
from syncing.xero.documents import XeroDocument, encode
from syncing.xero.records import moment
from syncing.xero.replies import ElementReply
from tenants.models import XeroConnection

MOST_DOCUMENTS = 50
MOST_BYTES = 3_000_000
# Xero keeps an Idempotency-Key for 6 minutes; this leaves room for a slow call.
REPLAYABLE_FOR = timedelta(minutes=5)
# An update never touches these: the status belongs to the people who work in Xero.
NEVER_UPDATED = ("Status", "SentToContact")


@dataclass(frozen=True, kw_only=True)
class XeroSide:
    """Where a run delivers to."""

    run: SyncRun
    connection: XeroConnection
    client: XeroClient
    hands: Hands = ALONE


@dataclass(frozen=True, kw_only=True)
class ReadyDocument:
    """A document translated, checked and given its Xero contact. `values` are what its row learns about the source."""

    document: Document
    content: XeroDocument
    contact_id: str
    values: dict[str, Any] = field(default_factory=dict)

    @cached_property
    def element(self) -> dict[str, Any]:
        """The JSON object that creates it."""
        return self.content.to_json(contact_id=self.contact_id)

    @cached_property
    def digest(self) -> str:
        """A fingerprint of the content, by which an update that would change nothing is told."""
        return hashlib.sha256(b"[" + self._content + b"]").hexdigest()

    @property
    def body(self) -> bytes:
        """The bytes of `element`, up to the order of its members: its content is written out once, and it is long."""
        status = {name: self.element[name] for name in NEVER_UPDATED if name in self.element}
        return self._content[:-1] + b"," + encode(status)[1:]

    @cached_property
    def _content(self) -> bytes:
        return encode({name: value for name, value in self.element.items() if name not in NEVER_UPDATED})

    @property
    def endpoint(self) -> str:
        return "Invoices" if self.content.type == "ACCREC" else "CreditNotes"


@dataclass(frozen=True, kw_only=True)
class Write:
    """One element of a call: the document it is for, and its JSON."""

    ready: ReadyDocument
    body: bytes
    made: Attempt.Outcome


def write_in_batches(side: XeroSide, endpoint: str, method: str, writes: Sequence[Write]) -> Iterator[Refusal]:
    """Deliver `writes`, settling each call as it is answered. Yields what Xero refused, for its caller to settle.

    As many calls are under way at once as Xero takes. Raises SyncProblem where the connection, and not a document, is
    at fault: the calls under way are settled first, and what was not sent stays claimed. Where the process is to stop,
    the calls under way are the last ones.
    """
    hands = side.hands if len(writes) > MOST_DOCUMENTS else ALONE
    at_once = min(limits.xero_at_once(), hands.most) or 1
    batches = _batches(writes)
    under_way: deque[_Sent] = deque()
    stopped_by: SyncProblem | None = None
    try:
        while True:
            while len(under_way) < at_once and not stopped_by and not is_stopping() and (batch := next(batches, None)):
                under_way.append(_start(side, hands, endpoint, method, batch))
            if not under_way:
                break
            try:
                yield from _end(side, under_way.popleft())
            except SyncProblem as problem:
                stopped_by = stopped_by or problem
    finally:
        wait([sent.replies for sent in under_way])
    if stopped_by:
        raise stopped_by


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """A document that Xero did not take, and why."""

    ready: ReadyDocument
    problem: SyncProblem


@dataclass(frozen=True, kw_only=True)
class _Sent:
    """A delivery under way. `replies` hold Xero's, or what was raised in place of them."""

    delivery: Delivery
    writes: Sequence[Write]
    replies: Future[list[ElementReply]]


def _start(side: XeroSide, hands: Hands, endpoint: str, method: str, writes: Sequence[Write]) -> _Sent:
    delivery = _open_delivery(side, endpoint, method, writes)
    return _Sent(delivery=delivery, writes=writes, replies=hands.start(partial(send, side.client, delivery)))


def _end(side: XeroSide, sent: _Sent) -> Iterator[Refusal]:
    """Settle what was answered. A call that is refused as a whole is made again in halves, down to the document."""
    delivery, writes = sent.delivery, sent.writes
    try:
        replies = _answer(side, sent)
    except RequestRefused as problem:
        if len(writes) == 1:
            yield Refusal(ready=writes[0].ready, problem=problem)
            return
        middle = len(writes) // 2
        for half in (writes[:middle], writes[middle:]):
            yield from _end(side, _start(side, ALONE, delivery.endpoint, delivery.method, half))
    else:
        yield from _settle_replies(side, delivery, writes, replies)


def _open_delivery(side: XeroSide, endpoint: str, method: str, writes: Sequence[Write]) -> Delivery:
    """Commit the write, while the lease is surely ours. Raises LeaseLostError."""
    name = uuid.uuid4()
    body = b'{"%s":[%s]}' % (endpoint.encode(), b",".join(write.body for write in writes))
    with transaction.atomic():
        renew_lease(side.run)
        return Delivery.objects.create(
            account_id=side.run.account_id,
            uuid=name,
            run_id=side.run.id,
            organisation=side.connection,
            endpoint=endpoint,
            method=method,
            idempotency_key=f"{side.connection.organisation_id}:{name}",
            body=body,
            documents=[write.ready.document.id for write in writes],
            first_sent_at=Now(),
        )


def _answer(side: XeroSide, sent: _Sent) -> list[ElementReply]:
    """What Xero answered; once more, byte for byte, where no answer came. What stays unanswered is uncertain."""
    delivery = sent.delivery
    try:
        return sent.replies.result()
    except NoAnswer as problem:
        if not problem.sent:
            close_delivery(side.run, delivery, Delivery.State.REFUSED)
            raise
    except ServerError as problem:
        leave_uncertain(side.run, delivery, problem)
        raise
    except SyncProblem:
        close_delivery(side.run, delivery, Delivery.State.REFUSED)
        raise
    try:
        return send(side.client, delivery)
    except RequestRefused:
        close_delivery(side.run, delivery, Delivery.State.REFUSED)
        raise
    except SyncProblem as problem:
        # Whatever refused the replay says nothing of the first try.
        leave_uncertain(side.run, delivery, problem)
        raise


def send(client: XeroClient, delivery: Delivery) -> list[ElementReply]:
    """Send the delivery's bytes under its key. Raises what the client raises.

    One that is too old is not sent, as if nothing had answered: this process hung, or waited for a token, and Xero may
    have forgotten the key.
    """
    assert delivery.body is not None
    check = partial(_check_age, delivery)
    return client.write(delivery.endpoint, delivery.method, bytes(delivery.body), delivery.idempotency_key, check)


def _check_age(delivery: Delivery) -> None:
    fresh = Delivery.objects.filter(id=delivery.id, state=Delivery.State.OPEN, first_sent_at__gt=Now() - REPLAYABLE_FOR)
    if not fresh.exists():
        raise NoAnswer("The write came to a halt before it was sent.", sent=True)


def leave_uncertain(run: SyncRun, delivery: Delivery, problem: SyncProblem) -> None:
    """The write may or may not have happened: keep the delivery open, and its documents out of everyone's hands."""
    replayable = delivery.replayable and isinstance(problem, NoAnswer)
    with transaction.atomic():
        Delivery.objects.filter(id=delivery.id).update(replayable=replayable)
        documents = Document.objects.filter(id__in=delivery.documents, claimed_by=run.id)
        held = list(documents.filter(state=DocumentState.IN_FLIGHT).values_list("id", flat=True))
        documents.update(state=DocumentState.UNCERTAIN, claimed_by=None)
        Attempt.objects.bulk_create(
            Attempt(
                account_id=run.account_id,
                document_id=document_id,
                run_id=run.id,
                outcome=Attempt.Outcome.UNCERTAIN,
                code=problem.code,
                detail=problem.detail,
            )
            for document_id in held
        )


def _settle_replies(
    side: XeroSide, delivery: Delivery, writes: Sequence[Write], replies: Sequence[ElementReply]
) -> Iterator[Refusal]:
    taken: list[Outcome] = []
    refused: list[Refusal] = []
    for write, reply in zip(writes, replies, strict=True):
        if reply.ok:
            taken.append(arrived(side.connection, write.ready, reply.raw, write.made))
        else:
            refused.append(Refusal(ready=write.ready, problem=refused_document(write.ready, reply.messages)))
    settle(side.run, taken, delivery)
    yield from refused


def refused_document(ready: ReadyDocument, messages: Sequence[str]) -> SyncProblem:
    """Why Xero did not take a document, about what its texts do not name themselves."""
    subjects = {
        Subject.NUMBER: ready.content.number or ready.document.xero_number,
        Subject.CURRENCY: ready.content.currency,
        Subject.CONTACT: ready.values.get("company_name", ""),
        Subject.COMPANY: ready.values.get("company_name", ""),
        Subject.INVOICE: f"invoice {ready.document.autotask_id}",
    }
    return classify_xero(messages, subjects={name: value for name, value in subjects.items() if value})


def arrived(connection: XeroConnection, ready: ReadyDocument, raw: dict[str, Any], made: Attempt.Outcome) -> Outcome:
    """The outcome of a document that Xero has: its id, number and line ids, and what we sent."""
    return Outcome(
        document=ready.document,
        state=DocumentState.SYNCED,
        attempt=made,
        values={
            **ready.values,
            **link_values(connection, raw),
            "sent": sent_content(ready, raw),
            "sent_digest": ready.digest,
            "synced_at": timezone.now(),
        },
    )


def found(connection: XeroConnection, document: Document, raw: dict[str, Any], values: dict[str, Any]) -> Outcome:
    """The outcome of a document that turns out to be in Xero: it waits its turn to be compared with what is there.

    Whoever wrote that may have had other content than we have by now. `values` are what its row learns besides.
    """
    return Outcome(
        document=document,
        state=DocumentState.WAITING,
        attempt=Attempt.Outcome.ADOPTED,
        values={**values, **link_values(connection, raw), "sent_digest": ""},
    )


def link_values(connection: XeroConnection, raw: dict[str, Any]) -> dict[str, Any]:
    """What ties a row to the Xero document `raw`, an invoice or a credit note as Xero tells it."""
    return {
        "organisation_id": connection.id,
        "xero_id": raw.get("InvoiceID") or raw["CreditNoteID"],
        "xero_number": raw.get("InvoiceNumber") or raw.get("CreditNoteNumber") or "",
        "xero_status": raw.get("Status") or "",
        "xero_updated_at": moment(raw.get("UpdatedDateUTC")),
    }


def sent_content(ready: ReadyDocument, raw: dict[str, Any]) -> dict[str, Any]:
    """What we sent, for the page and for the next update: each line with Xero's id for it."""
    content = ready.content
    echoed = [line.get("LineItemID") for line in raw.get("LineItems") or []]
    echoed += [None] * (len(content.lines) - len(echoed))
    lines = [
        {
            "line_item_id": line_item_id,
            "billing_item_ids": line.billing_item_ids,
            "description": line.description,
            "quantity": line.quantity,
            "unit_amount": line.unit_amount,
            "account_code": line.account_code,
            "tax_type": line.tax_type,
            "amount": line.line_amount,
            "tax": line.tax_amount,
        }
        for line, line_item_id in zip(content.lines, echoed, strict=False)
    ]
    return {
        "contact_id": ready.contact_id,
        "date": content.date,
        "due_date": content.due_date,
        "reference": content.reference,
        "subtotal": content.subtotal,
        "tax": content.total_tax,
        "total": content.total,
        "lines": lines,
    }


def _batches(writes: Sequence[Write]) -> Iterator[list[Write]]:
    """In order, at most 50 documents and 3 MB to a call."""
    batch: list[Write] = []
    size = 0
    for write in writes:
        if batch and (len(batch) == MOST_DOCUMENTS or size + len(write.body) > MOST_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(write)
        size += len(write.body)
    if batch:
        yield batch
