"""The states of a document and the moves between them: the one table that every guarded UPDATE obeys."""

from __future__ import annotations

from django.db import models


class DocumentState(models.TextChoices):
    WAITING = "waiting", "Waiting"
    IN_FLIGHT = "in_flight", "Being sent"
    UNCERTAIN = "uncertain", "Checking with Xero"
    RETRYING = "retrying", "Will try again"
    FAULTED = "faulted", "Needs attention"
    SYNCED = "synced", "In Xero"
    SKIPPED = "skipped", "Skipped"
    VOIDED = "voided", "Voided"


MOVES: dict[DocumentState, frozenset[DocumentState]] = {
    DocumentState.WAITING: frozenset({DocumentState.IN_FLIGHT, DocumentState.SKIPPED}),
    DocumentState.IN_FLIGHT: frozenset(
        {
            DocumentState.SYNCED,
            DocumentState.RETRYING,
            DocumentState.FAULTED,
            DocumentState.SKIPPED,
            DocumentState.WAITING,
            DocumentState.UNCERTAIN,
        }
    ),
    DocumentState.UNCERTAIN: frozenset({DocumentState.SYNCED, DocumentState.WAITING, DocumentState.FAULTED}),
    DocumentState.RETRYING: frozenset(
        {
            DocumentState.IN_FLIGHT,
            DocumentState.WAITING,
            DocumentState.FAULTED,
            DocumentState.SKIPPED,
            DocumentState.SYNCED,  # in Xero, and a person leaves it there as it is; so below
        }
    ),
    DocumentState.FAULTED: frozenset({DocumentState.WAITING, DocumentState.SKIPPED, DocumentState.SYNCED}),
    DocumentState.SYNCED: frozenset({DocumentState.WAITING, DocumentState.VOIDED}),
    DocumentState.SKIPPED: frozenset({DocumentState.WAITING}),
    DocumentState.VOIDED: frozenset(),
}


def states_leading_to(target: DocumentState) -> frozenset[DocumentState]:
    """The states that may move to `target`."""
    return frozenset(state for state, targets in MOVES.items() if target in targets)
