"""The only code that speaks to an Autotask database: log-in, zone, queries, the three writable fields of an invoice.

    client = AutotaskClient(credentials)
    for invoice in client.find(Invoice, gt("id", 1200)):
        …

A client serves one run. Every method that calls raises SyncProblems only: Transient ("autotask-timeout",
"service-unavailable", "autotask-threshold", "rate-limited"), NeedsPerson ("autotask-login-refused",
"autotask-not-permitted") and NeedsSupport ("unexpected"). Nothing is tried again here, apart from one look at whether
the database has moved to another zone.
https://ww1.autotask.net/help/DeveloperHelp/Content/APIs/REST/REST_API_Home.htm
"""

from __future__ import annotations

import datetime as dt
import logging
import threading
from collections.abc import Callable, Collection, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import pairwise
from typing import Any, Final
from urllib.parse import urlsplit

from faults.problems import NeedsPerson, NeedsSupport, SyncProblem
from syncing.autotask import values
from syncing.autotask.access import Access, check_access
from syncing.autotask.metadata import FieldInformation, Rights, Threshold
from syncing.autotask.query import EVERYTHING, Filter, Value, eq, gt, in_, wire_value
from syncing.autotask.records import RecordType, parse_record, wire_names
from syncing.autotask.transport import Answer, accepted, open_session, send
from syncing.autotask.zone import Zone, checked_url, discover_zone
from syncing.limits import Call, autotask_call

logger = logging.getLogger(__name__)

PAGE: Final = 500  # the most that Autotask gives at once
MOST_PAGES: Final = 1000
# Each value counts as an "or"; more of them have failed as "too nested" before the 500 that are allowed.
MOST_IDS: Final = 200

Limiter = Callable[[int | str, str, str, str], AbstractContextManager[Call]]


@dataclass(frozen=True, kw_only=True)
class Credentials:
    """An API user, and where its database is. `zone_url` and `database_id` come from `discover_zone`."""

    username: str
    secret: str = field(repr=False)
    integration_code: str = field(repr=False)
    zone_url: str
    database_id: int

    @property
    def headers(self) -> dict[str, str]:
        return {
            "UserName": self.username.strip(),
            "Secret": self.secret.strip(),
            "ApiIntegrationCode": self.integration_code.strip(),
        }

    def masked(self, text: str) -> str:
        """The text without the secret and the tracking identifier, should the partner repeat them."""
        for hidden in (self.secret.strip(), self.integration_code.strip()):
            text = text.replace(hidden, "…") if len(hidden) > 3 else text
        return text


