"""What Autotask tells about its entities: rights, fields and picklists, as this API user has them.

https://ww1.autotask.net/help/DeveloperHelp/Content/APIs/REST/API_Calls/REST_EntityInformation.htm
"""

from __future__ import annotations

from typing import Any

from .entities import Entity, Field
from .refusals import Refusal, no_such_path
from .store import Database


def describe(database: Database, entity: Entity, part: str) -> Any:
    """The answer to ``entityInformation`` (part ""), ``…/fields`` or ``…/userDefinedFields``. Raises ``Refusal``."""
    if part == "":
        return {"info": _rights(database, entity)}
    if part == "fields":
        return {"fields": [_field(database, entity, field) for field in entity.fields]}
    if part == "userdefinedfields":
        if not entity.has_udfs:
            raise Refusal(status=404, message="The entity has no user-defined fields.")
        return {"fields": [_udf(name) for name in database.udfs.get(entity.name, [])]}
    raise no_such_path()


def _rights(database: Database, entity: Entity) -> dict[str, Any]:
    level = "All" if database.api_user.may(entity.name) == "all" else "None"
    info: dict[str, Any] = {"name": entity.soap_name}
    for operation in ("create", "delete", "query", "update"):
        offered = operation in entity.offers
        info[f"can{operation.title()}"] = offered
        info[f"userAccessFor{operation.title()}"] = level if offered else "None"
    return {
        **info,
        "hasUserDefinedFields": entity.has_udfs,
        "supportsWebhookCallouts": entity.name in ("Companies", "Contacts"),
    }


def _field(database: Database, entity: Entity, field: Field) -> dict[str, Any]:
    values = database.picklists.get((entity.name, field.name), {}) if field.picklist else {}
    return {
        "name": field.name,
        "dataType": field.type,
        "length": field.length or 0,
        "isRequired": field.required,
        "isReadOnly": field.read_only,
        "isQueryable": field.queryable,
        "isReference": field.reference is not None,
        "referenceEntityType": field.reference or "",
        "isPickList": field.picklist,
        "picklistValues": [_choice(value, label, order) for order, (value, label) in enumerate(values.items(), 1)]
        if field.picklist
        else None,
        "picklistParentValueField": "",
        "isSupportedWebhookField": False,
    }


def _choice(value: int, label: str, order: int) -> dict[str, Any]:
    return {
        "value": str(value),
        "label": label,
        "isDefaultValue": order == 1,
        "sortOrder": order,
        "parentValue": "",
        "isActive": True,
        "isSystem": True,
    }


def _udf(name: str) -> dict[str, Any]:
    return {
        "name": name,
        "label": name,
        "type": "string",
        "length": 8000,
        "description": "",
        "isRequired": False,
        "isReadOnly": False,
        "isQueryable": True,
        "isReference": False,
        "referenceEntityType": "",
        "isPickList": False,
        "picklistValues": None,
        "picklistParentValueField": "",
        "defaultValue": "",
        "isSupportedWebhookField": False,
    }
