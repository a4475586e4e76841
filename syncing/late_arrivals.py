"""Writes that Xero carried out after we had looked for them in vain: then an invoice is there twice, and is shown.

Where the number is Autotask's, and for credit notes, Xero itself refuses the second document. With Xero's own numbers
no key protects after six minutes: what was found absent, and sent again, is looked for once more an hour later. Which
of two documents stays is a person's choice; the other one is voided in Xero, and a re-sync sees that.
"""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Sequence
from datetime import timedelta

from django.db.models import QuerySet
from django.db.models.functions import Now

from faults.problems import SyncProblem
from syncing.deliver import ReadyDocument, XeroSide
from syncing.marker import marked_uuid
from syncing.models import Delivery, Document
from syncing.settle import Outcome, stuck
from syncing.states import DocumentState
from syncing.taken import problem_of_holder
from syncing.uncertain import LOOK_BACK
from syncing.void import GONE
from syncing.xero.records import Row

LOOKED_FOR_AFTER = timedelta(hours=1)


def unsure_deliveries() -> QuerySet[Delivery]:
    """The creations that were found absent and are to be looked for once more. In an account scope."""
    absent = Delivery.objects.filter(state=Delivery.State.ABSENT, endpoint="Invoices")
    return absent.filter(first_sent_at__lte=Now() - LOOKED_FOR_AFTER)


def look_for_late_arrivals(side: XeroSide) -> None:
    """Have each document carried again that Xero has more often than we know: its turn tells a person.

    One call, and none where nothing was ever found absent. Raises the client's SyncProblems.
    """
    unsure = unsure_deliveries().filter(organisation=side.connection)
    deliveries = list(unsure.order_by("first_sent_at").defer("body"))
    if not deliveries:
        return
    standing: dict[uuid.UUID | None, list[str]] = defaultdict(list)
    for row in side.client.invoices_by_app_since(deliveries[0].first_sent_at - LOOK_BACK):
        if row.get("Status") not in GONE:
            standing[marked_uuid(row)].append(row["InvoiceID"])
    ids = {document_id for delivery in deliveries for document_id in delivery.documents}
    for document in Document.objects.filter(id__in=ids, state=DocumentState.SYNCED).only("uuid", "xero_id"):
        others = [xero_id for xero_id in standing[document.uuid] if xero_id != str(document.xero_id)]
        if others:
            same = Document.objects.filter(id=document.id, state=DocumentState.SYNCED, xero_id=document.xero_id)
            same.update(twins=others, state=DocumentState.WAITING)
    unsure.filter(id__in=[delivery.id for delivery in deliveries]).update(state=Delivery.State.SETTLED)


def settle_on_one(side: XeroSide, ready: Sequence[ReadyDocument]) -> tuple[list[ReadyDocument], list[Outcome]]:
    """Those of a batch that are in Xero once, or not yet; and what stops the others. One call where any had a twin.

    Where a person has voided the one that we knew, the other is ours from now on.
    """
    twinned = {item.document.id: [item.document.xero_id, *item.document.twins] for item in ready if item.document.twins}
    if not twinned:
        return list(ready), []
    rows = side.client.invoices_by_ids(sorted({str(id_) for ids in twinned.values() for id_ in ids}))
    standing = {row["InvoiceID"]: row for row in rows if row.get("Status") not in GONE}
    single: list[ReadyDocument] = []
    outcomes: list[Outcome] = []
    for item in ready:
        left = [standing[str(id_)] for id_ in twinned.get(item.document.id, ()) if str(id_) in standing]
        if len(left) > 1:
            outcomes.append(stuck(item.document, [_twice(*left[:2])], item.values))
            continue
        if item.document.id in twinned:
            _keep(side, item.document, left)
        single.append(item)
    return single, outcomes


def _keep(side: XeroSide, document: Document, left: Sequence[Row]) -> None:
    """The one that is left, if any, is the document; what we sent is compared with it anew."""
    document.twins, document.sent_digest = None, ""
    document.xero_id = uuid.UUID(left[0]["InvoiceID"]) if left else document.xero_id
    ours = Document.objects.filter(id=document.id, claimed_by=side.run.id)
    ours.update(twins=None, sent_digest="", xero_id=document.xero_id)


def _twice(known: Row, other: Row) -> SyncProblem:
    problem = problem_of_holder(other)
    problem.code, problem.subject = "sent-twice", str(known.get("InvoiceNumber") or "")
    problem.evidence["known_number"] = problem.subject
    return problem
