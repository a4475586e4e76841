"""The control API of Xero, below ``/sandbox/xero``.

=======================================================  ===========================================================
``POST  /apps``                                          ``{client_id, client_secret, redirect_uris, name?, granular?,
                                                         bulk_connections?}``; the same id again: changed
``POST  /users``                                         ``{email, name}``; the same e-mail again: the same user
``GET   /organisations``                                 all of them
``POST  /organisations``                                 ``{name, country?, base_currency?, currencies?, users?, …}``
``PATCH /organisations/{id}``                            lock dates and options, see ``byhand.Hand.patch_organisation``
``POST  /organisations/{id}/grant``                      ``{client_id, user?, scopes?, expires_in?}``: a token set
                                                         without the browser, with its ``connection``
``POST  /organisations/{id}/disconnect``                 as a person does in Xero; ``{client_id?}``
``GET   /{organisation}/state``                          every endpoint's rows, by name
``GET   /{organisation}/{Endpoint}``                     its rows, of every status
``POST  /{organisation}/{Endpoint}``                     a row as a person makes it
``PATCH /{organisation}/{Endpoint}/{id}``                change it; nothing is checked
``DELETE /{organisation}/{Endpoint}/{id}``               a currency, account, tax rate, item, category or theme
``POST  /{organisation}/{Invoices|CreditNotes}/{id}/…``  ``pay {amount?}``, ``unpay``, ``void``; credit notes:
                                                         ``allocate {invoice, amount?}``
``POST  /{organisation}/Contacts/{id}/merge``            ``{into}``
=======================================================  ===========================================================

Endpoint names are Xero's, in any case; ids of documents may be their numbers.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

from aiohttp import web

from sandbox.control import controlled, posted
from sandbox.world import World

from .byhand import KINDS, Hand
from .identity import Identity
from .state import App, Organisation, User, Xero
from .wire import Row, as_date, new_id

ENDPOINTS = (
    "Organisation",
    "Accounts",
    "TaxRates",
    "Currencies",
    "Items",
    "TrackingCategories",
    "BrandingThemes",
    "Contacts",
    "Invoices",
    "CreditNotes",
    "Payments",
)
SCOPES = (
    "openid profile email offline_access accounting.invoices accounting.contacts accounting.settings.read "
    "accounting.payments.read accounting.attachments"
)


class Control:
    """The handlers of the table above."""

    def __init__(self, world: World, identity: Identity) -> None:
        self.world = world
        self.identity = identity

    @property
    def xero(self) -> Xero:
        state: Xero = self.world.xero
        return state

    async def add_app(self, request: web.Request) -> Row:
        app = App(**await posted(request))
        for uri in app.redirect_uris:
            if not uri.startswith(("https://", "http://localhost")):
                raise ValueError(f"redirect URI {uri}: https, or http://localhost for tests")
        self.xero.apps[app.client_id] = app
        return vars(app)

    async def add_user(self, request: web.Request) -> Row:
        fields = await posted(request)
        return vars(self.user(fields["email"], fields.get("name")))

    def user(self, email: str, name: str | None = None) -> User:
        """The user of this e-mail address, made where there is none."""
        for user in self.xero.users.values():
            if user.email == email:
                return user
        user = User(new_id(), email, name or email.partition("@")[0].title())
        self.xero.users[user.id] = user
        return user

    async def organisations(self, _: web.Request) -> list[Row]:
        return [self.about(row) for row in self.xero.organisations.values()]

    async def add_organisation(self, request: web.Request) -> Row:
        fields = await posted(request)
        fields["users"] = [self.user(email).id for email in fields.get("users", [])]
        for name in ("period_lock_date", "end_of_year_lock_date"):
            if fields.get(name):
                fields[name] = as_date(fields[name])
        return self.about(self.xero.add_organisation(**fields))

    def about(self, organisation: Organisation) -> Row:
        """An organisation as the control API shows it."""
        return {
            "id": organisation.id,
            "name": organisation.name,
            "country": organisation.country_code,
            "base_currency": organisation.base_currency,
            "currencies": list(organisation.currencies),
            "short_code": organisation.short_code,
            "users": [self.xero.users[user_id].email for user_id in organisation.users],
            "connections": [row.id for row in self.xero.connections.values() if row.organisation_id == organisation.id],
            "period_lock_date": organisation.period_lock_date,
            "end_of_year_lock_date": organisation.end_of_year_lock_date,
        }

    async def patch_organisation(self, request: web.Request) -> Row:
        hand = self.hand(request)
        hand.patch_organisation(await posted(request))
        return self.about(hand.organisation)

    async def grant(self, request: web.Request) -> Row:
        organisation, fields = self.hand(request).organisation, await posted(request)
        app = self.xero.apps[fields["client_id"]]
        user = self.user(fields["user"]) if fields.get("user") else self.xero.users[organisation.users[0]]
        if user.id not in organisation.users:
            organisation.users.append(user.id)
        scopes, event = fields.get("scopes") or SCOPES, new_id()
        names = tuple(scopes.split() if isinstance(scopes, str) else scopes)
        self.xero.connect(app.client_id, user.id, [organisation.id], event)
        tokens = self.identity.issue(app.client_id, user.id, names, event)
        if "expires_in" in fields:
            tokens["expires_in"] = int(fields["expires_in"])
            token = self.xero.access_tokens[tokens["access_token"]]
            token.expires_at = self.world.clock.now() + timedelta(seconds=tokens["expires_in"])
        connection = self.xero.connection(app.client_id, user.id, organisation.id)
        return {**tokens, "connection": vars(connection), "user_id": user.id}

    async def disconnect(self, request: web.Request) -> Row:
        organisation, fields = self.hand(request).organisation, await posted(request)
        client_id = fields.get("client_id")
        self.xero.connections = {
            key: row
            for key, row in self.xero.connections.items()
            if row.organisation_id != organisation.id or client_id not in (None, row.client_id)
        }
        return self.about(organisation)

    async def state(self, request: web.Request) -> Row:
        hand = self.hand(request)
        return {name: hand.rows(name) for name in ENDPOINTS}

    async def rows(self, request: web.Request) -> list[Row]:
        return self.hand(request).rows(request.match_info["endpoint"])

    async def add(self, request: web.Request) -> Row:
        return self.hand(request).add(request.match_info["endpoint"], await posted(request))

    async def patch(self, request: web.Request) -> Row:
        return self.hand(request).patch(
            request.match_info["endpoint"], request.match_info["row"], await posted(request)
        )

    async def remove(self, request: web.Request) -> Row:
        return self.hand(request).remove(request.match_info["endpoint"], request.match_info["row"])

    async def act(self, request: web.Request) -> Row:
        hand, fields = self.hand(request), await posted(request)
        endpoint, key, action = (request.match_info[name] for name in ("endpoint", "row", "action"))
        if endpoint.lower() == "contacts" and action == "merge":
            return hand.merge(hand.contact(key), hand.contact(fields["into"])).full()
        document = hand.document(KINDS[endpoint.lower()], key)
        if action == "pay":
            return hand.pay(document, fields.get("amount")).show(places=4)
        if action == "unpay":
            return hand.unpay(document).show(places=4)
        if action == "void":
            return hand.void(document).show(places=4)
        if action == "allocate":
            invoice = hand.document(KINDS["invoices"], fields["invoice"])
            return hand.allocate(document, invoice, fields.get("amount")).show(places=4)
        raise ValueError(f"{action}: pay, unpay, void, allocate or merge")

    def hand(self, request: web.Request) -> Hand:
        """A person at work in the organisation of the address, which is its id."""
        organisation = self.xero.organisations.get(request.match_info["organisation"])
        if organisation is None:
            raise ValueError(f"no organisation {request.match_info['organisation']}")
        return Hand(self.world, request, organisation)


def add_routes(app: web.Application, world: World, identity: Identity) -> None:
    """Add the paths of the table above."""
    control = Control(world, identity)
    routes: list[tuple[str, str, Callable[[web.Request], Awaitable[Any]]]] = [
        ("POST", "/apps", control.add_app),
        ("POST", "/users", control.add_user),
        ("GET", "/organisations", control.organisations),
        ("POST", "/organisations", control.add_organisation),
        ("PATCH", "/organisations/{organisation}", control.patch_organisation),
        ("POST", "/organisations/{organisation}/grant", control.grant),
        ("POST", "/organisations/{organisation}/disconnect", control.disconnect),
        ("GET", "/{organisation}/state", control.state),
        ("GET", "/{organisation}/{endpoint}", control.rows),
        ("POST", "/{organisation}/{endpoint}", control.add),
        ("PATCH", "/{organisation}/{endpoint}/{row}", control.patch),
        ("DELETE", "/{organisation}/{endpoint}/{row}", control.remove),
        ("POST", "/{organisation}/{endpoint}/{row}/{action}", control.act),
    ]
    for method, path, handler in routes:
        app.router.add_route(method, f"/sandbox/xero{path}", controlled(handler))
