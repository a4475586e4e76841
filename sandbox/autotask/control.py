"""The control API's Autotask part, for tests, the demo and the page.

==================================================  ================================================================
``POST   /sandbox/autotask/databases``              a database with standard data; credentials and ids by name
``GET    /sandbox/autotask/databases[/{db}]``       the same again
``PUT    /sandbox/autotask/{db}/api_user``          ``secret, locked, can_read_costs, access, lines_of_business``
``POST   /sandbox/autotask/{db}/bill``              ``{companyID, items, …}`` or ``{bills: […]}``, see ``billing.bill``
``POST   /sandbox/autotask/{db}/invoices/{id}/void``
``POST   /sandbox/autotask/{db}/finish``            what was to appear later appears now
``PUT    /sandbox/autotask/{db}/picklists``         ``{"Entity.field": {"1": "Label"}}``
``GET    /sandbox/autotask/{db}/{Entity}``          every row, whoever may see it; ``POST`` adds one
``PATCH  /sandbox/autotask/{db}/{Entity}/{id}``     unchecked, so that broken data can be made; ``DELETE`` removes
==================================================  ================================================================

A database takes ``name, username, secret, integration_code`` and, if they should differ, ``total_is`` (net | gross),
``internal_currency``, ``decimals`` (2 | 4), ``next_invoice_number``, ``slows_down``,
``lines_of_business`` (names).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from typing import Any

from aiohttp import web

from sandbox.control import controlled, posted
from sandbox.world import World

from . import billing, standard
from .store import ApiUser, Database
from .tables import Row

NAMED = {
    "billing_codes": ("BillingCodes", "name"),
    "currencies": ("Currencies", "name"),
    "countries": ("Countries", "countryCode"),
    "tax_regions": ("TaxRegions", "name"),
    "tax_categories": ("TaxCategories", "name"),
    "invoice_templates": ("InvoiceTemplates", "name"),
    "payment_terms": ("PaymentTerms", "name"),
}
"""Kind of standard data → its entity and the field that names a row."""


def summary(database: Database) -> Row:
    """A database as the control API shows it: credentials, settings, ids by name."""
    user = database.api_user
    return {
        "id": database.id,
        "name": database.name,
        "username": user.username,
        "secret": user.secret,
        "integration_code": user.integration_code,
        "resource_id": user.resource_id,
        "locked": user.locked,
        "total_is": database.total_is,
        "internal_currency": database.internal_currency,
        "decimals": database.decimals,
        "pending": database.pending,
        "lines_of_business": database.lines_of_business(),
        "seen_lines_of_business": sorted(database.seen_lines_of_business()),
        **{
            kind: {row[name]: row["id"] for row in database.table(entity).rows.values()}
            for kind, (entity, name) in NAMED.items()
        },
    }


def public(row: Row) -> Row:
    """A row without the sandbox's own keys."""
    return {name: value for name, value in row.items() if not name.startswith("_")}


def create_database(world: World, **fields: Any) -> Database:
    """A database with its standard data. Raises ``ValueError`` or ``TypeError``."""
    lines_of_business = fields.pop("lines_of_business", standard.LINES_OF_BUSINESS)
    database: Database = world.autotask.create(**fields)
    standard.fill(database, lines_of_business)
    return database


def add_row(database: Database, entity: str, fields: Row) -> Row:
    """A row as a person would make it; user-defined fields it names become known."""
    table = database.table(entity)
    row = table.insert(standard.with_defaults(database, table.entity.name, fields))
    _learn_udfs(database, table.entity.name, row)
    return row


def change_row(database: Database, entity: str, row_id: int, fields: Row) -> Row:
    """Change a row, unchecked. Raises ``LookupError`` for an unknown one."""
    table = database.table(entity)
    row = table.change(row_id, fields)
    _learn_udfs(database, table.entity.name, row)
    return row


def _learn_udfs(database: Database, entity: str, row: Row) -> None:
    known = database.udfs.setdefault(entity, [])
    for field in row.get("userDefinedFields") or ():
        if field["name"] not in known:
            known.append(field["name"])


