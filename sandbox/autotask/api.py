"""Autotask's REST API as its clients meet it: addresses, verbs, answers. https://ww1.autotask.net/help/DeveloperHelp/"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from itertools import islice
from typing import Any
from urllib.parse import quote

from aiohttp import web

from sandbox.jsontext import dumps, loads
from sandbox.world import Exchange, World, exchange

from . import access, invoice_files, metadata, query, updates
from .entities import ENTITIES, Entity
from .refusals import Refusal, no_such_path, wrong_verb
from .store import Database
from .tables import Row

LONGEST_GET = 2048
ROOT = "/ATServicesRest"
THRESHOLD_MINUTES = 60

CHILDREN = {
    ("companies", "contacts"): ("contacts", "companyID"),
    ("companies", "locations"): ("companylocations", "companyID"),
    ("companies", "siteconfigurations"): ("companysiteconfigurations", "companyID"),
    ("contracts", "services"): ("contractservices", "contractID"),
    ("contracts", "charges"): ("contractcharges", "contractID"),
    ("tickets", "charges"): ("ticketcharges", "ticketID"),
}
"""Parent and child of an address → the child's entity and its field that names the parent."""


def add_routes(app: web.Application, world: World) -> None:
    """Everything below ``/ATServicesRest``, in any case."""

    async def respond(request: web.Request) -> web.StreamResponse:
        try:
            return _json(await Call(world, request, exchange(request)).answer())
        except Refusal as refusal:
            return refusal.response()

    app.router.add_route("*", "/{root:(?i:ATServicesRest)}/{tail:.*}", respond)


def _json(value: Any) -> web.Response:
    return web.Response(text=dumps(value), content_type="application/json")


