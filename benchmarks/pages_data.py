"""The rows that the pages are measured on: 2,000 accounts with 1,000,000 documents, of which one account has 300,000.

They are made in the database, in the scope of each account, so that its policies are obeyed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import connection, models, transaction
from django.utils import timezone

from faults.models import Fault, FaultEvent
from syncing import health
from syncing.models import Attempt, Blocker, Document, SyncRun, SyncSettings, SyncState
from tenants.api_tokens import create_token
from tenants.models import Account, AutotaskConnection, Member, Role, User, XeroConnection, XeroGrant
from tenants.scope import account_scope

ACCOUNTS = 2_000
DOCUMENTS = 1_000_000
DOCUMENTS_OF_LARGE = 300_000
OPEN_FAULTS = 20_000
FAULTS_OF_SMALL = 5
RESOLVED_FAULTS_OF_LARGE = 5_000
RUNS_OF_LARGE = 100_000
RUNS_OF_SMALL = 100

LARGE, SMALL = "large", "account-1"
STUCK_BEHIND_ONE = 5_000

STATE = """CASE
    WHEN n % 20 = 7 THEN 'faulted'
    WHEN n % 50 = 1 THEN 'skipped'
    WHEN n % 100 = 2 THEN 'voided'
    WHEN n % 200 = 3 THEN 'waiting'
    WHEN n % 500 = 4 THEN 'retrying'
    ELSE 'synced' END"""
# Companies as people name them: a few beginnings that many share.
COMPANY = """(ARRAY['Acme', 'Harbour', 'Kauri', 'Northern', 'Südhafen', 'The', 'Bright', 'Delta'])[1 + (n + n / 20) % 8]
    || ' ' || (ARRAY['Dental', 'Logistics', 'Legal', 'Motors', 'Foods'])[1 + (n + n / 20) % 5] || ' ' ||
    (n + n / 20) % 997"""
CODES = """(ARRAY['no-valid-contact', 'invalid-email', 'duplicate-number', 'billing-code-unmapped', 'contact-archived',
    'amounts-do-not-match', 'validation-refused', 'period-locked'])[1 + n % 8]"""
LINES = """(SELECT jsonb_agg(jsonb_build_object('id', n * 10 + line, 'name', 'Managed workplace ' || line,
    'description', 'Support, backup and monitoring of one workplace for a month, as agreed in the contract',
    'quantity', '12.0000', 'rate', '45.0000', 'total', '540.00')) FROM generate_series(1, 5) AS line)"""
SENT = """(SELECT jsonb_agg(jsonb_build_object('line_item_id', gen_random_uuid(), 'description', 'Managed workplace ' ||
    line, 'quantity', '12', 'unit_amount', '45.00', 'amount', '540.00', 'account_code', '200', 'tax_type', 'OUTPUT2',
    'billing_item_ids', jsonb_build_array(n * 10 + line))) FROM generate_series(1, 5) AS line)"""


def fill() -> None:
    """Make it all, in an empty database."""
    Account.objects.bulk_create(
        Account(name=f"Account {number}", slug=f"account-{number}" if number else LARGE, next_sync_at=timezone.now())
        for number in range(ACCOUNTS)
    )
    accounts = list(Account.objects.order_by("id"))
    others, more = divmod(DOCUMENTS - DOCUMENTS_OF_LARGE, ACCOUNTS - 1)
    for place, account in enumerate(accounts):
        is_large = account.slug == LARGE
        documents = DOCUMENTS_OF_LARGE if is_large else others + (place <= more)
        faults = OPEN_FAULTS - FAULTS_OF_SMALL * (ACCOUNTS - 1) if is_large else FAULTS_OF_SMALL
        with account_scope(account.id), transaction.atomic():
            connection_id = _connect(account)
            _make_documents(documents, connection_id)
            _make_faults(faults, RESOLVED_FAULTS_OF_LARGE if is_large else 0)
            _make_attempts()
            _make_runs(RUNS_OF_LARGE if is_large else RUNS_OF_SMALL)
        if account.slug in (LARGE, SMALL):
            with account_scope(account.id):
                health.refresh(account.id)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")


def owner_of(account: Account) -> User:
    """Someone who may see every page of it."""
    member = Member.objects.select_related("user").filter(account=account, role=Role.OWNER).first()
    if member is not None:
        return member.user
    user = User.objects.create_user(f"{account.slug}@example.com", name="Olive Owner")
    Member.objects.create(account=account, user=user, role=Role.OWNER)
    return user


def token_of(account: Account) -> str:
    return create_token(account, "Pages benchmark", "read", None)[1]


def _connect(account: Account) -> int:
    now = timezone.now()
    AutotaskConnection.objects.create(
        username="api@example.com",
        secret="a secret",  # noqa: S106
        zone_url="https://webservices1.autotask.net/atservicesrest/",
        web_url="https://ww1.autotask.net/",
        database_id=account.id,
        state=AutotaskConnection.State.CONNECTED,
        connected_at=now,
        last_answered_at=now,
    )
    grant = XeroGrant.objects.create(
        xero_user_id=f"00000000-0000-4000-8000-{account.id:012}", expires_at=now, refreshed_at=now
    )
    organisation = XeroConnection.objects.create(
        grant=grant,
        organisation_id=grant.xero_user_id,
        name=f"{account.name} Ltd",
        base_currency="NZD",
        connected_at=now,
        last_answered_at=now,
    )
    SyncState.objects.create(total_is="net", last_finished_at=now, cursor=1)
    SyncSettings.of_account(account.id)
    return organisation.id


def _make_documents(count: int, organisation_id: int) -> None:
    is_in_xero = f"{STATE} IN ('synced', 'voided')"
    _insert(
        Document,
        f"generate_series(1, {count}) AS n",
        {
            "uuid": "gen_random_uuid()",
            "kind": "CASE WHEN n % 40 = 0 THEN 'credit_note' ELSE 'invoice' END",
            "autotask_id": "100000 + n",
            "autotask_number": "'T' || to_char(n, 'FM00000000') || '.0001'",
            # Evenly over three years up to now.
            "autotask_created_at": f"now() - ({count} - n) * (interval '1095 days' / {count})",
            "company_id": "1 + n % 997",
            "company_name": COMPANY,
            "date": f"(now() - ({count} - n) * (interval '1095 days' / {count}))::date",
            "due_date": f"(now() - ({count} - n) * (interval '1095 days' / {count}))::date + 20",
            "currency": "'NZD'",
            "subtotal": "2700 + n % 100",
            "tax": "405",
            "total": "3105 + n % 100",
            "source": f"jsonb_build_object('invoice_total', (2700 + n % 100)::text, 'tax', '405.00', 'lines', {LINES})",
            "source_fetched_at": "now()",
            "state": STATE,
            "skipped_reason": f"CASE WHEN {STATE} = 'skipped' THEN 'The total is below 1.00' ELSE '' END",
            "next_attempt_at": f"CASE WHEN {STATE} = 'retrying' THEN now() + interval '1 hour' END",
            "organisation_id": f"CASE WHEN {is_in_xero} THEN {organisation_id} END",
            "xero_id": f"CASE WHEN {is_in_xero} THEN gen_random_uuid() END",
            "xero_number": f"CASE WHEN {is_in_xero} THEN 'INV-' || to_char(n, 'FM000000') ELSE '' END",
            "xero_status": f"CASE {STATE} WHEN 'synced' THEN 'AUTHORISED' WHEN 'voided' THEN 'VOIDED' ELSE '' END",
            "sent": f"CASE WHEN {is_in_xero} THEN jsonb_build_object('lines', {SENT}) ELSE '{{}}'::jsonb END",
            "synced_at": f"CASE WHEN {is_in_xero} THEN now() - ({count} - n) * (interval '1095 days' / {count}) END",
            "discovered_at": f"now() - ({count} - n) * (interval '1095 days' / {count})",
        },
    )


def _make_faults(open_: int, resolved: int) -> None:
    """Open ones with a stuck document or two behind each, and very many behind the first; one that mends itself."""
    moment = f"now() - n * (interval '30 days' / {open_ + resolved})"
    times = {"first_seen": moment, "opened_at": moment, "last_seen": moment}
    evidence = "jsonb_build_object('company', 'Acme ' || n, 'company_id', n, 'messages', jsonb_build_array('Refused.'))"
    _insert(
        Fault,
        f"generate_series(1, {open_ + resolved}) AS n",
        {
            "code": CODES,
            "subject": "'Company ' || n",
            "state": f"CASE WHEN n > {open_} THEN 'resolved' WHEN n = 2 THEN 'retrying' ELSE 'open' END",
            "detail": "'The partner said that this will not do, for the reason number ' || n",
            "evidence": evidence,
            "times_seen": "1 + n % 7",
            "resolved_at": f"CASE WHEN n > {open_} THEN now() END",
            **times,
        },
    )
    _insert(
        FaultEvent,
        "faults_fault AS fault, unnest(ARRAY['opened', 'resolved']) AS turn",
        {"fault_id": "fault.id", "what": "turn", "at": "fault.opened_at"},
        where="turn = 'opened' OR fault.state = 'resolved'",
    )
    behind_first = STUCK_BEHIND_ONE if open_ > STUCK_BEHIND_ONE else 2
    stuck = "(SELECT id, row_number() OVER (ORDER BY autotask_id DESC) AS place FROM syncing_document"
    stuck += " WHERE state IN ('faulted', 'retrying')) AS stuck"
    cause = "(SELECT id, row_number() OVER (ORDER BY id) AS place FROM faults_fault WHERE state <> 'resolved') AS fault"
    _insert(
        Blocker,
        f"{stuck} JOIN {cause} ON fault.place = CASE WHEN stuck.place <= {behind_first} THEN 1"
        f" ELSE 1 + (stuck.place - {behind_first} - 1) % {open_} END",
        {"document_id": "stuck.id", "fault_id": "fault.id", "created_at": "now()"},
    )


def _make_attempts() -> None:
    """One for each document that was tried, in the order of their making, and three for what is stuck."""
    outcome = "CASE document.state WHEN 'synced' THEN 'created' WHEN 'voided' THEN 'voided' ELSE document.state END"
    _insert(
        Attempt,
        "syncing_document AS document, generate_series(1, CASE document.state WHEN 'faulted' THEN 3 ELSE 1 END)",
        {
            "document_id": "document.id",
            "run_id": "document.id / 50",
            "at": "document.discovered_at",
            "outcome": outcome,
            "code": "CASE document.state WHEN 'faulted' THEN 'no-valid-contact' ELSE '' END",
            "detail": "CASE document.state WHEN 'faulted' THEN 'The contact was archived.' ELSE '' END",
        },
        where="document.state <> 'waiting' ORDER BY document.autotask_id",
    )


def _make_runs(count: int) -> None:
    moment = f"now() - ({count} - n) * interval '5 minutes'"
    _insert(
        SyncRun,
        f"generate_series(1, {count}) AS n",
        {
            "trigger": "'schedule'",
            "state": "'finished'",
            "requested_at": moment,
            "started_at": moment,
            "finished_at": moment,
            "counts": """CASE WHEN n % 20 = 0 THEN '{"new": 3, "created": 3, "autotask_calls": 6, "xero_calls": 2}'
                ELSE '{"autotask_calls": 1}' END::jsonb""",
        },
    )


def _insert(model: type[models.Model], source: str, given: Mapping[str, str], where: str = "true") -> None:
    """INSERT … SELECT the given columns, as SQL, `FROM source`; the others have their defaults, or the database's."""
    values: dict[str, str] = {}
    parameters: list[Any] = []
    for field in model._meta.concrete_fields:
        if field.generated or field.primary_key or (field.has_db_default() and field.column not in given):
            continue
        values[field.column] = given.get(field.column, "%s")
        if field.column not in given:
            parameters.append(field.get_db_prep_save(field.get_default(), connection))
    written = ", ".join(value if value == "%s" else value.replace("%", "%%") for value in values.values())
    columns = ", ".join(f'"{column}"' for column in values)
    rest = f"{source} WHERE {where}".replace("%", "%%")
    with connection.cursor() as cursor:
        cursor.execute(
            f'INSERT INTO "{model._meta.db_table}" ({columns}) SELECT {written} FROM {rest}',  # noqa: S608
            parameters,
        )