def set_api_user(database: Database, **fields: Any) -> None:
    """Change the API user; ``lines_of_business`` is "all" or a list of names and association ids."""
    lines: str | Iterable[str | int] | None = fields.pop("lines_of_business", None)
    user: ApiUser = database.api_user
    user.access.update(fields.pop("access", {}))
    for name, value in fields.items():
        if name not in ("secret", "integration_code", "locked", "can_read_costs"):
            raise ValueError(f"unknown: {name}")
        setattr(user, name, value)
        user.bad_logins = 0
    if lines == "all":
        database.set_lines_of_business(database.lines_of_business().values())
    elif lines is not None:
        database.set_lines_of_business(
            database.line_of_business_id(line) if isinstance(line, str) else line for line in lines
        )


class Control:
    """The handlers of the table above."""

    def __init__(self, world: World) -> None:
        self.world = world

    def _database(self, request: web.Request) -> Database:
        database: Database = self.world.autotask.databases[int(request.match_info["db"])]
        database.catch_up()
        return database

    async def create(self, request: web.Request) -> Any:
        return summary(create_database(self.world, **await posted(request)))

    async def list(self, _: web.Request) -> Any:
        return [summary(database) for database in self.world.autotask.databases.values()]

    async def show(self, request: web.Request) -> Any:
        return summary(self._database(request))

    async def api_user(self, request: web.Request) -> Any:
        database = self._database(request)
        set_api_user(database, **await posted(request))
        return summary(database)

    async def bill(self, request: web.Request) -> Any:
        database, fields = self._database(request), await posted(request)
        if "bills" in fields:
            return [_bill(database, one) for one in fields["bills"]]
        return _bill(database, fields)

    async def void(self, request: web.Request) -> Any:
        return public(billing.void(self._database(request), int(request.match_info["id"])))

    async def finish(self, request: web.Request) -> Any:
        return {"finished": self._database(request).finish()}

    async def picklists(self, request: web.Request) -> Any:
        database = self._database(request)
        for name, values in (await posted(request)).items():
            entity, _, field = name.partition(".")
            database.picklists[entity, field] = {int(value): str(label) for value, label in values.items()}
        return {".".join(key): values for key, values in database.picklists.items()}

    async def rows(self, request: web.Request) -> Any:
        return [public(row) for row in self._database(request).table(request.match_info["entity"]).rows.values()]

    async def add(self, request: web.Request) -> Any:
        return public(add_row(self._database(request), request.match_info["entity"], await posted(request)))

    async def change(self, request: web.Request) -> Any:
        row_id = int(request.match_info["id"])
        changes = await posted(request)
        return public(change_row(self._database(request), request.match_info["entity"], row_id, changes))

    async def delete(self, request: web.Request) -> Any:
        self._database(request).table(request.match_info["entity"]).delete(int(request.match_info["id"]))
        return {}


def _bill(database: Database, fields: Row) -> Row:
    rest = {name: value for name, value in fields.items() if name not in ("companyID", "items")}
    return public(billing.bill(database, int(fields["companyID"]), fields.get("items", []), **rest))


def add_routes(app: web.Application, world: World) -> None:
    """Add the paths of the table above."""
    control = Control(world)
    root, one = "/sandbox/autotask", r"/sandbox/autotask/{db:\d+}"
    routes: tuple[tuple[str, str, Callable[[web.Request], Awaitable[Any]]], ...] = (
        ("POST", f"{root}/databases", control.create),
        ("GET", f"{root}/databases", control.list),
        ("GET", rf"{root}/databases/{{db:\d+}}", control.show),
        ("PUT", f"{one}/api_user", control.api_user),
        ("POST", f"{one}/bill", control.bill),
        ("POST", f"{one}/finish", control.finish),
        ("PUT", f"{one}/picklists", control.picklists),
        ("POST", rf"{one}/{{entity:(?i:invoices)}}/{{id:\d+}}/void", control.void),
        ("GET", f"{one}/{{entity}}", control.rows),
        ("POST", f"{one}/{{entity}}", control.add),
        ("PATCH", rf"{one}/{{entity}}/{{id:\d+}}", control.change),
        ("DELETE", rf"{one}/{{entity}}/{{id:\d+}}", control.delete),
    )
    for method, path, handler in routes:
        app.router.add_route(method, path, controlled(handler))
