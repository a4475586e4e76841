"""What Prometheus reads at /metrics: gathered over all processes, and for nobody else."""

from __future__ import annotations

import json
import time
from datetime import timedelta

import pytest
import redis
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families
from pytest_django import Settings

from cloud_depot.celery import stamp
from syncing import counters, health
from syncing.counters import CALLS, Addition
from syncing.limits import autotask_call, xero_call
from tenants.models import Account, XeroConnection, XeroGrant
from tenants.scope import account_scope
from tests.connected import ConnectedAccount
from tests.factories import make_account
from tests.world import item

Series = dict[tuple[str, frozenset[str]], float]


def scrape(client: Client | None = None) -> Series:
    """Every sample by its name and the values of its labels, read as Prometheus reads it."""
    cache.delete("metrics")
    answer = (client or Client()).get("/metrics")
    assert answer.status_code == 200
    families = text_string_to_metric_families(answer.content.decode())
    return {
        (sample.name.removeprefix("cloud_depot_"), frozenset(sample.labels.values())): sample.value
        for family in families
        for sample in family.samples
    }


def value(series: Series, name: str, *labels: str) -> float:
    return series[name, frozenset(labels)]


def test_a_run_shows_in_documents_calls_bytes_and_seconds(connected: ConnectedAccount) -> None:
    slug = connected.account.slug
    for rate in ("100.00", "250.00"):
        connected.autotask.bill(connected.pair.company_id, [item(rate=rate)])
    run = connected.sync()

    series = scrape()
    assert value(series, "documents", slug, "synced") == 2
    assert value(series, "partner_calls_total", "Xero", slug, "2xx") == run.counts["xero_calls"]
    assert value(series, "partner_calls_total", "Autotask", slug, "2xx") == run.counts["autotask_calls"]
    assert value(series, "partner_bytes_total", "Xero", slug, "received") > 1000
    assert value(series, "partner_bytes_total", "Xero", slug, "sent") > 100
    assert value(series, "document_outcomes_total", slug, "created") == 2
    assert value(series, "sync_runs_total", "finished") == 1
    assert value(series, "sync_duration_seconds_count") == 1
    assert 0 < value(series, "sync_duration_seconds_sum") < 60
    assert time.time() - value(series, "last_sync_timestamp_seconds", slug) < 60
    assert 59 < value(series, "xero_token_days_left", slug) <= 60


def test_documents_behind_a_fault_are_told_by_its_code(connected: ConnectedAccount) -> None:
    connected.autotask.bill(connected.pair.company_id, [item(rate="100.00")])
    connected.change_settings(default_sales_account="999999")
    connected.sync()
    series = scrape()
    assert value(series, "documents_stuck", connected.account.slug, "account-code-invalid") == 1
    assert value(series, "accounts", "faults") == 1


@pytest.mark.django_db
def test_what_is_left_of_the_limits_is_told_for_each_window(settings: Settings) -> None:
    settings.XERO_LIMITS, settings.AUTOTASK_LIMITS = {"minute": 60, "day": 1000}, {"hour": 500}
    for _ in range(3):
        with xero_call("organisation"), autotask_call(7, "code", "Invoices"):
            pass
    series = scrape()
    assert value(series, "limit_remaining", "xero", "organisation", "minute") == 57
    assert value(series, "limit_remaining", "xero", "organisation", "day") == 997
    assert value(series, "limit_remaining", "xero", "app", "minute") == 9997
    assert value(series, "limit_remaining", "autotask", "7", "hour") == 497
    assert value(series, "limit", "autotask", "7", "hour") == 500


@pytest.mark.django_db
def test_what_is_left_is_told_also_while_a_partner_holds_its_limits() -> None:
    with xero_call("organisation") as call:
        call.observe(200, {"X-MinLimit-Remaining": "0", "X-DayLimit-Remaining": "0"})
    with autotask_call(7, "code", "Invoices") as call:
        call.observe(429, {"Retry-After": "60"})
    series = scrape()
    assert value(series, "part_up", "redis") == 1
    assert value(series, "limit_remaining", "xero", "organisation", "minute") == 59
    assert value(series, "limit_remaining", "autotask", "7", "hour") == 9999


