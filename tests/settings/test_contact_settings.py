"""Each setting of the Contacts page, turned, synced, and read in Xero."""

from __future__ import annotations

import pytest

from tests.connected import ConnectedAccount
from tests.world import Row, item


def billed_to(connected: ConnectedAccount) -> Row:
    """The contact of the only invoice in Xero."""
    [invoice] = connected.xero.invoices()
    return next(row for row in connected.xero.contacts() if row["ContactID"] == invoice["Contact"]["ContactID"])


def bill(connected: ConnectedAccount, **company: object) -> int:
    """An invoice for a company of its own."""
    company_id = connected.autotask.add_company("Kauri Dental", email=None, **company)
    invoice = connected.autotask.bill(company_id)
    return int(invoice["id"])


def company_of(connected: ConnectedAccount, invoice_id: int) -> int:
    return int(connected.autotask.invoice(invoice_id)["companyID"])


def test_contact_rules_are_tried_in_their_order(connected: ConnectedAccount) -> None:
    first = bill(connected)
    company_id = company_of(connected, first)
    connected.autotask.add_contact(company_id, email="billing@kauri.example", primaryContact=False, billingContact=True)
    connected.autotask.add_contact(company_id, email="primary@kauri.example", primaryContact=True, billingContact=False)
    connected.change_settings(contact_rules=["primary", "billing_flag"])
    connected.sync()
    assert billed_to(connected)["EmailAddress"] == "primary@kauri.example"


MARKED_BY = {
    "billing_flag": {"billingContact": True},
    "position_udf": {"userDefinedFields": [{"name": "Position", "value": "Accounts"}]},
    "primary": {"primaryContact": True},
}


@pytest.mark.parametrize("rule", ["billing_flag", "invoice_recipients", "position_udf", "primary", "only_active"])
def test_each_contact_rule_alone_finds_its_contact(connected: ConnectedAccount, rule: str) -> None:
    """Two contacts, one of which the rule means; for "only active" the other is inactive."""
    invoice_id = bill(connected)
    company_id = company_of(connected, invoice_id)
    plain = {"primaryContact": False, "billingContact": False}
    others = {**plain, "isActive": 0} if rule == "only_active" else plain
    connected.autotask.add_contact(company_id, email="other@kauri.example", **others)
    meant = connected.autotask.add_contact(
        company_id, email="meant@kauri.example", **{**plain, **MARKED_BY.get(rule, {})}
    )
    if rule == "invoice_recipients":
        connected.autotask.patch("Companies", company_id, _contactRecipients=[meant])
    connected.change_settings(contact_rules=[rule])
    connected.sync()
    assert billed_to(connected)["EmailAddress"] == "meant@kauri.example"


def test_a_rule_that_is_not_chosen_is_not_tried(connected: ConnectedAccount) -> None:
    invoice_id = bill(connected)
    connected.autotask.add_contact(company_of(connected, invoice_id), email="a@kauri.example", billingContact=True)
    connected.change_settings(contact_rules=["position_udf"])
    connected.sync()
    assert connected.codes(invoice_id) == {"no-valid-contact"}


def test_bill_parent_decides_whether_a_branch_without_contact_is_billed_to_its_parent(
    connected: ConnectedAccount,
) -> None:
    parent_id = connected.autotask.add_company("Kauri Group", email="group@kauri.example")
    invoice_id = bill(connected, parentCompanyID=parent_id)
    connected.change_settings(bill_parent=False)
    connected.sync()
    assert connected.codes(invoice_id) == {"no-valid-contact"}
    connected.change_settings(bill_parent=True)
    connected.ask_again(invoice_id)
    connected.sync()
    assert billed_to(connected)["Name"] == "Kauri Group"


def numbered(connected: ConnectedAccount) -> int:
    invoice_id = bill(connected, companyNumber="C-1044")
    connected.autotask.add_contact(company_of(connected, invoice_id), email="a@kauri.example")
    return invoice_id


