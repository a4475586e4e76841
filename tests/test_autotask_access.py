"""What the API user can see (syncing/autotask/access.py)."""

import pytest

from faults.problems import NeedsPerson
from tests.autotask import client_of
from tests.world import AutotaskDatabase, SandboxWorld


@pytest.fixture
def database(sandbox: SandboxWorld) -> AutotaskDatabase:
    database = sandbox.create_autotask()
    database.bill(database.add_company("Acme Ltd"))
    return database


def test_a_user_with_all_rights_sees_everything(database: AutotaskDatabase) -> None:
    access = client_of(database).check_access()
    seen = {one.entity: one.shows_any for one in access.entities if one.may_query}
    assert seen == {
        "Invoices": True,
        "BillingItems": True,
        "Companies": True,
        "Contacts": True,
        "PurchaseOrders": False,
    }
    assert access.missing == ()
    assert access.may_write_invoices
    assert access.resource_id == database.row["resource_id"]
    assert access.lines_of_business is not None
    assert {(one.name, one.seen) for one in access.lines_of_business} == {
        ("Managed Services", True),
        ("Projects", True),
        ("Hardware", True),
    }
    assert access.hidden_lines_of_business == ()
    assert access.threshold.limit == 10_000


def test_a_line_of_business_that_the_user_lacks_is_told(database: AutotaskDatabase) -> None:
    database.hide_line_of_business("Hardware")
    access = client_of(database).check_access()
    assert [one.name for one in access.hidden_lines_of_business] == ["Hardware"]
    assert access.hidden_lines_of_business[0].id == database.named("lines_of_business", "Hardware")


def test_a_user_of_no_line_of_business_sees_them_all(database: AutotaskDatabase) -> None:
    database.restrict_lines_of_business()
    access = client_of(database).check_access()
    assert access.lines_of_business
    assert all(one.seen for one in access.lines_of_business)


def test_a_database_without_lines_of_business_has_none(sandbox: SandboxWorld) -> None:
    access = client_of(sandbox.create_autotask(lines_of_business=[])).check_access()
    assert access.lines_of_business == ()
    assert {one.entity: one.shows_any for one in access.entities}["Invoices"] is False


def test_a_missing_right_is_told_and_no_error(database: AutotaskDatabase) -> None:
    database.allow("BillingItems", "forbidden")
    database.allow("PurchaseOrders", "forbidden")
    access = client_of(database).check_access()
    assert access.missing == ("BillingItems",)
    assert not access.hidden_lines_of_business


def test_a_level_that_shows_nothing_is_told(database: AutotaskDatabase) -> None:
    database.allow("Contacts", "none")
    access = client_of(database).check_access()
    assert access.missing == ("Contacts",)
    assert {one.entity: one.shows_any for one in access.entities}["Contacts"] is False


@pytest.mark.parametrize("level", ["forbidden", "none"])
@pytest.mark.parametrize("entity", ["OrganizationalResources", "Resources"])
def test_where_the_own_lines_cannot_be_read_it_is_not_guessed(
    database: AutotaskDatabase, entity: str, level: str
) -> None:
    database.hide_line_of_business("Hardware")
    database.allow(entity, level)
    access = client_of(database).check_access()
    assert access.lines_of_business is not None
    assert {one.seen for one in access.lines_of_business} == {None}
    assert access.hidden_lines_of_business == ()


@pytest.mark.parametrize("level", ["forbidden", "none"])
def test_lines_of_business_that_cannot_be_read_are_not_told_as_absent(database: AutotaskDatabase, level: str) -> None:
    database.allow("OrganizationalLevelAssociations", level)
    assert client_of(database).check_access().lines_of_business is None


def test_a_refused_log_in_is_no_answer(database: AutotaskDatabase) -> None:
    database.set_api_user(locked=True)
    with pytest.raises(NeedsPerson, match="autotask-login-refused"):
        client_of(database).check_access()
