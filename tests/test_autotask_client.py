"""Reading and writing an Autotask database over HTTP (syncing/autotask/client.py)."""

import json
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from urllib.parse import urlsplit

import pytest

from faults.problems import NeedsPerson, NeedsSupport, SyncProblem, Transient
from syncing.autotask.client import AutotaskClient
from syncing.autotask.query import any_of, eq, gt, gte
from syncing.autotask.records import BillingItem, Company, Contact, Country, Currency, Invoice, Tax
from syncing.limits import Call
from tests.autotask import client_of, credentials_of
from tests.world import AutotaskDatabase, SandboxWorld, item


@pytest.fixture
def database(sandbox: SandboxWorld) -> AutotaskDatabase:
    return sandbox.create_autotask()


def bill(database: AutotaskDatabase, count: int) -> list[int]:
    company = database.add_company("Acme Ltd")
    return [row["id"] for row in database.bill_many([{"companyID": company, "items": [item()]} for _ in range(count)])]


def queries(sandbox: SandboxWorld) -> list[str]:
    return [row["path"] for row in sandbox.ledger("autotask").calls("POST", "/query")]


def test_an_invoice_comes_with_its_lines_and_company(database: AutotaskDatabase) -> None:
    company = database.add_company("Acme Ltd", currency="AUD", companyNumber="A-17")
    billed = database.bill(company, [item("100.00", 2, name="Backup"), item("-10.00")], orderNumber="PO-77")
    client = client_of(database)

    (invoice,) = client.find(Invoice)
    assert (invoice.id, invoice.number, invoice.company_id) == (billed["id"], billed["invoiceNumber"], company)
    assert (invoice.total, invoice.tax, invoice.order_number) == (
        billed["invoiceTotal"],
        billed["totalTaxValue"],
        "PO-77",
    )
    assert invoice.created_at is not None
    assert invoice.created_at.tzinfo is UTC

    lines = list(client.find_in(BillingItem, "invoiceID", [invoice.id]))
    assert [(line.name, line.quantity, line.total_amount) for line in lines] == [
        ("Backup", Decimal(2), Decimal(200)),
        ("Managed services", Decimal(1), Decimal(-10)),
    ]
    (found,) = client.find(Company, eq("id", company))
    assert (found.name, found.number, found.is_active) == ("Acme Ltd", "A-17", True)
    (currency,) = client.find(Currency, eq("id", found.currency_id or 0))
    assert currency.code == "AUD"
    assert {country.code for country in client.find(Country)} >= {"NZ", "AU"}
    assert {tax.rate for tax in client.find(Tax)} >= {Decimal("0.15"), Decimal("0.1"), Decimal(0)}
    (contact,) = client.find(Contact, eq("companyID", company))
    assert (contact.email, contact.is_active, contact.is_billing) == ("accounts@acme.example", True, True)


def test_every_page_is_read_by_walking_up_the_ids(sandbox: SandboxWorld, database: AutotaskDatabase) -> None:
    ids = bill(database, 1203)
    client = client_of(database)
    assert [invoice.id for invoice in client.find(Invoice)] == ids
    assert queries(sandbox) == ["/ATServicesRest/V1.0/Invoices/query"] * 3
    assert client.calls == 3
    assert client.count(Invoice) == 1203
    assert not sandbox.ledger("autotask").breaches


def test_a_last_page_that_is_exactly_full_ends_the_walk(sandbox: SandboxWorld, database: AutotaskDatabase) -> None:
    ids = bill(database, 500)
    assert [invoice.id for invoice in client_of(database).find(Invoice)] == ids
    assert len(queries(sandbox)) <= 2


def test_the_walk_keeps_to_the_filters(database: AutotaskDatabase) -> None:
    ids = bill(database, 520)
    found = client_of(database).find(Invoice, gt("id", ids[9]), eq("isVoided", False))
    assert [invoice.id for invoice in found] == ids[10:]


def test_discovery_is_one_call(sandbox: SandboxWorld, database: AutotaskDatabase) -> None:
    ids = bill(database, 3)
    since = sandbox.now() - timedelta(hours=24)
    database.void(ids[0])
    wanted = any_of(gt("id", ids[2]), gte("createDateTime", since), gte("voidedDate", since))
    found = list(client_of(database).find(Invoice, wanted))
    assert [(invoice.id, invoice.is_voided) for invoice in found] == [(ids[0], True), (ids[1], False), (ids[2], False)]
    assert len(queries(sandbox)) == 1


def test_many_ids_go_two_hundred_to_a_query(sandbox: SandboxWorld, database: AutotaskDatabase) -> None:
    ids = bill(database, 401)
    found = list(client_of(database).find_in(BillingItem, "invoiceID", [*ids, *ids]))
    assert sorted(line.invoice_id or 0 for line in found) == ids
    assert len(queries(sandbox)) == 3


