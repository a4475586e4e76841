"""Where a database lives, and that no other host is ever called (syncing/autotask/zone.py)."""

from collections.abc import Iterator
from typing import Any

import pytest
from pytest_django import Settings

from faults.problems import NeedsPerson, NeedsSupport, SyncProblem, Transient
from syncing.autotask.records import Invoice
from syncing.autotask.zone import checked_url, discover_zone
from tests.autotask import OddPartner, client_of, odd_partner
from tests.world import SandboxWorld


@pytest.fixture
def partner(settings: Settings) -> Iterator[OddPartner]:
    """Autotask's directory of zones, run by someone odd."""
    with odd_partner() as partner:
        settings.AUTOTASK_ZONE_URL = partner.url
        settings.AUTOTASK_HOST_PATTERN = "^localhost$"
        yield partner


def zone_answer(partner: OddPartner, **changes: Any) -> dict[str, Any]:
    zone = {
        "zoneName": "Odd",
        "url": f"{partner.url}/ATServicesRest/",
        "webUrl": "https://ww25.autotask.net/",
        "ci": 14,
    }
    return zone | changes


def refused(username: str = "api@msp.example") -> SyncProblem:
    with pytest.raises(SyncProblem) as caught:
        discover_zone(username)
    return caught.value


def test_the_zone_of_a_user_is_found(sandbox: SandboxWorld) -> None:
    database = sandbox.create_autotask()
    zone = discover_zone(f" {database.username} ")
    assert zone.url == f"{sandbox.base_url}/ATServicesRest"
    assert zone.web_url == sandbox.base_url
    assert zone.database_id == database.id
    assert [row["path"] for row in sandbox.ledger("autotask").requests] == ["/ATServicesRest/V1.0/ZoneInformation"]


@pytest.mark.parametrize("username", ["", "  ", "nobody@msp.example", "a&user=b", "имя@msp.example", "\ud800"])
def test_an_unknown_user_has_no_zone(sandbox: SandboxWorld, username: str) -> None:
    problem = refused(username)
    assert isinstance(problem, NeedsPerson)
    assert (problem.code, problem.subject) == ("autotask-login-refused", "Autotask")


@pytest.mark.parametrize("status", [200, 404, 500])
def test_a_refusal_in_any_status_is_an_unknown_user(partner: OddPartner, status: int) -> None:
    partner.answer({"errors": ["There is no such zone, sorry"]}, status=status)
    assert refused().code == "autotask-login-refused"


def test_a_directory_that_is_down_is_no_unknown_user(partner: OddPartner) -> None:
    partner.answer(b"<html>Maintenance</html>", status=503)
    assert isinstance(refused(), Transient)


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example/ATServicesRest/",
        "http://127.0.0.1/ATServicesRest/",
        "http://localhost.evil.example/",
        "http://evil.example#@localhost/",
        "http://evil.example?localhost/",
        "http://localhost@evil.example/",
        "http://someone@localhost/",
        "http://evil.example\\@localhost/",
        "http://169.254.169.254/latest/",
        "http://[::1]/",
        "http://[broken/",
        "http://localhost:99999/",
        "//localhost/",
        "file:///etc/passwd",
        "gopher://localhost/",
        "localhost",
        "",
        None,
        17,
        ["http://localhost/"],
    ],
)
def test_a_zone_answer_that_points_elsewhere_is_refused(partner: OddPartner, url: Any) -> None:
    partner.answer(zone_answer(partner, url=url))
    problem = refused()
    assert isinstance(problem, NeedsSupport)
    assert problem.code == "unexpected"
    assert len(partner.requests) == 1


@pytest.mark.parametrize("answer", [[], "text", 5, {}, {"ci": None}, {"ci": "x", "url": "https://localhost"}])
def test_a_zone_answer_that_tells_too_little_is_refused(partner: OddPartner, answer: Any) -> None:
    partner.answer(answer)
    assert isinstance(refused(), NeedsSupport)