def test_match_account_number_finds_a_contact_of_another_name(connected: ConnectedAccount) -> None:
    numbered(connected)
    known = connected.xero.add_contact("Kauri (old name)", AccountNumber="C-1044")
    connected.change_settings(match_account_number=True)
    connected.sync()
    assert billed_to(connected)["ContactID"] == known["ContactID"]


def test_without_match_account_number_the_name_counts(connected: ConnectedAccount) -> None:
    numbered(connected)
    connected.xero.add_contact("Kauri (old name)", AccountNumber="C-1044")
    connected.sync()
    assert billed_to(connected)["Name"] == "Kauri Dental"


def test_an_account_number_is_matched_in_its_very_letters(connected: ConnectedAccount) -> None:
    numbered(connected)
    connected.xero.add_contact("Kauri (old name)", AccountNumber="c-1044")
    known = connected.xero.add_contact("Kauri Dental")
    connected.change_settings(match_account_number=True)
    connected.sync()
    assert billed_to(connected)["ContactID"] == known["ContactID"]


def test_an_account_number_that_two_contacts_share_stops_the_invoice_and_names_both(
    connected: ConnectedAccount,
) -> None:
    invoice_id = numbered(connected)
    connected.xero.add_contact("Kauri North", AccountNumber="C-1044")
    other = connected.xero.add_contact("Kauri South")
    connected.xero.patch("Contacts", other["ContactID"], AccountNumber="C-1044")
    connected.change_settings(match_account_number=True)
    connected.sync()
    assert connected.codes(invoice_id) == {"contact-number-taken"}
    with connected.scope():
        detail = connected.document(invoice_id).blockers.get().fault.detail
    assert "Kauri North" in detail
    assert "Kauri South" in detail


def test_two_companies_with_one_account_number_are_never_billed_as_one(connected: ConnectedAccount) -> None:
    numbered(connected)
    connected.change_settings(match_account_number=True)
    connected.sync()
    other = connected.autotask.add_company("Rimu Dental", companyNumber="C-1044")
    invoice = connected.autotask.bill(other)
    connected.sync()
    assert connected.codes(invoice["id"]) == {"contact-number-taken"}
    assert len(connected.xero.invoices()) == 1


def test_match_name_relaxed_ignores_case_and_spaces(connected: ConnectedAccount) -> None:
    known = connected.xero.add_contact("ACME  LTD".lower().replace("  ", ""))
    connected.autotask.bill(connected.pair.company_id)
    connected.change_settings(match_name="relaxed")
    connected.sync()
    assert billed_to(connected)["ContactID"] == known["ContactID"]


def test_match_name_exact_does_not(connected: ConnectedAccount) -> None:
    connected.xero.add_contact("acmeltd")
    connected.autotask.bill(connected.pair.company_id)
    connected.sync()
    assert billed_to(connected)["Name"] == "Acme Ltd"


def test_several_contacts_of_a_relaxed_name_stop_the_invoice_unless_one_is_exact(connected: ConnectedAccount) -> None:
    connected.xero.add_contact("AcmeLtd")
    connected.xero.add_contact("A cme Ltd")
    connected.change_settings(match_name="relaxed")
    invoice = connected.autotask.bill(connected.pair.company_id)
    connected.sync()
    assert connected.codes(invoice["id"]) == {"contact-name-taken"}
    exact = connected.xero.add_contact("Acme Ltd")
    connected.ask_again(invoice["id"])
    connected.sync()
    assert billed_to(connected)["ContactID"] == exact["ContactID"]


def test_create_contacts_decides_whether_a_missing_one_is_made(connected: ConnectedAccount) -> None:
    invoice = connected.autotask.bill(connected.pair.company_id)
    connected.change_settings(create_contacts=False)
    connected.sync()
    assert connected.codes(invoice["id"]) == {"no-valid-contact"}
    assert connected.xero.contacts() == []
    connected.change_settings(create_contacts=True)
    connected.ask_again(invoice["id"])
    connected.sync()
    assert billed_to(connected)["Name"] == "Acme Ltd"


