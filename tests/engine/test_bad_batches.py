"""One broken document never holds up its neighbours, and no odd text stops a run."""

from __future__ import annotations

import pytest

from syncing.models import SyncRun
from syncing.states import DocumentState
from tests.connected import ConnectedAccount
from tests.world import item

ODD_NAMES = [
    "شركة الحلول التقنية",
    "🚀 Rocket & Sons 🧑🏽‍💻",
    "<script>alert(1)</script>",
    'Quotes "and" \\slashes\\',
    "Name   with    spaces ",
    "O'Reilly's 100% _wild_ card",
    "A" * 300,
]


@pytest.mark.parametrize("name", ODD_NAMES)
def test_an_oddly_named_company_is_billed(connected: ConnectedAccount, name: str) -> None:
    company = connected.autotask.add_company(name)
    invoice = connected.autotask.bill(company, [item("100.00", name=name, description=name)])

    connected.sync()

    assert connected.document(invoice["id"]).state == DocumentState.SYNCED
    assert len(connected.xero.invoices()) == 1


def test_a_description_of_four_megabytes_arrives_cut_to_what_xero_takes(connected: ConnectedAccount) -> None:
    huge = "Replaced the switch. " * 200_000
    invoice = connected.autotask.bill(connected.pair.company_id, [item("100.00", description=huge)])

    connected.sync()

    assert connected.document(invoice["id"]).state == DocumentState.SYNCED
    [arrived] = connected.xero.invoices()
    assert len(arrived["LineItems"][0]["Description"]) <= 4000


def test_a_currency_that_is_no_code_is_told_by_its_own_document(connected: ConnectedAccount) -> None:
    odd = connected.autotask.add("Currencies", name="Kiwi Dollar", exchangeRate="1", isActive=True)
    company = connected.autotask.add_company("Fantail Films", currencyID=odd)
    broken = connected.autotask.bill(company)["id"]
    fine = connected.autotask.bill(connected.pair.company_id)["id"]

    run = connected.sync()

    assert run.state == SyncRun.State.FINISHED
    assert connected.document(fine).state == DocumentState.SYNCED
    assert connected.codes(broken) == {"currency-not-subscribed"}
    assert connected.document(broken).currency == ""


@pytest.mark.parametrize("odd", [{"invoiceTotal": "500000000000000"}, {"totalTaxValue": "-500000000000000"}])
def test_an_amount_that_no_row_holds_is_told_by_its_own_document(
    connected: ConnectedAccount, odd: dict[str, str]
) -> None:
    broken = connected.autotask.bill(connected.pair.company_id, **odd)["id"]
    fine = connected.autotask.bill(connected.pair.company_id)["id"]

    runs = [connected.sync(), connected.sync()]

    assert [run.state for run in runs] == [SyncRun.State.FINISHED] * 2
    assert connected.document(fine).state == DocumentState.SYNCED
    assert connected.codes(broken) == {"validation-refused"}
    with connected.scope():
        [detail] = connected.document(broken).attempts.values_list("detail", flat=True)
    assert detail.startswith("Its total is not a number that Xero takes")


def test_a_number_that_no_row_holds_is_shown_cut_and_the_invoice_arrives(connected: ConnectedAccount) -> None:
    connected.change_settings(numbering="autotask_number")
    invoice = connected.autotask.bill(connected.pair.company_id, invoiceNumber="9" * 150)

    run = connected.sync()

    assert run.state == SyncRun.State.FINISHED
    document = connected.document(invoice["id"])
    assert (document.state, document.autotask_number) == (DocumentState.SYNCED, "9" * 100)
    assert "Its number in Autotask has 150 characters: it is shown here cut short." in document.notices
    assert [row["InvoiceNumber"] for row in connected.xero.invoices()] == ["9" * 150]


def test_two_companies_of_one_name_are_not_billed_to_one_contact(connected: ConnectedAccount) -> None:
    twins = [connected.autotask.add_company("Twin Peaks Ltd") for _ in range(2)]
    first, second = (connected.autotask.bill(company)["id"] for company in twins)

    connected.sync()

    states = {connected.document(autotask_id).state for autotask_id in (first, second)}
    assert states == {DocumentState.SYNCED, DocumentState.FAULTED}
    assert connected.codes(first) | connected.codes(second) == {"contact-name-taken"}


def test_the_rest_of_a_batch_arrives_beside_a_broken_document(connected: ConnectedAccount) -> None:
    broken = connected.autotask.add_company("No email Ltd", email="not-an-address")
    good = [connected.autotask.bill(connected.pair.company_id)["id"] for _ in range(5)]
    bad = connected.autotask.bill(broken)["id"]

    run = connected.sync()

    assert run.state == SyncRun.State.FINISHED
    assert {connected.document(autotask_id).state for autotask_id in good} == {DocumentState.SYNCED}
    assert connected.codes(bad) == {"invalid-email"}


def test_what_xero_alone_finds_wrong_stops_only_its_document(connected: ConnectedAccount) -> None:
    """An account that was archived after we last read the chart."""
    code = connected.autotask.named("billing_codes", "Managed Services")
    connected.autotask.bill(connected.pair.company_id)
    connected.sync()
    account = next(row for row in connected.xero.rows("Accounts") if row.get("Code") == "260")
    with connected.scope():
        from syncing.models import BillingCodeMapping

        BillingCodeMapping.objects.create(billing_code_id=code, account_code=account["Code"])
    connected.xero.patch("Accounts", account["AccountID"], Status="ARCHIVED")
    stuck = connected.autotask.bill(connected.pair.company_id)["id"]
    fine = connected.autotask.bill(connected.pair.company_id, [item("5.00", code="Remote Support")])["id"]
    connected.change_settings(import_status="approved")

    connected.sync()

    assert connected.codes(stuck) == {"account-code-invalid"}
    assert connected.document(fine).state == DocumentState.SYNCED


@pytest.mark.parametrize(
    "fields",
    [
        {"invoiceTotal": "not a number"},
        {"createDateTime": "yesterday"},
        {"companyID": None},
        {"invoiceNumber": None, "orderNumber": None, "taxRegionName": None},
        {"dueDate": None},
    ],
)
def test_a_field_of_the_wrong_type_ends_on_its_own_document(
    connected: ConnectedAccount, fields: dict[str, object]
) -> None:
    odd = connected.autotask.bill(connected.pair.company_id)["id"]
    connected.autotask.patch("Invoices", odd, **fields)
    good = connected.autotask.bill(connected.pair.company_id)["id"]

    run = connected.sync()

    assert run.state == SyncRun.State.FINISHED
    assert connected.document(good).state == DocumentState.SYNCED
    assert connected.document(odd).state in (
        DocumentState.SYNCED,
        DocumentState.FAULTED,
        DocumentState.RETRYING,
        DocumentState.SKIPPED,
    )


def test_a_bad_address_stops_nobody_whose_contact_is_in_xero_already(connected: ConnectedAccount) -> None:
    connected.autotask.bill(connected.pair.company_id)
    connected.sync()
    [contact] = connected.autotask.contacts(connected.pair.company_id)
    connected.autotask.patch("Contacts", contact["id"], emailAddress="not-an-address")
    later = connected.autotask.bill(connected.pair.company_id)["id"]

    connected.sync()

    assert connected.document(later).state == DocumentState.SYNCED
