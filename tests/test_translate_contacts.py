"""Whom an invoice is for: the rules that choose the contact, the parent, the e-mail address, and what Xero is given."""

from __future__ import annotations

from typing import Any

import pytest

from syncing.autotask.records import Company, CompanyLocation, Contact
from syncing.billing_contact import ContactDetails, is_email
from syncing.rules import CONTACT_RULES, Rules
from syncing.translate import Translation, translate
from tests.billing import make_company, make_contact, make_item, make_rules, make_source


def translated(*contacts: Contact, rules: Rules | None = None, **around: Any) -> Translation:
    return translate(make_source(make_item(), contacts=contacts, **around), rules or make_rules())


def chosen(*contacts: Contact, rules: Rules | None = None, **around: Any) -> int | None:
    made = translated(*contacts, rules=rules, **around)
    assert made.contact is not None, made.problems
    return made.contact.contact_id


def details(
    company: Company, contact: Contact | None = None, rules: Rules | None = None, **around: Any
) -> ContactDetails:
    made = translated(contact or make_contact(), company=company, rules=rules, **around)
    assert made.contact is not None
    return made.contact


SOMEBODY = make_contact(id=1)


@pytest.mark.parametrize(
    "contact",
    [
        make_contact(id=2, is_billing=True),
        make_contact(id=2, is_primary=True),
        make_contact(id=2, user_defined_fields={"position": " accounts "}),
    ],
)
def test_a_mark_singles_out_one_of_several(contact: Contact) -> None:
    assert chosen(SOMEBODY, contact) == 2


def test_the_recipients_of_the_invoice_settings_count() -> None:
    assert chosen(SOMEBODY, make_contact(id=2), invoice_recipients={50: (2,)}) == 2


def test_the_only_active_contact_needs_no_mark() -> None:
    assert chosen(make_contact(id=2, is_active=False, is_billing=True), SOMEBODY) == 1


def test_the_rules_apply_in_the_order_that_the_customer_chose() -> None:
    contacts = make_contact(id=2, is_primary=True), make_contact(id=3, is_billing=True)
    assert chosen(*contacts) == 3
    assert chosen(*contacts, rules=make_rules(contact_rules=("primary", "billing_flag"))) == 2


def test_of_several_that_a_rule_finds_the_primary_one_counts() -> None:
    contacts = make_contact(id=2, is_billing=True), make_contact(id=3, is_billing=True, is_primary=True)
    assert chosen(SOMEBODY, *contacts) == 3


def test_without_a_valid_contact_the_fault_tells_which_rules_failed() -> None:
    contacts = SOMEBODY, make_contact(id=2, email="b@kauri.example"), make_contact(id=3, is_active=False)
    (problem,) = translated(*contacts).problems
    assert (problem.code, problem.subject) == ("no-valid-contact", "Kauri Dental (company 50)")
    assert problem.detail == "Kauri Dental: No rule singles out one of its contacts."
    assert [tried["rule"] for tried in problem.evidence["rules"]] == list(CONTACT_RULES)
    assert problem.evidence["rules"][-1] == {"rule": "only_active", "found": [1, 2]}
    assert [contact["id"] for contact in problem.evidence["contacts"]] == [1, 2, 3]
    assert [contact["active"] for contact in problem.evidence["contacts"]] == [True, True, False]


def test_two_companies_of_one_name_are_two_faults() -> None:
    subjects = {translated(company=make_company(id=id_)).problems[0].subject for id_ in (50, 51)}
    assert len(subjects) == 2


def test_a_company_that_autotask_hides_has_no_valid_contact() -> None:
    (problem,) = translated(company=None).problems
    assert (problem.code, problem.subject) == ("no-valid-contact", "company 50")


# ---- the parent

PARENT = make_company(id=60, name="Kauri Group")
OF_PARENT = make_contact(id=80, company_id=60)


def test_the_parent_is_billed_where_the_child_has_no_active_contact() -> None:
    made = translated(OF_PARENT, make_contact(is_active=False), parent_company=PARENT)
    assert made.contact is not None
    assert (made.contact.company_id, made.contact.contact_id) == (60, 80)
    assert (made.contact.name, made.contact.number) == ("Kauri Group", "AT-4711-60")
    assert made.notices == ("Kauri Dental has no active contact: its parent Kauri Group is billed.",)


