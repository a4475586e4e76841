"""What Xero tells us by itself: that something changed in an organisation.

An event is only a hint. Somebody may just have mended in Xero what documents wait for, so the release check of the open
faults comes forward (syncing/release.py), and the account's run with it. Where nothing is stuck, nothing happens: our
own writes come back as events too. So a replay is harmless, and a lost event costs no more than the usual wait.

https://developer.xero.com/documentation/guides/webhooks/configuring-your-server/
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import logging
from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.core.cache import cache
from django.utils import timezone

from faults.models import Fault
from syncing.release import BY_HAND
from tenants.connections import accounts_feeding
from tenants.models import Account
from tenants.scope import account_scope

logger = logging.getLogger(__name__)

# What a person may mend in Xero. There are no events of account codes, tax rates or currencies.
TELLING = frozenset({"INVOICE", "CREDITNOTE", "CONTACT", "PAYMENT"})
# A busy organisation sends events all day: its faults are looked at no more often than this for their sake.
LOOKED_AT_EVERY = timedelta(minutes=5)


def is_signed(body: bytes, signature: str) -> bool:
    """Whether Xero sent exactly these bytes: the base64 of their HMAC-SHA256 under the app's webhook key."""
    if not settings.XERO_WEBHOOK_KEY:
        return False
    digest = hmac.new(settings.XERO_WEBHOOK_KEY.encode(), body, hashlib.sha256).digest()
    return hmac.compare_digest(base64.b64encode(digest), signature.encode())


def organisations_told_of(body: bytes) -> set[UUID]:
    """The organisations in which something changed that a document may wait for; none where the body tells of none."""
    try:
        events = json.loads(body)["events"]
        return {UUID(event["tenantId"]) for event in events if str(event["eventCategory"]).upper() in TELLING}
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        logger.warning("A webhook with Xero's signature could not be read.")
        return set()


def look_soon(organisation_id: UUID) -> None:
    """Bring forward the look at what is stuck in the accounts that feed this organisation. Outside any scope."""
    for account_id in accounts_feeding(organisation_id):
        with account_scope(account_id):
            _look_soon(account_id)


def _look_soon(account_id: int) -> None:
    now = timezone.now()
    is_first = cache.add(f"xero-event:{account_id}", 1, LOOKED_AT_EVERY.total_seconds())
    due = now if is_first else now + LOOKED_AT_EVERY
    stuck = Fault.objects.filter(state=Fault.State.OPEN, next_look_at__gt=due).exclude(code__in=BY_HAND)
    if stuck.update(next_look_at=due):
        Account.objects.filter(id=account_id, paused=False, next_sync_at__gt=due).update(next_sync_at=due)
