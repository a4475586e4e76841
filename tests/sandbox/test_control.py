"""The sandbox's core: its clock, limits, trouble, ledger and process, as tests and the demo steer them."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime

import pytest
import requests

from tests.sandbox.xero_calls import caller
from tests.world import REPOSITORY, ControlError, SandboxWorld, running_sandbox


def test_the_clock_is_set_advanced_and_reset(sandbox: SandboxWorld) -> None:
    sandbox.set_clock_offset(3600)
    sandbox.advance_clock(60)
    ahead = (sandbox.now() - datetime.now(UTC)).total_seconds()
    assert ahead == pytest.approx(3660, abs=5)
    sandbox.reset()
    assert (sandbox.now() - datetime.now(UTC)).total_seconds() == pytest.approx(0, abs=5)


def test_a_change_of_limits_leaves_the_others(sandbox: SandboxWorld) -> None:
    assert sandbox.limits(xero={"minute": 7})["xero"] == {
        "minute": 7,
        "day": 5000,
        "concurrent": 5,
        "app_minute": 10000,
    }
    assert sandbox.limits(autotask={"hour": 9})["autotask"] == {"hour": 9, "threads": 3}
    sandbox.reset()
    assert sandbox.limits()["xero"]["minute"] == 60


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PUT", "/limits", {"xero": {"second": 1}}),
        ("PUT", "/clock", {}),
        ("POST", "/clock/advance", {"seconds": "soon"}),
        ("POST", "/trouble", {"partner": "sage", "kind": "outage"}),
        ("POST", "/trouble", {"partner": "xero", "kind": "mischief"}),
        ("POST", "/trouble", {"partner": "xero", "kind": "outage", "colour": "red"}),
        ("POST", "/trouble", {"partner": "xero", "kind": "outage", "path": "("}),
        ("POST", "/trouble", []),
        ("POST", "/xero/organisations", {"name": "A", "country": "Atlantis"}),
        ("POST", "/xero/nowhere/Invoices", {}),
    ],
)
def test_a_mistake_in_a_control_request_is_told(sandbox: SandboxWorld, method: str, path: str, body: object) -> None:
    with pytest.raises(ControlError, match="400"):
        sandbox.call(method, path, body)


def test_trouble_is_listed_and_removed(sandbox: SandboxWorld) -> None:
    first = sandbox.add_trouble("xero", "outage")
    second = sandbox.add_trouble("autotask", "slow", seconds=1)
    assert [rule["id"] for rule in sandbox.call("GET", "/trouble")] == [first, second]
    sandbox.remove_trouble(first)
    assert [rule["id"] for rule in sandbox.call("GET", "/trouble")] == [second]
    sandbox.remove_trouble()
    assert sandbox.call("GET", "/trouble") == []


def test_the_ledger_numbers_measures_and_filters(sandbox: SandboxWorld) -> None:
    first, second = (caller(sandbox, sandbox.create_xero()) for _ in range(2))
    answer = first.call("GET", "/Contacts", page=1)
    second.put_contact("Acme")
    ledger = sandbox.ledger()
    assert [row["n"] for row in ledger.requests] == [1, 2]
    listed = ledger.requests[0]
    assert (listed["method"], listed["path"], listed["query"]) == ("GET", "/api.xro/2.0/Contacts", "page=1")
    assert (listed["status"], listed["bytes_in"], listed["bytes_out"]) == (200, 0, len(answer.content))
    assert ledger.requests[1]["bytes_in"] > 0
    assert [row["n"] for row in sandbox.ledger(organisation=second.organisation.id).requests] == [2]
    assert [row["n"] for row in sandbox.ledger("xero", since_n=1).writes] == [2]
    assert sandbox.ledger("autotask").requests == []


def test_control_requests_are_not_in_the_ledger(sandbox: SandboxWorld) -> None:
    sandbox.create_xero().add_contact("Acme")
    assert sandbox.ledger().requests == sandbox.ledger().writes == []


def test_the_process_takes_its_limits_and_ends_with_its_parent() -> None:
    with running_sandbox("--xero-minute", "3") as world:
        assert world.limits()["xero"]["minute"] == 3
        world.limits(xero={"minute": 9})
        world.reset()
        assert world.limits()["xero"]["minute"] == 3
    command = [sys.executable, "-m", "sandbox", "--until-stdin-closes"]
    with subprocess.Popen(command, cwd=REPOSITORY, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin
        assert process.stdout
        process.stdout.readline()
        process.stdin.close()
        assert process.wait(10) == 0


def test_it_answers_by_name_and_by_both_addresses() -> None:
    with running_sandbox() as world:
        port = world.base_url.rpartition(":")[2]
        assert requests.get(f"http://127.0.0.1:{port}/sandbox/clock", timeout=10).ok
        assert requests.get(f"http://localhost:{port}/sandbox/clock", timeout=10).ok


def test_latency_holds_answers_back() -> None:
    with running_sandbox("--latency", "50") as world:
        xero = caller(world, world.create_xero())
        assert xero.call("GET", "/Organisation").elapsed.total_seconds() >= 0.05
