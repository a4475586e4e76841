"""Every page of an account, and everything that the API answers, takes as many queries with 1,000 rows as with 10."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator
from datetime import timedelta
from http import HTTPStatus
from itertools import count

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from faults.catalogue import KINDS
from faults.models import Fault, FaultEvent
from support.models import StaffAction, SupportRequest
from syncing.models import (
    Attempt,
    BillingCodeMapping,
    Blocker,
    ContactLink,
    Document,
    ItemMapping,
    Preview,
    PreviewedDocument,
    SettingsChange,
    SyncRun,
)
from syncing.states import DocumentState
from tenants.api_tokens import create_token
from tenants.models import Account, ApiToken, Invitation, Member, Role, User, XeroConnection
from tenants.scope import account_scope
from tests.addresses import Address, addresses
from tests.documents import in_xero
from tests.one_of_everything import Everything, one_of_everything
from tests.pages import Pages
from tests.world import SandboxWorld

MOST = 12
# These read the lists of both partners anew, row by row of our cache of them.
WITH_LISTS_OF_PARTNERS = {
    "autotask-access",
    "contact-report",
    "document-preview",
    "mapping",
    "mappings",
    "setup",
}
# Files are read so many rows at a time; the report asks for so many contacts at a time; progress looks for a run only
# some seconds after it was asked for.
GROWING = {"account-export", "contact-export", "contact-report", "documents-export", "fault-progress", "log-export"}
A_DAY = 86_400

_numbers = count(1)


def test_the_number_of_queries_does_not_grow_with_the_rows(sandbox: SandboxWorld, db: None) -> None:
    everything = one_of_everything(sandbox)
    browser, program = _browser(everything.account), _program(everything.account)
    asked = {each: program if each.path.startswith("api/") else browser for each in _of_the_account()}
    _add_rows(everything, 10)
    few = {each: _queries(client, each.url(everything.arguments)) for each, client in asked.items()}
    _add_rows(everything, 990)
    many = {each: _queries(client, each.url(everything.arguments)) for each, client in asked.items() if few[each]}

    assert len(many) > 50
    assert {str(each): few[each] for each in many if each.name not in GROWING} == {
        str(each): queries for each, queries in many.items() if each.name not in GROWING
    }
    bounded = {each: queries for each, queries in many.items() if each.name not in WITH_LISTS_OF_PARTNERS | GROWING}
    assert not {str(each): queries for each, queries in bounded.items() if queries > MOST}


def _of_the_account() -> Iterator[Address]:
    yield from addresses("a/")
    yield from (each for each in addresses("api/v1/") if each.name not in ("schema", "api-docs"))


def _browser(account: Account) -> Client:
    """The owner's. That the session is in use is not written down meanwhile, which happens once a minute."""
    client = Pages(account, Role.OWNER).client
    session = client.session
    session["noted_at"] = int(time.time()) + A_DAY
    session.save()
    return client


def _program(account: Account) -> Client:
    """With a token whose use is not written down meanwhile."""
    token, secret = create_token(account, "Counts", "read", None)
    ApiToken.objects.filter(id=token.id).update(last_used_at=timezone.now() + timedelta(seconds=A_DAY))
    return Client(headers={"Authorization": f"Token {secret}"})


def _queries(client: Client, path: str) -> int:
    """Of a second request, since the first may fill a cache; none of what cannot be read."""
    if client.get(path).status_code != HTTPStatus.OK:
        return 0
    with CaptureQueriesContext(connection) as made:
        answer = client.get(path)
        if answer.streaming:
            b"".join(answer.streaming_content)
    return sum("SAVEPOINT" not in query["sql"] for query in made.captured_queries)


