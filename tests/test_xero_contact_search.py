"""Finding the contacts of many companies with few calls (syncing/xero/contact_search.py)."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncing.xero.client import QUERY_ROOM, XeroClient, packed
from syncing.xero.contact_search import find_contacts
from tests.world import SandboxWorld, XeroOrganisation
from tests.xero import Tokens


@pytest.fixture
def organisation(sandbox: SandboxWorld) -> XeroOrganisation:
    return sandbox.create_xero()


@pytest.fixture
def client(organisation: XeroOrganisation) -> XeroClient:
    return XeroClient(organisation.id, Tokens(organisation))


def fill(client: XeroClient, count: int) -> None:
    client.save_contacts(
        [{"Name": f"Company {n:04} Ltd", "ContactNumber": f"AT-1-{n}"} for n in range(count)], create_only=True
    )
    client.calls = 0


def test_hundreds_of_new_companies_in_an_empty_organisation_cost_one_call(client: XeroClient) -> None:
    found = find_contacts(
        client, numbers=[f"AT-123456-{n}" for n in range(500)], names=[f"Company {n}" for n in range(500)]
    )
    assert found == []
    assert client.calls == 1


def test_a_few_companies_are_asked_for_by_number_and_name_in_one_call(
    client: XeroClient, sandbox: SandboxWorld
) -> None:
    fill(client, 30)
    found = find_contacts(client, numbers=["AT-1-7", "AT-1-99"], names=["Company 0008 Ltd", "O'Neill & Sons+ 100%"])
    assert sorted(contact.number for contact in found) == ["AT-1-7", "AT-1-8"]
    assert client.calls == 1
    assert "where=" in sandbox.ledger("xero").requests[-1]["query"]


def test_many_companies_are_read_from_the_list(client: XeroClient) -> None:
    fill(client, 120)
    found = find_contacts(client, numbers=[f"AT-1-{n}" for n in range(100)], names=["Company 0110 LTD "])
    assert len(found) == 101
    assert client.calls == 1


def test_a_long_list_is_not_read_where_asking_is_cheaper(client: XeroClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("syncing.xero.client.PAGE_SIZE", 10)
    fill(client, 200)
    wanted = [f"AT-1-{n}" for n in range(0, 200, 4)]
    found = find_contacts(client, numbers=wanted, names=["Company 0001 Ltd", "Absent Ltd"])
    assert sorted(contact.number for contact in found) == sorted([*wanted, "AT-1-1"])
    assert client.calls < 10


def test_a_list_of_some_pages_is_read_to_its_end(client: XeroClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("syncing.xero.client.PAGE_SIZE", 50)
    fill(client, 120)
    found = find_contacts(client, numbers=[f"AT-1-{n}" for n in range(120)], names=[f"New {n}" for n in range(100)])
    assert len({contact.contact_id for contact in found}) == 120
    assert client.calls == 3


def test_a_name_that_no_question_can_hold_is_searched_for(client: XeroClient, organisation: XeroOrganisation) -> None:
    organisation.add_contact('The "Best" Company')
    organisation.add_contact('Not the "Best" Company')
    organisation.add_contact("Back\\slash")
    found = find_contacts(client, names=['The "Best" Company'])
    assert [contact.name for contact in found] == ['The "Best" Company']
    assert [contact.name for contact in find_contacts(client, names=["Back\\slash"])] == ["Back\\slash"]


def test_archived_and_merged_contacts_are_found_with_whom_they_became(
    client: XeroClient, organisation: XeroOrganisation, sandbox: SandboxWorld
) -> None:
    loser = organisation.add_contact("Acme (old)", ContactNumber="AT-1-1")
    winner = organisation.add_contact("Acme")
    sandbox.call("POST", f"/xero/{organisation.id}/Contacts/{loser['ContactID']}/merge", {"into": winner["ContactID"]})
    for others in ([], [f"AT-9-{n}" for n in range(200)]):
        (found,) = find_contacts(client, numbers=["AT-1-1", *others])
        assert not found.is_active
        assert found.merged_to == winner["ContactID"]
    (survivor,) = client.contacts_by_ids([str(found.merged_to)])
    assert (survivor.name, survivor.is_active) == ("Acme", True)


def test_nobody_to_look_for_is_no_call(client: XeroClient) -> None:
    assert find_contacts(client, numbers=[""], names=[]) == []
    assert client.calls == 0


@given(st.lists(st.text(string.printable + "é😀", max_size=300), max_size=40))
def test_values_are_packed_in_order_and_none_is_lost(values: list[str]) -> None:
    from urllib.parse import quote

    groups = packed(values, " OR ")
    assert [value for group in groups for value in group] == values
    assert all(len(quote(" OR ".join(group), safe="")) <= QUERY_ROOM for group in groups if len(group) > 1)
