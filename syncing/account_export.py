"""Everything that an account holds here, to take away: a zip of tables, one for each kind of row.

The tables are those of all models of an account, so that one made later is in it too. Secrets are not: what is stored
encrypted, and what is only a digest. Members, invitations and API tokens are told by name.
"""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.utils.text import slugify

from syncing.csv_export import BYTE_ORDER_MARK, cell
from tenants.encryption import EncryptedTextField
from tenants.models import Account, AccountModel, ApiToken, Invitation, Member

ROWS_AT_ONCE = 1000
README = """\
Everything that Cloud Depot holds of {name}, as of the moment of the download.

Each table is a CSV file in UTF-8, with the names of its columns in the first line. Times are in UTC, money is in the
currency of its row, and a column that ends in _id names a row of another table. Where a text would be a formula to a
spreadsheet, an apostrophe stands before it. Secrets (the password of the Autotask user, the tokens of Xero, API tokens)
are left out.
"""


@dataclass(frozen=True)
class Table:
    """One file: its name without the ending, the names of its columns, and its rows."""

    name: str
    columns: Sequence[str]
    rows: Iterable[Sequence[Any]]


class _Outlet(io.RawIOBase):
    """What the archive writes to: it keeps the bytes until they are taken."""

    def __init__(self) -> None:
        self._kept = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._kept += data
        return len(data)

    def take(self) -> bytes:
        taken = bytes(self._kept)
        self._kept.clear()
        return taken


def zipped(account: Account) -> Iterator[bytes]:
    """The archive, piece by piece, so that no size of account fills the memory. In the account's scope."""
    outlet = _Outlet()
    with zipfile.ZipFile(outlet, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("README.txt", README.format(name=account.name))
        for table in tables(account):
            with archive.open(f"{table.name}.csv", "w", force_zip64=True) as file:
                for lines in _lines(table):
                    file.write(lines.encode())
                    yield outlet.take()
    yield outlet.take()


def tables(account: Account) -> Iterator[Table]:
    yield Table(
        "account",
        ("name", "address", "time_zone", "paused", "interval_minutes", "created_at"),
        [(account.name, account.slug, account.time_zone, account.paused, account.interval_minutes, account.created_at)],
    )
    yield _of_people("members", Member, account, "user__email", "user__name", "role", "created_at")
    yield _of_people("invitations", Invitation, account, "email", "role", "created_at", "accepted_at", "revoked_at")
    yield _of_people("api-tokens", ApiToken, account, "name", "scope", "beginning", "created_at", "revoked_at")
    for model in account_models():
        columns = [field.attname for field in model._meta.concrete_fields if _is_told(field)]
        rows = model._default_manager.order_by("pk").values_list(*columns)
        yield Table(slugify(str(model._meta.verbose_name_plural)), columns, rows.iterator(ROWS_AT_ONCE))


def account_models() -> list[type[AccountModel]]:
    """Every model whose rows belong to one account."""
    return [model for model in apps.get_models() if issubclass(model, AccountModel)]


def _of_people(name: str, model: type[models.Model], account: Account, *columns: str) -> Table:
    rows = model._default_manager.filter(account=account).order_by("pk").values_list(*columns)
    return Table(name, [column.removeprefix("user__") for column in columns], rows)


def _is_told(field: Any) -> bool:
    return not isinstance(field, EncryptedTextField) and field.name not in {"account", "digest"}


def _lines(table: Table) -> Iterator[str]:
    """The table's text, some rows at a time."""
    kept = io.StringIO()
    writer = csv.writer(kept)
    kept.write(BYTE_ORDER_MARK)
    writer.writerow(table.columns)
    for number, row in enumerate(table.rows, start=1):
        writer.writerow([_cell(value) for value in row])
        if number % ROWS_AT_ONCE == 0:
            yield _taken(kept)
    yield _taken(kept)


def _taken(kept: io.StringIO) -> str:
    text = kept.getvalue()
    kept.seek(0)
    kept.truncate()
    return text


def _cell(value: Any) -> Any:
    if isinstance(value, dict | list):
        return json.dumps(value, cls=DjangoJSONEncoder, ensure_ascii=False)
    return cell(value)
