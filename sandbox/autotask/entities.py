"""What kinds of records Autotask has: the entities and fields of ``entities.txt``.

https://ww1.autotask.net/help/DeveloperHelp/Content/APIs/REST/Entities/_EntitiesOverview.htm
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

HEAD = re.compile(r"(\w+) \((\w+)\): (.*)")
FIELD = re.compile(r"(\w+):([a-z]+)(?:\((\d+)\))?(/?)(!?)(~?)(#?)(?:>(\w+))?")


@dataclass(frozen=True)
class Field:
    """One field. ``type`` is string, integer, long, double, boolean or datetime."""

    name: str
    type: str
    length: int | None
    read_only: bool
    required: bool
    queryable: bool
    picklist: bool
    reference: str | None


@dataclass(frozen=True)
class Entity:
    """One entity: its names in REST and SOAP, and what the API offers (query, create, update, delete, udfs)."""

    name: str
    soap_name: str
    offers: frozenset[str]
    fields: tuple[Field, ...]

    @cached_property
    def by_name(self) -> dict[str, Field]:
        """The fields by their name in small letters, since Autotask does not mind the case."""
        return {field.name.lower(): field for field in self.fields}

    @cached_property
    def writable(self) -> dict[str, Field]:
        """The fields that an update may change, by name in small letters."""
        return {name: field for name, field in self.by_name.items() if not field.read_only}

    @property
    def has_udfs(self) -> bool:
        return "udfs" in self.offers


def _read(text: str) -> dict[str, Entity]:
    lines = "\n".join(line for line in text.splitlines() if not line.startswith("#"))
    entities = {}
    for block in lines.strip().split("\n\n"):
        head, _, body = block.partition("\n")
        name, soap_name, offers = HEAD.fullmatch(head.strip()).groups()  # type: ignore[union-attr]
        fields = tuple(_field(word) for word in body.split())
        entities[name.lower()] = Entity(name, soap_name, frozenset(offers.split()), fields)
    return entities


def _field(word: str) -> Field:
    match = FIELD.fullmatch(word)
    if match is None:
        raise ValueError(f"entities.txt: {word}")
    name, type_, length, read_only, required, unfilterable, picklist, reference = match.groups()
    return Field(
        name,
        type_,
        int(length) if length else None,
        bool(read_only),
        bool(required),
        not unfilterable,
        bool(picklist),
        reference,
    )


ENTITIES = _read(Path(__file__).with_name("entities.txt").read_text())
"""Every entity by its REST name in small letters."""
