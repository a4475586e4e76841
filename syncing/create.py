"""Documents that Xero does not have yet: created there, once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from syncing.contacts import follow_merged_contacts
from syncing.deliver import ReadyDocument, Refusal, Write, XeroSide, write_in_batches
from syncing.models import Attempt
from syncing.settle import Outcome, settle, stuck
from syncing.taken import CODES_OF_TAKEN_NUMBERS, judge_taken_numbers


def create_in_xero(side: XeroSide, ready: Sequence[ReadyDocument]) -> None:
    """Create these. Raises SyncProblem where the connection, and not a document, is at fault."""
    for endpoint in ("Invoices", "CreditNotes"):
        of_kind = [item for item in ready if item.endpoint == endpoint]
        refusals = _create(side, endpoint, of_kind)
        again = _with_followed_contacts(side, refusals)
        ids = {item.document.id for item in again}
        refusals = [refusal for refusal in refusals if refusal.ready.document.id not in ids]
        refusals += _create(side, endpoint, again)
        settle(side.run, _judge(side, refusals))


def _create(side: XeroSide, endpoint: str, ready: Iterable[ReadyDocument]) -> list[Refusal]:
    writes = [Write(ready=item, body=item.body, made=Attempt.Outcome.CREATED) for item in ready]
    return list(write_in_batches(side, endpoint, "PUT", writes))


def _with_followed_contacts(side: XeroSide, refusals: Sequence[Refusal]) -> list[ReadyDocument]:
    """Those refused because their contact was merged into another, addressed to that other one."""
    archived = [refusal.ready for refusal in refusals if refusal.problem.code == "contact-archived"]
    if not archived:
        return []
    survivors = follow_merged_contacts(side, {item.contact_id for item in archived})
    return [replace(item, contact_id=survivors[item.contact_id]) for item in archived if item.contact_id in survivors]


def _judge(side: XeroSide, refusals: Sequence[Refusal]) -> list[Outcome]:
    taken = [refusal for refusal in refusals if refusal.problem.code in CODES_OF_TAKEN_NUMBERS]
    others = [refusal for refusal in refusals if refusal.problem.code not in CODES_OF_TAKEN_NUMBERS]
    outcomes = [stuck(refusal.ready.document, [refusal.problem], refusal.ready.values) for refusal in others]
    return outcomes + judge_taken_numbers(side, taken)
