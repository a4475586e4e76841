"""The dry run of a batch: what Xero would be sent, and every problem that would arise. It reads, and sends nothing."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from faults.catalogue import KINDS
from faults.problems import SyncProblem, Transient
from syncing import amounts
from syncing.amounts import AmountCheck
from syncing.contact_terms import ContactTerms
from syncing.contacts import Match, foresee_contacts
from syncing.deliver import ReadyDocument, XeroSide
from syncing.discover import Discovery
from syncing.gather import Gatherer
from syncing.models import Document, PreviewedDocument, SyncRun, SyncSettings, SyncState
from syncing.partners import open_partners
from syncing.prepare import not_visible, numbered_anew, source_content, unexpected
from syncing.reference import ReferenceLists
from syncing.rulebook import Rulebook
from syncing.rules import Rules
from syncing.source import SourceInvoice
from syncing.states import DocumentState
from syncing.translate import Translation, translate
from syncing.xero.documents import XeroDocument, XeroLine

logger = logging.getLogger(__name__)

Action = PreviewedDocument.Action


@dataclass(frozen=True, kw_only=True)
class _Foreseen:
    """What would become of one document, before its contact is known."""

    document: Document
    source: SourceInvoice | None = None
    translation: Translation = field(default_factory=Translation)
    check: AmountCheck | None = None
    problems: tuple[SyncProblem, ...] = ()

    @property
    def content(self) -> XeroDocument | None:
        return self.check.document if self.check else self.translation.document


class DryRun:
    """Looks ahead for one account, batch by batch, in its scope. What it reads of both partners it reads once.

    Raises NotConnectedError, and the clients' SyncProblems where a connection, and not a document, is at fault.
    """

    def __init__(self, account_id: int) -> None:
        self.account_id = account_id
        self.partners = open_partners()
        self.settings = SyncSettings.of_account(account_id)
        self._lists = ReferenceLists(account_id)
        state, _ = SyncState.objects.get_or_create(account_id=account_id)
        self._rulebook = Rulebook(self.settings, state, self.partners, self._lists)
        self._gatherer = Gatherer(self.partners.autotask, Discovery(), self._lists, self.settings)
        self._terms = ContactTerms(self.partners.xero, self.settings)
        # A run that is not kept: nothing is claimed, and nothing settled.
        self._side = XeroSide(
            run=SyncRun(account_id=account_id), connection=self.partners.xero_connection, client=self.partners.xero
        )

    def look_ahead(self, documents: Sequence[Document]) -> list[PreviewedDocument]:
        """What would become of each, in their order; unsaved."""
        self._rulebook.read_xero()
        sources = self._gatherer.gather(documents)
        rules = self._rules(sources)
        foreseen = [self._foresee(document, sources.get(document.id), rules) for document in documents]
        contacts = [one.translation.contact for one in foreseen if one.translation.skipped_reason is None]
        wanted = {contact.company_id: contact for contact in contacts if contact is not None}
        found, problems = foresee_contacts(self._side, wanted, self.settings)
        self._terms.read(match.contact_id for match in found.values())
        return [self._result(one, found, problems) for one in foreseen]

    def _rules(self, sources: Mapping[int, SourceInvoice]) -> Rules:
        """The account's; where it is not known yet whether totals are net or gross, these invoices tell."""
        rules = self._rulebook.rules(sources.values())
        if rules.total_is:
            return rules
        return replace(rules, total_is=amounts.tell_total_is([amounts.sample(source) for source in sources.values()]))

    def _foresee(self, document: Document, source: SourceInvoice | None, rules: Rules) -> _Foreseen:
        if source is None:
            return _Foreseen(document=document, problems=(not_visible(document),))
        try:
            return self._translated(document, source, rules)
        except SyncProblem:
            raise
        except Exception:  # a bug of ours, logged and shown on this one document
            reference = uuid.uuid4().hex[:12]
            logger.exception(
                "Unexpected error %s in a preview of document %s",
                reference,
                document.uuid,
                extra={"document": document.id},
            )
            return _Foreseen(document=document, source=source, problems=(unexpected(reference),))

    def _translated(self, document: Document, source: SourceInvoice, rules: Rules) -> _Foreseen:
        translation = translate(source, rules)
        problems = translation.problems
        if translation.document is None:
            return _Foreseen(document=document, source=source, translation=translation, problems=problems)
        check = amounts.check(source, translation.document, rules)
        if check.problem is not None:
            check = amounts.check(source, translation.document, self._rulebook.with_lines_of_business(rules))
        check = replace(check, document=numbered_anew(document, check.document))
        found = (*problems, check.problem) if check.problem else problems
        return _Foreseen(document=document, source=source, translation=translation, check=check, problems=found)

    def _result(
        self, one: _Foreseen, found: Mapping[int, Match], refused: Mapping[int, SyncProblem]
    ) -> PreviewedDocument:
        details = one.translation.contact
        match = found.get(details.company_id) if details else None
        problems = [*one.problems]
        if details and details.company_id in refused:
            problems.append(refused[details.company_id])
        content = one.content
        if content is not None and one.source is not None:
            organisation, otherwise = self._rulebook.organisation(), one.source.invoice.due_date
            content = self._terms.applied(content, match.contact_id if match else None, organisation, otherwise)
        return PreviewedDocument(
            account_id=self.account_id,
            document=one.document,
            action=_action(one, content, problems, match),
            skipped_reason=(one.translation.skipped_reason or "")[:500],
            currency=content.currency if content else one.document.currency,
            total=content.total if content else one.document.total,
            source=source_content(one.source) if one.source else None,
            content=_content_json(content) if content else None,
            contact=_contact_json(one.translation, match) if details else None,
            amounts=_amounts_json(one.check) if one.check else None,
            problems=[_problem_json(problem) for problem in problems],
            notices=[*one.translation.notices, *(one.check.notices if one.check else ())],
        )