def test_no_ids_are_no_query(sandbox: SandboxWorld, database: AutotaskDatabase) -> None:
    assert list(client_of(database).find_in(BillingItem, "invoiceID", [])) == []
    assert queries(sandbox) == []


def test_only_the_fields_asked_for_are_read(database: AutotaskDatabase) -> None:
    bill(database, 1)
    (invoice,) = client_of(database).find(Invoice, fields=["number"])
    assert invoice == Invoice(id=invoice.id, number=invoice.number)
    assert invoice.number


def test_user_defined_fields_are_read(database: AutotaskDatabase) -> None:
    fields = [{"name": "XeroSync", "value": "No"}]
    company = database.add("Companies", companyName="Acme Ltd", userDefinedFields=fields)
    (found,) = client_of(database).find(Company, eq("id", company))
    assert found.user_defined_fields == {"XeroSync": "No"}


def test_a_picklist_is_asked_for_once(sandbox: SandboxWorld, database: AutotaskDatabase) -> None:
    client = client_of(database)
    terms = client.picklist("Invoices", "paymentTerm")
    assert set(terms.values()) >= {"Net 20 days", "Net 30 days"}
    assert client.picklist("Invoices", "invoiceNumber") == {}
    assert client.picklist("Invoices", "noSuchField") == {}
    assert client.calls == 1
    assert client.field_information("Invoices")["paidDate"].is_read_only is False
    assert client.field_information("Invoices")["dueDate"].is_queryable is False


def test_the_three_writable_fields_of_an_invoice_are_written(sandbox: SandboxWorld, database: AutotaskDatabase) -> None:
    (invoice_id,) = bill(database, 1)
    sent_at = datetime(2026, 3, 1, 9, 30, 15, 123_456, tzinfo=UTC)
    client = client_of(database)
    client.update_invoice(invoice_id, number="INV-0042", paid_date=date(2026, 3, 2), web_service_date=sent_at)
    row = database.invoice(invoice_id)
    assert row["invoiceNumber"] == "INV-0042"
    assert row["paidDate"].startswith("2026-03-02T00:00:00")
    assert row["webServiceDate"].startswith("2026-03-01T09:30:15")
    assert client.calls == 2

    client.update_invoice(invoice_id, number="INV-0043")
    assert database.invoice(invoice_id)["paidDate"].startswith("2026-03-02")
    (write,) = sandbox.ledger("autotask").updated("Invoices")[1:]
    assert write["body"] == {"invoiceNumber": "INV-0043"}

    client.update_invoice(invoice_id)
    assert client.calls == 4


def test_a_change_that_autotask_passes_over_is_noticed(sandbox: SandboxWorld, database: AutotaskDatabase) -> None:
    (invoice_id,) = bill(database, 1)
    ignored = json.dumps({"itemId": invoice_id})
    headers = {"Content-Type": "application/json"}
    trouble = sandbox.trouble("autotask", "status", method="PATCH", status=200, body=ignored, headers=headers)
    with trouble, pytest.raises(NeedsPerson, match="did not keep it") as caught:
        client_of(database).update_invoice(invoice_id, number="INV-0042")
    assert caught.value.code == "autotask-not-permitted"
    assert caught.value.evidence["field"] == "invoiceNumber"


def test_the_limiter_is_held_around_each_call(database: AutotaskDatabase) -> None:
    held: list[tuple[int | str, str, str, str]] = []
    observed: list[int] = []

    class Observer:
        def observe(self, status: int, headers: object) -> None:
            observed.append(status)

    @contextmanager
    def limiter(database_id: int | str, integration_code: str, entity: str, host: str) -> Iterator[Call]:
        held.append((database_id, integration_code, entity, host))
        yield Observer()

    client = AutotaskClient(credentials_of(database), limiter=limiter)
    list(client.find(Currency))
    client.threshold()
    code, host = database.integration_code, urlsplit(database.zone_url).netloc
    assert held == [(database.id, code, "Currencies", host), (database.id, code, "ThresholdInformation", host)]
    assert observed == [200, 200]


def test_a_limiter_that_refuses_keeps_the_call_from_being_made(
    sandbox: SandboxWorld, database: AutotaskDatabase
) -> None:
    def limiter(*_: object) -> AbstractContextManager[Call]:
        raise Transient("autotask-threshold", retry_after=30)

    client = AutotaskClient(credentials_of(database), limiter=limiter)
    with pytest.raises(Transient, match="autotask-threshold"):
        list(client.find(Invoice))
    assert queries(sandbox) == []
    assert client.calls == 0


