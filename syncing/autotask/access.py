"""What an API user of Autotask can see: its rights, and the lines of business whose items it is shown.

What it may not see is left out of answers without a word, so this has to be asked for.
https://ww1.autotask.net/help/DeveloperHelp/Content/APIs/REST/General_Topics/REST_Security_Auth.htm
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from faults.problems import SyncProblem
from syncing.autotask.metadata import Threshold
from syncing.autotask.query import any_of, eq
from syncing.autotask.records import (
    OrganizationalLevel1,
    OrganizationalLevel2,
    OrganizationalLevelAssociation,
    OrganizationalResource,
    Resource,
)

if TYPE_CHECKING:
    from syncing.autotask.client import AutotaskClient

# Without these nothing can be carried; the others only make some features possible.
NEEDED: Final = ("Invoices", "BillingItems", "Companies", "Contacts")
OPTIONAL: Final = ("PurchaseOrders",)

# What a right that is missing, or an entity that this database does not have, is answered with. That is what we tell.
UNREADABLE: Final = ("autotask-not-permitted", "unexpected")


@dataclass(frozen=True, slots=True)
class EntityAccess:
    """`shows_any`: whether at least one row is seen. A new database has none; a narrow security level shows none."""

    entity: str
    may_query: bool
    may_update: bool
    shows_any: bool

    @property
    def is_needed(self) -> bool:
        return self.entity in NEEDED


@dataclass(frozen=True, slots=True)
class LineOfBusiness:
    """An association of a division with a line of business; billing items name it by `id`.

    `seen`: whether the API user is shown its items; None where that cannot be told.
    """

    id: int
    name: str
    division: str
    is_active: bool
    seen: bool | None


@dataclass(frozen=True, slots=True)
class Access:
    """What an API user can see. `lines_of_business`: None where they cannot be read, empty where none are used."""

    threshold: Threshold
    entities: tuple[EntityAccess, ...]
    resource_id: int | None
    lines_of_business: tuple[LineOfBusiness, ...] | None

    @property
    def missing(self) -> tuple[str, ...]:
        """The needed entities that the API user may not query."""
        return tuple(one.entity for one in self.entities if one.is_needed and not one.may_query)

    @property
    def hidden_lines_of_business(self) -> tuple[LineOfBusiness, ...]:
        """Those whose billing items are left out of what we read."""
        return tuple(one for one in self.lines_of_business or () if one.seen is False)

    @property
    def may_write_invoices(self) -> bool:
        return any(one.may_update for one in self.entities if one.entity == "Invoices")


def check_access(client: AutotaskClient) -> Access:
    """Ask for all of it. Raises the client's SyncProblems, apart from what tells of a missing permission."""
    threshold = client.threshold()
    entities = tuple(_entity_access(client, entity) for entity in (*NEEDED, *OPTIONAL))
    resource_id = find_resource_id(client)
    return Access(threshold, entities, resource_id, lines_of_business(client, resource_id))


def find_resource_id(client: AutotaskClient) -> int | None:
    """The API user's own id among the resources; None where it is not found or may not be read."""
    username = client.credentials.username.strip()
    names = dict.fromkeys((username, username.partition("@")[0]))
    named = any_of(*(eq("userName", name) for name in names), eq("email", username))
    try:
        found = list(client.find(Resource, named))
    except SyncProblem as problem:
        if problem.code in UNREADABLE:
            return None
        raise
    whole = [one.id for one in found if username.lower() in (one.user_name.lower(), one.email.lower())]
    candidates = whole or [one.id for one in found]
    return candidates[0] if len(candidates) == 1 else None


def lines_of_business(client: AutotaskClient, resource_id: int | None) -> tuple[LineOfBusiness, ...] | None:
    """All lines of business, and which of them this API user sees. None where they may not be read. Up to 4 calls."""
    try:
        associations = list(client.find(OrganizationalLevelAssociation))
        if not associations:
            return () if client.rights(OrganizationalLevelAssociation.ENTITY).may_query else None
        divisions = {one.id: one.name for one in client.find(OrganizationalLevel1)}
        names = {one.id: one.name for one in client.find(OrganizationalLevel2)}
    except SyncProblem as problem:
        if problem.code in UNREADABLE:
            return None
        raise
    own = _own_associations(client, resource_id)
    return tuple(
        LineOfBusiness(
            id=one.id,
            name=names.get(one.level2_id or 0, ""),
            division=divisions.get(one.level1_id or 0, ""),
            is_active=one.is_active,
            seen=None if own is None else not own or one.id in own,
        )
        for one in associations
    )


def _own_associations(client: AutotaskClient, resource_id: int | None) -> set[int] | None:
    """Those of the API user; none at all means that nothing is hidden from it. None where that cannot be told."""
    if resource_id is None:
        return None
    try:
        rows = client.find(OrganizationalResource, eq("resourceID", resource_id))
        own = {row.organizational_level_association_id for row in rows if row.organizational_level_association_id}
        # A level without the right is shown nothing, and no error.
        return own if own or client.rights(OrganizationalResource.ENTITY).may_query else None
    except SyncProblem as problem:
        if problem.code in UNREADABLE:
            return None
        raise


def _entity_access(client: AutotaskClient, entity: str) -> EntityAccess:
    try:
        rights = client.rights(entity)
        shows_any = rights.may_query and client.shows_any(entity)
    except SyncProblem as problem:
        if problem.code in UNREADABLE:
            return EntityAccess(entity, may_query=False, may_update=False, shows_any=False)
        raise
    return EntityAccess(entity, rights.may_query, rights.may_update, shows_any)