@pytest.mark.parametrize(
    ("web_url", "kept"),
    [
        ("https://ww25.autotask.net/", "https://ww25.autotask.net"),
        ("javascript:alert(1)", ""),
        ('https://ww25.autotask.net"onclick="x', ""),
        (None, ""),
    ],
)
def test_the_address_of_pages_is_an_address_or_nothing(partner: OddPartner, web_url: Any, kept: str) -> None:
    partner.answer(zone_answer(partner, webUrl=web_url))
    assert discover_zone("api@msp.example").web_url == kept


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        ("https://webservices25.autotask.net/ATServicesRest/", "https://webservices25.autotask.net/ATServicesRest"),
        (
            "https://WebServices5.Autotask.net//atservicesrest//V1.0/",
            "https://webservices5.autotask.net/atservicesrest",
        ),
        ("https://webservices5.autotask.net", "https://webservices5.autotask.net/ATServicesRest"),
        ("https://webservices5.autotask.net:443/x?y#z", "https://webservices5.autotask.net:443/x"),
    ],
)
def test_an_address_of_autotask_gets_one_form(settings: Settings, url: str, kept: str) -> None:
    settings.AUTOTASK_ZONE_URL = "https://webservices.autotask.net"
    settings.AUTOTASK_HOST_PATTERN = r"^webservices\d+\.autotask\.net$"
    assert checked_url(url) == kept


@pytest.mark.parametrize(
    "url",
    [
        "http://webservices5.autotask.net/",
        "https://webservices.autotask.net/",
        "https://webservices5.autotask.net.evil.example/",
        "https://webservices5xautotask.net/",
    ],
)
def test_the_real_autotask_is_called_by_https_at_its_zones_only(settings: Settings, url: str) -> None:
    settings.AUTOTASK_ZONE_URL = "https://webservices.autotask.net"
    settings.AUTOTASK_HOST_PATTERN = r"^webservices\d+\.autotask\.net$"
    with pytest.raises(NeedsSupport):
        checked_url(url)


def test_a_stored_address_that_is_not_autotasks_is_never_sent_the_secret(sandbox: SandboxWorld) -> None:
    database = sandbox.create_autotask()
    with odd_partner() as stranger:
        url = stranger.url.replace("localhost", "127.0.0.1")
        with pytest.raises(NeedsSupport, match=r"127\.0\.0\.1"):
            list(client_of(database, zone_url=url).find(Invoice))
        assert stranger.requests == []


def test_a_redirect_is_not_followed(sandbox: SandboxWorld, settings: Settings) -> None:
    database = sandbox.create_autotask()
    with odd_partner() as partner, odd_partner() as stranger:
        partner.answer(b"", status=307, headers={"Location": f"{stranger.url}/ATServicesRest/"})
        with pytest.raises(Transient) as caught:
            list(client_of(database, zone_url=partner.url).find(Invoice))
        assert caught.value.code == "service-unavailable"
        assert stranger.requests == []


@pytest.mark.parametrize("status", [401, 404])
def test_a_database_that_moved_is_followed(sandbox: SandboxWorld, status: int) -> None:
    database = sandbox.create_autotask()
    database.bill(database.add_company("Acme Ltd"))
    with odd_partner() as old_zone:
        old_zone.answer(b"", status=status)
        client = client_of(database, zone_url=old_zone.url)
        assert len(list(client.find(Invoice))) == 1
        assert client.moved_to == discover_zone(database.username)
        assert len(list(client.find(Invoice))) == 1
        assert len(old_zone.requests) == 1


def test_another_database_is_not_taken_for_one_that_moved(sandbox: SandboxWorld) -> None:
    database = sandbox.create_autotask()
    with odd_partner() as old_zone:
        old_zone.answer(b"", status=401)
        client = client_of(database, zone_url=old_zone.url, database_id=database.id + 1)
        with pytest.raises(NeedsPerson, match="autotask-login-refused"):
            list(client.find(Invoice))
        assert client.moved_to is None