def test_but_not_where_the_account_does_not_want_it() -> None:
    made = translated(OF_PARENT, parent_company=PARENT, rules=make_rules(bill_parent=False))
    assert [problem.code for problem in made.problems] == ["no-valid-contact"]


def test_nor_where_the_child_has_contacts_that_no_rule_singles_out() -> None:
    made = translated(OF_PARENT, SOMEBODY, make_contact(id=2), parent_company=PARENT)
    assert made.problems[0].subject == "Kauri Dental (company 50)"


# ---- the address


@pytest.mark.parametrize(
    "email", ["aroha@kauri", "aroha@@kauri.example", "a b@kauri.example", "a@x.example; b@x.example"]
)
def test_an_invalid_address_is_told_with_whose_it_is(email: str) -> None:
    (problem,) = translated(make_contact(email=email)).problems
    assert (problem.code, problem.detail, problem.subject) == ("invalid-email", email, "Aroha Ngata (contact 70)")
    assert problem.evidence["company"] == "Kauri Dental"


def test_an_address_matters_only_where_it_would_be_sent() -> None:
    linked = {"contact_links": {50: "c0ffee"}}
    wrong = make_contact(email="wrong")
    assert translated(wrong, rules=make_rules(**linked)).is_ready
    assert not translated(wrong, rules=make_rules(**linked, update_contacts=True)).is_ready


def test_a_contact_may_have_no_address_at_all() -> None:
    made = translated(make_contact(email="  "))
    assert made.is_ready
    assert made.contact is not None
    assert made.contact.email == ""


@pytest.mark.parametrize("email", ["a@b.example", "first.last+tag@sub.b.co.nz", "ü@münchen.example"])
def test_addresses_that_xero_may_take(email: str) -> None:
    assert is_email(email)


# ---- what Xero is given


def test_a_contact_as_json() -> None:
    company = make_company(
        number="K-1",
        tax_id="123-456-789",
        bill_to_attention="Accounts payable",
        bill_to_address1="14 Queen St",
        bill_to_city="Auckland",
        bill_to_postal_code="1010",
        bill_to_country_id=7,
        address1="elsewhere",
    )
    made = details(company, rules=make_rules(match_account_number=True))
    assert made.to_json() == {
        "Name": "Kauri Dental",
        "ContactNumber": "AT-4711-50",
        "AccountNumber": "K-1",
        "FirstName": "Aroha",
        "LastName": "Ngata",
        "EmailAddress": "aroha@kauri.example",
        "TaxNumber": "123-456-789",
        "Addresses": [
            {
                "AddressType": "POBOX",
                "AttentionTo": "Accounts payable",
                "AddressLine1": "14 Queen St",
                "City": "Auckland",
                "PostalCode": "1010",
                "Country": "New Zealand",
            }
        ],
        "Phones": [{"PhoneType": "DEFAULT", "PhoneNumber": "09 555 0100"}],
    }


def test_an_account_number_is_sent_only_where_contacts_are_matched_by_it() -> None:
    assert details(make_company(number="K-1")).account_number == ""


def test_the_primary_location_stands_in_for_an_address() -> None:
    location = CompanyLocation(id=1, company_id=50, is_primary=True, address1="1 Dock Rd", city="Nelson")
    assert details(make_company(), locations=(location,)).city == "Nelson"
    assert details(make_company(address1="2 Hill Rd", city="Napier"), locations=(location,)).city == "Napier"


@pytest.mark.parametrize(
    ("name", "sent"),
    [
        (" <b>Kauri</b>  Dental\n", "bKauri/b Dental"),
        ("عيادة 🦷", "عيادة 🦷"),
        ("<>", "Autotask company 50"),
        ("x" * 300, "x" * 254 + "…"),
    ],
)
def test_a_name_is_made_fit_for_xero(name: str, sent: str) -> None:
    assert details(make_company(name=name)).name == sent


def test_a_company_whose_xero_contact_was_chosen_needs_no_billing_contact() -> None:
    company = make_company(id=50)
    made = translated(make_contact(is_active=False), company=company, rules=make_rules(chosen_contacts=frozenset({50})))

    assert made.problems == ()
    assert made.contact is not None
    assert (made.contact.company_id, made.contact.contact_id, made.contact.email) == (50, None, "")


def test_a_contact_that_a_rule_finds_is_used_also_where_one_was_chosen() -> None:
    assert chosen(SOMEBODY, rules=make_rules(chosen_contacts=frozenset({50}))) == 1
