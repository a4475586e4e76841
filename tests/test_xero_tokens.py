"""Keeping a grant's tokens fresh, with many workers and a partner in trouble (syncing/xero/oauth.py)."""

import logging
import time
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
import requests
from django.db import connection, transaction
from django.utils import timezone

from faults.problems import NeedsReconnect, NeedsSupport, Transient
from syncing.xero import identity, oauth
from syncing.xero.client import NoAnswer, ServerError, XeroClient
from syncing.xero.oauth import GrantTokens, access_token
from tenants.models import XeroGrant
from tests.factories import make_grant
from tests.world import CLIENT_ID, CLIENT_SECRET, SandboxWorld, XeroOrganisation

pytestmark = pytest.mark.django_db

HALF_AN_HOUR = 30 * 60


@pytest.fixture
def organisation(sandbox: SandboxWorld) -> XeroOrganisation:
    return sandbox.create_xero()


@pytest.fixture
def grant(organisation: XeroOrganisation) -> XeroGrant:
    """A grant whose access token ends in a moment."""
    return make_grant(**tokens_of(organisation), expires_at=timezone.now() + timedelta(seconds=5))


def tokens_of(organisation: XeroOrganisation) -> dict[str, Any]:
    given = organisation.grant()
    return {"access_token": given["access_token"], "refresh_token": given["refresh_token"]}


def refreshes(sandbox: SandboxWorld) -> int:
    return len(sandbox.ledger("identity").calls("POST", "/connect/token"))


def in_thread(work: Callable[[], Any]) -> Callable[[], Any]:
    def run() -> Any:
        try:
            return work()
        finally:
            connection.close()

    return run


def test_a_token_that_is_good_is_given_without_asking_xero(sandbox: SandboxWorld) -> None:
    grant = make_grant(expires_at=timezone.now() + timedelta(minutes=5))
    assert access_token(grant.id) == grant.access_token
    assert refreshes(sandbox) == 0


def test_a_token_that_ends_soon_is_refreshed_and_both_new_ones_are_kept(
    sandbox: SandboxWorld, organisation: XeroOrganisation, grant: XeroGrant
) -> None:
    token = access_token(grant.id)
    kept = XeroGrant.objects.get(id=grant.id)
    assert token == kept.access_token != grant.access_token
    assert kept.refresh_token != grant.refresh_token
    assert kept.expires_at > timezone.now() + timedelta(minutes=25)
    assert (kept.refresh_claim, kept.refresh_sent_at) == (None, None)
    assert kept.scopes
    assert refreshes(sandbox) == 1
    assert XeroClient(organisation.id, GrantTokens(grant)).organisation().name == organisation.name


def test_a_token_that_xero_rejects_is_refreshed_though_it_should_be_good(
    sandbox: SandboxWorld, organisation: XeroOrganisation
) -> None:
    grant = make_grant(**tokens_of(organisation))
    client = XeroClient(organisation.id, GrantTokens(grant))
    client.organisation()
    sandbox.advance_clock(HALF_AN_HOUR + 1)
    client.organisation()
    assert refreshes(sandbox) == 1
    assert access_token(grant.id, rejected="an older one") == XeroGrant.objects.get(id=grant.id).access_token
    assert refreshes(sandbox) == 1


def test_a_run_reads_the_row_again_only_when_its_token_is_refused(
    sandbox: SandboxWorld, organisation: XeroOrganisation, django_assert_num_queries: Any
) -> None:
    grant = make_grant(**tokens_of(organisation))
    tokens = GrantTokens(grant)
    with django_assert_num_queries(0):
        assert tokens.access_token() == grant.access_token
    assert tokens.access_token(rejected=grant.access_token) == XeroGrant.objects.get().access_token
    assert refreshes(sandbox) == 1


def test_a_token_whose_consent_has_ended_is_not_used(sandbox: SandboxWorld, organisation: XeroOrganisation) -> None:
    grant = make_grant(**tokens_of(organisation), broken_at=timezone.now(), broken_reason="It has ended.")
    with pytest.raises(NeedsReconnect, match="It has ended"):
        GrantTokens(grant).access_token()


@pytest.mark.django_db(transaction=True)
def test_fifty_workers_with_one_expired_token_refresh_it_once(sandbox: SandboxWorld, grant: XeroGrant) -> None:
    with sandbox.trouble("identity", "slow", seconds=0.3), ThreadPoolExecutor(50) as workers:
        found = list(workers.map(lambda _: in_thread(lambda: access_token(grant.id))(), range(50)))
    assert len(set(found)) == 1
    assert refreshes(sandbox) == 1