class AutotaskClient:
    """One account's way to its Autotask database, for one run, whose threads may share it. `calls` counts the requests.

    `limiter(database_id, integration_code, entity, host)` is held around each call. `moved_to` is the new zone where
    the database was found elsewhere than `credentials` say; whoever made the client stores it.
    """

    def __init__(self, credentials: Credentials, limiter: Limiter = autotask_call) -> None:
        self.credentials = credentials
        self.calls = 0
        self.moved_to: Zone | None = None
        self._limiter = limiter
        self._counting = threading.Lock()
        self._moving = threading.Lock()
        self._looked_for_zone = False
        self._fields: dict[str, dict[str, FieldInformation]] = {}

    # ---- reading

    def find(
        self, record_type: type[RecordType], *filters: Filter, fields: Collection[str] | None = None
    ) -> Iterator[RecordType]:
        """The records that meet all of `filters` (all records without any), ascending by id, page by page.

        Only the fields that the record has, or those of its names that `fields` gives, are asked for. A row without a
        usable id is left out, with a warning in the log.
        """
        for rows in self._pages(record_type.ENTITY, list(filters), _included(record_type, fields)):
            for row in rows:
                try:
                    yield parse_record(record_type, row)
                except ValueError as error:
                    logger.warning("A row of Autotask was left out: %s.", error)

    def find_in(
        self,
        record_type: type[RecordType],
        name: str,
        wanted: Collection[Value],
        *filters: Filter,
        fields: Collection[str] | None = None,
    ) -> Iterator[RecordType]:
        """As `find`, where Autotask's field `name` has one of the values; 200 of them to a query, none: no query."""
        distinct = list(dict.fromkeys(wanted))
        for start in range(0, len(distinct), MOST_IDS):
            yield from self.find(record_type, in_(name, distinct[start : start + MOST_IDS]), *filters, fields=fields)

    def count(self, record_type: type[RecordType], *filters: Filter) -> int:
        """How many records meet all of `filters`, as far as the API user may see them."""
        entity = record_type.ENTITY
        answer = self._call("POST", entity, "/query/count", {"filter": _conditions(filters)})
        counted = values.whole(answer.get("queryCount"))
        if counted is None:
            raise _odd(entity, "a count without queryCount")
        return counted

    def shows_any(self, entity: str) -> bool:
        """Whether the API user sees at least one row: a level without the right gets none, and no error."""
        rows, _ = self._page(entity, [EVERYTHING], ["id"], most=1)
        return bool(rows)

    def invoice_recipients(self, company_id: int) -> tuple[int, ...]:
        """The ids of the contacts that a company's invoice settings name as recipients."""
        answer = self._call("GET", "Companies", f"/{company_id}/invoiceSettings")
        named = answer.get("contactRecipients")
        ids = [values.whole(one) for one in named] if isinstance(named, list) else []
        return tuple(one for one in ids if one is not None)

    # ---- what Autotask tells about itself

    def field_information(self, entity: str) -> dict[str, FieldInformation]:
        """The fields of an entity, by their names on the wire. Asked for once in the client's life."""
        if entity not in self._fields:
            answer = self._call("GET", entity, "/entityInformation/fields")
            self._fields[entity] = FieldInformation.parse_all(answer.get("fields"))
        return self._fields[entity]

    def picklist(self, entity: str, name: str) -> dict[int, str]:
        """The labels of a picklist field by value, inactive ones too; empty where it is none."""
        information = self.field_information(entity).get(name)
        return information.picklist if information else {}

    def rights(self, entity: str) -> Rights:
        """What the API user's security level says about an entity."""
        return Rights.parse(self._call("GET", entity, "/entityInformation").get("info"))

    def threshold(self) -> Threshold:
        """The calls that the database has had within its window: the cheapest proof that the credentials are right.

        Whatever it is refused with besides limits and outages is NeedsPerson("autotask-login-refused"): there is
        nothing else to be wrong about in this call.
        """
        try:
            return Threshold.parse(self._call("GET", "ThresholdInformation"))
        except SyncProblem as problem:
            if "status" in problem.evidence and problem.code in ("unexpected", "autotask-not-permitted"):
                raise NeedsPerson("autotask-login-refused", problem.detail, "Autotask") from None
            raise

    def check_access(self) -> Access:
        """What the API user can see, for the set-up and for diagnosis. About 15 calls."""
        return check_access(self)

    # ---- writing

    def update_invoice(
        self,
        invoice_id: int,
        *,
        number: str | None = None,
        paid_date: dt.date | None = None,
        web_service_date: dt.datetime | None = None,
    ) -> None:
        """Change those of an invoice's three writable fields that are given, and make sure that it happened.

        Autotask passes over what it does not know or permit and answers 200 all the same, so the invoice is read again.
        Raises NeedsPerson("autotask-not-permitted") where it did not change. The time of `paid_date` is midnight UTC.
        """
        given = {"invoiceNumber": number, "paidDate": paid_date, "webServiceDate": web_service_date}
        changes = {name: wire_value(value) for name, value in given.items() if value is not None}
        if not changes:
            return
        self._call("PATCH", "Invoices", "", {"id": invoice_id, **changes})
        rows, _ = self._page("Invoices", [eq("id", invoice_id)], ["id", *changes], most=1)
        found = rows[0] if rows and isinstance(rows[0], dict) else {}
        for name, sent in changes.items():
            if not _kept(name, found.get(name), sent):
                words = f"Autotask accepted a new {name} for invoice {invoice_id}, and did not keep it."
                raise NeedsPerson("autotask-not-permitted", words, "Autotask", evidence={"field": name})

    # ---- calls

    def _pages(self, entity: str, filters: list[Filter], include: list[str] | None) -> Iterator[list[Any]]:
        """The rows of a query, by walking up the ids: a `nextPageUrl` ends short without a word when misused."""
        last_id: int | None = None
        for _ in range(MOST_PAGES):
            walk = [] if last_id is None else [gt("id", last_id)]
            rows, more = self._page(entity, [*filters, *walk] or [EVERYTHING], include)
            yield rows
            if len(rows) < PAGE and not (rows and more):
                return
            last_id = _last_id(entity, rows, last_id)
        raise _odd(entity, f"more than {MOST_PAGES * PAGE:,} rows")

    def _page(
        self, entity: str, filters: list[Filter], include: list[str] | None, *, most: int = PAGE
    ) -> tuple[list[Any], bool]:
        """One page of a query's rows, and whether Autotask tells of more."""
        body: dict[str, Any] = {"MaxRecords": most, "filter": _conditions(filters)}
        if include is not None:
            body["IncludeFields"] = include
        answer = self._call("POST", entity, "/query", body)
        if "items" not in answer:
            raise _odd(entity, "an answer without items")
        rows = answer["items"] if answer["items"] is not None else []
        if not isinstance(rows, list):
            raise _odd(entity, "items that are no list")
        details = answer.get("pageDetails")
        return rows, isinstance(details, dict) and bool(details.get("nextPageUrl"))

    def _call(self, method: str, entity: str, path: str = "", body: Any = None) -> dict[str, Any]:
        asked = self.credentials
        answer = self._send(asked, method, entity, path, body)
        if answer.status in (401, 404) and self._has_moved(asked):
            answer = self._send(self.credentials, method, entity, path, body)
        try:
            return accepted(answer, self.credentials.masked)
        except SyncProblem as problem:
            problem.evidence.setdefault("entity", entity)
            raise

    def _send(self, credentials: Credentials, method: str, entity: str, path: str, body: Any) -> Answer:
        url = f"{checked_url(credentials.zone_url)}/V1.0/{entity}{path}"
        host = urlsplit(url).netloc
        with self._limiter(credentials.database_id, credentials.integration_code, entity, host) as call:
            self._count()
            answer = send(self._session, method, url, headers=credentials.headers, body=body)
            call.observe(answer.status, answer.headers)
        logger.debug("Autotask %s: %s %s%s → %s", credentials.database_id, method, entity, path, answer.status)
        return answer

    def _has_moved(self, asked: Credentials) -> bool:
        """Whether the same database is found in another zone than was asked.

        Looked for once: a refused log-in is never tried in a loop.
        """
        with self._moving:
            if not self._looked_for_zone:
                self._looked_for_zone = True
                self._look_for_zone()
            return self.credentials is not asked

    def _look_for_zone(self) -> None:
        self._count()
        try:
            zone = discover_zone(self.credentials.username)
        except SyncProblem:
            return  # the refusal at hand says more than that
        known = self.credentials
        if zone.url == checked_url(known.zone_url) or zone.database_id != known.database_id:
            return
        logger.info("Autotask database %s has moved to %s.", zone.database_id, zone.url)
        self.moved_to = zone
        self.credentials = replace(known, zone_url=zone.url)

    def _count(self) -> None:
        with self._counting:
            self.calls += 1

    @cached_property
    def _session(self) -> Any:
        return open_session()


