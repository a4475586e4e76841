"""What the two addresses for machines say."""

import pytest
from django.db import connection
from django.test import Client
from pytest_django import Settings

from tests.test_checks import pretend_role


def test_healthz_answers_without_database_or_log_in(client: Client) -> None:
    response = client.get("/healthz")
    assert (response.status_code, response.content) == (200, b"ok")


@pytest.mark.django_db
def test_readyz_is_ready_when_every_part_is(client: Client) -> None:
    response = client.get("/readyz")
    assert response.status_code == 200
    assert response.json() == {
        "ready": True,
        "parts": {"database": "ok", "database role": "ok", "migrations": "ok", "redis": "ok"},
    }


@pytest.mark.django_db
def test_readyz_refuses_a_role_that_reads_past_row_level_security(client: Client) -> None:
    pretend_role(superuser=False, bypassrls=True)
    response = client.get("/readyz")
    assert response.status_code == 503
    assert response.json()["parts"]["database role"] == "has BYPASSRLS"


@pytest.mark.django_db
def test_readyz_waits_for_migrations(client: Client) -> None:
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'tenants'")
    response = client.get("/readyz")
    assert response.status_code == 503
    assert response.json()["parts"]["migrations"] == "not all applied"


@pytest.mark.django_db
def test_readyz_names_a_redis_that_is_away_without_its_address(client: Client, settings: Settings) -> None:
    settings.CACHES = {
        "default": {
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            "LOCATION": "redis://:hidden@127.0.0.1:1",
        }
    }
    response = client.get("/readyz")
    assert response.status_code == 503
    assert response.json()["parts"]["redis"] == "cannot be reached"
    assert b"hidden" not in response.content
