"""What staff see of accounts, and do to them; and who can read that they did."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from faults.models import UnknownText
from faults.problems import NeedsPerson
from faults.record import record
from support.models import StaffAction
from syncing import health
from syncing.models import AccountHealth, SyncRun
from tenants.models import Account, AutotaskConnection, Feature, Role
from tenants.scope import account_scope
from tests.factories import make_account, make_member
from tests.pages import BACKEND, Pages, words
from tests.staff import Desk

pytestmark = pytest.mark.django_db


@pytest.fixture
def account() -> Account:
    return make_account("Harbour IT")


@pytest.fixture
def desk() -> Desk:
    return Desk()


def actions(account: Account) -> list[tuple[str, str, str]]:
    with account_scope(account.id):
        return list(StaffAction.objects.order_by("id").values_list("what", "subject", "reason"))


def do(desk: Desk, account: Account, action: str, **form: str) -> None:
    answer = desk.post(f"tenants/account/{account.id}/do/{action}/", **form)
    assert answer.status_code == 302


def test_the_list_tells_how_each_account_is(desk: Desk, account: Account) -> None:
    with account_scope(account.id):
        AutotaskConnection.objects.create(
            account=account, username="u", secret="s3cr3t-value", state=AutotaskConnection.State.REFUSED
        )
        record([NeedsPerson("currency-not-subscribed", "", "USD")])
        health.refresh(account.id)
    page = words(desk.get("tenants/account/"))
    assert "Harbour IT" in page
    assert "Log-in refused" in page
    assert "Being set up" in page
    assert "0 stuck, 0 on the way" in page


def test_the_list_takes_as_many_queries_for_many_accounts_as_for_one(desk: Desk, account: Account) -> None:
    def queries() -> int:
        with CaptureQueriesContext(
            connection,
        ) as seen:
            assert desk.get("tenants/account/").status_code == 200
        return len(seen)

    desk.get("tenants/account/")
    few = queries()
    for other in [make_account() for _ in range(30)]:
        with account_scope(other.id):
            health.refresh(other.id)
    assert queries() == few


def test_the_list_can_be_filtered_by_health(desk: Desk, account: Account) -> None:
    with account_scope(account.id):
        health.refresh(account.id)
        AccountHealth.objects.update(standing=AccountHealth.Standing.STOPPED)
    make_account("Another")
    page = words(desk.get("tenants/account/", standing="stopped"))
    assert "Harbour IT" in page
    assert "Another" not in page
    assert desk.get("tenants/account/", standing="nonsense").status_code == 200


def test_the_page_of_an_account_shows_no_secret(desk: Desk, account: Account) -> None:
    with account_scope(account.id):
        AutotaskConnection.objects.create(account=account, username="u", secret="s3cr3t-value")
    page = words(desk.get(f"tenants/account/{account.id}/change/"))
    assert "Harbour IT" in page
    assert "s3cr3t-value" not in page


@pytest.mark.parametrize("place", ["999999", "x", "1%00", "99999999999999999999999"])
def test_an_account_that_is_not_there_is_not_found(desk: Desk, place: str) -> None:
    assert desk.get(f"tenants/account/{place}/change/").status_code == 404


def test_pause_and_resume_want_a_reason_and_are_kept(desk: Desk, account: Account) -> None:
    do(desk, account, "pause", reason="   ")
    account.refresh_from_db()
    assert not account.paused
    do(desk, account, "pause", reason="They move to another Xero organisation.")
    account.refresh_from_db()
    assert account.paused
    do(desk, account, "resume", reason="The move is done.")
    account.refresh_from_db()
    assert not account.paused
    assert [what for what, _, _ in actions(account)] == ["paused", "resumed"]


def test_sync_now_asks_for_a_run(desk: Desk, account: Account) -> None:
    do(desk, account, "sync")
    with account_scope(account.id):
        assert SyncRun.objects.get().state == SyncRun.State.QUEUED
    assert actions(account) == [("sync_asked", "", "")]


def test_a_feature_is_switched_for_a_reason_only(desk: Desk, account: Account) -> None:
    asked = {"feature": "service_adjustments", "enabled": "on"}
    do(desk, account, "feature", **asked)
    assert actions(account) == []
    do(desk, account, "feature", **asked, reason="Their invoice 1085 meets with it.")
    with account_scope(account.id):
        feature = Feature.objects.get()
    assert (feature.enabled, feature.changed_by) == (True, desk.user.email)
    do(desk, account, "feature", **{**asked, "enabled": "off"}, reason="They asked for it.")
    assert [what for what, _, _ in actions(account)] == ["feature_on", "feature_off"]
    do(desk, account, "feature", feature="nonsense", enabled="on", reason="x")
    assert len(actions(account)) == 2


def test_nothing_is_done_by_a_link(desk: Desk, account: Account) -> None:
    assert desk.get(f"tenants/account/{account.id}/do/pause/").status_code == 405
    assert desk.post(f"tenants/account/{account.id}/do/delete/", reason="x").status_code == 404


def test_the_owner_reads_what_staff_did_and_a_viewer_does_not(desk: Desk, account: Account) -> None:
    do(desk, account, "pause", reason="A <b>reason</b>.")
    page = words(Pages(account).get("settings/history/support/"))
    assert "Paused the sync" in page
    assert desk.user.email in page
    assert "A <b>reason</b>." in page
    assert "<b>reason" not in Pages(account).get("settings/history/support/").content.decode()
    assert Pages(account, Role.VIEWER).get("settings/history/support/").status_code == 403
    assert "Nothing yet" in words(Pages(make_account()).get("settings/history/support/"))


def test_texts_that_nobody_knows_are_counted_on_the_desk(desk: Desk) -> None:
    from django.utils import timezone

    now = timezone.now()
    UnknownText.objects.create(partner="Xero", text="The moon is full", times_seen=17, first_seen=now, last_seen=now)
    page = words(desk.get("faults/unknowntext/"))
    assert "The moon is full" in page
    assert "17" in page


def test_a_look_at_an_account_is_read_only_and_written_down(desk: Desk, account: Account) -> None:
    assert desk.client.get(f"/a/{account.slug}/").status_code == 404
    answer = desk.post(f"tenants/account/{account.id}/do/visit/", reason="They rang about invoice 1085.")
    assert answer["Location"] == f"/a/{account.slug}/"
    page = words(desk.client.get(f"/a/{account.slug}/"))
    assert "You are looking at Harbour IT for support." in page
    assert desk.client.get(f"/a/{account.slug}/documents/", {"q": "1085"}).status_code == 200
    desk.client.get(f"/a/{account.slug}/")
    assert actions(account) == [
        ("visit_begun", "", "They rang about invoice 1085."),
        ("viewed", f"/a/{account.slug}/", ""),
        ("viewed", f"/a/{account.slug}/documents/?q=1085", ""),
    ]
    assert desk.client.post(f"/a/{account.slug}/sync").status_code == 403
    with account_scope(account.id):
        assert not SyncRun.objects.exists()


def test_a_look_opens_no_other_account_and_no_other_session(desk: Desk, account: Account) -> None:
    other = make_account()
    do(desk, account, "visit", reason="Looking.")
    assert desk.client.get(f"/a/{other.slug}/").status_code == 404
    elsewhere = Client()
    elsewhere.force_login(desk.user, backend=BACKEND)
    assert elsewhere.get(f"/a/{account.slug}/").status_code == 404


def test_a_look_is_read_only_for_staff_who_are_members_too(desk: Desk, account: Account) -> None:
    make_member(account, Role.OWNER, desk.user)
    do(desk, account, "visit", reason="Looking.")
    assert desk.client.post(f"/a/{account.slug}/sync").status_code == 403
    desk.post("tenants/account/end-visit/")
    assert desk.client.post(f"/a/{account.slug}/sync").status_code == 302


def test_a_look_ends_when_it_is_ended(desk: Desk, account: Account) -> None:
    do(desk, account, "visit", reason="Looking.")
    assert desk.post("tenants/account/end-visit/")["Location"] == f"/admin/tenants/account/{account.id}/change/"
    assert desk.client.get(f"/a/{account.slug}/").status_code == 404
    assert actions(account)[-1][0] == "visit_ended"


def test_a_look_ends_by_itself(desk: Desk, account: Account) -> None:
    do(desk, account, "visit", reason="Looking.")
    session = desk.client.session
    session["visit"] = {**session["visit"], "begun_at": "2020-01-01T00:00:00+00:00"}
    session.save()
    assert desk.client.get(f"/a/{account.slug}/").status_code == 404


def test_a_look_ends_with_the_person_being_staff(desk: Desk, account: Account) -> None:
    do(desk, account, "visit", reason="Looking.")
    type(desk.user).objects.filter(id=desk.user.id).update(is_staff=False)
    assert desk.client.get(f"/a/{account.slug}/").status_code == 404


def test_a_look_wants_a_reason(desk: Desk, account: Account) -> None:
    do(desk, account, "visit", reason="")
    assert desk.client.get(f"/a/{account.slug}/").status_code == 404
    assert actions(account) == []
