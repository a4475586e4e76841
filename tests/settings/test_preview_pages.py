"""Previews on pages: what would be sent beside what Autotask has, what to mend first, and nothing sent."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

import pytest
from pytest_django import Settings

from syncing.models import Document, Preview
from tenants.models import Role
from tests.connected import ConnectedAccount
from tests.factories import make_account
from tests.pages import Pages, words
from tests.world import item

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _at_once(settings: Settings) -> None:
    from cloud_depot.celery import app

    app.conf.task_always_eager = True
    yield
    app.conf.task_always_eager = False


@pytest.fixture
def pages(connected: ConnectedAccount) -> Pages:
    return Pages(connected.account)


def previewed(pages: Pages, **form: Any) -> str:
    """The page of a preview at its end."""
    answer = pages.post("previews/start", **form)
    assert answer.status_code == 302
    return words(pages.client.get(answer["Location"]))


def writes(connected: ConnectedAccount) -> list[Any]:
    return [row for row in connected.xero.world.ledger("xero").requests if row["method"] != "GET"]


def test_the_backlog_of_a_new_account_is_found_and_previewed_and_nothing_is_sent(
    connected: ConnectedAccount, pages: Pages
) -> None:
    connected.autotask.bill(connected.pair.company_id, [item("100.00")])
    connected.autotask.bill(connected.pair.company_id, [item("20.00")])
    page = previewed(pages)
    assert "<strong>2</strong><span>Would be created in Xero</span>" in page
    assert "Acme Ltd" in page
    assert writes(connected) == []
    with connected.scope():
        assert set(Document.objects.values_list("state", flat=True)) == {"waiting"}


def test_problems_are_grouped_by_what_one_mending_releases(connected: ConnectedAccount, pages: Pages) -> None:
    company = connected.autotask.add_company("Yankee Ltd", currency="USD")
    for rate in ("100.00", "50.00"):
        connected.autotask.bill(company, [item(rate)])
    page = previewed(pages)
    assert "not subscribed to this currency" in page
    assert re.search(r"2 documents worth .*172\.50 .*USD", page)


def test_a_selection_is_previewed_alone(connected: ConnectedAccount, pages: Pages) -> None:
    for _ in range(3):
        connected.autotask.bill(connected.pair.company_id)
    previewed(pages)
    with connected.scope():
        chosen = list(Document.objects.values_list("id", flat=True))[:2]
    assert "<strong>2</strong><span>Would be created" in previewed(pages, document=chosen)


def test_the_list_of_documents_previews_what_is_ticked_and_what_it_shows(
    connected: ConnectedAccount, pages: Pages
) -> None:
    other = connected.autotask.add_company("Kauri Dental")
    for company in (connected.pair.company_id, other, other):
        connected.autotask.bill(company)
    previewed(pages)
    with connected.scope():
        Document.objects.filter(autotask_id=connected.documents()[-1].autotask_id).update(state="faulted")
    page = words(pages.get("documents/", state="faulted"))
    address = f"/a/{connected.account.slug}/previews/start"
    assert f'formaction="{address}"' in page
    assert f'formaction="{address}?state=faulted" name="what" value="all">Preview all 1</button>' in page
    answer = pages.client.post(f"{address}?state=faulted", {"what": ["ticked", "all"]})
    assert "<strong>1</strong><span>Would be created" in words(pages.client.get(answer["Location"]))
    assert pages.post("previews/start", what="ticked")["Location"].endswith("/documents/")
    assert "Tick the documents that are to be previewed." in words(pages.get("documents/"))


def test_the_preview_is_one_click_from_the_account_and_from_a_document(
    connected: ConnectedAccount, pages: Pages
) -> None:
    connected.autotask.bill(connected.pair.company_id)
    previewed(pages)
    home = f"/a/{connected.account.slug}/"
    [document] = connected.documents()
    page = words(pages.get(f"documents/{document.id}/"))
    assert f'<a href="{home}previews/">Preview</a>' in page
    assert f'href="{home}documents/{document.id}/preview">Preview</a>' in page


def line_page(connected: ConnectedAccount, pages: Pages) -> str:
    with connected.scope():
        document = Document.objects.latest("id")
    answer = pages.get(f"documents/{document.id}/preview")
    assert answer.status_code == 200
    return words(answer)


def test_one_document_shows_account_tax_and_amount_beside_autotasks_line(
    connected: ConnectedAccount, pages: Pages
) -> None:
    connected.autotask.bill(connected.pair.company_id, [item("12.50", 3, name="Licences")])
    previewed(pages)
    page = line_page(connected, pages)
    assert "3 × 12.5" in page
    assert "210 " in page
    assert "15% GST on Income" in page
    assert "37.50" in page
    assert "would be created" in page
    assert writes(connected) == []


def test_the_line_that_makes_a_rounding_cent_is_named(connected: ConnectedAccount, pages: Pages) -> None:
    """Xero's own example: 25.06, 25.61 and 25.63 at 15 % are 87.74, where the tax on the sum would give 87.75."""
    items = [item(rate, taxDollars=Decimal(rate) * Decimal("0.15")) for rate in ("25.06", "25.61", "25.63")]
    totals = {"invoiceTotal": Decimal("87.75"), "totalTaxValue": Decimal("11.45")}
    connected.autotask.bill(connected.pair.company_id, items, **totals)
    previewed(pages)
    page = line_page(connected, pages)
    assert page.count("Makes the cent") == 1
    assert "-0.0045" in page
    assert "11.44" in page


def test_a_finished_preview_is_asked_for_no_more(connected: ConnectedAccount, pages: Pages) -> None:
    page = previewed(pages)
    assert "There is nothing to send" in page
    assert "hx-trigger" not in page.partition('id="preview"')[2]


def test_a_running_preview_shows_how_far_it_is(connected: ConnectedAccount, pages: Pages) -> None:
    with connected.scope():
        preview = Preview.objects.create(account=connected.account, documents=[1, 2, 3], done=1, state="running")
    page = words(pages.get(f"previews/{preview.id}/"))
    assert "1 of 3 documents" in page
    assert '<progress aria-label="Documents looked at" max="3" value="1">' in page
    assert 'hx-trigger="every 1s"' in page


def test_a_partner_that_is_down_ends_the_preview_in_words(connected: ConnectedAccount, pages: Pages) -> None:
    with connected.pair.autotask.world.trouble("autotask", "status", status=503):  # type: ignore[attr-defined]
        page = previewed(pages)
    assert "The preview stopped." in page
    assert "/help/faults/service-unavailable/" in page


def test_before_both_are_connected_the_page_leads_to_the_connections(db: None) -> None:
    pages = Pages(make_account())
    assert "Connect both systems first" in words(pages.get("previews/"))
    assert pages.post("previews/start")["Location"].endswith("/settings/connections/")


def test_a_preview_of_another_account_is_none(connected: ConnectedAccount, pages: Pages) -> None:
    with connected.scope():
        preview = Preview.objects.create(account=connected.account, documents=[])
    assert Pages(make_account()).get(f"previews/{preview.id}/").status_code == 404
    assert Pages(connected.account, Role.VIEWER).get(f"previews/{preview.id}/").status_code == 200
