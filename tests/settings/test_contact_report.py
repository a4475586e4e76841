"""The contact report: which company is which contact, by which rule; linked or created with one click, and by file."""

from __future__ import annotations

import io
from typing import Any

import pytest

from faults.models import Fault
from syncing.models import ContactLink, SettingsChange
from tenants.models import Role
from tests.connected import ConnectedAccount
from tests.factories import make_account
from tests.pages import Pages, words

pytestmark = pytest.mark.django_db(transaction=True)

REPORT = "settings/mappings/contacts/"


@pytest.fixture
def pages(connected: ConnectedAccount) -> Pages:
    return Pages(connected.account)


def row_of(page: str, company: str) -> str:
    """The row of a company, as words."""
    return page.partition(f'<th scope="row">{company}')[2].partition("</tr>")[0]


def link_of(connected: ConnectedAccount, company_id: int) -> ContactLink:
    with connected.scope():
        return ContactLink.objects.get(company_id=company_id)


def billed_as(connected: ConnectedAccount, company_id: int) -> str:
    """The ContactID that the next invoice of the company goes to."""
    before = {row["InvoiceID"] for row in connected.xero.invoices()}
    connected.autotask.bill(company_id)
    connected.sync()
    [new] = [row for row in connected.xero.invoices() if row["InvoiceID"] not in before]
    return str(new["Contact"]["ContactID"])


def test_each_company_is_told_with_its_contact_and_rule(connected: ConnectedAccount, pages: Pages) -> None:
    connected.change_settings(match_account_number=True)
    connected.autotask.bill(connected.pair.company_id)
    connected.sync()
    connected.autotask.add_company("Kauri Dental")
    connected.xero.add_contact("Kauri Dental")
    connected.autotask.add_company("Rimu Legal", companyNumber="C-7")
    connected.xero.add_contact("Rimu Law", AccountNumber="C-7")
    connected.autotask.add_company("Nobody Yet")
    connected.autotask.add_company("Only a lead", companyType=2)
    page = words(pages.get(REPORT))
    assert "by Cloud Depot, which made it" in row_of(page, "Acme Ltd")
    assert 'Matches</span><span class="help">by name' in row_of(page, "Kauri Dental")
    assert "by account number" in row_of(page, "Rimu Legal")
    assert "Rimu Law" in row_of(page, "Rimu Legal")
    assert "No match" in row_of(page, "Nobody Yet")
    assert "created with its first invoice" in row_of(page, "Nobody Yet")
    assert "Only a lead" not in page
    narrowed = words(pages.get(REPORT, state="none"))
    assert row_of(narrowed, "Nobody Yet")
    assert not row_of(narrowed, "Rimu Legal")
    assert not row_of(words(pages.get(REPORT, q="kauri")), "Nobody Yet")


def test_the_report_says_what_the_next_run_does(connected: ConnectedAccount, pages: Pages) -> None:
    """Both go by the same rules: relaxed names, a contact that is another company's, and one that was archived."""
    connected.change_settings(match_name="relaxed")
    database = connected.autotask.id
    relaxed = connected.autotask.add_company("Kauri Dental")
    known = connected.xero.add_contact("kauridental")
    taken = connected.autotask.add_company("Rimu Legal")
    connected.xero.add_contact("Rimu Legal", ContactNumber=f"AT-{database}-99999")
    gone = connected.autotask.add_company("Totara Farms")
    archived = connected.xero.add_contact("Totara", ContactNumber=f"AT-{database}-{gone}")
    connected.xero.archive_contact(archived["ContactID"])
    page = words(pages.get(REPORT))
    assert "Matches" in row_of(page, "Kauri Dental")
    assert "Another company’s" in row_of(page, "Rimu Legal")
    assert "Archived in Xero" in row_of(page, "Totara Farms")
    assert billed_as(connected, relaxed) == known["ContactID"]
    stopped = [connected.autotask.bill(company)["id"] for company in (taken, gone)]
    connected.sync()
    assert [connected.codes(invoice) for invoice in stopped] == [{"contact-name-taken"}, {"contact-archived"}]


def test_several_contacts_of_one_account_number_are_named(connected: ConnectedAccount, pages: Pages) -> None:
    connected.change_settings(match_account_number=True)
    connected.autotask.add_company("Rimu Legal", companyNumber="C-7")
    connected.xero.add_contact("Rimu North", AccountNumber="C-7")
    other = connected.xero.add_contact("Rimu South")
    connected.xero.patch("Contacts", other["ContactID"], AccountNumber="C-7")
    row = row_of(words(pages.get(REPORT)), "Rimu Legal")
    assert "Several match" in row
    assert "Rimu North, Rimu South" in row


def test_a_contact_that_was_merged_is_followed(connected: ConnectedAccount, pages: Pages) -> None:
    company = connected.pair.company_id
    first = billed_as(connected, company)
    winner = connected.xero.add_contact("Acme Group")
    connected.xero.merge_contacts(first, winner["ContactID"])
    row = row_of(words(pages.get(REPORT)), "Acme Ltd")
    assert "by a merger in Xero" in row
    assert "Acme Group" in row
    assert billed_as(connected, company) == winner["ContactID"]


