"""E-mails about faults, to a mail server of the test's own."""

from __future__ import annotations

import email
import email.policy
import socket
from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from email.message import EmailMessage

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from django.utils import timezone
from pytest_django import Settings

from faults import notify, tasks
from faults.models import Fault, FaultNotice, NoticeQueue
from faults.problems import NeedsPerson, NeedsSupport, SyncProblem, Transient
from faults.record import ignore, record, resolve
from syncing.models import Blocker, Document
from tenants.models import Account, Member, Role
from tenants.scope import account_scope
from tests.factories import make_account, make_member

pytestmark = pytest.mark.django_db


class MailServer:
    """Takes mail over SMTP, unless it is told to refuse; keeps what it took."""

    def __init__(self) -> None:
        self.taken: list[EmailMessage] = []
        self.refusal = ""
        self.refused_addresses: dict[str, str] = {}

    async def handle_RCPT(  # noqa: N802 - aiosmtpd calls it so
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address in self.refused_addresses:
            return self.refused_addresses[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        if self.refusal:
            return self.refusal
        assert isinstance(envelope.content, bytes)
        message = email.message_from_bytes(envelope.content, policy=email.policy.default)
        assert isinstance(message, EmailMessage)
        self.taken.append(message)
        return "250 OK"

    def read(self) -> list[tuple[str, str]]:
        """(to, subject) of what came since the last look."""
        taken, self.taken = self.taken, []
        return [(message["To"], message["Subject"]) for message in taken]


@pytest.fixture
def mail(settings: Settings) -> Iterator[MailServer]:
    server = MailServer()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        host, port = probe.getsockname()
    controller = Controller(server, hostname=host, port=port)
    controller.start()
    try:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = host, port
        settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
        settings.EMAIL_HOST_USER = settings.EMAIL_HOST_PASSWORD = ""
        settings.BASE_URL = "https://depot.example"
        yield server
    finally:
        controller.stop()


@pytest.fixture
def account() -> Account:
    return make_account("Harbour IT")


@pytest.fixture
def ana(account: Account) -> Member:
    return make_member(account, Role.STANDARD)


def currency(code: str = "USD") -> SyncProblem:
    return NeedsPerson("currency-not-subscribed", f"No {code}.", code)


def happens(account: Account, *problems: SyncProblem, documents: int = 0) -> list[Fault]:
    """These problems are met by a run; each stops so many invoices of 1,000.00."""
    with account_scope(account.id):
        faults = list(record(problems).values())
        for fault in faults:
            for number in range(documents):
                document = Document.objects.create(
                    account=account,
                    kind=Document.Kind.INVOICE,
                    autotask_id=fault.id * 1000 + number,
                    autotask_number=f"HB-{number}",
                    currency=fault.subject[:3],
                    total=Decimal("1000.00"),
                    state="faulted",
                )
                Blocker.objects.create(account=account, document=document, fault=fault)
    return faults


def mends(account: Account, *faults: Fault) -> None:
    with account_scope(account.id):
        resolve([fault.id for fault in faults])


def passes(account: Account, time: timedelta) -> None:
    """So much time passes."""
    with account_scope(account.id):
        for notice in FaultNotice.objects.all():
            FaultNotice.objects.filter(id=notice.id).update(sent_at=notice.sent_at - time)
        for queue in NoticeQueue.objects.exclude(due_at=None):
            NoticeQueue.objects.filter(id=queue.id).update(due_at=due(queue) - time)


def due(queue: NoticeQueue) -> datetime:
    assert queue.due_at is not None
    return queue.due_at


def post(account: Account, after: timedelta = timedelta(minutes=1)) -> int:
    """What beat and worker do once that time has passed; the number of mails sent."""
    passes(account, after)
    if account.id not in notify.accounts_to_tell():
        return 0
    with account_scope(account.id):
        return notify.tell_members(account.id)


def test_a_fault_that_needs_someone_is_told_within_two_minutes(mail: MailServer, account: Account, ana: Member) -> None:
    (fault,) = happens(account, currency(), documents=7)
    with account_scope(account.id):
        assert due(NoticeQueue.objects.get()) <= timezone.now() + timedelta(minutes=1)

    assert post(account) == 1

    (message,) = mail.taken
    assert message["To"] == ana.user.email
    assert message["Subject"] == (
        "Harbour IT: 7 invoices stuck, The organisation is not subscribed to this currency: USD"
    )
    body = message.get_content()
    assert "7 invoices: USD 7,000.00" in body
    assert "HB-6, HB-5, HB-4, HB-3, HB-2 and 2 more" in body
    assert fault.kind.what_happened in body
    assert f"https://depot.example/a/{account.slug}/faults/{fault.id}/" in body
    assert message["Auto-Submitted"] == "auto-generated"


@pytest.mark.usefixtures("ana")
def test_the_cause_is_told_with_the_facts_of_the_case(mail: MailServer, account: Account) -> None:
    facts = {"currency": "USD", "base_currency": "NZD", "subscribed": ["AUD", "NZD"]}
    happens(account, NeedsPerson("currency-not-subscribed", "…", "USD", evidence=facts))
    post(account)
    (message,) = mail.taken
    assert "The documents are in USD, and the Xero organisation has only AUD and NZD." in message.get_content()


@pytest.mark.usefixtures("ana")
def test_what_one_run_finds_is_one_mail(mail: MailServer, account: Account) -> None:
    happens(account, currency("USD"), currency("GBP"), NeedsSupport("unexpected", "…", "reference 7"))
    post(account)
    assert [subject for _, subject in mail.read()] == ["Harbour IT: 3 faults need you"]


@pytest.mark.usefixtures("ana")
def test_what_comes_within_the_hour_is_gathered_into_one_mail(mail: MailServer, account: Account) -> None:
    happens(account, currency("USD"))
    post(account)
    mail.read()

    happens(account, currency("GBP"))
    assert post(account, timedelta(minutes=10)) == 0
    happens(account, currency("EUR"))
    assert post(account, timedelta(minutes=30)) == 0
    assert post(account, timedelta(minutes=21)) == 1
    assert [subject for _, subject in mail.read()] == ["Harbour IT: 2 faults need you"]
    assert post(account, timedelta(days=3)) == 0


@pytest.mark.usefixtures("ana")
def test_a_resolved_fault_is_told_to_those_who_knew_of_it(mail: MailServer, account: Account) -> None:
    (fault,) = happens(account, currency())
    post(account)
    make_member(account, Role.STANDARD)
    mail.read()
    mends(account, fault)

    assert post(account) == 1
    ((_, subject),) = mail.read()
    assert subject == "Harbour IT: resolved, The organisation is not subscribed to this currency: USD"
    assert post(account, timedelta(days=1)) == 0


@pytest.mark.usefixtures("ana")
def test_what_was_mended_before_anyone_was_told_is_not_told(mail: MailServer, account: Account) -> None:
    mends(account, *happens(account, currency()))
    assert post(account) == 0
    assert mail.taken == []


@pytest.mark.usefixtures("ana")
def test_what_comes_back_is_told_again(mail: MailServer, account: Account) -> None:
    (fault,) = happens(account, currency())
    post(account)
    mends(account, fault)
    post(account)
    happens(account, currency())
    assert post(account, timedelta(hours=2)) == 1
    assert len(mail.taken) == 3


@pytest.mark.usefixtures("ana")
def test_what_mends_itself_is_nobodys_mail_until_it_is_given_up(mail: MailServer, account: Account) -> None:
    happens(account, Transient("service-unavailable", "Down.", "Xero"))
    assert post(account) == 0

    tired = Transient("service-unavailable", "Down.", "Xero")
    tired.given_up = True
    happens(account, tired)
    assert post(account) == 1
    ((_, subject),) = mail.read()
    assert subject == "Harbour IT: Xero or Autotask is unavailable (503): Xero"


@pytest.mark.usefixtures("ana")
def test_an_ignored_fault_is_not_told(mail: MailServer, account: Account) -> None:
    (fault,) = happens(account, currency())
    with account_scope(account.id):
        ignore(fault.id, reason="By hand.", by="jo@example.com")
    assert post(account) == 0
    assert mail.taken == []


def test_each_member_chooses(mail: MailServer, account: Account) -> None:
    members = {
        "at once": make_member(account, Role.OWNER),
        "by day": make_member(account, Role.ADMINISTRATOR),
        "never": make_member(account, Role.STANDARD),
        "not when over": make_member(account, Role.STANDARD),
        "may not re-sync": make_member(account, Role.VIEWER),
        "gone": make_member(account, Role.STANDARD),
        "of another account": make_member(make_account()),
    }
    names = {member.user.email: name for name, member in members.items()}
    Member.objects.filter(id=members["by day"].id).update(notify_faults="digest")
    Member.objects.filter(id=members["never"].id).update(notify_faults="never")
    Member.objects.filter(id=members["not when over"].id).update(notify_resolved=False)
    members["gone"].user.is_active = False
    members["gone"].user.save()

    (first,) = happens(account, currency("USD"))
    post(account)
    assert [names[to] for to, _ in mail.read()] == ["at once", "by day", "not when over"]

    happens(account, currency("GBP"))
    post(account, timedelta(hours=2))
    assert [names[to] for to, _ in mail.read()] == ["at once", "not when over"]

    mends(account, first)
    post(account)
    assert [names[to] for to, _ in mail.read()] == ["at once", "by day"]

    post(account, timedelta(hours=23))
    assert [(names[to], subject) for to, subject in mail.read()] == [
        ("by day", "Harbour IT: The organisation is not subscribed to this currency: GBP")
    ]


@pytest.mark.usefixtures("ana")
def test_a_mail_server_that_is_away_gets_the_mail_later(mail: MailServer, account: Account) -> None:
    happens(account, currency())
    mail.refusal = "451 Come back later"
    assert post(account) == 0
    mail.refusal = ""
    assert post(account, timedelta(minutes=4)) == 0
    assert post(account, timedelta(minutes=2)) == 1
    assert len(mail.taken) == 1


def test_an_address_that_is_refused_for_good_holds_nobody_up(mail: MailServer, account: Account, ana: Member) -> None:
    other = make_member(account, Role.STANDARD)
    mail.refused_addresses = {ana.user.email: "550 No such user"}
    happens(account, currency())
    post(account)
    assert [to for to, _ in mail.read()] == [other.user.email]
    assert post(account, timedelta(hours=1)) == 0


@pytest.mark.usefixtures("ana")
def test_a_task_that_is_delivered_twice_sends_once(mail: MailServer, account: Account) -> None:
    happens(account, currency())
    passes(account, timedelta(minutes=1))
    for _ in range(2):
        tasks.tell_members(account_id=account.id)
    assert len(mail.taken) == 1


@pytest.mark.usefixtures("ana")
def test_a_worker_that_died_on_the_way_is_made_up_for(mail: MailServer, account: Account) -> None:
    happens(account, currency())
    with account_scope(account.id):
        NoticeQueue.objects.update(due_at=timezone.now() + notify.LEASE)  # taken, and never done
    assert post(account, timedelta(minutes=11)) == 1


@pytest.mark.usefixtures("ana")
def test_what_wakes_the_account_while_mail_is_sent_is_not_forgotten(
    mail: MailServer, account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    happens(account, currency("USD"))
    send = notify._Turn.tell

    def slow(turn: notify._Turn) -> bool:
        happens(account, currency("GBP"))
        return send(turn)

    monkeypatch.setattr(notify._Turn, "tell", slow)
    post(account)
    with account_scope(account.id):
        assert due(NoticeQueue.objects.get()) <= timezone.now() + notify.GATHER


@pytest.mark.usefixtures("ana")
def test_a_subject_is_one_line_whatever_the_fault_is_called(mail: MailServer, account: Account) -> None:
    happens(account, NeedsPerson("validation-refused", "…", "Two\r\nBcc: eve@example.com"))
    post(account)
    ((_, subject),) = mail.read()
    assert subject == "Harbour IT: Xero refused the document: Two Bcc: eve@example.com"


@pytest.mark.usefixtures("ana")
def test_two_hundred_faults_are_one_mail_that_can_be_read(mail: MailServer, account: Account) -> None:
    happens(account, *[currency(f"C{number}") for number in range(200)])
    assert post(account) == 1
    (message,) = mail.taken
    assert message["Subject"] == "Harbour IT: 200 faults need you"
    assert message.get_content().count("What to do:") == notify.MOST_SHOWN
    assert "And 180 more" in message.get_content()
    assert post(account, timedelta(days=1)) == 0