@pytest.mark.django_db(transaction=True)
def test_fifty_workers_whose_refresh_is_lost_ask_once_more_and_stay_connected(
    sandbox: SandboxWorld, organisation: XeroOrganisation, grant: XeroGrant
) -> None:
    with sandbox.trouble("identity", "drop_after", times=1), ThreadPoolExecutor(50) as workers:
        found = list(workers.map(lambda _: in_thread(lambda: access_token(grant.id))(), range(50)))
    assert len(set(found)) == 1
    assert refreshes(sandbox) == 2
    assert XeroGrant.objects.get(id=grant.id).broken_at is None
    assert XeroClient(organisation.id, GrantTokens(grant)).organisation().name == organisation.name


@pytest.mark.django_db(transaction=True)
def test_eight_workers_whose_token_was_rejected_refresh_it_once(
    sandbox: SandboxWorld, organisation: XeroOrganisation
) -> None:
    grant = make_grant(**tokens_of(organisation))

    def work() -> str:
        return access_token(grant.id, rejected=grant.access_token)

    with ThreadPoolExecutor(8) as workers:
        found = list(workers.map(lambda _: in_thread(work)(), range(8)))
    assert len(set(found)) == 1
    assert refreshes(sandbox) == 1


def test_a_lost_answer_is_asked_for_again_with_the_old_refresh_token(sandbox: SandboxWorld, grant: XeroGrant) -> None:
    with sandbox.trouble("identity", "drop_after", times=1):
        access_token(grant.id)
    assert refreshes(sandbox) == 2
    assert XeroGrant.objects.get(id=grant.id).broken_at is None


@pytest.mark.parametrize(
    ("trouble", "words"),
    [
        ({"kind": "drop_before"}, "The connection to Xero's sign-in service broke, or could not be opened"),
        ({"kind": "slow", "seconds": 0.5}, "Xero's sign-in service did not answer within 0.2 seconds."),
    ],
)
def test_no_answer_is_told_in_words_that_people_understand(
    sandbox: SandboxWorld, grant: XeroGrant, monkeypatch: pytest.MonkeyPatch, trouble: dict[str, Any], words: str
) -> None:
    monkeypatch.setattr(identity, "READ_SECONDS", 0.2)
    with sandbox.trouble("identity", **trouble), pytest.raises(NoAnswer, match=words):
        access_token(grant.id)


def test_answers_that_stay_lost_are_made_good_within_half_an_hour(sandbox: SandboxWorld, grant: XeroGrant) -> None:
    with sandbox.trouble("identity", "drop_after"), pytest.raises(NoAnswer):
        access_token(grant.id)
    kept = XeroGrant.objects.get(id=grant.id)
    assert kept.refresh_token == grant.refresh_token
    assert kept.refresh_claim is None
    assert kept.refresh_sent_at is not None
    sandbox.advance_clock(HALF_AN_HOUR - 60)
    access_token(grant.id)


def test_answers_that_stay_lost_for_longer_need_a_new_sign_in(sandbox: SandboxWorld, grant: XeroGrant) -> None:
    with sandbox.trouble("identity", "drop_after"), pytest.raises(NoAnswer):
        access_token(grant.id)
    sandbox.advance_clock(HALF_AN_HOUR + 60)
    with pytest.raises(NeedsReconnect) as caught:
        access_token(grant.id)
    assert caught.value.code == "xero-disconnected"
    assert XeroGrant.objects.get(id=grant.id).broken_reason == oauth.CONSENT_ENDED
    asked = refreshes(sandbox)
    with pytest.raises(NeedsReconnect):
        access_token(grant.id)
    assert refreshes(sandbox) == asked


@pytest.mark.django_db(transaction=True)
def test_a_refused_refresh_token_does_not_break_the_one_that_came_meanwhile(
    sandbox: SandboxWorld, organisation: XeroOrganisation, grant: XeroGrant
) -> None:
    with sandbox.trouble("identity", "late", seconds=0.5, times=1), ThreadPoolExecutor(1) as worker:
        refreshing = worker.submit(in_thread(lambda: access_token(grant.id)))
        while refreshes(sandbox) == 0:
            time.sleep(0.02)
        revoke(sandbox, grant)
        newer = tokens_of(organisation)
        row = XeroGrant.objects.get(id=grant.id)
        for name, value in newer.items():
            setattr(row, name, value)
        row.refresh_claim, row.expires_at = None, timezone.now() + timedelta(minutes=30)
        row.refreshed_at = timezone.now()
        row.save()
        assert refreshing.result() == newer["access_token"]
    assert XeroGrant.objects.get(id=grant.id).broken_at is None