def test_new_names_on_both_sides_break_no_link(connected: ConnectedAccount, pages: Pages) -> None:
    company = connected.pair.company_id
    first = billed_as(connected, company)
    connected.autotask.patch("Companies", company, companyName="Acme and Sons")
    connected.xero.patch("Contacts", first, Name="The Acmes")
    row = row_of(words(pages.get(REPORT)), "Acme and Sons")
    assert "Linked" in row
    assert "The Acmes" in row
    assert billed_as(connected, company) == first


def test_a_linked_contact_that_was_archived_is_shown_before_it_faults(
    connected: ConnectedAccount, pages: Pages
) -> None:
    connected.xero.archive_contact(billed_as(connected, connected.pair.company_id))
    assert "Archived in Xero" in row_of(words(pages.get(REPORT)), "Acme Ltd")


def test_two_companies_may_share_a_contact_and_the_report_says_so(connected: ConnectedAccount, pages: Pages) -> None:
    shared = connected.xero.add_contact("The Group")["ContactID"]
    north, south = connected.autotask.add_company("North"), connected.autotask.add_company("South")
    for company in (north, south):
        pages.post(f"{REPORT}{company}/link", contact=shared)
    page = words(pages.get(REPORT))
    assert "Also South" in row_of(page, "North")
    assert "Also North" in row_of(page, "South")
    assert (billed_as(connected, north), billed_as(connected, south)) == (shared, shared)


def test_a_contact_is_linked_with_one_click_and_billed_from_then_on(connected: ConnectedAccount, pages: Pages) -> None:
    chosen = connected.xero.add_contact("Quite another name")["ContactID"]
    company = connected.pair.company_id
    assert "Quite another name" in words(pages.get(f"{REPORT}{company}/", q="another"))
    assert pages.post(f"{REPORT}{company}/link", contact=chosen, was="").status_code == 302
    assert link_of(connected, company).rule == ContactLink.BY_PERSON
    assert billed_as(connected, company) == chosen
    page = words(pages.get("settings/history/"))
    assert "Contacts: Acme Ltd" in page
    assert "<ins>Quite another name</ins>" in page


def test_a_click_in_the_list_answers_with_the_row_alone(connected: ConnectedAccount, pages: Pages) -> None:
    company = connected.autotask.add_company("Kauri Dental")
    contact = connected.xero.add_contact("Kauri Dental")["ContactID"]
    address = f"/a/{connected.account.slug}/{REPORT}{company}/link"
    answer = pages.client.post(address, {"contact": contact, "was": ""}, headers={"HX-Request": "true"})
    row = words(answer)
    assert row.startswith(f'<tr id="company-{company}">')
    assert '<span class="state good">Linked</span>' in row
    assert "Billed as “Kauri Dental” from the next invoice on." in row


def test_a_link_is_removed_and_the_rules_count_again(connected: ConnectedAccount, pages: Pages) -> None:
    company = connected.pair.company_id
    chosen = connected.xero.add_contact("Quite another name")["ContactID"]
    pages.post(f"{REPORT}{company}/link", contact=chosen)
    assert "Remove the link" in words(pages.get(f"{REPORT}{company}/"))
    pages.post(f"{REPORT}{company}/link", contact="", was=chosen)
    assert billed_as(connected, company) != chosen


def test_a_link_that_somebody_else_made_meanwhile_is_not_overwritten(connected: ConnectedAccount, pages: Pages) -> None:
    company = connected.pair.company_id
    theirs, mine = (connected.xero.add_contact(name)["ContactID"] for name in ("Theirs", "Mine"))
    Pages(connected.account).post(f"{REPORT}{company}/link", contact=theirs, was="")
    pages.post(f"{REPORT}{company}/link", contact=mine, was="")
    assert "Not linked. Somebody else changed it meanwhile" in words(pages.get(REPORT))
    assert str(link_of(connected, company).contact_id) == theirs


def test_a_contact_is_created_with_one_click(connected: ConnectedAccount, pages: Pages) -> None:
    company = connected.pair.company_id
    pages.post(f"{REPORT}{company}/create")
    [contact] = connected.xero.contacts()
    assert (contact["Name"], contact["EmailAddress"]) == ("Acme Ltd", "accounts@acme.example")
    assert contact["ContactNumber"] == f"AT-{connected.autotask.id}-{company}"
    assert "by Cloud Depot, which made it" in row_of(words(pages.get(REPORT)), "Acme Ltd")
    assert billed_as(connected, company) == contact["ContactID"]
    assert len(connected.xero.contacts()) == 1


def test_what_xero_says_against_a_new_contact_is_shown(connected: ConnectedAccount, pages: Pages) -> None:
    connected.xero.add_contact("Acme Ltd", ContactNumber="MINE")
    pages.post(f"{REPORT}{connected.pair.company_id}/create")
    assert "Not created." in words(pages.get(REPORT))
    pages.post(f"{REPORT}424242/create")
    assert "Autotask does not show this company any more." in words(pages.get(REPORT))


