"""The links in the steps of a fault: each leads to a page of ours that is there, and to a part that it has."""

from __future__ import annotations

import re

import pytest
from django.http import HttpResponse
from django.utils.html import escape

from faults.catalogue import KINDS, Place
from syncing.fault_places import ARTICLES, OUR_PAGES, Places
from tenants.scope import account_scope
from tests.api import make_fault
from tests.factories import make_account
from tests.pages import Pages

pytestmark = pytest.mark.django_db

HERE = [*OUR_PAGES, *ARTICLES, Place.SUPPORT]


@pytest.fixture
def pages() -> Pages:
    return Pages(make_account())


def url_of(pages: Pages, place: Place) -> str:
    fault = make_fault(pages.account)
    with account_scope(pages.account.id):
        link = Places(pages.account.slug, fault, None, None, None).link(place)
    assert link is not None
    assert not link.is_outside
    return link.url


@pytest.mark.parametrize("place", HERE)
def test_a_place_of_ours_opens_at_the_part_that_is_meant(pages: Pages, place: Place) -> None:
    path, _, part = url_of(pages, place).partition("#")
    page: HttpResponse = pages.client.get(path)
    assert page.status_code == 200
    assert not part or f'id="{part}"' in page.content.decode()


@pytest.mark.parametrize("code", KINDS)
def test_every_link_of_a_faults_own_page_leads_somewhere(pages: Pages, code: str) -> None:
    fault = make_fault(pages.account, code=code, subject="Xero")
    page = pages.get(f"faults/{fault.id}/").content.decode()
    assert escape(KINDS[code].title) in page
    main = page[page.index("<main") : page.index("</main")]
    for link in set(re.findall(r'(?:href|action)="(/[^"#?]*)', main)):
        assert pages.client.get(link).status_code in (200, 405), link  # 405: a form's target
