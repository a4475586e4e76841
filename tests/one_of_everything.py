"""An account with one of everything that an address can name."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.db import models
from django.utils import timezone

from faults.models import UnknownText
from support.models import StaffAction, SupportRequest
from syncing.models import KeptExchange, Preview, PreviewedDocument, SyncRun
from syncing.resync_watch import watch
from tenants.api_tokens import create_token
from tenants.memberships import invite
from tenants.models import Account, AccountModel, ApiToken, Invitation, Member, Role, XeroConnection
from tenants.scope import account_scope
from tests.addresses import Address
from tests.connected import connect
from tests.documents import make_document, stop
from tests.factories import make_member
from tests.world import Pair, SandboxWorld

# A use is written down, whatever comes of it.
UNREMARKABLE = {"last_used_at"}
# Of Autotask, of the desk.
NO_ROWS = {"company_id", "object_id", "content_type_id"}


@dataclass(frozen=True)
class Everything:
    account: Account
    arguments: Mapping[str, Any]

    @property
    def ids(self) -> dict[str, int]:
        """The arguments that name a row of this account."""
        return {name: value for name, value in self.arguments.items() if name.endswith("_id") and name not in NO_ROWS}

    def url(self, address: Address) -> str:
        return address.url({**self.arguments, **_of_their_own(self, address)})


def one_of_everything(world: SandboxWorld, pair: Pair | None = None) -> Everything:
    """Connected to both partners of the sandbox, or to those of `pair`. Works in a test's transaction."""
    connected = connect(world, pair)
    account = connected.account
    owner = make_member(account).user
    spare = make_member(account, Role.STANDARD)
    invitation, secret = invite(account, "guest@example.com", Role.VIEWER, owner)
    token, _ = create_token(account, "A program", ApiToken.Scope.READ, owner)
    with account_scope(account.id):
        document = make_document()
        fault = stop(document, "no-valid-contact", "Acme Ltd")
        run = SyncRun.objects.create(trigger=SyncRun.Trigger.COMMAND, state=SyncRun.State.FINISHED)
        preview = Preview.objects.create(documents=[document.id], state=Preview.State.FINISHED, done=1)
        result = PreviewedDocument.objects.create(preview=preview, document=document, action="create")
        request = SupportRequest.objects.create(kind=SupportRequest.Kind.CONTACT, message="Hello", asked_by=owner.email)
        StaffAction.objects.create(what=StaffAction.What.PAUSED, reason="A test", by="staff@example.com")
        exchange = KeptExchange.objects.create(partner="xero", method="GET", url="https://xero.test/", milliseconds=3)
        arguments = {
            "exchange_id": exchange.id,
            "slug": account.slug,
            "account_id": account.id,
            "document_id": document.id,
            "document_uuid": document.uuid,
            "fault_id": fault.id,
            "run_id": run.id,
            "sync_id": run.id,
            "preview_id": preview.id,
            "result_id": result.id,
            "request_id": request.id,
            "member_id": spare.id,
            "invitation_id": invitation.id,
            "token_id": token.id,
            "connection_id": XeroConnection.objects.get().id,
            "company_id": connected.pair.company_id,
            "secret": secret,
            "token": watch(account.id, [document.id]),
            "page": "invoices",
            "kind": "billing-codes",
            "code": fault.code,
            # Of allauth and of the desk; ids among them come from _of_their_own.
            "key": "nonsense",
            "uidb36": "1",
            "action": "pause",
            "app_label": "tenants",
            "content_type_id": 1,
            "object_id": 1,
            "url": "nowhere",
        }
    return Everything(account, arguments)


def _of_their_own(everything: Everything, address: Address) -> dict[str, Any]:
    """What a parameter means at this address only."""
    if address.name == "help-guide":
        return {"slug": "connecting-xero"}
    if "object_id" in address.parameters:
        return {"object_id": _object_of_the_desk(everything, address.path)}
    return {}


def _object_of_the_desk(everything: Everything, path: str) -> int:
    if "supportrequest" in path:
        return int(everything.arguments["request_id"])
    if "unknowntext" in path:
        now = timezone.now()
        return UnknownText.objects.get_or_create(text="So", defaults={"first_seen": now, "last_seen": now})[0].id
    if "tenants/user" in path:
        return Member.objects.get(id=everything.arguments["member_id"]).user_id
    if "staffaction" in path:
        with account_scope(everything.account.id):
            return StaffAction.objects.get().id
    return everything.account.id


def state_of(account: Account) -> dict[str, str]:
    """A digest of the account's rows, by table: of every table that there is."""
    with account_scope(account.id):
        rows: dict[str, models.QuerySet[Any]] = {
            model._meta.label: model._default_manager.all()
            for model in apps.get_models()
            if issubclass(model, AccountModel)
        }
        for model in (Member, Invitation, ApiToken):
            rows[model._meta.label] = model._default_manager.filter(account=account)
        rows[Account._meta.label] = Account.objects.filter(id=account.id)
        return {label: _digest(found) for label, found in rows.items()}


def _digest(rows: models.QuerySet[Any]) -> str:
    columns = [field.attname for field in rows.model._meta.concrete_fields if field.name not in UNREMARKABLE]
    content = list(rows.order_by("pk").values_list(*columns))
    return f"{len(content)} rows, {hashlib.sha256(repr(content).encode()).hexdigest()[:12]}"
