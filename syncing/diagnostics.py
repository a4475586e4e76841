"""The diagnostic mode: for a day, an account's exchanges with the partners are kept in full, for our staff to read.

Secrets are masked before anything is stored. The number and the size of what is kept are bounded; a week after it was
switched off, which it does by itself, nothing is left.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.db import Error
from django.db.models.functions import Now
from django.utils import timezone

from syncing.models import Diagnosis, KeptExchange
from tenants.log_context import current_log_fields
from tenants.scope import account_scope, require_account_id, system_scope

if TYPE_CHECKING:
    from syncing.exchanges import Exchange

logger = logging.getLogger(__name__)

LASTS = timedelta(days=1)
KEPT_FOR = timedelta(days=7)
MOST_KEPT = 300
LONGEST_BODY = 200_000  # characters
MASK = "…"

_SECRET_HEADER = re.compile(r"authorization|cookie|secret|token|username|integrationcode", re.IGNORECASE)
# Members of a token answer, and fields of a token request.
_SECRET_NAMES = "access_token|refresh_token|id_token|client_secret|password|secret"  # noqa: S105
_SECRET_MEMBER = re.compile(rf'("(?:{_SECRET_NAMES})"\s*:\s*)"(?:[^"\\]|\\.)*"', re.IGNORECASE)
_SECRET_FIELD = re.compile(rf"(^|&)({_SECRET_NAMES}|token|code)=[^&]*", re.IGNORECASE)


def switch_on() -> datetime:
    """From now on, for a day; the moment when it ends. In the account's scope."""
    ends_at = timezone.now() + LASTS
    Diagnosis.objects.update_or_create(account_id=require_account_id(), defaults={"ends_at": ends_at})
    return ends_at


def switch_off() -> None:
    """What was kept stays for a while. In the account's scope."""
    Diagnosis.objects.filter(ends_at__gt=Now()).update(ends_at=Now())


def ends_at() -> datetime | None:
    """When it ends; None where it is not on. In the account's scope."""
    return Diagnosis.objects.filter(ends_at__gt=Now()).values_list("ends_at", flat=True).first()


_is_on: ContextVar[bool | None] = ContextVar("is_on", default=None)


def is_on() -> bool:
    """Whether exchanges are to be kept. In the account's scope."""
    known = _is_on.get()
    return ends_at() is not None if known is None else known


@contextmanager
def looked_up_once() -> Iterator[None]:
    """For a run: it is looked up at its beginning, and not for each exchange of each of its threads."""
    token = _is_on.set(ends_at() is not None)
    try:
        yield
    finally:
        _is_on.reset(token)


def keep(exchange: Exchange) -> None:
    """Store it, masked, and drop the oldest beyond MOST_KEPT. A database that is away loses it: the work goes first."""
    hidden = secrets_of(exchange.headers)
    try:
        kept = KeptExchange.objects.create(
            account_id=require_account_id(),
            sync=current_log_fields().get("sync"),
            partner=exchange.partner,
            method=exchange.method,
            url=masked(exchange.url, hidden),
            headers=masked_headers(exchange.headers),
            body=masked_body(exchange.body, hidden),
            status=exchange.status,
            answer_headers=masked_headers(exchange.answer_headers),
            answer=masked_body(exchange.answer, hidden),
            milliseconds=round(exchange.seconds * 1000),
        )
        if beyond := KeptExchange.objects.order_by("-id").values_list("id", flat=True)[MOST_KEPT : MOST_KEPT + 1]:
            KeptExchange.objects.filter(id__lte=beyond[0]).delete()
    except Error:
        logger.warning("An exchange with %s was not kept.", exchange.partner, exc_info=True)
        return
    logger.debug("Kept exchange %s", kept.id)


def forget_old() -> None:
    """Delete what is older than KEPT_FOR, in every account. Outside any scope."""
    long_ago = timezone.now() - KEPT_FOR
    with system_scope("which accounts have kept exchanges"):
        looked_at = list(Diagnosis.objects.values_list("account_id", flat=True))
    for account_id in looked_at:
        with account_scope(account_id):
            KeptExchange.objects.filter(at__lt=long_ago).delete()
            Diagnosis.objects.filter(ends_at__lt=long_ago).delete()


def secrets_of(headers: Mapping[str, str]) -> list[str]:
    """The values that must not show up anywhere else either: a partner may repeat them in its words."""
    values = [str(value) for name, value in headers.items() if _SECRET_HEADER.search(name)]
    return [word for value in values for word in {value, value.rpartition(" ")[2]} if len(word) > 3]


def masked_headers(headers: Mapping[str, str]) -> dict[str, str]:
    return {name: MASK if _SECRET_HEADER.search(name) else str(value) for name, value in headers.items()}


def masked_body(body: bytes, hidden: Iterable[str]) -> str:
    """The beginning of a body, as text; what is no text shows as marks."""
    text = body[: LONGEST_BODY * 4].decode("utf-8", "replace").replace("\x00", MASK)
    text = masked(_SECRET_FIELD.sub(rf"\1\2={MASK}", _SECRET_MEMBER.sub(rf'\1"{MASK}"', text)), hidden)
    return text if len(text) <= LONGEST_BODY else f"{text[:LONGEST_BODY]}\n{MASK} ({len(body):,} bytes in all)"


def masked(text: str, hidden: Iterable[str]) -> str:
    for word in hidden:
        text = text.replace(word, MASK)
    return text
