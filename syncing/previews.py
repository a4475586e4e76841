"""Previews: dry runs that a person asked for, worked through in the background and kept for a while."""

from __future__ import annotations

import logging
import math
import time
import uuid
from collections import defaultdict
from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from faults.problems import SyncProblem
from syncing.batches import in_batches
from syncing.discover import discover
from syncing.dry_run import DryRun
from syncing.models import Document, Preview, PreviewedDocument, SyncState
from syncing.schedule import is_short_limit
from syncing.states import DocumentState
from syncing.stopping import is_stopping

logger = logging.getLogger(__name__)

State = Preview.State

KEPT_FOR = timedelta(days=7)
BATCH = 200
LIVING = (State.QUEUED, State.RUNNING)
BACKLOG = (DocumentState.WAITING, DocumentState.RETRYING, DocumentState.FAULTED)
MOST_OF_BACKLOG = 10_000


def preview_one(account_id: int, document: Document) -> PreviewedDocument:
    """The dry run of one document, now; not kept. Raises NotConnectedError and the clients' SyncProblems."""
    return DryRun(account_id).look_ahead([document])[0]


def new_preview(account_id: int, documents: QuerySet[Document], most: int) -> Preview:
    """A queued preview of these documents, newest first, `most` at most; what was kept too long goes."""
    ids = documents.order_by("-autotask_id", "-id").values_list("id", flat=True)[:most]
    with transaction.atomic():
        Preview.objects.filter(requested_at__lt=timezone.now() - KEPT_FOR).delete()
        return Preview.objects.create(account_id=account_id, documents=list(ids))


def new_preview_of_backlog(account_id: int) -> Preview:
    """A queued preview of all that is not in Xero yet: what Autotask has made meanwhile is found when it begins."""
    preview = new_preview(account_id, Document.objects.none(), 0)
    preview.of_backlog = True
    preview.save(update_fields=["of_backlog"])
    return preview


def work_through(account_id: int, preview_id: int, seconds: float = math.inf) -> float | None:
    """Do what is left of a preview, a batch at a time, for about so many seconds. Begun twice, it is done once.

    Returns after how many seconds to go on: at once where the time is over, later where a partner's limit asks for it.
    None where it has ended.
    """
    preview = Preview.objects.filter(id=preview_id, state__in=LIVING).first()
    if preview is None:
        return None
    Preview.objects.filter(id=preview.id, state=State.QUEUED).update(state=State.RUNNING, started_at=timezone.now())
    try:
        if not _look_ahead(account_id, preview, time.monotonic() + seconds):
            return 0.0
    except SyncProblem as problem:
        if is_short_limit(problem):
            return problem.retry_after
        _end(preview, State.STOPPED, problem.code, problem.detail)
    except Exception:  # a bug of ours, logged and shown on the preview
        reference = uuid.uuid4().hex[:12]
        logger.exception("Unexpected error %s in preview %s", reference, preview.id)
        _end(preview, State.STOPPED, "unexpected", f"Reference {reference}")
    else:
        _end(preview, State.FINISHED)
    return None


def _look_ahead(account_id: int, preview: Preview, until: float) -> bool:
    """Whether all of it was done by then."""
    dry_run = DryRun(account_id)
    if preview.of_backlog and not preview.documents:
        _take_backlog(preview, dry_run)
    told = set(preview.results.values_list("document_id", flat=True))
    left = [document_id for document_id in preview.documents if document_id not in told]
    for ids in in_batches(left, BATCH):
        documents = {document.id: document for document in Document.objects.filter(id__in=ids).defer("source", "sent")}
        results = dry_run.look_ahead([documents[id_] for id_ in ids if id_ in documents])
        for result in results:
            result.preview = preview
        PreviewedDocument.objects.bulk_create(results, ignore_conflicts=True)
        Preview.objects.filter(id=preview.id).update(done=preview.results.count())
        if is_stopping() or time.monotonic() >= until:
            return False
    return True


def _take_backlog(preview: Preview, dry_run: DryRun) -> None:
    """Note what Autotask has and we do not know yet, which sends nothing; then take all that is not in Xero."""
    state = SyncState.objects.get(account_id=preview.account_id)
    discover(dry_run.partners.autotask, state, dry_run.settings.lookback_days).rest.result()
    backlog = Document.objects.filter(state__in=BACKLOG).order_by("-autotask_id", "-id")
    preview.documents = list(backlog.values_list("id", flat=True)[:MOST_OF_BACKLOG])
    preview.save(update_fields=["documents"])


def _end(preview: Preview, state: State, code: str = "", detail: str = "") -> None:
    Preview.objects.filter(id=preview.id, state__in=LIVING).update(
        state=state,
        finished_at=timezone.now(),
        causes=_causes(preview.results.values_list("problems", "currency", "total")),
        problem_code=code,
        problem_detail=detail,
    )


def _causes(results: QuerySet[PreviewedDocument, tuple[Sequence[dict[str, Any]], str, Decimal | None]]) -> list[Any]:
    """Each problem once: how many documents have it, how many nothing else, and what those come to in each currency."""
    causes: dict[tuple[str, str], dict[str, Any]] = {}
    totals: dict[tuple[str, str], dict[str, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    for problems, currency, total in results:
        keys = {(problem["code"], problem["subject"]): problem["title"] for problem in problems}
        for key, title in keys.items():
            code, subject = key
            found = {"code": code, "title": title, "subject": subject, "documents": 0, "released": 0}
            cause = causes.setdefault(key, found)
            cause["documents"] += 1
            if len(keys) == 1:
                cause["released"] += 1
                totals[key][currency] += total or 0
    for key, cause in causes.items():
        cause["totals"] = {currency: str(total) for currency, total in sorted(totals[key].items())}
    return sorted(causes.values(), key=lambda cause: -cause["released"])
