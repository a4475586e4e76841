"""An account that is connected to both partners of the sandbox, and syncs in the test's own process."""

from __future__ import annotations

import base64
import json
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.utils import timezone

from syncing import queue, runs
from syncing.models import Document, SyncRun, SyncSettings
from tenants.models import Account, AutotaskConnection, XeroConnection, XeroGrant
from tenants.scope import account_scope
from tests.factories import make_account
from tests.world import Pair, SandboxWorld


@dataclass(frozen=True)
class ConnectedAccount:
    """The account and its two partners. Everything of the product happens in the account's scope."""

    account: Account
    pair: Pair

    @property
    def autotask(self) -> Any:
        return self.pair.autotask

    @property
    def xero(self) -> Any:
        return self.pair.xero

    @contextmanager
    def scope(self) -> Iterator[None]:
        with account_scope(self.account.id):
            yield

    def sync(self) -> SyncRun:
        """One run, to its end."""
        with self.scope():
            run = runs.run_now(self.account.id, SyncRun.Trigger.COMMAND)
        assert run is not None
        return run

    def documents(self) -> list[Document]:
        with self.scope():
            return list(Document.objects.order_by("autotask_id"))

    def document(self, autotask_id: int) -> Document:
        with self.scope():
            return Document.objects.get(autotask_id=autotask_id)

    def codes(self, autotask_id: int) -> set[str]:
        """The codes of the faults that the document waits for."""
        with self.scope():
            document = Document.objects.get(autotask_id=autotask_id)
            return set(document.blockers.values_list("fault__code", flat=True))

    def ask_again(self, *autotask_ids: int) -> None:
        with self.scope():
            queue.ask_again(Document.objects.filter(autotask_id__in=autotask_ids))

    def change_settings(self, **fields: Any) -> None:
        with self.scope():
            SyncSettings.of_account(self.account.id)
            SyncSettings.objects.update(**fields)


def connect(world: SandboxWorld, pair: Pair | None = None) -> ConnectedAccount:
    """A new account, connected to `pair` or to a new one."""
    pair = pair or world.pair()
    account = make_account()
    tokens = pair.xero.grant()
    grant = XeroGrant.objects.create(
        xero_user_id=_subject(tokens["access_token"]),
        email=pair.xero.user,
        access_token=tokens["access_token"],
        refresh_token=tokens["refresh_token"],
        expires_at=timezone.now() + timedelta(seconds=tokens["expires_in"]),
        scopes=tokens["scope"].split(),
    )
    with account_scope(account.id):
        AutotaskConnection.objects.create(
            account=account,
            username=pair.autotask.username,
            secret=pair.autotask.secret,
            integration_code=pair.autotask.integration_code,
            zone_url=pair.autotask.zone_url,
            database_id=pair.autotask.id,
            resource_id=pair.autotask.row.get("resource_id"),
            state=AutotaskConnection.State.CONNECTED,
        )
        XeroConnection.objects.create(
            account=account,
            grant=grant,
            organisation_id=pair.xero.id,
            connection_id=tokens["connection"]["id"],
            name=pair.xero.name,
            connected_at=timezone.now(),
        )
    return ConnectedAccount(account, pair)


def _subject(token: str) -> uuid.UUID:
    """The Xero user that an access token is of."""
    payload = token.split(".")[1]
    claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    return uuid.UUID(claims["xero_userid"])
