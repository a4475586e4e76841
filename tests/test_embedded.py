"""The servers of development: they start anywhere, keep strangers out, and survive rough handling."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
import psycopg
import pytest
import redis

from cloud_depot import embedded
from cloud_depot.processes import Processes

REPOSITORY = Path(__file__).resolve().parent.parent
USER = """
import sys
from pathlib import Path
from cloud_depot import embedded
with embedded.servers(Path(sys.argv[1]), durable=False) as addresses:
    print(addresses.database_url, flush=True)
    sys.stdin.read()
"""


@contextmanager
def folder_named(name: str) -> Iterator[Path]:
    """Below `.local`, under the process's id, so that the next test run clears away what a kill -9 left."""
    folder = embedded.LOCAL / f"test-{os.getpid()}" / name
    yield folder
    embedded.discard(folder)
    with suppress(OSError):
        folder.parent.rmdir()  # a test worker's; that of the whole run is not empty


@pytest.fixture
def folder() -> Iterator[Path]:
    with folder_named("a folder") as folder:
        yield folder


@pytest.fixture(scope="module")
def shared_folder() -> Iterator[Path]:
    """For the tests that only look."""
    with folder_named("a shared folder") as folder:
        yield folder


@pytest.fixture(scope="module")
def shared(shared_folder: Path) -> Iterator[embedded.Addresses]:
    with embedded.servers(shared_folder, durable=False) as addresses:
        yield addresses


def start_user(folder: Path) -> subprocess.Popen[str]:
    """A process that uses the servers of `folder` until its standard input ends; it prints the database's URL."""
    command = [sys.executable, "-c", USER, str(folder)]
    return subprocess.Popen(command, cwd=REPOSITORY, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def answers(addresses: embedded.Addresses) -> bool:
    try:
        psycopg.connect(addresses.database_url, connect_timeout=5).close()
    except psycopg.OperationalError:
        return False
    with redis.Redis.from_url(addresses.redis_url) as client:
        return bool(client.ping())


def test_both_servers_answer_in_a_path_with_a_space_and_stop_with_the_block(folder: Path) -> None:
    with embedded.servers(folder, durable=False) as addresses:
        assert answers(addresses)
    assert Processes(folder).running() == {}
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(addresses.database_url)


def test_the_role_owns_its_database_and_is_bound_by_row_level_security(shared: embedded.Addresses) -> None:
    with psycopg.connect(shared.database_url) as connection:
        row = connection.execute(
            "SELECT rolsuper, rolbypassrls, rolcreatedb, rolcreaterole, pg_get_userbyid(datdba), datlocale"
            " FROM pg_roles, pg_database WHERE rolname = current_user AND datname = current_database()"
        ).fetchone()
    assert row == (False, False, True, False, "cloud_depot", "C.UTF-8")


def test_nobody_comes_in_without_the_password(shared: embedded.Addresses) -> None:
    for another in ("cloud_depot:x", "postgres:"):
        with pytest.raises(psycopg.OperationalError):
            psycopg.connect(shared.database_url.replace("cloud_depot:", another, 1))
    host = shared.redis_url.partition("@")[2]
    with redis.Redis.from_url(f"redis://{host}") as client, pytest.raises(redis.AuthenticationError):
        client.ping()


@pytest.mark.usefixtures("shared")
def test_the_files_with_passwords_are_private(shared_folder: Path) -> None:
    files = [shared_folder / name for name in ("password", "addresses.json", "redis.conf")]
    assert [file.stat().st_mode & 0o777 for file in files] == [0o600] * 3


def test_two_folders_have_servers_of_their_own_at_once(folder: Path, shared: embedded.Addresses) -> None:
    with embedded.servers(folder, durable=False) as addresses:
        assert addresses != shared
        assert answers(addresses)
        assert answers(shared)


def test_a_second_user_joins_and_the_last_one_stops_the_servers(folder: Path) -> None:
    with embedded.servers(folder, durable=False) as addresses:
        second = start_user(folder)
        assert second.stdout is not None
        assert second.stdout.readline().strip() == addresses.database_url
    assert answers(addresses)
    second.communicate()
    assert Processes(folder).running() == {}


def test_servers_that_outlive_their_user_are_joined_by_the_next_and_stopped_with_it(folder: Path) -> None:
    user = start_user(folder)
    assert user.stdout is not None
    url = user.stdout.readline().strip()
    user.kill()
    user.communicate()
    with embedded.servers(folder, durable=False) as addresses:
        assert addresses.database_url == url
        assert answers(addresses)
    assert Processes(folder).running() == {}


def test_what_was_stored_survives_when_everything_is_killed(folder: Path) -> None:
    with embedded.servers(folder) as addresses:
        with psycopg.connect(addresses.database_url) as connection:
            connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
        for server in Processes(folder).running().values():
            family = psutil.Process(server.pid)
            for process in [family, *family.children(recursive=True)]:
                with suppress(psutil.NoSuchProcess):  # it ends by itself, once it finds its parent dead
                    process.send_signal(signal.SIGKILL)
        psutil.wait_procs([psutil.Process(server.pid) for server in Processes(folder).running().values()])
    with embedded.servers(folder) as again, psycopg.connect(again.database_url) as connection:
        assert connection.execute("SELECT answer FROM kept").fetchone() == (42,)


def test_a_stale_process_id_that_has_come_round_again_is_no_obstacle(folder: Path) -> None:
    with embedded.servers(folder, durable=False):
        pass
    data = next(path for path in (folder, folder / "server", folder / "elsewhere") if (path / "postgres").exists())
    # The id of a live process: ours. PostgreSQL by itself would refuse to start.
    (data / "postgres" / "postmaster.pid").write_text(f"{psutil.Process().pid}\n")
    with embedded.servers(folder, durable=False) as addresses:
        assert answers(addresses)


def test_a_start_that_was_cut_short_is_begun_anew(folder: Path) -> None:
    with embedded.servers(folder, durable=False):
        pass
    (folder / "password").unlink()
    with embedded.servers(folder, durable=False) as addresses:
        assert answers(addresses)


def test_a_folder_that_others_may_not_enter_will_do(folder: Path) -> None:
    folder.mkdir(parents=True, mode=0o700)
    with embedded.servers(folder, durable=False) as addresses:
        assert answers(addresses)
    elsewhere = [link.resolve() for link in folder.glob("elsewhere")]
    embedded.discard(folder)
    assert not any(path.exists() for path in elsewhere)


def test_a_server_that_cannot_start_says_why(folder: Path) -> None:
    with embedded.servers(folder, durable=False):
        pass
    data = next(path for path in (folder, folder / "server", folder / "elsewhere") if (path / "postgres").exists())
    (data / "postgres" / "postgresql.conf").write_text("no such setting = 1\n")
    with (
        pytest.raises(embedded.StartError, match=r"(?s)postgres did not start:.*postgresql.conf"),
        embedded.servers(folder),
    ):
        pass
    assert Processes(folder).running() == {}
