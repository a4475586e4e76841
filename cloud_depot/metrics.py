"""`/metrics`, for Prometheus: what all web and worker processes did and have, gathered from PostgreSQL and Redis.

Nothing here counts documents: each account keeps its figures in one row (syncing/health.py), and the counters add up in
Redis (syncing/counters.py). So a scrape costs as much as there are accounts, and it is kept for a few seconds.

With METRICS_TOKEN the answer is for who bears it. Without, it is for this machine alone, and not through a proxy.
"""

from __future__ import annotations

import hmac
import json
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from ipaddress import ip_address

import redis
from django.conf import settings
from django.core.cache import cache
from django.db import Error as DatabaseError
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe
from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest
from prometheus_client.registry import Collector

from syncing import counters
from syncing.exchanges import NO_ACCOUNT
from syncing.headroom import read_headroom
from syncing.models import AccountHealth
from tenants.models import Account, XeroConnection
from tenants.scope import system_scope

PREFIX = "cloud_depot_"
KEPT_SECONDS = 5
# Of a refresh token: https://developer.xero.com/documentation/guides/oauth2/token-types
TOKEN_LIFE = timedelta(days=60)
QUEUE = "celery"


@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    if settings.METRICS_TOKEN:
        if not _bears_the_token(request):
            return HttpResponse(status=401, headers={"WWW-Authenticate": "Bearer"})
    elif not _is_of_this_machine(request):
        return HttpResponse("METRICS_TOKEN is not set.", status=403, content_type="text/plain")
    return HttpResponse(_text(), content_type=CONTENT_TYPE_PLAIN_0_0_4)


def _bears_the_token(request: HttpRequest) -> bool:
    given = request.headers.get("Authorization", "").encode()
    return hmac.compare_digest(given, f"Bearer {settings.METRICS_TOKEN}".encode())


def _is_of_this_machine(request: HttpRequest) -> bool:
    address = request.META.get("REMOTE_ADDR", "")
    return "X-Forwarded-For" not in request.headers and bool(address) and ip_address(address).is_loopback


def _text() -> bytes:
    try:
        kept: bytes | None = cache.get("metrics")
    except redis.RedisError:
        return _gather()
    if kept is None:
        kept = _gather()
        with suppress(redis.RedisError):
            cache.set("metrics", kept, KEPT_SECONDS)
    return kept


def _gather() -> bytes:
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Everything())
    return generate_latest(registry)


class _Everything(Collector):
    """All there is; where PostgreSQL or Redis is away, what the other one tells."""

    def collect(self) -> Iterator[Metric]:
        up = GaugeMetricFamily(f"{PREFIX}part_up", "Whether what the figures come from answers.", labels=["part"])
        names: dict[str, str] = {}
        try:
            with system_scope("metrics"):
                names = {str(account_id): slug for account_id, slug in Account.objects.values_list("id", "slug")}
                yield from [*_accounts(), *_health(), _tokens()]
            up.add_metric(["database"], 1)
        except DatabaseError:
            up.add_metric(["database"], 0)
        try:
            yield from [*_counters(names), *_limits(), *_queue()]
            up.add_metric(["redis"], 1)
        except redis.RedisError:
            up.add_metric(["redis"], 0)
        yield up


def _gauge(name: str, words: str, *labels: str) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"{PREFIX}{name}", words, labels=labels)


def _accounts() -> Iterator[Metric]:
    overdue = _gauge("account_overdue_seconds", "How long the account's run has been due, and not begun.", "account")
    paused = _gauge("accounts_paused", "Accounts that are paused.")
    now, paused_ones = timezone.now(), 0
    for account in Account.objects.only("slug", "paused", "next_sync_at"):
        paused_ones += account.paused
        if not account.paused and account.next_sync_at is not None:
            overdue.add_metric([account.slug], max((now - account.next_sync_at).total_seconds(), 0))
    paused.add_metric([], paused_ones)
    yield from (overdue, paused)