def _add_rows(everything: Everything, rows: int) -> None:
    """So many of everything that a page lists, all of it about the one document, fault and preview too."""
    account, now = everything.account, timezone.now()
    users = User.objects.bulk_create(User(email=f"many{next(_numbers)}@example.com") for _ in range(rows))
    Member.objects.bulk_create(Member(account=account, user=user, role=Role.VIEWER) for user in users)
    Invitation.objects.bulk_create(
        Invitation(
            account=account,
            email=user.email,
            role=Role.VIEWER,
            digest=uuid.uuid4().hex,
            expires_at=now,
            invited_by=user,
        )
        for user in users
    )
    ApiToken.objects.bulk_create(
        ApiToken(account=account, name="One", scope="read", digest=uuid.uuid4().hex, beginning="cd_", created_by=user)
        for user in users
    )
    with account_scope(account.id):
        _add_rows_of_the_account(everything, rows)


def _add_rows_of_the_account(everything: Everything, rows: int) -> None:
    now = timezone.now()
    organisation = XeroConnection.objects.get()
    document_id, fault_id = everything.arguments["document_id"], everything.arguments["fault_id"]
    preview = Preview.objects.get(id=everything.arguments["preview_id"])
    states = (DocumentState.SYNCED, DocumentState.FAULTED, DocumentState.WAITING, DocumentState.RETRYING)
    documents = Document.objects.bulk_create(
        Document(
            kind=Document.Kind.INVOICE,
            autotask_id=50_000 + next(_numbers),
            autotask_created_at=now,
            company_name="Acme",
            currency="NZD",
            total=place,
            **(in_xero(organisation=organisation) if place % 4 == 0 else {"state": states[place % 4]}),
        )
        for place in range(rows)
    )
    codes = list(KINDS)
    faults = Fault.objects.bulk_create(
        Fault(
            code=codes[place % len(codes)],
            subject=f"Subject {next(_numbers)}",
            state=Fault.State.values[place % 4],
            first_seen=now,
            opened_at=now,
            last_seen=now,
        )
        for place in range(rows)
    )
    Blocker.objects.bulk_create(
        Blocker(document_id=each, fault_id=fault)
        for document, other in zip(documents, faults, strict=True)
        for each, fault in ((document.id, other.id), (document_id, other.id), (document.id, fault_id))
    )
    FaultEvent.objects.bulk_create(
        FaultEvent(fault_id=each, what=FaultEvent.What.RESOLVED, at=now)
        for fault in faults
        for each in (fault.id, fault_id)
    )
    Attempt.objects.bulk_create(
        Attempt(document_id=each, outcome=Attempt.Outcome.FAULTED, code="invalid-email", detail="No.")
        for document in documents
        for each in (document.id, document_id)
    )
    SyncRun.objects.bulk_create(
        SyncRun(trigger=SyncRun.Trigger.SCHEDULE, state=SyncRun.State.FINISHED) for _ in range(rows)
    )
    Preview.objects.bulk_create(
        Preview(documents=[document_id], state=Preview.State.FINISHED, done=1) for _ in range(rows)
    )
    PreviewedDocument.objects.bulk_create(
        PreviewedDocument(preview=preview, document=document, action="create") for document in documents
    )
    SettingsChange.objects.bulk_create(
        SettingsChange(
            what="settings", changed_by="someone", changes=[{"name": "currency", "before": "", "after": "NZD"}]
        )
        for _ in range(rows)
    )
    StaffAction.objects.bulk_create(
        StaffAction(what=StaffAction.What.PAUSED, reason="A test", by="staff@example.com") for _ in range(rows)
    )
    SupportRequest.objects.bulk_create(
        SupportRequest(kind=SupportRequest.Kind.CONTACT, message="Hello", asked_by="a@example.com", fault_id=fault_id)
        for _ in range(rows)
    )
    numbers = [70_000 + next(_numbers) for _ in range(rows)]
    BillingCodeMapping.objects.bulk_create(
        BillingCodeMapping(billing_code_id=each, account_code="200") for each in numbers
    )
    ItemMapping.objects.bulk_create(
        ItemMapping(source=ItemMapping.Source.values[0], source_id=each, item_code="A") for each in numbers
    )
    ContactLink.objects.bulk_create(
        ContactLink(
            organisation=organisation, company_id=each, contact_id=uuid.uuid4(), contact_name="Acme", rule="name"
        )
        for each in numbers
    )
