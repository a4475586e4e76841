"""The stand-in Xero keeps contacts by the real one's rules."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.xero_calls import XeroCaller, caller, invoice, rows_of, texts
from tests.world import SandboxWorld, XeroOrganisation

NO_ID = "00000000-0000-0000-0000-000000000000"


@pytest.fixture
def organisation(sandbox: SandboxWorld) -> XeroOrganisation:
    return sandbox.create_xero()


@pytest.fixture
def xero(sandbox: SandboxWorld, organisation: XeroOrganisation) -> XeroCaller:
    return caller(sandbox, organisation)


def post(xero: XeroCaller, **fields: Any) -> dict[str, Any]:
    return xero.write("POST", "Contacts", fields)[0]


def archive(xero: XeroCaller, contact: dict[str, Any]) -> None:
    xero.organisation.patch("Contacts", contact["ContactID"], ContactStatus="ARCHIVED")


def test_a_contact_comes_back_with_all_its_parts(xero: XeroCaller) -> None:
    contact = xero.put_contact(
        "Zoë & Söhne 🚀",
        EmailAddress="a@b.example",
        ContactNumber="AT-1-7",
        Addresses=[{"AddressType": "POBOX", "City": "Rēkohu", "Country": "New Zealand"}],
        ContactPersons=[{"FirstName": "Ana", "EmailAddress": "ana@b.example", "IncludeInEmails": True}],
    )
    assert (contact["HasValidationErrors"], contact["StatusAttributeString"]) == (False, "OK")
    (found,) = xero.rows(f"/Contacts/{contact['ContactID']}")
    assert found["Name"] == "Zoë & Söhne 🚀"
    assert [address["AddressType"] for address in found["Addresses"]] == ["STREET", "POBOX"]
    assert found["Addresses"][1]["City"] == "Rēkohu"
    assert found["ContactPersons"][0]["FirstName"] == "Ana"
    assert len(found["Phones"]) == 4
    assert xero.rows("/Contacts/AT-1-7")[0]["ContactID"] == contact["ContactID"]


def test_put_refuses_a_name_that_is_taken_and_post_updates_it(xero: XeroCaller) -> None:
    first = xero.put_contact("Acme")
    refused = xero.put_contact("ACME")
    assert (refused["ContactID"], refused["HasValidationErrors"]) == (NO_ID, True)
    assert texts(refused) == [
        (
            "The contact name ACME is already assigned to another contact. "
            "The contact name must be unique across all active contacts."
        )
    ]
    assert post(xero, Name="Acme", EmailAddress="new@acme.example")["ContactID"] == first["ContactID"]


def test_put_refuses_numbers_that_are_taken_also_by_archived_ones(xero: XeroCaller) -> None:
    archive(xero, xero.put_contact("Old", ContactNumber="N1", AccountNumber="A1"))
    assert texts(xero.put_contact("New", ContactNumber="n1", AccountNumber="a1")) == [
        "Another contact has this contact number. Please enter a different contact number.",
        "The account number already exists, please enter a different account number",
    ]


def test_an_archived_contact_frees_its_name(xero: XeroCaller) -> None:
    archive(xero, xero.put_contact("Acme"))
    assert not xero.put_contact("Acme")["HasValidationErrors"]


def test_post_finds_by_id_then_number_then_name(xero: XeroCaller) -> None:
    first = xero.put_contact("Acme", ContactNumber="N1")
    renamed = post(xero, Name="Acme Ltd", ContactNumber="N1")
    assert (renamed["ContactID"], renamed["Name"]) == (first["ContactID"], "Acme Ltd")
    assert post(xero, ContactID=first["ContactID"], FirstName="Ana")["Name"] == "Acme Ltd"
    assert post(xero, Name="Other")["ContactID"] != first["ContactID"]


def test_post_cannot_edit_an_archived_contact(xero: XeroCaller) -> None:
    contact = xero.put_contact("Acme", ContactNumber="N1")
    archive(xero, contact)
    text = (
        "The specified contact details matched an archived contact. "
        "Archived contacts cannot currently be edited via the API."
    )
    assert texts(post(xero, ContactNumber="N1", Name="Acme")) == [text]
    assert texts(post(xero, ContactID=contact["ContactID"], FirstName="x")) == [text]


def test_a_rename_cannot_take_another_ones_name(xero: XeroCaller) -> None:
    xero.put_contact("B")
    first = xero.put_contact("A")
    assert texts(post(xero, ContactID=first["ContactID"], Name="B")) == [
        (
            'The existing contact with name "A" cannot be updated to use new name "B". '
            "There is an existing contact with that name."
        )
    ]


@pytest.mark.parametrize("address", ["nobody", "a@b", "a b@c.example", "a@b.example, c@d.example", "<a@b.example>"])
def test_an_email_address_must_be_valid(xero: XeroCaller, address: str) -> None:
    assert texts(xero.put_contact("Acme", EmailAddress=address)) == ["Email address must be valid."]


def test_people_need_a_main_address(xero: XeroCaller) -> None:
    refused = xero.put_contact("Acme", ContactPersons=[{"FirstName": "Ana", "EmailAddress": "ana@b.example"}])
    assert texts(refused) == ["Additional people cannot be added when the primary person has no email address set."]


def test_five_people_are_the_most(xero: XeroCaller) -> None:
    people = [{"FirstName": str(number)} for number in range(6)]
    assert xero.put_contact("Acme", EmailAddress="a@b.example", ContactPersons=people)["HasValidationErrors"]


def test_a_contact_needs_a_name(xero: XeroCaller) -> None:
    (refused,) = xero.write("PUT", "Contacts", {"EmailAddress": "a@b.example"})
    assert texts(refused) == [
        (
            "The Contact must contain at least 1 of the following elements to identify the contact: "
            "Name, ContactID, ContactNumber"
        )
    ]


@pytest.mark.parametrize(
    "fields",
    [
        {"Name": "<b>Acme</b>"},
        {"Name": "x" * 256},
        {"Name": "A", "ContactNumber": "x" * 51},
        {"Name": "A", "DefaultCurrency": "USD"},
        {"Name": "A", "Addresses": [{"AddressType": "POBOX", "Country": "Area 51"}]},
        {"Name": "A", "Addresses": [{"AddressType": "POBOX", "City": "x" * 256}]},
    ],
)
def test_what_xero_does_not_take_is_refused(xero: XeroCaller, fields: dict[str, Any]) -> None:
    assert xero.write("PUT", "Contacts", fields)[0]["HasValidationErrors"]


def test_spaces_in_names_are_tidied(xero: XeroCaller) -> None:
    assert xero.put_contact("  Acme   Ltd ")["Name"] == "Acme Ltd"


def test_archived_contacts_are_listed_only_when_asked_for(xero: XeroCaller) -> None:
    archive(xero, xero.put_contact("Old"))
    xero.put_contact("New")
    assert [row["Name"] for row in xero.rows("/Contacts", page=1)] == ["New"]
    assert {row["Name"] for row in xero.rows("/Contacts", page=1, includeArchived="True")} == {"Old", "New"}


def test_a_merged_contact_points_to_its_winner_in_pages_and_alone(xero: XeroCaller) -> None:
    winner, loser = xero.put_contact("Winner"), xero.put_contact("Loser")
    made = xero.put_invoice(Contact={"ContactID": loser["ContactID"]})
    path = f"/xero/{xero.organisation.id}/Contacts/{loser['ContactID']}/merge"
    xero.world.call("POST", path, {"into": winner["ContactID"]})
    (alone,) = xero.rows(f"/Contacts/{loser['ContactID']}")
    assert (alone["ContactStatus"], alone["MergedToContactID"]) == ("ARCHIVED", winner["ContactID"])
    paged = xero.rows("/Contacts", page=1, includeArchived="true", IDs=loser["ContactID"])
    assert paged[0]["MergedToContactID"] == winner["ContactID"]
    (unpaged,) = xero.rows("/Contacts", includeArchived="true", IDs=loser["ContactID"])
    assert "MergedToContactID" not in unpaged
    (moved,) = xero.rows(f"/Invoices/{made['InvoiceID']}")
    assert moved["Contact"]["ContactID"] == winner["ContactID"]


def test_contacts_are_found_by_where_and_by_search_term(xero: XeroCaller) -> None:
    xero.put_contact("Acme", EmailAddress="a@acme.example", ContactNumber="N1")
    xero.put_contact("Beta", AccountNumber="A2")
    xero.put_contact('Quote "Q"')
    for where, names in {
        'Name=="Acme"': ["Acme"],
        'Name=="Acme" OR AccountNumber=="A2"': ["Acme", "Beta"],
        'EmailAddress=="a@acme.example" AND ContactStatus=="ACTIVE"': ["Acme"],
        'ContactNumber="N1" || (Name.StartsWith("B") && AccountNumber!=null)': ["Acme", "Beta"],
        'Name=="Quote \\"Q\\""': ['Quote "Q"'],
    }.items():
        assert [row["Name"] for row in xero.rows("/Contacts", where=where)] == names
    assert [row["Name"] for row in xero.rows("/Contacts", searchTerm="ACME.ex")] == ["Acme"]


@pytest.mark.parametrize("where", ['Name=="A" B', 'Name=="a', "Name==", 'Nome=="A"', '"A"', "Name", 'Name=="Quo"te"'])
def test_a_where_that_cannot_be_read_is_a_400(xero: XeroCaller, where: str) -> None:
    answer = xero.call("GET", "/Contacts", where=where)
    assert (answer.status_code, answer.json()["ErrorNumber"]) == (400, 16)


def test_a_summary_leaves_out_the_parts(xero: XeroCaller) -> None:
    xero.put_contact("Acme")
    (row,) = xero.rows("/Contacts", summaryOnly="true")
    assert "Addresses" not in row
    assert "ContactPersons" not in row


def test_pages_tell_how_many_there_are(xero: XeroCaller) -> None:
    xero.write("PUT", "Contacts", *({"Name": f"C{number}"} for number in range(5)))
    answer = xero.call("GET", "/Contacts", page=2, pageSize=2)
    assert answer.json()["pagination"] == {"page": 2, "pageSize": 2, "pageCount": 3, "itemCount": 5}
    assert [row["Name"] for row in rows_of(answer)] == ["C2", "C3"]
    assert "pagination" not in xero.call("GET", "/Contacts").json()
    assert xero.call("GET", "/Contacts", page=1, pageSize=5000).json()["pagination"]["pageSize"] == 1000


def test_a_document_names_links_or_makes_its_contact(xero: XeroCaller) -> None:
    made = xero.put_invoice(Contact={"Name": "Fresh", "EmailAddress": "f@fresh.example"})["Contact"]
    assert xero.put_invoice(Contact={"Name": "fresh"})["Contact"]["ContactID"] == made["ContactID"]
    assert xero.put_invoice(Contact={"ContactID": made["ContactID"]})["Contact"]["EmailAddress"] == "f@fresh.example"
    assert len(xero.rows("/Contacts")) == 1


def test_a_document_that_sends_more_than_the_id_rewrites_its_contact(xero: XeroCaller) -> None:
    contact = xero.put_contact("Acme", EmailAddress="a@b.example", ContactPersons=[{"FirstName": "Ana"}])
    xero.put_invoice(Contact={"ContactID": contact["ContactID"], "HasValidationErrors": False})
    assert xero.rows(f"/Contacts/{contact['ContactID']}")[0]["ContactPersons"] != []
    xero.put_invoice(Contact={"ContactID": contact["ContactID"], "FirstName": "Bo"})
    assert xero.rows(f"/Contacts/{contact['ContactID']}")[0]["ContactPersons"] == []


def test_a_refused_document_makes_no_contact(xero: XeroCaller) -> None:
    assert xero.put_invoice(Contact={"Name": "Fresh"}, CurrencyCode="USD")["HasErrors"]
    assert xero.rows("/Contacts") == []


@pytest.mark.parametrize(
    ("contact", "text"),
    [
        (None, "A Contact must be specified for this type of transaction"),
        ({}, "The Contact must contain at least 1 of the following elements to identify the contact"),
        ({"Name": "X", "EmailAddress": "nope"}, "Email address must be valid."),
    ],
)
def test_a_document_needs_a_good_contact(xero: XeroCaller, contact: dict[str, str] | None, text: str) -> None:
    (refused,) = xero.write("PUT", "Invoices", invoice(Contact=contact))
    assert texts(refused)[0].startswith(text)


def test_a_document_cannot_be_made_for_an_archived_contact(xero: XeroCaller) -> None:
    contact = xero.put_contact("Acme")
    archive(xero, contact)
    assert texts(xero.put_invoice(Contact={"ContactID": contact["ContactID"]})) == [
        (
            "The contact with the specified contact details has been archived. "
            "The contact must be un-archived before creating new invoices or credit notes."
        )
    ]
