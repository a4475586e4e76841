"""What all tests share: PostgreSQL and Redis of their own, and a sandbox to talk to.

Where DATABASE_URL or REDIS_URL is not set, each run brings up embedded servers in `.local/test-<pid>/` and removes them
at its end. The settings are read only after that, which is why this file and not pyproject.toml names them.
"""

import gc
import os
import shutil
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack
from typing import TYPE_CHECKING

import django
import hypothesis
import pytest
import redis
from pytest_django import Settings

from cloud_depot import embedded
from tests.world import CLIENT_ID, CLIENT_SECRET, SandboxWorld, running_sandbox

if TYPE_CHECKING:
    from tests.connected import ConnectedAccount

SERVERS = pytest.StashKey[ExitStack]()
# The headless shell first: it draws no window, and takes a third of the time.
BROWSERS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
CHROMIUM = next(filter(None, map(shutil.which, BROWSERS)), None)
# How long an example takes tells how busy the machine is, and an example needs nothing of its own of the sandbox.
hypothesis.settings.register_profile(
    "suite",
    deadline=None,
    suppress_health_check=[hypothesis.HealthCheck.too_slow, hypothesis.HealthCheck.function_scoped_fixture],
)
hypothesis.settings.load_profile("suite")


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    config.stash[SERVERS] = stack = ExitStack()
    worker = os.environ.get("PYTEST_XDIST_WORKER")
    if worker:
        # A Redis database of its own; PostgreSQL's is named after the worker by pytest-django.
        os.environ["REDIS_URL"] = f"{os.environ['REDIS_URL'].rpartition('/')[0]}/{int(worker.removeprefix('gw')) + 1}"
    elif not {"DATABASE_URL", "REDIS_URL"} <= os.environ.keys():
        for name, value in stack.enter_context(servers_of_this_run()).as_environment().items():
            os.environ.setdefault(name, value)
    if config.getoption("numprocesses", None) and not worker and not config.option.collectonly:
        # The workers would inherit it, and read the settings before they have a Redis database of their own.
        os.environ.pop("DJANGO_SETTINGS_MODULE", None)
        return
    os.environ["DJANGO_SETTINGS_MODULE"] = "cloud_depot.settings"
    django.setup()
    make_tests_quick()


def make_tests_quick() -> None:
    """Slow on purpose elsewhere, with nothing to learn here: hashed passwords, flushed tables, ever new connections."""
    from django.conf import settings
    from django.test import TransactionTestCase

    from tests.emptying import empty_tables

    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    TransactionTestCase._fixture_teardown = lambda self: empty_tables()
    TransactionTestCase._should_reload_connections = lambda self: False


def pytest_unconfigure(config: pytest.Config) -> None:
    config.stash[SERVERS].close()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if CHROMIUM is None:
        for item in items:
            if item.get_closest_marker("browser"):
                item.add_marker(pytest.mark.skip(reason="this machine has no Chromium"))


def pytest_collection_finish() -> None:
    """What is loaded by now stays to the end: no look for garbage goes through it again, and there are fewer looks."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000)


def servers_of_this_run() -> AbstractContextManager[embedded.Addresses]:
    return embedded.servers_of_this_process("test", durable=False)


@pytest.fixture(scope="session")
def sandbox_process() -> Iterator[SandboxWorld]:
    with running_sandbox() as world:
        yield world


@pytest.fixture
def sandbox(sandbox_process: SandboxWorld, settings: Settings) -> SandboxWorld:
    """Both partners, as if just started, with the settings pointing at them."""
    sandbox_process.reset()
    for name in ("XERO_LOGIN_URL", "XERO_IDENTITY_URL", "XERO_API_URL", "AUTOTASK_ZONE_URL"):
        setattr(settings, name, sandbox_process.base_url)
    settings.AUTOTASK_HOST_PATTERN = "^localhost$"
    settings.XERO_CLIENT_ID = CLIENT_ID
    settings.XERO_CLIENT_SECRET = CLIENT_SECRET
    return sandbox_process


@pytest.fixture
def connected(sandbox: SandboxWorld, transactional_db: None) -> "ConnectedAccount":
    """An account that is connected to an Autotask database and a Xero organisation of its own."""
    from tests.connected import connect

    return connect(sandbox)


@pytest.fixture(scope="session")
def redis_client() -> Iterator[redis.Redis]:
    with redis.Redis.from_url(os.environ["REDIS_URL"]) as client:
        yield client


@pytest.fixture(autouse=True)
def _empty_redis(redis_client: redis.Redis) -> None:
    """Limits, caches and queues of one test are nothing to the next."""
    redis_client.flushdb()


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, object]) -> dict[str, object]:
    """The system's Chromium, also where the tests run as root."""
    return {**browser_type_launch_args, "executable_path": CHROMIUM, "args": ["--no-sandbox"]}
