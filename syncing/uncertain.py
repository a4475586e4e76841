"""Writes that were never answered: replayed while Xero still knows their key, looked up once it has forgotten it.

Xero keeps an Idempotency-Key for 6 minutes and answers it with the first reply, errors included.
https://developer.xero.com/documentation/guides/idempotent-requests/idempotency/
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import connection as database
from django.db import transaction

from faults.classify import classify_xero
from faults.problems import NeedsSupport
from syncing.deliver import REPLAYABLE_FOR, XeroSide, found, send
from syncing.lease import renew_lease
from syncing.marker import marked_uuid
from syncing.models import Delivery, Document
from syncing.resync import with_unanswered
from syncing.settle import Outcome, close_delivery, settle, stuck
from syncing.states import DocumentState
from syncing.taken import is_that_credit_note
from syncing.xero.client import RequestRefused, ServerError
from syncing.xero.replies import ElementReply

# Past Xero's 6 minutes, with room for the clocks.
KEY_DEAD_AFTER = timedelta(minutes=6, seconds=30)
# The look-up reaches back past the first try by this much.
LOOK_BACK = timedelta(minutes=10)

# Document id → its element of a body that was sent.
Elements = dict[int, dict[str, Any]]


def resolve_uncertain(side: XeroSide) -> None:
    """Settle the open deliveries of runs before this one, where that can be told by now; the rest stays uncertain.

    Raises the client's SyncProblems, and LeaseLostError where the look-ups took so long that another run has begun.
    """
    open_deliveries = Delivery.objects.filter(state=Delivery.State.OPEN).select_related("organisation")
    for delivery in open_deliveries.order_by("id"):
        renew_lease(side.run)
        documents = _take_over(side, delivery)
        if not documents:
            close_delivery(side.run, delivery, Delivery.State.SETTLED)
            continue
        age = _database_now() - delivery.first_sent_at
        is_here = delivery.organisation_id == side.connection.id
        if is_here and delivery.replayable and age < REPLAYABLE_FOR:
            _replay(side, delivery, documents)
        elif age <= KEY_DEAD_AFTER:
            _let_go(side, documents)
        elif delivery.method == "POST":
            # An update of known documents: comparing them with Xero, and sending it again, can double nothing.
            _resend_later(side, delivery, documents, Delivery.State.SETTLED)
        elif is_here:
            _look_up(side, delivery, documents)
        else:
            _ask_a_person(side, delivery, documents)


def next_look_at() -> datetime | None:
    """When the oldest open delivery can be told at the latest."""
    first_sent = Delivery.objects.filter(state=Delivery.State.OPEN).order_by("first_sent_at")
    moment = first_sent.values_list("first_sent_at", flat=True).first()
    return None if moment is None else moment + KEY_DEAD_AFTER + timedelta(seconds=1)


def _database_now() -> datetime:
    with database.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        now: datetime = cursor.fetchone()[0]
        return now


def _take_over(side: XeroSide, delivery: Delivery) -> list[Document]:
    """Stamp the delivery's uncertain documents as this run's, in the order of its body."""
    uncertain = Document.objects.filter(id__in=delivery.documents, state=DocumentState.UNCERTAIN)
    uncertain.update(claimed_by=side.run.id)
    held = {document.id: document for document in uncertain.filter(claimed_by=side.run.id).defer("source")}
    return [held[document_id] for document_id in delivery.documents if document_id in held]


def _let_go(side: XeroSide, documents: Sequence[Document]) -> None:
    ids = [document.id for document in documents]
    Document.objects.filter(id__in=ids, claimed_by=side.run.id, state=DocumentState.UNCERTAIN).update(claimed_by=None)


def _replay(side: XeroSide, delivery: Delivery, documents: Sequence[Document]) -> None:
    """The same bytes under the same key: Xero answers as it did the first time, or does it now."""
    try:
        replies = send(side.client, delivery)
    except RequestRefused:
        _resend_later(side, delivery, documents, Delivery.State.REFUSED)
        return
    except ServerError:
        Delivery.objects.filter(id=delivery.id).update(replayable=False)
        raise
    by_document = dict(zip(delivery.documents, replies, strict=True))
    _settle(side, delivery, [(document, by_document[document.id]) for document in documents])


def _settle(side: XeroSide, delivery: Delivery, told: Sequence[tuple[Document, ElementReply]]) -> None:
    sent = _elements_sent(delivery)
    outcomes = [
        _found(side, document, reply.raw, sent) if reply.ok else stuck(document, [classify_xero(reply.messages)])
        for document, reply in told
    ]
    settle(side.run, outcomes, delivery)


def _found(side: XeroSide, document: Document, raw: dict[str, Any], sent: Elements) -> Outcome:
    """It is in Xero. A person may have edited it since: what was written there is remembered."""
    return found(side.connection, document, raw, {"sent": with_unanswered(document.sent, sent[document.id])})


def _look_up(side: XeroSide, delivery: Delivery, documents: Sequence[Document]) -> None:
    """Ask Xero whether the documents are there. What is surely absent is sent again under a new key."""
    sent = _elements_sent(delivery)
    rows = _find_in_xero(side, delivery, documents, sent)
    present = [_found(side, document, rows[document.id], sent) for document in documents if document.id in rows]
    absent = [document for document in documents if document.id not in rows]
    with transaction.atomic():
        settle(side.run, present)
        _resend_later(side, delivery, absent, Delivery.State.ABSENT if absent else Delivery.State.SETTLED)


def _ask_a_person(side: XeroSide, delivery: Delivery, documents: Sequence[Document]) -> None:
    """The account feeds another organisation by now, so that nobody but a person can see whether they are there."""
    name = delivery.organisation.name
    words = (
        f"{name} did not answer when the documents were sent there, and the account feeds another organisation by now."
        f" Look for them in {name}: skip those that are there with a reason, and re-sync the others."
    )
    problems = [NeedsSupport("unexpected", words, name, evidence={"organisation_left": name})]
    settle(side.run, [stuck(document, problems) for document in documents], delivery)


def _resend_later(side: XeroSide, delivery: Delivery, documents: Sequence[Document], state: Delivery.State) -> None:
    sent = _elements_sent(delivery)
    for document in documents:
        document.sent = with_unanswered(document.sent, sent[document.id])
    ids = [document.id for document in documents]
    with transaction.atomic():
        close_delivery(side.run, delivery, state)
        held = Document.objects.filter(id__in=ids, claimed_by=side.run.id, state=DocumentState.UNCERTAIN)
        held.bulk_update(documents, ["sent"])
        held.update(state=DocumentState.WAITING, claimed_by=None, sent_digest="")


def _find_in_xero(
    side: XeroSide, delivery: Delivery, documents: Sequence[Document], sent: Elements
) -> dict[int, dict[str, Any]]:
    """Which of the documents Xero has: invoices by our marker in their Url, credit notes by number and content.

    A credit note that only has the number is a stranger's: sent again, ours is refused for it, and a person is told.
    """
    if delivery.endpoint == "CreditNotes":
        rows = side.client.credit_notes_by_numbers([element["CreditNoteNumber"] for element in sent.values()])
        by_number = {row.get("CreditNoteNumber"): row for row in rows}
        holders = {document.id: by_number.get(sent[document.id]["CreditNoteNumber"]) for document in documents}
        return {id_: row for id_, row in holders.items() if row is not None and is_that_credit_note(sent[id_], row)}
    rows = side.client.invoices_by_app_since(delivery.first_sent_at - LOOK_BACK)
    by_marker = {marked_uuid(row): row for row in rows}
    return {document.id: by_marker[document.uuid] for document in documents if document.uuid in by_marker}


def _elements_sent(delivery: Delivery) -> Elements:
    """Document id → its element of the body that was sent."""
    assert delivery.body is not None
    elements = json.loads(bytes(delivery.body), parse_float=Decimal)[delivery.endpoint]
    return dict(zip(delivery.documents, elements, strict=True))
