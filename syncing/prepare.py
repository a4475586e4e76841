"""Stages 4 and 5: translate each document of the batch and check its amounts. One bad document stops only itself."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from django.utils import timezone

from faults.problems import NeedsPerson, NeedsSupport, SyncProblem
from syncing import amounts
from syncing.billing_contact import ContactDetails
from syncing.columns import kept_amount, kept_currency, kept_number
from syncing.models import Attempt, Document
from syncing.rulebook import Rulebook
from syncing.rules import Rules
from syncing.settle import Outcome, stuck
from syncing.source import SourceInvoice
from syncing.states import DocumentState
from syncing.translate import Translation, translate
from syncing.xero.documents import XeroDocument, half_up

logger = logging.getLogger(__name__)

# What the page shows of a line, as much as Xero would take of it.
LONGEST_DESCRIPTION = 4000


@dataclass(frozen=True, kw_only=True)
class TranslatedDocument:
    """A document that may be sent once its contact is known. `values` are what its row learns about the source."""

    document: Document
    content: XeroDocument
    contact: ContactDetails
    values: dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Prepared:
    translated: list[TranslatedDocument] = field(default_factory=list)
    outcomes: list[Outcome] = field(default_factory=list)


def prepare(documents: Sequence[Document], sources: Mapping[int, SourceInvoice], rulebook: Rulebook) -> Prepared:
    """Divide the batch into what can be sent and what became of the rest."""
    rules = _rules(sources, rulebook)
    prepared = Prepared()
    for document in documents:
        source = sources.get(document.id)
        if source is None:
            prepared.outcomes.append(stuck(document, [not_visible(document)]))
            continue
        try:
            outcome = _prepare_one(document, source, rules, rulebook)
        except Exception:  # noqa: BLE001 - a bug of ours, logged and shown on this one document
            outcome = _unexpected(document)
        if isinstance(outcome, Outcome):
            prepared.outcomes.append(outcome)
        else:
            prepared.translated.append(outcome)
    return prepared


def _rules(sources: Mapping[int, SourceInvoice], rulebook: Rulebook) -> Rules:
    """The rules of this batch; the first batch of an account also tells whether its totals are net or gross."""
    state = rulebook.state
    if not state.total_is:
        told = amounts.tell_total_is([amounts.sample(source) for source in sources.values()])
        if told is not None:
            state.total_is = told
            state.save(update_fields=["total_is"])
    return rulebook.rules(sources.values())


def _prepare_one(
    document: Document, source: SourceInvoice, rules: Rules, rulebook: Rulebook
) -> TranslatedDocument | Outcome:
    translation = translate(source, rules)
    if any(problem.code == "no-line-items" for problem in translation.problems):
        translation = translate(source, _with_lines_of_business(rules, rulebook))
    values = row_values(source, translation)
    if document.xero_id is not None:
        values.pop("kind", None)  # what it is in Xero it stays, whatever it has become in Autotask
        if source.invoice.is_voided:
            return Outcome(
                document=document, state=DocumentState.SYNCED, attempt=Attempt.Outcome.UNCHANGED, values=values
            )
    if translation.skipped_reason is not None:
        return Outcome(
            document=document,
            state=DocumentState.SKIPPED,
            attempt=Attempt.Outcome.SKIPPED,
            skipped_reason=translation.skipped_reason,
            skipped_by=translation.skipped_by,
            detail=translation.skipped_reason,
            values=values,
        )
    if translation.document is None or translation.contact is None or translation.problems:
        return stuck(document, translation.problems, values)
    check = amounts.check(source, translation.document, rules)
    if check.problem is not None:
        problem = check.problem
        if problem.code == "amounts-do-not-match":
            check = amounts.check(source, translation.document, _with_lines_of_business(rules, rulebook))
            problem = check.problem or problem
        return stuck(document, [problem], values | _as_autotask_has_it(source, check))
    values["notices"] = [*translation.notices, *check.notices]
    content = numbered_anew(document, check.document)
    return TranslatedDocument(document=document, content=content, contact=translation.contact, values=values)


def _as_autotask_has_it(source: SourceInvoice, check: amounts.AmountCheck) -> dict[str, Any]:
    """What is stuck is the invoice as it was billed, and not what its lines would come to in Xero."""
    tax = half_up(source.invoice.tax)
    net = check.expected - tax if check.compared == "gross" else check.expected
    return {"subtotal": kept_amount(abs(net)), "tax": kept_amount(abs(tax)), "total": kept_amount(abs(net + tax))}


def _with_lines_of_business(rules: Rules, rulebook: Rulebook) -> Rules:
    """The rules with what only a diagnosis wants; without it, where the API user may not read that, or cannot now."""
    try:
        return rulebook.with_lines_of_business(rules)
    except SyncProblem as problem:
        logger.info("A diagnosis goes without the lines of business: %s", problem)
        return rules


def numbered_anew(document: Document, content: XeroDocument) -> XeroDocument:
    """Sent again as a new document, it needs a number that its earlier ones do not hold."""
    if not document.xero_history or content.number is None or document.xero_id is not None:
        return content
    return replace(content, number=f"{content.number}-{len(document.xero_history) + 1}")


def not_visible(document: Document) -> SyncProblem:
    return NeedsPerson(
        "autotask-not-permitted",
        "Autotask no longer shows this invoice to the API user.",
        f"invoice {document.autotask_id}",
    )


def _unexpected(document: Document) -> Outcome:
    reference = uuid.uuid4().hex[:12]
    logger.exception("Unexpected error %s in document %s", reference, document.uuid, extra={"document": document.id})
    return stuck(document, [unexpected(reference)])


def unexpected(reference: str, subject: str = "") -> SyncProblem:
    """A bug of ours, by the reference that its traceback carries in the log.

    With a subject it is one fault however often it returns, and tells the latest reference.
    """
    return NeedsSupport("unexpected", f"Reference {reference}", subject or reference, evidence={"reference": reference})


def row_values(source: SourceInvoice, translation: Translation) -> dict[str, Any]:
    """What a document's row keeps of its source: the facts that lists show, and the lines as Autotask has them.

    Amounts of a credit note are positive, as Xero shows them.
    """
    invoice, content = source.invoice, translation.document
    values: dict[str, Any] = {
        "autotask_number": kept_number(invoice.number),
        "company_id": invoice.company_id,
        "company_name": source.company.name[:255] if source.company else "",
        "date": invoice.date,
        "due_date": invoice.due_date,
        "notices": list(translation.notices),
        "source": source_content(source),
        "source_fetched_at": timezone.now(),
    }
    if content is None:
        values["currency"] = kept_currency(source.currency_code.strip().upper()) or None
    else:
        values |= {
            "kind": Document.Kind.INVOICE if content.type == "ACCREC" else Document.Kind.CREDIT_NOTE,
            "currency": kept_currency(content.currency),
            "subtotal": kept_amount(content.subtotal),
            "tax": kept_amount(content.total_tax),
            "total": kept_amount(content.total),
        }
    return values


def source_content(source: SourceInvoice) -> dict[str, Any]:
    invoice = source.invoice
    return {
        "invoice_total": invoice.total,
        "tax": invoice.tax,
        "order_number": invoice.order_number,
        "lines": [
            {
                "id": item.id,
                "name": item.name,
                "description": (item.description or item.full_description)[:LONGEST_DESCRIPTION],
                "quantity": item.quantity,
                "rate": item.rate,
                "total": item.total_amount,
                "tax": item.tax,
                "billing_code_id": item.billing_code_id,
            }
            for item in source.items
        ],
    }
