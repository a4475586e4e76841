"""A sign-in at Xero on its way, kept in the session of who began it: nobody else can finish it, and only once."""

from __future__ import annotations

import secrets
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Final
from uuid import UUID

from django.contrib.sessions.backends.base import SessionBase
from django.utils.crypto import constant_time_compare

from tenants.connections import Organisation

PENDING: Final = "xero_consent"
CHOICE: Final = "xero_choice"
# Time to log in at Xero, with its second factor, and to read the consent page.
LIFE_SECONDS: Final = 15 * 60


@dataclass(frozen=True)
class Errand:
    """What a session is at Xero for: an account, and the fault whose page the person came from and goes back to."""

    account_id: int
    fault_id: int | None = None


def begin_consent(session: SessionBase, errand: Errand) -> str:
    """Remember that this session is at Xero. The answer is the `state` to send along."""
    state = secrets.token_urlsafe(32)
    session[PENDING] = {"state": state, "until": time.time() + LIFE_SECONDS, **asdict(errand)}
    return state


def finish_consent(session: SessionBase, state: str) -> Errand | None:
    """What this answer of Xero is for; None where the session did not ask, asked too long ago, or was answered
    before."""
    pending = session.get(PENDING)
    if not pending or not constant_time_compare(pending["state"], state):
        return None
    del session[PENDING]
    return Errand(pending["account_id"], pending.get("fault_id")) if time.time() < pending["until"] else None


@dataclass(frozen=True)
class Choice:
    """Several organisations were given in one consent: which one the account feeds is the person's to say."""

    errand: Errand
    grant_id: int
    organisations: tuple[Organisation, ...]

    def organisation(self, organisation_id: str) -> Organisation | None:
        return next((one for one in self.organisations if str(one.organisation_id) == organisation_id), None)


def keep_choice(session: SessionBase, errand: Errand, grant_id: int, organisations: Sequence[Organisation]) -> None:
    session[CHOICE] = {
        **asdict(errand),
        "grant_id": grant_id,
        "organisations": [[str(one.organisation_id), str(one.connection_id), one.name] for one in organisations],
        "until": time.time() + LIFE_SECONDS,
    }


def open_choice(session: SessionBase, account_id: int) -> Choice | None:
    """The choice that waits for this session in this account."""
    kept = session.get(CHOICE)
    if not kept or kept["account_id"] != account_id or time.time() > kept["until"]:
        return None
    organisations = tuple(
        Organisation(UUID(organisation_id), UUID(connection_id), name)
        for organisation_id, connection_id, name in kept["organisations"]
    )
    return Choice(Errand(account_id, kept.get("fault_id")), kept["grant_id"], organisations)


def close_choice(session: SessionBase) -> None:
    session.pop(CHOICE, None)