def test_a_link_to_what_is_no_contact_is_refused_in_words(connected: ConnectedAccount, pages: Pages) -> None:
    company = connected.pair.company_id
    for wrong in ("abc", "0b0a3c1e-0000-4000-8000-000000000000"):
        assert pages.post(f"{REPORT}{company}/link", contact=wrong).status_code == 302
        assert "Not linked." in words(pages.get(REPORT))
    archived = connected.xero.add_contact("Gone")["ContactID"]
    connected.xero.archive_contact(archived)
    pages.post(f"{REPORT}{company}/link", contact=archived)
    assert "archived in Xero, or gone" in words(pages.get(REPORT))
    with connected.scope():
        assert not ContactLink.objects.exists()


def test_the_report_is_fresh_when_it_is_opened_and_turned_over_without_a_call(
    connected: ConnectedAccount, pages: Pages
) -> None:
    pages.get(REPORT)
    connected.autotask.add_company("Made just now")
    assert "Made just now" in words(pages.get(REPORT))
    seen = connected.xero.world.ledger().last_n
    assert "Made just now" in words(pages.get(REPORT, q="just"))
    assert connected.xero.world.ledger(since_n=seen).requests == []


def exported(pages: Pages) -> list[dict[str, str]]:
    import csv

    answer: Any = pages.get(f"{REPORT}export")
    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text)))


def give(pages: Pages, lines: list[str]) -> Any:
    file = io.BytesIO("\r\n".join(lines).encode("utf-8-sig"))
    file.name = "contacts.csv"
    return pages.post(f"{REPORT}import", file=file)


def test_links_are_exported_filled_in_and_taken_back(connected: ConnectedAccount, pages: Pages) -> None:
    linked = billed_as(connected, connected.pair.company_id)
    kauri = connected.autotask.add_company("=Kauri")
    match = connected.xero.add_contact("=Kauri")["ContactID"]
    rows = {row["company"]: row for row in exported(pages)}
    assert (rows["Acme Ltd"]["contact_id"], rows["Acme Ltd"]["found_by"]) == (linked, "Cloud Depot, which made it")
    assert (rows["'=Kauri"]["contact_id"], rows["'=Kauri"]["match_id"], rows["'=Kauri"]["state"]) == (
        "",
        match,
        "Matches",
    )
    answer = give(pages, ["company_id;company;contact_id", f"{kauri};=Kauri;{match}", f"{connected.pair.company_id};;"])
    assert answer.status_code == 302, words(answer)
    with connected.scope():
        assert [str(link.contact_id) for link in ContactLink.objects.all()] == [match]
        assert SettingsChange.objects.latest("id").what == "contacts"


def test_a_file_of_links_with_a_wrong_line_saves_nothing(connected: ConnectedAccount, pages: Pages) -> None:
    good = connected.xero.add_contact("Good")["ContactID"]
    archived = connected.xero.add_contact("Gone")["ContactID"]
    connected.xero.archive_contact(archived)
    company = connected.pair.company_id
    lines = ["company_id,contact_id", f"{company},{good}", f"7,{good}", f"{company},{archived}", f"{company},=1+1"]
    answer = give(pages, lines)
    assert answer.status_code == 400
    page = words(answer)
    assert "Line 3: Company 7 is not in Autotask." in page
    assert f"Line 4: Contact {archived} is not in Xero, or no longer active." in page
    assert "Line 5:" in page
    with connected.scope():
        assert not ContactLink.objects.exists()


def test_a_partner_that_is_down_leaves_the_report_as_it_was(connected: ConnectedAccount, pages: Pages) -> None:
    assert "Acme Ltd" in words(pages.get(REPORT))
    with connected.xero.world.trouble("xero", "status", status=503):
        page = words(pages.get(REPORT))
        pages.post(f"{REPORT}{connected.pair.company_id}/create")
    assert "Xero does not answer now" in page
    assert row_of(page, "Acme Ltd")
    assert "Not created." in words(pages.get(REPORT))


def test_before_both_are_connected_it_says_what_to_do(db: None) -> None:
    assert "Connect Autotask and Xero first" in words(Pages(make_account()).get(REPORT))


def test_who_may_not_change_settings_links_nothing(connected: ConnectedAccount) -> None:
    viewer, company = Pages(connected.account, Role.VIEWER), connected.pair.company_id
    assert '<button class="small">Create' not in words(viewer.get(REPORT))
    for action in ("create", "link"):
        assert viewer.post(f"{REPORT}{company}/{action}", contact="").status_code == 403
    assert viewer.post(f"{REPORT}import").status_code == 403
    assert viewer.get(f"{REPORT}{company}/").status_code == 403


def test_a_fault_of_a_contact_leads_to_its_company_in_the_report(connected: ConnectedAccount, pages: Pages) -> None:
    company = connected.autotask.add_company("Rimu Legal")
    connected.xero.add_contact("Rimu Legal", ContactNumber=f"AT-{connected.autotask.id}-99999")
    connected.autotask.bill(company)
    connected.sync()
    with connected.scope():
        fault = Fault.objects.get()
    assert f'href="/a/{connected.account.slug}/{REPORT}?q=Rimu+Legal"' in words(pages.get(f"faults/{fault.id}/"))