def _included(record_type: type[RecordType], fields: Collection[str] | None) -> list[str] | None:
    """The names on the wire to ask for. None, for all, where user-defined fields are wanted: they have no such name."""
    names = wire_names(record_type)
    wanted = names if fields is None else {"id", *fields}
    if "user_defined_fields" in wanted:
        return None
    return [names[name] for name in names if name in wanted]


def _conditions(filters: Collection[Filter]) -> list[dict[str, Any]]:
    return [condition.as_json() for condition in filters] or [EVERYTHING.as_json()]


def _last_id(entity: str, rows: list[Any], before: int | None) -> int:
    """The id to go on from. Raises NeedsSupport where the rows do not ascend: walking on would pass over some."""
    ids = [values.whole(row.get("id")) for row in rows if isinstance(row, dict)]
    known = [row_id for row_id in ids if row_id is not None]
    ascending = all(low < high for low, high in pairwise(known))
    if not known or not ascending or (before is not None and known[0] <= before):
        raise _odd(entity, "rows that do not ascend by id")
    return known[-1]


def _kept(name: str, found: Any, sent: Any) -> bool:
    """Whether Autotask has what was sent. It keeps `paidDate` to the day, and moments to a few milliseconds."""
    if name == "invoiceNumber":
        return values.text(found) == values.text(sent)
    if name == "paidDate":
        return values.day(found) == values.day(sent)
    kept, wanted = values.moment(found), values.moment(sent)
    return kept is not None and wanted is not None and abs(kept - wanted) < dt.timedelta(seconds=1)


def _odd(entity: str, what: str) -> NeedsSupport:
    return NeedsSupport("unexpected", f"Autotask answered a call for {entity} with {what}.", f"Autotask {entity}")