def revoke(sandbox: SandboxWorld, grant: XeroGrant) -> None:
    requests.post(
        f"{sandbox.base_url}/connect/revocation",
        data={"token": grant.refresh_token},
        auth=(CLIENT_ID, CLIENT_SECRET),
        timeout=10,
    )


@pytest.mark.parametrize(
    ("trouble", "problem"),
    [
        ({"kind": "outage"}, ServerError),
        ({"kind": "status", "status": 500, "body": "An unhandled error"}, ServerError),
        ({"kind": "status", "status": 429, "body": ""}, Transient),
        ({"kind": "status", "status": 200, "body": "<html>"}, ServerError),
        ({"kind": "status", "status": 200, "body": '{"access_token": null}'}, ServerError),
        ({"kind": "status", "status": 400, "body": '{"error":"invalid_client"}'}, NeedsSupport),
        ({"kind": "status", "status": 400, "body": "<html>"}, NeedsSupport),
    ],
)
def test_trouble_at_xero_breaks_no_grant(
    sandbox: SandboxWorld, grant: XeroGrant, trouble: dict[str, Any], problem: type[Exception]
) -> None:
    with sandbox.trouble("identity", **trouble), pytest.raises(problem):
        access_token(grant.id)
    kept = XeroGrant.objects.get(id=grant.id)
    assert (kept.broken_at, kept.refresh_claim, kept.refresh_token) == (None, None, grant.refresh_token)
    access_token(grant.id)


def test_a_refresher_that_died_holds_nobody_up_for_long(
    grant: XeroGrant, monkeypatch: pytest.MonkeyPatch, sandbox: SandboxWorld
) -> None:
    monkeypatch.setattr(oauth, "WAIT_SECONDS", 0.2)
    claimed = XeroGrant.objects.filter(id=grant.id)
    claimed.update(refresh_claim=uuid.uuid4(), refresh_claimed_at=timezone.now())
    with pytest.raises(Transient) as caught:
        access_token(grant.id)
    assert caught.value.code == "access-token-expired"
    assert refreshes(sandbox) == 0
    claimed.update(refresh_claimed_at=timezone.now() - oauth.CLAIM_LIFE - timedelta(seconds=1))
    access_token(grant.id)
    assert refreshes(sandbox) == 1


@pytest.mark.django_db(transaction=True)
def test_no_refresh_happens_inside_a_transaction(grant: XeroGrant, sandbox: SandboxWorld) -> None:
    with pytest.raises(RuntimeError), transaction.atomic():
        access_token(grant.id)
    assert refreshes(sandbox) == 0


@pytest.mark.django_db(transaction=True)
def test_the_row_is_not_locked_while_xero_is_asked(grant: XeroGrant, sandbox: SandboxWorld) -> None:
    with sandbox.trouble("identity", "slow", seconds=0.5), ThreadPoolExecutor(1) as worker:
        refreshing = worker.submit(in_thread(lambda: access_token(grant.id)))
        while refreshes(sandbox) == 0:
            time.sleep(0.02)
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL lock_timeout = '100ms'")
            XeroGrant.objects.filter(id=grant.id).update(name="Somebody")
        refreshing.result()


def test_a_grant_whose_tokens_live_for_seconds_only_is_not_refreshed_in_a_circle(
    organisation: XeroOrganisation, sandbox: SandboxWorld
) -> None:
    grant = make_grant(**tokens_of(organisation), expires_at=timezone.now())
    XeroGrant.objects.filter(id=grant.id).update(
        refreshed_at=timezone.now(), expires_at=timezone.now() + timedelta(seconds=20)
    )
    access_token(grant.id)
    assert refreshes(sandbox) == 0


def test_no_secret_is_in_a_problem_or_a_log(
    sandbox: SandboxWorld, grant: XeroGrant, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        with sandbox.trouble("identity", "drop_after"), pytest.raises(NoAnswer) as lost:
            access_token(grant.id)
        access_token(grant.id)
    kept = XeroGrant.objects.get(id=grant.id)
    written = caplog.text + repr(lost.value) + str(lost.value) + repr(lost.value.__cause__)
    for secret in (grant.access_token, grant.refresh_token, kept.access_token, kept.refresh_token, CLIENT_SECRET):
        assert secret not in written
    assert lost.value.__cause__ is None