def _health() -> Iterator[Metric]:
    documents = _gauge("documents", "Documents by state; those at rest are counted once an hour.", "account", "state")
    faults = _gauge("documents_stuck", "Documents that wait behind a fault.", "account", "fault")
    standings = _gauge("accounts", "Accounts by how they are.", "standing")
    finished = _gauge("last_sync_timestamp_seconds", "When a run of the account last finished.", "account")
    counts = dict.fromkeys(AccountHealth.Standing.values, 0)
    for health in AccountHealth.objects.select_related("account"):
        slug = health.account.slug
        counts[health.standing] = counts.get(health.standing, 0) + 1
        for state, count in health.documents.items():
            documents.add_metric([slug, state], count)
        for code, count in health.faults.items():
            faults.add_metric([slug, code], count)
        if health.last_finished_at is not None:
            finished.add_metric([slug], health.last_finished_at.timestamp())
    for standing, count in counts.items():
        standings.add_metric([standing], count)
    yield from (documents, faults, standings, finished)


def _tokens() -> Metric:
    left = _gauge("xero_token_days_left", "Days until the account must sign in to Xero again; 0: it must.", "account")
    connected = XeroConnection.objects.filter(state=XeroConnection.State.CONNECTED)
    grants = connected.values_list("account__slug", "grant__refreshed_at", "grant__granted_at", "grant__broken_at")
    days: dict[str, float] = {}
    for slug, refreshed_at, granted_at, broken_at in grants:
        found = 0.0 if broken_at else _days_left(refreshed_at or granted_at)
        days[slug] = min(found, days.get(slug, found))
    for slug, found in days.items():
        left.add_metric([slug], found)
    return left


def _days_left(refreshed_at: datetime) -> float:
    return max((refreshed_at + TOKEN_LIFE - timezone.now()) / timedelta(days=1), 0)


def _counters(names: dict[str, str]) -> Iterator[Metric]:
    """Those of Redis, with accounts by their slugs; what an account did that is gone by now is left out."""
    names[NO_ACCOUNT] = ""
    for counter in (counters.CALLS, counters.BYTES, counters.RUNS, counters.OUTCOMES):
        family = CounterMetricFamily(f"{PREFIX}{counter.name}", counter.words, labels=counter.labels)
        for values, amount in counters.read(counter):
            labels = dict(zip(counter.labels, values, strict=True))
            if labels.get("account", NO_ACCOUNT) in names:
                family.add_metric(
                    [names[value] if name == "account" else value for name, value in labels.items()], amount
                )
        yield family
    yield _durations()


def _durations() -> Metric:
    found = {values[0]: amount for values, amount in counters.read(counters.RUN_BUCKETS)}
    edges = [*(f"{edge:g}" for edge in counters.BUCKETS), "+Inf"]
    seconds = sum(amount for _, amount in counters.read(counters.RUN_SECONDS))
    family = HistogramMetricFamily(f"{PREFIX}sync_duration_seconds", "How long runs took.")
    family.add_metric([], buckets=[(edge, found.get(edge, 0)) for edge in edges], sum_value=seconds)
    return family


def _limits() -> Iterable[Metric]:
    labels = ("partner", "subject", "window")
    remaining = _gauge("limit_remaining", "Calls left in a partner's window, as we count them.", *labels)
    limit = _gauge("limit", "Calls that the window takes.", *labels)
    for each in read_headroom():
        names = [each.partner, each.subject, each.window]
        remaining.add_metric(names, each.remaining)
        limit.add_metric(names, each.limit)
    return remaining, limit


def _queue() -> Iterable[Metric]:
    """Tasks that no worker has taken yet. The oldest stands at the end of the list."""
    with redis.Redis.from_url(settings.REDIS_URL, socket_timeout=2, socket_connect_timeout=2) as broker:
        length, oldest = broker.llen(QUEUE), broker.lindex(QUEUE, -1)
    now = time.time()
    queued_at = json.loads(oldest)["headers"].get("queued_at", now) if oldest else now
    tasks = _gauge("queue_tasks", "Tasks that no worker has taken yet.")
    tasks.add_metric([], length)
    age = _gauge("queue_age_seconds", "How long the oldest of them has waited.")
    age.add_metric([], max(now - queued_at, 0))
    return tasks, age
