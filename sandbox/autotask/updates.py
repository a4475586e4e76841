"""PATCH and PUT: what a client may change, and how Autotask treats the rest."""

from __future__ import annotations

from typing import Any

from sandbox.jsontext import loads

from . import access
from .entities import Entity, Field
from .refusals import Refusal
from .store import Database
from .tables import Row, decimal, moment_text

DATE_ONLY = {"paidDate"}


def checked(database: Database, entity: Entity, body: bytes, *, blank_others: bool) -> tuple[int, Row]:
    """The id and the changes of an update. Raises ``Refusal`` for values that do not fit.

    A name that is unknown, or may not be written, is passed over without a word: the answer is 200 all the same.
    ``blank_others``: PUT empties every writable field that was left out.
    """
    try:
        sent = loads(body)
    except ValueError:
        raise Refusal("The request body is not valid JSON.") from None
    if not isinstance(sent, dict):
        raise Refusal("The request body is not valid JSON.")
    fields = {str(name).lower(): value for name, value in sent.items()}
    row_id = fields.pop("id", None)
    if isinstance(row_id, bool) or not isinstance(row_id, int):
        raise Refusal("The id of the entity is required.")
    if database.api_user.may(entity.name) != "all":
        words = f"The logged in Resource does not have permission to update {entity.name}."
        raise Refusal(words, status=403)
    row = database.table(entity.name).rows.get(row_id)
    if row is None or not access.sees(database, entity.name)(row):
        raise Refusal("No matching records found for this request.")
    changes: Row = {field.name: None for field in entity.writable.values()} if blank_others else {}
    for name, field in entity.writable.items():
        if name in fields:
            changes[field.name] = _fitting(field, fields[name])
    return row_id, changes


def _fitting(field: Field, value: Any) -> Any:
    """The value as rows keep it. Raises ``Refusal`` where it does not fit the field."""
    if value is None:
        return None
    if field.type == "string":
        text = str(value)
        if field.length and len(text) > field.length:
            raise Refusal(f"The value of field: {field.name} exceeds the maximum length of {field.length}.")
        return text
    if field.type == "datetime":
        moment = moment_text(value)
        if moment is None:
            raise Refusal(f"Error converting value '{value}' of field: {field.name} to type DateTime.")
        return moment_text(moment[:10]) if field.name in DATE_ONLY else moment
    if field.type == "boolean":
        if not isinstance(value, bool):
            raise Refusal(f"Error converting value '{value}' of field: {field.name} to type Boolean.")
        return value
    number = None if isinstance(value, bool) else decimal(value)
    if number is None:
        raise Refusal(f"Error converting value '{value}' of field: {field.name} to a number.")
    return number if field.type == "double" else int(number)
