"""All that an account holds, as a file to take away: complete, of this account alone, and without secrets."""

from __future__ import annotations

import csv
import io
import zipfile

import pytest
from django.http import StreamingHttpResponse

from syncing import account_export
from syncing.csv_export import BYTE_ORDER_MARK
from syncing.models import Document
from tenants.models import AutotaskConnection, Role
from tenants.scope import account_scope
from tests.documents import make_documents
from tests.factories import make_account
from tests.one_of_everything import Everything, one_of_everything
from tests.pages import Pages
from tests.world import SandboxWorld

pytestmark = pytest.mark.django_db


@pytest.fixture
def everything(sandbox: SandboxWorld) -> Everything:
    return one_of_everything(sandbox)


def download(pages: Pages) -> dict[str, str]:
    """The files of the archive, by name."""
    answer = pages.get("settings/account/export")
    assert isinstance(answer, StreamingHttpResponse)
    assert answer["Content-Type"] == "application/zip"
    assert pages.account.slug in answer["Content-Disposition"]
    archive = zipfile.ZipFile(io.BytesIO(b"".join(answer)))
    assert archive.testzip() is None
    return {name: archive.read(name).decode() for name in archive.namelist()}


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text.removeprefix(BYTE_ORDER_MARK))))


def test_every_table_of_an_account_is_in_it(everything: Everything) -> None:
    """Of every model there is: those made later too."""
    files = download(Pages(everything.account))
    assert len(files) == len(account_export.account_models()) + 5  # the account, its people, and what to know
    assert files["README.txt"].startswith("Everything that Cloud Depot holds of")
    assert rows(files["account.csv"])[0]["address"] == everything.account.slug
    [document] = rows(files["documents.csv"])
    assert (document["id"], document["company_name"]) == (str(everything.arguments["document_id"]), "Acme Ltd")
    assert {"faults.csv", "attempts.csv", "sync-settings.csv", "staff-actions.csv", "members.csv"} <= set(files)
    assert rows(files["invitations.csv"])[0]["email"] == "guest@example.com"
    assert rows(files["staff-actions.csv"])[0]["reason"] == "A test"


def test_secrets_stay_here(everything: Everything, sandbox: SandboxWorld) -> None:
    with account_scope(everything.account.id):
        secret = AutotaskConnection.objects.get().secret
    text = "".join(download(Pages(everything.account)).values())
    assert secret not in text
    assert everything.arguments["secret"] not in text
    assert ",digest" not in text
    assert ",secret," not in text


def test_another_accounts_rows_are_not_in_it(everything: Everything) -> None:
    with account_scope(make_account().id):
        make_documents(1, company_name="Somebody Else")
    assert "Somebody Else" not in "".join(download(Pages(everything.account)).values())


def test_no_text_becomes_a_formula(everything: Everything) -> None:
    with account_scope(everything.account.id):
        Document.objects.update(company_name="=HYPERLINK(1)")
    assert rows(download(Pages(everything.account))["documents.csv"])[0]["company_name"] == "'=HYPERLINK(1)"


def test_a_large_table_comes_in_pieces(everything: Everything, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(account_export, "ROWS_AT_ONCE", 10)
    with account_scope(everything.account.id):
        make_documents(35, entity="purchase_order")
        pieces = list(account_export.zipped(everything.account))
    assert len(rows(download(Pages(everything.account))["documents.csv"])) == 36
    assert len(pieces) > len(account_export.account_models()) + 3


@pytest.mark.parametrize("role", [Role.ADMINISTRATOR, Role.STANDARD, Role.VIEWER])
def test_only_an_owner_takes_it(everything: Everything, role: str) -> None:
    pages = Pages(everything.account, role)
    assert pages.get("settings/account/export").status_code == 403
    assert "Download all data" not in pages.get("settings/account/").content.decode()