class Call:
    """One call of the API while it is answered."""

    def __init__(self, world: World, request: web.Request, exchange: Exchange) -> None:
        self.world = world
        self.request = request
        self.exchange = exchange
        self.origin = f"{request.scheme}://{request.host}"

    async def answer(self) -> Any:
        """The plain value to answer with. Raises ``Refusal``."""
        if self.request.method == "GET" and len(str(self.request.url)) > LONGEST_GET:
            raise no_such_path()
        match [part for part in self.request.match_info["tail"].lower().split("/") if part]:
            case ["versioninformation"]:
                return {"apiVersions": ["1.0"]}
            case ["v1.0", "zoneinformation"]:
                return self._zone()
            case ["v1.0", name, *rest]:
                return await self._authenticated(name, rest)
        raise no_such_path()

    def _zone(self) -> Any:
        database: Database | None = self.world.autotask.of_user(self.request.query.get("user", ""))
        if database is None:
            raise Refusal("Zone information could not be determined")
        self.exchange.row["database"] = database.id
        url, web_url = f"{self.origin}{ROOT}/", f"{self.origin}/"
        return {"zoneName": "Sandbox", "url": url, "webUrl": web_url, "ci": database.id}

    async def _authenticated(self, name: str, rest: list[str]) -> Any:
        database = access.authenticated(self.world, self.request, self.exchange)
        access.count_call(self.world, database, self.exchange)
        access.occupy_thread(self.world, database, name, self.exchange)
        if seconds := access.added_latency(self.world, database):
            await asyncio.sleep(seconds)
        database.catch_up()
        if name == "thresholdinformation" and not rest:
            return {
                "externalRequestThreshold": self.world.limits.autotask.hour,
                "requestThresholdTimeframe": THRESHOLD_MINUTES,
                "currentTimeframeRequestCount": len(database.calls),
            }
        entity = ENTITIES.get(name)
        if entity is None:
            raise no_such_path()
        return self._of_entity(database, entity, rest)

    def _of_entity(self, database: Database, entity: Entity, rest: list[str]) -> Any:
        match self.request.method, rest:
            case (("PATCH" | "PUT"), []):
                return self._update(database, entity)
            case (("GET" | "POST"), ["query", *how]):
                return self._of_query(database, entity, how)
            case "GET", ["entityinformation", *part]:
                return metadata.describe(database, entity, "/".join(part))
            case "GET", [row_id, *child] if row_id.isdigit():
                return self._of_row(database, entity, int(row_id), "/".join(child))
            case method, [] | [("query" | "entityinformation"), *_]:
                raise wrong_verb(method)
            case method, [row_id, *_] if row_id.isdigit():
                raise wrong_verb(method)
        raise no_such_path()

    def _of_query(self, database: Database, entity: Entity, how: list[str]) -> Any:
        if how == ["next"] and self.request.method == "GET" and "search" not in self.request.query:
            raise wrong_verb("GET")  # the next page of a POST must be POSTed to
        if how in ([], ["next"]):
            return self._search(database, entity, self._posted_query())
        if how == ["count"]:
            asked, seen = self._checked(database, entity, self._posted_query())
            return {"queryCount": sum(1 for _ in asked.matches(database.table(entity.name), seen))}
        raise no_such_path()

    def _posted_query(self) -> Any:
        if self.request.method == "GET":
            text: str | bytes = self.request.query.get("search", "")
        else:
            self._check_media_type()
            text = self.exchange.body
        try:
            return loads(text)
        except ValueError:
            raise Refusal("Invalid query syntax. The query is not valid JSON.") from None

    def _check_media_type(self) -> None:
        if self.request.content_type != "application/json":
            words = f"The request entity's media type '{self.request.content_type}' is not supported for this resource."
            raise Refusal(status=415, message=words)

    def _checked(self, database: Database, entity: Entity, body: Any) -> tuple[query.Query, query.Test]:
        if "query" not in entity.offers:
            raise wrong_verb(self.request.method)
        access.check_query_right(database, entity.name)
        asked = query.parse(entity, database.udfs.get(entity.name, ()), body)
        for operator in asked.unknown_operators:
            self.world.ledger.broke(self.exchange.row, f"unknown operator {operator!r}", database=database.id)
        return asked, access.sees(database, entity.name)

    def _search(self, database: Database, entity: Entity, body: Any) -> Any:
        asked, seen = self._checked(database, entity, body)
        page = self._page()
        size = page["pageSize"] or asked.most
        after = page["nextIds"][-1] if page["nextIds"] else -1
        matches: Iterator[Row] = asked.matches(database.table(entity.name), seen, after)
        rows = list(islice(matches, size))
        more = next(matches, None) is not None
        if more and asked.include is not None and "id" not in asked.include:
            raise Refusal("Invalid query syntax. IncludeFields must contain id where there is more than one page.")
        before = page["previousIds"]
        next_url = self._page_url(entity, size, [*before, after], [rows[-1]["id"]]) if more else None
        previous_url = self._page_url(entity, size, before[:-1], before[-1:]) if before else None
        return {
            "items": [_shown(database, entity, row, asked.include) for row in rows],
            "pageDetails": {
                "count": len(rows),
                "requestCount": size,
                "prevPageUrl": previous_url,
                "nextPageUrl": next_url,
            },
        }

    def _page(self) -> dict[str, Any]:
        """Where to go on, as the page's address tells it."""
        try:
            page = json.loads(self.request.query.get("paging", "{}"))
            return {
                "pageSize": int(page.get("pageSize", 0)),
                "previousIds": [int(row_id) for row_id in page.get("previousIds", [])],
                "nextIds": [int(row_id) for row_id in page.get("nextIds", [])],
            }
        except (ValueError, TypeError, AttributeError):
            raise Refusal("Invalid query syntax. The paging information is not valid.") from None

    def _page_url(self, entity: Entity, size: int, before: list[int], after: list[int]) -> str:
        """The address of another page. After a POST it must be POSTed to, with the same body."""
        paging = quote(json.dumps({"pageSize": size, "previousIds": before, "nextIds": after}, separators=(",", ":")))
        url = f"{self.origin}{ROOT}/V1.0/{entity.name}/query/next?paging={paging}"
        search = self.request.query.get("search")
        return url if self.request.method == "POST" or search is None else f"{url}&search={quote(search)}"

    def _seen_row(self, database: Database, entity: Entity, row_id: int) -> Row | None:
        access.check_query_right(database, entity.name)
        row = database.table(entity.name).rows.get(row_id)
        return row if row is not None and access.sees(database, entity.name)(row) else None

    def _of_row(self, database: Database, entity: Entity, row_id: int, child: str) -> Any:
        row = self._seen_row(database, entity, row_id)
        if not child:
            return {"item": row and _shown(database, entity, row)}
        if (entity.name, child) == ("Companies", "invoicesettings") and row is not None:
            return _invoice_settings(row)
        if entity.name == "Invoices" and child in ("invoicepdf", "invoicemarkuphtml", "invoicemarkupxml"):
            if row is None:
                raise Refusal("No matching records found.", status=404)
            return (invoice_files.pdf_answer if child == "invoicepdf" else invoice_files.markup_answer)(database, row)
        if (entity.name.lower(), child) not in CHILDREN:
            raise no_such_path()
        name, field = CHILDREN[entity.name.lower(), child]
        body = {"filter": [{"op": "eq", "field": field, "value": row_id}]}
        return self._search(database, ENTITIES[name], body)

    def _update(self, database: Database, entity: Entity) -> Any:
        if "update" not in entity.offers:
            raise wrong_verb(self.request.method)
        self._check_media_type()
        row_id, changes = updates.checked(
            database, entity, self.exchange.body, blank_others=self.request.method == "PUT"
        )
        row = database.table(entity.name).change(row_id, changes)
        self.world.ledger.wrote(
            self.exchange.row,
            endpoint=entity.name,
            identifier=row_id,
            number=row.get("invoiceNumber"),
            action="updated",
            body=changes,
            database=database.id,
        )
        return {"itemId": row_id}


def _shown(database: Database, entity: Entity, row: Row, include: list[str] | None = None) -> Row:
    """A row as it is answered: the fields asked for (the others are absent), or all."""
    names = [field.name for field in entity.fields] if include is None else include
    shown = {name: row[name] for name in names}
    if include is None and entity.has_udfs:
        shown["userDefinedFields"] = row["userDefinedFields"]
    if not database.api_user.can_read_costs:
        shown.update(dict.fromkeys(access.COST_FIELDS & shown.keys()))
    return shown


def _invoice_settings(company: Row) -> Row:
    return {
        "taxExempt": bool(company["isTaxExempt"]),
        "taxRegionId": company["taxRegionID"],
        "taxId": company["taxID"],
        "invoiceEmailingEnabled": bool(company.get("_invoiceEmailingEnabled", True)),
        "contactRecipients": company.get("_contactRecipients", []),
        "resourceRecipients": [],
        "otherEmails": company.get("_otherEmails", ""),
    }