def _action(
    one: _Foreseen, content: XeroDocument | None, problems: Sequence[SyncProblem], match: Match | None
) -> Action:
    document = one.document
    if one.translation.skipped_reason is not None or document.state == DocumentState.VOIDED:
        return Action.SKIP
    if problems:
        return Action.WAIT if all(isinstance(problem, Transient) for problem in problems) else Action.STOP
    if document.xero_id is None or content is None:
        return Action.CREATE
    if match and ReadyDocument(document=document, content=content, contact_id=match.contact_id).digest == (
        document.sent_digest
    ):
        return Action.UNCHANGED
    return Action.UPDATE


def _content_json(content: XeroDocument) -> dict[str, Any]:
    return {
        "type": content.type,
        "number": content.number,
        "date": content.date,
        "due_date": content.due_date,
        "currency": content.currency,
        "reference": content.reference,
        "status": content.status,
        "sent_to_contact": content.sent_to_contact,
        "branding_theme_id": content.branding_theme_id,
        "line_amount_types": content.line_amount_types,
        "subtotal": content.subtotal,
        "tax": content.total_tax,
        "total": content.total,
        "lines": [_line_json(line) for line in content.lines],
    }


def _line_json(line: XeroLine) -> dict[str, Any]:
    return {
        "description": line.description,
        "quantity": line.quantity,
        "unit_amount": line.unit_amount,
        "account_code": line.account_code,
        "tax_type": line.tax_type,
        "item_code": line.item_code,
        "tracking": [{"category_id": each.category_id, "option_id": each.option_id} for each in line.tracking],
        "amount": line.line_amount,
        "tax": line.tax_amount,
        "billing_item_ids": list(line.billing_item_ids),
    }


def _contact_json(translation: Translation, match: Match | None) -> dict[str, Any]:
    details = translation.contact
    assert details is not None
    return {
        "company_id": details.company_id,
        "name": details.name,
        "email": details.email,
        "contact_id": match.contact_id if match else None,
        "contact_name": match.name if match else None,
        "rule": match.rule if match else None,
    }


def _amounts_json(check: AmountCheck) -> dict[str, Any]:
    return {
        "expected": check.expected,
        "computed": check.computed,
        "difference": check.difference,
        "compared": check.compared,
        "tax_difference": check.tax_difference,
    }


def _problem_json(problem: SyncProblem) -> dict[str, Any]:
    kind = KINDS.get(problem.code, KINDS["unexpected"])
    return {
        "code": problem.code,
        "title": kind.title,
        "detail": problem.detail,
        "subject": problem.subject,
        "evidence": problem.evidence,
    }