@pytest.mark.django_db
def test_the_queue_tells_how_long_its_oldest_task_has_waited(redis_client: redis.Redis) -> None:
    assert value(scrape(), "queue_age_seconds") == 0
    for age in (90, 30):
        headers: dict[str, float] = {}
        stamp(headers=headers)
        redis_client.lpush("celery", json.dumps({"headers": {"queued_at": headers["queued_at"] - age}}))
    series = scrape()
    assert value(series, "queue_tasks") == 2
    assert 90 <= value(series, "queue_age_seconds") < 95


@pytest.mark.django_db
def test_an_account_whose_run_is_due_and_not_begun_shows_how_long() -> None:
    late, paused = make_account(), make_account()
    Account.objects.filter(id__in=[late.id, paused.id]).update(next_sync_at=timezone.now() - timedelta(seconds=40))
    Account.objects.filter(id=paused.id).update(paused=True)
    series = scrape()
    assert 40 <= value(series, "account_overdue_seconds", late.slug) < 45
    assert ("account_overdue_seconds", frozenset({paused.slug})) not in series
    assert value(series, "accounts_paused") == 1


def test_a_consent_that_has_ended_has_no_days_left(connected: ConnectedAccount) -> None:
    XeroGrant.objects.update(refreshed_at=timezone.now() - timedelta(days=50))
    assert 9 < value(scrape(), "xero_token_days_left", connected.account.slug) <= 10
    XeroGrant.objects.update(broken_at=timezone.now())
    assert value(scrape(), "xero_token_days_left", connected.account.slug) == 0
    with connected.scope():
        XeroConnection.objects.update(state=XeroConnection.State.DISCONNECTED)
    assert ("xero_token_days_left", frozenset({connected.account.slug})) not in scrape()


@pytest.mark.django_db
def test_what_a_deleted_account_did_is_left_out() -> None:
    account = make_account()
    counters.add(Addition(CALLS, ("Xero", account.id, "2xx")), Addition(CALLS, ("Xero", "", "2xx"), 2))
    assert value(scrape(), "partner_calls_total", "Xero", account.slug, "2xx") == 1
    Account.objects.filter(id=account.id).delete()
    series = scrape()
    assert value(series, "partner_calls_total", "Xero", "", "2xx") == 2
    assert len([name for name, _ in series if name == "partner_calls_total"]) == 1


@pytest.mark.django_db
def test_a_scrape_takes_as_many_queries_for_many_accounts_as_for_one_and_is_kept() -> None:
    def queries(fresh: bool = True) -> int:
        if fresh:
            cache.delete("metrics")
        with CaptureQueriesContext(connection) as seen:
            assert Client().get("/metrics").status_code == 200
        return len(seen)

    few = queries()
    for account in [make_account() for _ in range(20)]:
        with account_scope(account.id):
            health.refresh(account.id)
    assert queries() == few
    assert queries(fresh=False) == 0


@pytest.mark.django_db
def test_without_a_token_only_this_machine_reads_them_and_not_through_a_proxy() -> None:
    assert Client(REMOTE_ADDR="127.0.0.1").get("/metrics").status_code == 200
    assert Client(REMOTE_ADDR="::1").get("/metrics").status_code == 200
    for stranger in (Client(REMOTE_ADDR="10.0.0.7"), Client(headers={"X-Forwarded-For": "127.0.0.1"})):
        answer = stranger.get("/metrics")
        assert (answer.status_code, b"cloud_depot" in answer.content) == (403, False)


@pytest.mark.django_db
def test_with_a_token_only_who_bears_it_reads_them(settings: Settings) -> None:
    settings.METRICS_TOKEN = "the-token"
    assert (
        Client(REMOTE_ADDR="10.0.0.7", headers={"Authorization": "Bearer the-token"}).get("/metrics").status_code == 200
    )
    for given in ("", "Bearer another", "the-token", "Bearer the-tokén"):
        assert Client(headers={"Authorization": given}).get("/metrics").status_code == 401


@pytest.mark.django_db
def test_where_redis_is_away_the_rest_is_told(settings: Settings) -> None:
    away = "redis://127.0.0.1:1"
    settings.REDIS_URL = away
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": away}}
    body = Client().get("/metrics").content.decode()
    assert 'cloud_depot_part_up{part="redis"} 0.0' in body
    assert 'cloud_depot_part_up{part="database"} 1.0' in body
    assert "cloud_depot_accounts_paused 0.0" in body


def test_counting_fails_for_nobody_where_redis_is_away(settings: Settings, caplog: pytest.LogCaptureFixture) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:1"
    counters.add(Addition(CALLS, ("Xero", 1, "2xx")))
    assert "Something was not counted" in caplog.text
