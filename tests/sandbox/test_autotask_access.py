"""The stand-in Autotask lets in, counts and hides as the real one does."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from tests.sandbox.autotask_calls import EVERYTHING, call, errors, found, parsed, query
from tests.world import AutotaskDatabase, SandboxWorld, item


@pytest.fixture
def database(sandbox: SandboxWorld) -> AutotaskDatabase:
    return sandbox.create_autotask()


def zone_of(sandbox: SandboxWorld, user: str) -> requests.Response:
    address = f"{sandbox.base_url}/ATServicesRest/V1.0/zoneInformation"
    return requests.get(address, params={"user": user}, timeout=30)


def test_the_zone_is_told_without_credentials(sandbox: SandboxWorld, database: AutotaskDatabase) -> None:
    zone = zone_of(sandbox, database.username.upper()).json()
    assert zone == {
        "zoneName": "Sandbox",
        "url": f"{sandbox.base_url}/ATServicesRest/",
        "webUrl": f"{sandbox.base_url}/",
        "ci": database.id,
    }


def test_an_unknown_user_has_no_zone(sandbox: SandboxWorld) -> None:
    assert errors(zone_of(sandbox, "nobody@example.com")) == "Zone information could not be determined"


@pytest.mark.parametrize("missing", ["UserName", "Secret", "ApiIntegrationCode"])
def test_all_three_headers_are_needed(database: AutotaskDatabase, missing: str) -> None:
    headers = {name: value for name, value in database.headers.items() if name != missing}
    answer = call(database, "GET", "ThresholdInformation", headers=headers)
    assert (answer.status_code, answer.text) == (401, "")
    assert answer.headers["WWW-Authenticate"].startswith("Basic")


def test_a_wrong_secret_is_an_empty_401(database: AutotaskDatabase) -> None:
    answer = call(database, "GET", "ThresholdInformation", headers={**database.headers, "Secret": "wrong"})
    assert (answer.status_code, answer.text) == (401, "")


@pytest.mark.parametrize("name", ["UserName", "ApiIntegrationCode"])
def test_a_wrong_user_name_or_integration_code_is_a_500(database: AutotaskDatabase, name: str) -> None:
    assert errors(call(database, "GET", "ThresholdInformation", headers={**database.headers, name: "wrong"}))


def test_too_many_wrong_secrets_lock_the_user(database: AutotaskDatabase) -> None:
    for _ in range(20):
        call(database, "GET", "ThresholdInformation", headers={**database.headers, "Secret": "wrong"})
    assert call(database, "GET", "ThresholdInformation").status_code == 401
    database.set_api_user(locked=False)
    assert call(database, "GET", "ThresholdInformation").status_code == 200


def test_the_threshold_is_told_and_counts_over_a_rolling_hour(
    sandbox: SandboxWorld, database: AutotaskDatabase
) -> None:
    sandbox.limits(autotask={"hour": 100})
    for _ in range(3):
        call(database, "GET", "ThresholdInformation")
    assert call(database, "GET", "ThresholdInformation").json() == {
        "externalRequestThreshold": 100,
        "requestThresholdTimeframe": 60,
        "currentTimeframeRequestCount": 4,
    }
    sandbox.advance_clock(3601)
    assert call(database, "GET", "ThresholdInformation").json()["currentTimeframeRequestCount"] == 1


def test_over_the_threshold_the_call_is_refused_and_the_ledger_knows(
    sandbox: SandboxWorld, database: AutotaskDatabase
) -> None:
    call(database, "GET", "ThresholdInformation")
    sandbox.limits(autotask={"hour": 1})
    answer = call(database, "GET", "ThresholdInformation")
    assert answer.status_code == 429
    assert 0 < int(answer.headers["Retry-After"]) <= 3600
    assert "threshold" in answer.json()["errors"][0]
    assert [(row["limit"], row["database"]) for row in sandbox.ledger("autotask").breaches] == [("hour", database.id)]


def test_a_database_can_slow_down_from_half_of_its_threshold(sandbox: SandboxWorld) -> None:
    database = sandbox.create_autotask(slows_down=True)
    sandbox.limits(autotask={"hour": 4})
    seconds = [call(database, "GET", "ThresholdInformation").elapsed.total_seconds() for _ in range(2)]
    assert seconds[0] < 0.4
    assert 0.5 <= seconds[1] < 1


def test_another_database_has_a_threshold_of_its_own(sandbox: SandboxWorld, database: AutotaskDatabase) -> None:
    other = sandbox.create_autotask()
    sandbox.limits(autotask={"hour": 2})
    call(database, "GET", "ThresholdInformation")
    assert call(other, "GET", "ThresholdInformation").status_code == 200


def test_a_fourth_call_at_one_time_to_an_entity_is_refused(sandbox: SandboxWorld, database: AutotaskDatabase) -> None:
    with sandbox.trouble("autotask", "slow", path="Invoices/query", seconds=0.6), ThreadPoolExecutor(8) as pool:
        invoices = [pool.submit(query, database, "Invoices") for _ in range(4)]
        companies = [pool.submit(query, database, "Companies") for _ in range(3)]
        answers = [call.result() for call in invoices]
    refused = [answer for answer in answers if answer.status_code == 500]
    assert len(refused) == 1
    assert "Itgenatr005" in refused[0].json()["errors"][0]
    assert [call.result().status_code for call in companies] == [200, 200, 200]
    assert [row["limit"] for row in sandbox.ledger().breaches] == ["threads"]
    assert query(database, "Invoices").status_code == 200


@pytest.fixture
def invoice(database: AutotaskDatabase) -> int:
    company = database.add_company("Acme")
    lines = [item(10, line_of_business="Managed Services"), item(20, line_of_business="Projects"), item(40)]
    return database.bill(company, lines)["id"]


def rates(database: AutotaskDatabase, invoice: int) -> list[int]:
    of_invoice = {"op": "eq", "field": "invoiceID", "value": invoice}
    return [int(row["rate"]) for row in found(database, "BillingItems", of_invoice)]


def test_items_of_a_strange_line_of_business_are_hidden_without_a_word(
    database: AutotaskDatabase, invoice: int
) -> None:
    assert rates(database, invoice) == [10, 20, 40]
    database.hide_line_of_business("Projects")
    assert rates(database, invoice) == [10, 40]
    assert found(database, "Invoices")[0]["invoiceTotal"] == 70
    database.show_all_lines_of_business()
    assert rates(database, invoice) == [10, 20, 40]


def test_an_api_user_in_no_line_of_business_sees_everything(database: AutotaskDatabase, invoice: int) -> None:
    database.restrict_lines_of_business()
    assert rates(database, invoice) == [10, 20, 40]


def test_the_lines_of_business_of_the_api_user_can_be_read(database: AutotaskDatabase) -> None:
    database.restrict_lines_of_business("Hardware")
    mine = {"op": "eq", "field": "resourceID", "value": database.row["resource_id"]}
    rows = found(database, "OrganizationalResources", mine)
    assert [row["organizationalLevelAssociationID"] for row in rows] == [
        database.named("lines_of_business", "Hardware")
    ]


def test_a_whole_invoice_can_be_hidden_by_its_line_of_business(database: AutotaskDatabase) -> None:
    company = database.add_company("Acme")
    hidden = database.bill(company, organizationalLevelAssociationID="Projects")["id"]
    seen = database.bill(company)["id"]
    database.hide_line_of_business("Projects")
    assert [row["id"] for row in found(database, "Invoices")] == [seen]
    assert call(database, "GET", f"Invoices/{hidden}").json() == {"item": None}


def test_a_security_level_can_answer_empty_or_403(database: AutotaskDatabase, invoice: int) -> None:
    database.allow("BillingItems", "none")
    assert found(database, "BillingItems") == []
    database.allow("BillingItems", "forbidden")
    assert query(database, "BillingItems").status_code == 403
    rights = call(database, "GET", "BillingItems/entityInformation").json()["info"]
    assert (rights["canQuery"], rights["userAccessForQuery"]) == (True, "None")


def test_costs_can_be_hidden(database: AutotaskDatabase, invoice: int) -> None:
    assert found(database, "BillingItems")[0]["ourCost"] is not None
    database.set_api_user(can_read_costs=False)
    assert found(database, "BillingItems")[0]["ourCost"] is None


def test_trouble_strikes_as_the_real_ones_do(sandbox: SandboxWorld, database: AutotaskDatabase) -> None:
    with sandbox.trouble("autotask", "rate_limit", seconds=7, times=1):
        answer = call(database, "GET", "ThresholdInformation")
        assert (answer.status_code, answer.headers["Retry-After"]) == (429, "7")
    with sandbox.trouble("autotask", "expire_tokens", times=1):
        assert call(database, "GET", "ThresholdInformation").status_code == 401
    with sandbox.trouble("autotask", "outage", times=1):
        assert call(database, "GET", "ThresholdInformation").status_code == 503
    with sandbox.trouble("autotask", "drop_before", times=1), pytest.raises(requests.ConnectionError):
        call(database, "GET", "ThresholdInformation")
    assert call(database, "GET", "ThresholdInformation").status_code == 200


def test_the_ledger_tells_the_database_of_each_call(sandbox: SandboxWorld, database: AutotaskDatabase) -> None:
    query(database, "Invoices", EVERYTHING)
    (row,) = sandbox.ledger("autotask", database=database.id).requests
    assert (row["method"], row["path"], row["status"]) == ("POST", "/ATServicesRest/V1.0/Invoices/query", 200)


def test_two_databases_do_not_see_each_other(sandbox: SandboxWorld, database: AutotaskDatabase) -> None:
    other = sandbox.create_autotask()
    database.add_company("Acme")
    names = {row["companyName"] for row in found(other, "Companies")}
    assert names == {other.row["name"]}
    assert parsed(call(other, "GET", "Companies/175"))["item"] is None
