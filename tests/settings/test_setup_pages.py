"""The set-up: a new account reaches its first sync without anything outside of it, and can be left at any step."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import requests
from django.test import Client
from pytest_django import Settings

from cloud_depot.celery import app
from syncing.models import BillingCodeMapping, SyncSettings
from tenants.models import Account, Role
from tenants.scope import account_scope
from tests.factories import make_account, make_user
from tests.pages import BACKEND, Pages, words
from tests.world import REDIRECT_URI, Pair, SandboxWorld, item

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _at_once(settings: Settings) -> Iterator[None]:
    settings.BASE_URL = REDIRECT_URI.removesuffix("/connections/xero/callback")
    app.conf.task_always_eager = True
    yield
    app.conf.task_always_eager = False


def sign_in_at_xero(pages: Pages, pair: Pair) -> str:
    """Press the button, allow access at Xero, and come back; where that leads."""
    address = pages.post("connections/xero/start")["Location"]
    user = pair.xero.world.call("POST", "/xero/users", {"email": pair.xero.user, "name": "Bookkeeper"})
    form = {"decision": "allow", "user": user["id"], "organisation": [pair.xero.id]}
    back = requests.post(address, data=form, allow_redirects=False, timeout=10).headers["Location"]
    return str(pages.client.get(back.removeprefix("http://localhost:8000"))["Location"])


def credentials(pair: Pair) -> dict[str, str]:
    database = pair.autotask
    return {
        "username": database.username,
        "secret": database.secret,
        "integration_code": database.integration_code,
    }


def books(**changes: str) -> dict[str, str]:
    return {
        "default_sales_account": "200",
        "import_status": "draft",
        "numbering": "xero",
        "tax_mapping": "on",
        "take_suggestions": "on",
        **changes,
    }


def test_an_account_made_on_the_web_starts_paused(client: Client) -> None:
    user = make_user()
    client.force_login(user, backend=BACKEND)
    client.post("/accounts/new/", {"name": "Acme", "time_zone": "UTC", "your_name": "Ana"})
    assert Account.objects.get(members__user=user).paused


def test_the_steps_lead_from_nothing_to_the_first_sync(sandbox: SandboxWorld) -> None:
    pair = sandbox.pair()
    pair.autotask.bill(pair.company_id, [item("10.00", code="Hardware"), item("20.00")])
    account = make_account()
    Account.objects.update(paused=True)
    pages, setup = Pages(account), f"/a/{account.slug}/setup/"

    assert "API user name" in words(pages.get("setup/"))
    assert pages.post("settings/connections/autotask/change", **credentials(pair))["Location"] == setup
    assert "You sign in at Xero" in words(pages.get("setup/"))
    assert sign_in_at_xero(pages, pair) == setup
    page = words(pages.get("setup/"))
    assert "11 of 11 billing codes name an account of Xero" in page
    assert "Hardware: 260 — Other Revenue" in page
    assert '<option value="200" selected>200 — Sales</option>' in page
    assert pages.post("setup/books", **books())["Location"] == setup
    assert "Preview what would be sent" in words(pages.get("setup/"))
    pages.post("setup/preview")
    page = words(pages.get("setup/"))
    assert "1 document looked at. Nothing stands in the way." in page
    assert pair.xero.invoices() == []
    assert pages.post("setup/start")["Location"] == f"/a/{account.slug}/"

    [arrived] = pair.xero.invoices()
    assert [line["AccountCode"] for line in arrived["LineItems"]] == ["260", "200"]
    account.refresh_from_db()
    assert not account.paused


def test_another_organisation_asks_anew_where_the_books_go(sandbox: SandboxWorld) -> None:
    pair, other = sandbox.pair(), sandbox.pair()
    pages = Pages(make_account())
    pages.get("setup/")
    pages.post("settings/connections/autotask/change", **credentials(pair))
    sign_in_at_xero(pages, pair)
    pages.post("setup/books", **books())
    pages.post("setup/preview")
    assert "Start syncing" in words(pages.get("setup/"))

    sign_in_at_xero(pages, other)

    page = words(pages.get("setup/"))
    assert f"Carries to {other.xero.name}" in page
    assert "Keep this, and go on" in page
    assert "Start syncing" not in page


def test_what_the_api_user_cannot_see_is_told_within_the_set_up(sandbox: SandboxWorld) -> None:
    pair = sandbox.pair()
    pair.autotask.hide_line_of_business("Hardware")
    pages = Pages(make_account())
    pages.get("setup/")
    pages.post("settings/connections/autotask/change", **credentials(pair))
    answer = pages.client.get(f"/a/{pages.account.slug}/settings/connections/autotask/", headers={"HX-Request": "true"})
    assert "Lines of business are hidden" in words(answer)
    assert "<html" not in words(answer)


def test_wrong_values_are_refused_at_their_step_and_nothing_is_saved(sandbox: SandboxWorld) -> None:
    pair = sandbox.pair()
    pages = Pages(make_account())
    pages.get("setup/")
    assert (
        pages.post("settings/connections/autotask/change", **{**credentials(pair), "secret": "wrong"}).status_code
        == 400
    )
    pages.post("settings/connections/autotask/change", **credentials(pair))
    sign_in_at_xero(pages, pair)
    answer = pages.post("setup/books", **books(default_sales_account="999"))
    assert answer.status_code == 400
    assert "Select a valid choice" in words(answer)
    with account_scope(pages.account.id):
        assert SyncSettings.of_account(pages.account.id).version == 1
        assert not BillingCodeMapping.objects.exists()


def test_starting_before_both_are_connected_leads_back(sandbox: SandboxWorld) -> None:
    pages = Pages(make_account())
    assert pages.post("setup/start")["Location"].endswith("/setup/")


@pytest.mark.parametrize("role", [Role.VIEWER, Role.STANDARD])
def test_only_who_may_change_settings_sets_up(db: None, role: str) -> None:
    pages = Pages(make_account(), role)
    assert pages.get("setup/").status_code == 403
    assert pages.post("setup/start").status_code == 403
