"""A person's profile, and what an account is called."""

import pytest

from tenants.models import Account, Member, Role
from tests.factories import make_account, make_member
from tests.pages import Pages, words

pytestmark = pytest.mark.django_db


@pytest.fixture
def pages() -> Pages:
    return Pages(make_account("Acme"), Role.STANDARD)


def test_name_zone_and_the_emails_of_each_account_are_kept_together(pages: Pages) -> None:
    bolt = make_member(make_account("Bolt"), Role.VIEWER, pages.user)
    here = f"account-{pages.account.id}-"
    there = f"account-{bolt.account_id}-"
    form = {
        "name": " Ana  Lopez ",
        "time_zone": "Europe/Madrid",
        here + "notify_faults": "never",
        there + "notify_faults": "digest",
        there + "notify_resolved": "on",
    }
    assert pages.client.post("/profile/", form).status_code == 302
    pages.user.refresh_from_db()
    assert (pages.user.name, pages.user.time_zone) == ("Ana Lopez", "Europe/Madrid")
    kept = Member.objects.filter(user=pages.user).order_by("account__name")
    assert list(kept.values_list("notify_faults", "notify_resolved")) == [("never", False), ("digest", True)]
    page = words(pages.client.get("/profile/"))
    assert "Acme" in page
    assert "Bolt" in page


def test_a_wrong_choice_keeps_nothing_and_says_where(pages: Pages) -> None:
    form = {"name": "Ana", "time_zone": "UTC", f"account-{pages.account.id}-notify_faults": "hourly"}
    answer = pages.client.post("/profile/", form)
    assert answer.status_code == 400
    assert "errorlist" in answer.content.decode()
    pages.user.refresh_from_db()
    assert pages.user.name == ""


def test_another_persons_choices_are_out_of_reach(pages: Pages) -> None:
    other = make_member(make_account("Bolt"), Role.OWNER)
    form = {
        "name": "Ana",
        "time_zone": "UTC",
        f"account-{pages.account.id}-notify_faults": "digest",
        f"account-{other.account_id}-notify_faults": "never",
    }
    assert pages.client.post("/profile/", form).status_code == 302
    other.refresh_from_db()
    assert other.notify_faults == "at_once"


def test_an_old_name_of_a_zone_stays_choosable(pages: Pages) -> None:
    form = {"name": "", "time_zone": "GB", f"account-{pages.account.id}-notify_faults": "digest"}
    assert pages.client.post("/profile/", form).status_code == 302
    assert pages.client.get("/profile/").status_code == 200


def test_an_account_is_renamed_and_keeps_its_address() -> None:
    pages = Pages(make_account("Acme"), Role.ADMINISTRATOR)
    answer = pages.post("settings/account/change", name="Acme  Holdings", time_zone="Europe/Madrid")
    assert answer["Location"] == f"/a/{pages.account.slug}/settings/account/"
    account = Account.objects.get()
    assert (account.name, account.slug, account.time_zone) == ("Acme Holdings", pages.account.slug, "Europe/Madrid")
    assert pages.post("settings/account/change", name=" ", time_zone="UTC").status_code == 400
    assert Account.objects.get().name == "Acme Holdings"


def test_who_may_not_change_an_account_reads_it(pages: Pages) -> None:
    assert "Only an owner or an administrator" in words(pages.get("settings/account/"))
    assert pages.post("settings/account/change", name="Mine", time_zone="UTC").status_code == 403