def test_the_threshold_tells_what_is_used(database: AutotaskDatabase) -> None:
    client = client_of(database)
    client.threshold()
    threshold = client.threshold()
    assert (threshold.limit, threshold.minutes, threshold.used) == (10_000, 60, 2)


# ---- refusals


def refused(client: AutotaskClient) -> SyncProblem:
    with pytest.raises(SyncProblem) as caught:
        list(client.find(Invoice))
    return caught.value


def test_a_wrong_secret_is_tried_once(sandbox: SandboxWorld, database: AutotaskDatabase) -> None:
    client = client_of(database, secret="wrong-secret")
    problem = refused(client)
    assert isinstance(problem, NeedsPerson)
    assert problem.code == "autotask-login-refused"
    assert "wrong-secret" not in repr((problem, problem.evidence, client.credentials))
    assert len(queries(sandbox)) == 1
    refused(client)
    assert len(queries(sandbox)) == 2
    assert len(sandbox.ledger("autotask").calls("GET", "zoneinformation")) == 1


@pytest.mark.parametrize(
    "changes", [{"username": "nobody@msp.example"}, {"integration_code": "NOTOURS"}, {"secret": "no"}]
)
def test_any_wrong_credential_is_a_refused_log_in_when_it_is_tested(
    database: AutotaskDatabase, changes: dict[str, str]
) -> None:
    with pytest.raises(NeedsPerson) as caught:
        client_of(database, **changes).threshold()
    assert caught.value.code == "autotask-login-refused"
    assert caught.value.subject == "Autotask"


@pytest.mark.parametrize("secret", ["two\nlines", "carriage\rreturn"])
def test_a_secret_that_cannot_be_sent_is_refused_without_being_told(database: AutotaskDatabase, secret: str) -> None:
    problem = refused(client_of(database, secret=secret))
    assert problem.code == "autotask-login-refused"
    assert secret not in repr((problem, problem.evidence, problem.__cause__))


def test_a_secret_beyond_latin_letters_can_be_sent(sandbox: SandboxWorld, database: AutotaskDatabase) -> None:
    assert refused(client_of(database, secret="пароль-密码")).code == "autotask-login-refused"
    assert len(queries(sandbox)) == 1


def test_a_forbidden_entity_is_a_missing_permission(database: AutotaskDatabase) -> None:
    database.allow("Invoices", "forbidden")
    problem = refused(client_of(database))
    assert isinstance(problem, NeedsPerson)
    assert problem.code == "autotask-not-permitted"
    assert problem.evidence["entity"] == "Invoices"


def test_a_query_that_autotask_does_not_understand_is_our_mistake_and_not_repeated(
    sandbox: SandboxWorld, database: AutotaskDatabase
) -> None:
    with pytest.raises(NeedsSupport) as caught:
        list(client_of(database).find(Invoice, eq("noSuchField", 1)))
    assert caught.value.code == "unexpected"
    assert "noSuchField" in caught.value.detail
    assert len(queries(sandbox)) == 1


def test_the_hourly_threshold_is_waited_out(sandbox: SandboxWorld, database: AutotaskDatabase) -> None:
    with sandbox.trouble("autotask", "rate_limit", seconds=120):
        problem = refused(client_of(database))
    assert isinstance(problem, Transient)
    assert (problem.code, problem.retry_after) == ("autotask-threshold", 120)


def test_too_many_threads_are_waited_out_briefly(sandbox: SandboxWorld, database: AutotaskDatabase) -> None:
    sandbox.limits(autotask={"threads": 0})
    problem = refused(client_of(database))
    assert isinstance(problem, Transient)
    assert problem.code == "autotask-threshold"
    assert problem.retry_after is not None
    assert problem.retry_after <= 10


def test_an_outage_is_waited_out(sandbox: SandboxWorld, database: AutotaskDatabase) -> None:
    with sandbox.trouble("autotask", "outage"):
        problem = refused(client_of(database))
    assert isinstance(problem, Transient)
    assert (problem.code, problem.subject) == ("service-unavailable", "Autotask")


@pytest.mark.parametrize("kind", ["drop_before", "drop_after"])
def test_a_dropped_connection_is_a_time_out_of_autotask(
    sandbox: SandboxWorld, database: AutotaskDatabase, kind: str
) -> None:
    with sandbox.trouble("autotask", kind):
        problem = refused(client_of(database))
    assert isinstance(problem, Transient)
    assert problem.code == "autotask-timeout"


def test_a_partner_that_is_not_there_is_a_time_out_of_autotask(database: AutotaskDatabase) -> None:
    problem = refused(client_of(database, zone_url="http://localhost:9/ATServicesRest"))
    assert isinstance(problem, Transient)
    assert problem.code == "autotask-timeout"