def moved(connected: ConnectedAccount) -> None:
    """An invoice is in Xero; then the customer moves, and is billed again."""
    connected.autotask.bill(connected.pair.company_id)
    connected.sync()
    connected.autotask.patch("Companies", connected.pair.company_id, billingAddress1="1 New Street")
    connected.autotask.bill(connected.pair.company_id)
    connected.sync()


def postal_lines(connected: ConnectedAccount) -> set[str]:
    [contact] = connected.xero.contacts()
    return {row.get("AddressLine1", "") for row in contact["Addresses"]}


def test_update_contacts_brings_what_changed_in_autotask_to_xero(connected: ConnectedAccount) -> None:
    connected.change_settings(update_contacts=True)
    moved(connected)
    assert "1 New Street" in postal_lines(connected)


def test_without_update_contacts_a_contact_stays_as_it_is(connected: ConnectedAccount) -> None:
    moved(connected)
    assert "1 New Street" not in postal_lines(connected)


def test_a_contact_that_did_not_change_is_not_written_again(connected: ConnectedAccount) -> None:
    connected.change_settings(update_contacts=True)
    connected.autotask.bill(connected.pair.company_id)
    connected.sync()
    connected.autotask.bill(connected.pair.company_id)
    connected.sync()
    ledger = connected.autotask.world.ledger("xero")
    assert len(ledger.created("Contacts")) == 1
    assert ledger.updated("Contacts") == []


def test_a_contact_that_a_person_linked_keeps_its_number_when_it_is_updated(connected: ConnectedAccount) -> None:
    known = connected.xero.add_contact("Acme Ltd", ContactNumber="MINE-1")
    connected.change_settings(update_contacts=True)
    connected.autotask.bill(connected.pair.company_id)
    connected.sync()
    [contact] = connected.xero.contacts()
    assert (contact["ContactID"], contact["ContactNumber"]) == (known["ContactID"], "MINE-1")
    assert contact["EmailAddress"] == "accounts@acme.example"


@pytest.mark.parametrize(("setting", "name"), [(True, "Kauri Holdings"), (False, "Kauri Dental")])
def test_bill_contract_company(connected: ConnectedAccount, setting: bool, name: str) -> None:
    connected.change_settings(bill_contract_company=setting)
    autotask = connected.autotask
    holdings = autotask.add_company("Kauri Holdings", email="first@holdings.example")
    named = autotask.add_contact(
        holdings, email="contracts@holdings.example", primaryContact=False, billingContact=False
    )
    dental = autotask.add_company("Kauri Dental")
    contract = autotask.add(
        "Contracts",
        contractName="Care",
        companyID=dental,
        billToCompanyID=holdings,
        billToCompanyContactID=named,
    )
    autotask.bill(dental, [item(contractID=contract), item("5.00", contractID=contract)])
    connected.sync()
    contact = billed_to(connected)
    assert contact["Name"] == name
    if setting:
        assert contact["EmailAddress"] == "contracts@holdings.example"
        assert "Billed to Kauri Holdings, as its contract says in Autotask." in connected.documents()[0].notices


def test_an_invoice_that_is_not_of_such_contracts_alone_stays_its_companys(connected: ConnectedAccount) -> None:
    connected.change_settings(bill_contract_company=True)
    holdings = connected.autotask.add_company("Kauri Holdings")
    company = connected.pair.company_id
    contract = connected.autotask.add("Contracts", contractName="Care", companyID=company, billToCompanyID=holdings)
    connected.autotask.bill(company, [item(contractID=contract), item("5.00")])
    connected.sync()
    assert billed_to(connected)["Name"] == "Acme Ltd"


def test_lines_of_a_branch_on_its_parents_invoice_are_billed_to_the_parent(connected: ConnectedAccount) -> None:
    branch = connected.autotask.add_company("Acme Branch", parentCompanyID=connected.pair.company_id)
    connected.autotask.bill(connected.pair.company_id, [item(companyID=branch)])
    connected.sync()
    assert billed_to(connected)["Name"] == "Acme Ltd"
