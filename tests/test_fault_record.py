"""Faults: one row for each cause, however many documents wait behind it and however often it returns."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, DjangoDbBlocker

from faults.catalogue import WhoActs
from faults.models import Fault, FaultEvent
from faults.problems import NeedsPerson, NeedsSupport, SyncProblem, Transient
from faults.record import ignore, record, resolve
from tenants.models import Account
from tenants.scope import ScopeError, account_scope
from tests.factories import make_account

pytestmark = pytest.mark.django_db
State, What = Fault.State, FaultEvent.What


@pytest.fixture
def account() -> Account:
    return make_account()


@pytest.fixture
def scope(account: Account) -> Iterator[Account]:
    with account_scope(account.id):
        yield account


def currency(code: str = "USD", **evidence: object) -> SyncProblem:
    return NeedsPerson("currency-not-subscribed", f"No {code}.", code, evidence=evidence)


def outage() -> Transient:
    return Transient("service-unavailable", "Down.", "Xero")


def history(fault: Fault) -> list[str]:
    return list(FaultEvent.objects.filter(fault=fault).order_by("id").values_list("what", flat=True))


def only() -> Fault:
    return Fault.objects.get()


def since(fault: Fault, ago: timedelta) -> None:
    Fault.objects.filter(id=fault.id).update(opened_at=timezone.now() - ago)


@pytest.mark.usefixtures("scope")
class TestOpeningAndJoining:
    def test_fourteen_documents_behind_one_cause_are_one_fault(self) -> None:
        found = record([currency() for _ in range(14)])

        assert found == {("currency-not-subscribed", "USD"): only()}
        assert (only().state, only().times_seen, only().regressed) == (State.OPEN, 14, False)
        assert history(only()) == [What.OPENED]

    def test_each_subject_is_a_cause_of_its_own(self) -> None:
        found = record([currency("USD"), currency("EUR"), NeedsPerson("invalid-email", "", "jo@@example.com")])

        assert {fault.subject for fault in found.values()} == {"USD", "EUR", "jo@@example.com"}
        assert Fault.objects.count() == 3

    def test_what_is_met_again_joins_the_open_fault(self) -> None:
        first = record([currency()])["currency-not-subscribed", "USD"]
        record([currency()])

        again = only()
        assert (again.id, again.times_seen, again.first_seen) == (first.id, 2, first.first_seen)
        assert again.last_seen > first.last_seen
        assert history(again) == [What.OPENED]

    def test_what_mends_itself_is_retrying_and_not_a_persons_work(self) -> None:
        record([outage()])
        assert (only().state, only().who_acts) == (State.RETRYING, WhoActs.NOBODY)

    def test_an_unfinished_invoice_that_is_fetched_again_is_nobodys_work_yet(self) -> None:
        record([Transient("amounts-do-not-match", "", "4711", retry_after=120)])
        assert only().who_acts == WhoActs.NOBODY

        record([NeedsPerson("amounts-do-not-match", "", "4711")])
        assert (only().state, only().who_acts) == (State.OPEN, WhoActs.CUSTOMER)

    def test_what_was_given_up_asks_for_a_person(self) -> None:
        record([outage()])
        tired = outage()
        tired.given_up = True
        record([tired])

        assert (only().state, only().who_acts) == (State.OPEN, WhoActs.CUSTOMER)
        assert history(only()) == [What.OPENED, What.GAVE_UP]

    def test_what_does_not_mend_itself_within_24_hours_asks_for_a_person(self) -> None:
        record([outage()])
        since(only(), timedelta(hours=23, minutes=59))
        record([outage()])
        assert only().state == State.RETRYING

        since(only(), timedelta(hours=24))
        record([outage()])
        assert only().state == State.OPEN

        record([outage()])
        assert history(only()) == [What.OPENED, What.GAVE_UP]

    def test_support_is_asked_where_the_bug_is_ours(self) -> None:
        record([NeedsSupport("unexpected", "…", "reference 7")])
        assert (only().state, only().who_acts) == (State.OPEN, WhoActs.SUPPORT)

    def test_new_evidence_is_laid_over_the_old(self) -> None:
        record([currency(base="NZD", subscribed=["NZD"]), currency(setting="USD")])
        record([currency(subscribed=["NZD", "AUD"])])

        assert only().evidence == {"base": "NZD", "setting": "USD", "subscribed": ["NZD", "AUD"]}

    def test_nothing_to_record_asks_the_database_nothing(
        self, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        with django_assert_num_queries(0):
            assert record([]) == {}
            assert resolve([]) == set()

    def test_a_batch_takes_a_few_queries_however_many_causes_it_has(
        self, django_assert_max_num_queries: DjangoAssertNumQueries
    ) -> None:
        problems = [currency(f"C{number}") for number in range(50)]
        with django_assert_max_num_queries(8):
            record(problems)
        with django_assert_max_num_queries(5):
            record(problems)


@pytest.mark.usefixtures("scope")
class TestClosing:
    def test_a_resolved_fault_says_when_and_by_whom(self) -> None:
        record([currency()])
        assert resolve([only().id], by="jo@example.com", note="Added in Xero.") == {only().id}

        assert only().state == State.RESOLVED
        assert only().resolved_at is not None
        event = FaultEvent.objects.latest("id")
        assert (event.what, event.by, event.note) == (What.RESOLVED, "jo@example.com", "Added in Xero.")

    def test_resolving_twice_changes_nothing(self) -> None:
        record([currency()])
        resolve([only().id])
        assert resolve([only().id]) == set()
        assert history(only()) == [What.OPENED, What.RESOLVED]

    def test_what_returns_is_regressed_and_brings_its_own_evidence(self) -> None:
        record([currency(base="NZD")])
        resolve([only().id])
        first_seen = only().first_seen
        record([currency(base="AUD")])

        fault = only()
        assert (fault.state, fault.regressed, fault.evidence) == (State.OPEN, True, {"base": "AUD"})
        assert (fault.first_seen, fault.resolved_at, fault.times_seen) == (first_seen, None, 2)
        assert fault.opened_at > first_seen
        assert history(fault) == [What.OPENED, What.RESOLVED, What.RETURNED]

    def test_an_outage_that_returns_is_retried_anew(self) -> None:
        record([outage()])
        since(only(), timedelta(days=3))
        record([outage()])
        resolve([only().id])
        record([outage()])
        assert (only().state, only().regressed) == (State.RETRYING, True)

    def test_a_fault_is_ignored_for_a_reason(self) -> None:
        record([currency()])
        assert ignore(only().id, reason=" We bill this one by hand. ", by="jo@example.com")

        assert (only().state, only().ignored_reason) == (State.IGNORED, "We bill this one by hand.")
        assert history(only()) == [What.OPENED, What.IGNORED]

    def test_no_fault_is_ignored_without_a_reason(self) -> None:
        record([currency()])
        with pytest.raises(ValueError, match="reason"):
            ignore(only().id, reason="  ", by="jo@example.com")
        assert only().state == State.OPEN

    def test_what_is_over_cannot_be_ignored(self) -> None:
        record([currency()])
        resolve([only().id])
        assert not ignore(only().id, reason="Late.", by="jo@example.com")
        assert only().state == State.RESOLVED

    def test_an_ignored_fault_that_returns_opens_again(self) -> None:
        record([currency()])
        ignore(only().id, reason="Later.", by="jo@example.com")
        record([currency()])

        assert (only().state, only().regressed, only().ignored_reason) == (State.OPEN, True, "")

    def test_an_ignored_fault_whose_cause_is_gone_is_resolved(self) -> None:
        record([currency()])
        ignore(only().id, reason="Later.", by="jo@example.com")
        assert resolve([only().id]) == {only().id}


@pytest.mark.usefixtures("scope")
class TestBadInput:
    def test_odd_evidence_is_kept_as_json(self) -> None:
        odd = {
            "money": Decimal("8410.00"),
            "day": date(2026, 5, 1),
            "nothing": None,
            "much": float("inf"),
            "names": {"Jo"},
            "nested": {1: [b"x", "a\x00b", "half \ud800"]},
        }
        record([currency(**odd)])

        assert only().evidence == {
            "money": "8410.00",
            "day": "2026-05-01",
            "nothing": None,
            "much": "inf",
            "names": ["Jo"],
            "nested": {"1": ["b'x'", "ab", "half ?"]},
        }

    def test_a_subject_that_the_column_cannot_hold_is_cut_and_found_by_its_own_words(self) -> None:
        subject = "Ω\x00" * 4000
        problem = NeedsPerson("validation-refused", subject, subject, evidence={"long": "x" * 4_000_000})
        found = record([problem])
        record([problem])

        fault = only()
        assert found["validation-refused", subject].id == fault.id
        assert (fault.subject, fault.times_seen) == ("Ω" * 255, 2)
        assert len(fault.evidence["long"]) == 2000

    def test_a_code_that_left_the_catalogue_still_shows(self) -> None:
        record([NeedsPerson("gone-since", "Words.", "X")])
        assert str(only()) == "Something unexpected happened: X"


class TestAccounts:
    def test_recording_needs_the_scope_of_an_account(self) -> None:
        with pytest.raises(ScopeError):
            record([currency()])
        with pytest.raises(ScopeError):
            resolve([1])

    def test_one_account_neither_sees_nor_closes_the_faults_of_another(self, account: Account) -> None:
        other = make_account()
        with account_scope(account.id):
            mine = record([currency()])["currency-not-subscribed", "USD"]
        with account_scope(other.id):
            theirs = record([currency()])["currency-not-subscribed", "USD"]
            assert resolve([mine.id]) == set()
            assert not ignore(mine.id, reason="Not mine.", by="eve@example.com")
            assert list(Fault.objects.all()) == [theirs]
        with account_scope(account.id):
            assert only().state == State.OPEN


@pytest.mark.django_db(transaction=True)
def test_two_runs_that_meet_one_cause_at_once_open_one_fault(
    account: Account, django_db_blocker: DjangoDbBlocker
) -> None:
    def meet_it(_: int) -> int:
        try:
            with django_db_blocker.unblock(), account_scope(account.id):
                return record([currency(), outage()])["currency-not-subscribed", "USD"].id
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        ids = list(pool.map(meet_it, range(24)))

    with account_scope(account.id):
        fault = Fault.objects.get(code="currency-not-subscribed")
        assert set(ids) == {fault.id}
        assert fault.times_seen == 24
        assert history(fault) == [What.OPENED]
