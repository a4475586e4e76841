"""What xero-python would do by itself, and does not any more (syncing/xero/transport.py)."""

import http.client
import json
import logging
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
import urllib3

from syncing.xero import transport
from syncing.xero.client import NoAnswer, XeroClient
from syncing.xero.transport import accounting_api
from tests.world import SandboxWorld, XeroOrganisation
from tests.xero import Tokens


@pytest.fixture
def organisation(sandbox: SandboxWorld) -> XeroOrganisation:
    return sandbox.create_xero()


@pytest.fixture
def busy_threads() -> Iterator[None]:
    """Threads take turns at every chance, so that what they share shows."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(interval)


@pytest.mark.usefixtures("busy_threads")
def test_two_clients_in_two_threads_never_use_each_others_token() -> None:
    wrong: list[str] = []

    def work(mine: str) -> None:
        api = accounting_api(lambda: mine)
        for _ in range(2000):
            headers: dict[str, str] = {}
            api.api_client.update_params_for_auth(headers, [], ["OAuth2"])
            if headers["Authorization"] != f"Bearer {mine}":
                wrong.append(headers["Authorization"])

    threads = [threading.Thread(target=work, args=(f"token-{number}",)) for number in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


@pytest.mark.parametrize("method", ["GET", "PUT", "POST"])
@pytest.mark.parametrize("kind", ["drop_before", "rate_limit", "outage"])
def test_one_call_is_one_request_whatever_happens_to_it(
    sandbox: SandboxWorld, organisation: XeroOrganisation, method: str, kind: str
) -> None:
    token = Tokens(organisation).token
    api = accounting_api(lambda: token)
    call = {"GET": api.get_contacts, "PUT": api.create_contacts, "POST": api.update_or_create_contacts}[method]
    body = [] if method == "GET" else [json.dumps({"Contacts": [{"Name": "Acme"}]}).encode()]
    with sandbox.trouble("xero", kind, seconds=1, headers={"Retry-After": "1"}):
        try:
            answer = call(organisation.id, *body, _preload_content=False)
        except NoAnswer:
            assert kind == "drop_before"
        else:
            assert answer.status in (429, 503)
    assert len(sandbox.ledger("xero").requests) == 1


def test_a_partner_that_does_not_answer_is_waited_for_no_longer_than_the_time_out(
    sandbox: SandboxWorld, organisation: XeroOrganisation, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert transport.TIMEOUT.connect_timeout == 5
    assert transport.TIMEOUT.read_timeout == 60
    monkeypatch.setattr(transport, "TIMEOUT", urllib3.Timeout(connect=5, read=0.2))
    client = XeroClient(organisation.id, Tokens(organisation))
    with sandbox.trouble("xero", "slow", seconds=1), pytest.raises(NoAnswer) as caught:
        client.organisation()
    assert caught.value.sent


def test_an_answer_that_never_ends_is_given_up(
    sandbox: SandboxWorld, organisation: XeroOrganisation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transport, "LONGEST_ANSWER_SECONDS", -1)
    client = XeroClient(organisation.id, Tokens(organisation))
    with pytest.raises(NoAnswer) as caught:
        client.organisation()
    assert caught.value.sent


def test_a_certificate_that_is_not_trusted_has_received_nothing() -> None:
    import ssl

    untrusted = urllib3.exceptions.SSLError(ssl.SSLCertVerificationError("self-signed certificate"))
    broken_off = urllib3.exceptions.SSLError(ssl.SSLEOFError("EOF occurred in violation of protocol"))
    assert transport._never_opened(untrusted)
    assert not transport._never_opened(broken_off)


def test_no_token_reaches_a_log(
    sandbox: SandboxWorld,
    organisation: XeroOrganisation,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    tokens = Tokens(organisation)
    client = XeroClient(organisation.id, tokens)
    with caplog.at_level(logging.DEBUG):
        client.organisation()
        with sandbox.trouble("xero", "drop_after"), pytest.raises(NoAnswer) as caught:
            client.organisation()
    written = caplog.text + "".join(capfd.readouterr()) + str(caught.value) + repr(client)
    assert tokens.token not in written
    assert http.client.HTTPConnection.debuglevel == 0


def test_many_workers_read_at_once_each_its_own_organisation(sandbox: SandboxWorld) -> None:
    organisations = [sandbox.create_xero() for _ in range(4)]
    clients = [XeroClient(organisation.id, Tokens(organisation)) for organisation in organisations]

    def names(client: XeroClient) -> set[str]:
        return {client.organisation().name for _ in range(10)}

    with ThreadPoolExecutor(4) as workers:
        found = list(workers.map(names, clients))
    assert found == [{organisation.name} for organisation in organisations]
