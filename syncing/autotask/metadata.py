"""What Autotask tells about its entities and limits. Parsed as leniently as its records.

https://ww1.autotask.net/help/DeveloperHelp/Content/APIs/REST/API_Calls/REST_EntityInformation.htm
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from syncing.autotask import values


@dataclass(frozen=True, slots=True)
class FieldInformation:
    """A field of an entity. `picklist` gives the label of each value, active or not; empty for other fields."""

    name: str
    type: str = ""
    length: int = 0
    is_required: bool = False
    is_read_only: bool = False
    is_queryable: bool = False
    references: str = ""
    picklist: dict[int, str] = field(default_factory=dict)

    @classmethod
    def parse_all(cls, answer: Any) -> dict[str, FieldInformation]:
        """The `fields` of an answer, by name."""
        parsed = [cls._parse(one) for one in _objects(answer)]
        return {one.name: one for one in parsed if one.name}

    @classmethod
    def _parse(cls, data: Mapping[str, Any]) -> FieldInformation:
        choices = [
            (values.whole(choice.get("value")), values.text(choice.get("label")) or "")
            for choice in _objects(data.get("picklistValues"))
        ]
        return cls(
            name=values.text(data.get("name")) or "",
            type=values.text(data.get("dataType")) or "",
            length=values.whole(data.get("length")) or 0,
            is_required=values.flag(data.get("isRequired")) or False,
            is_read_only=values.flag(data.get("isReadOnly")) or False,
            is_queryable=values.flag(data.get("isQueryable")) or False,
            references=values.text(data.get("referenceEntityType")) or "",
            picklist={value: label for value, label in choices if value is not None},
        )


@dataclass(frozen=True, slots=True)
class Rights:
    """What the API user's security level says about an entity. It may be shown fewer rows than it may query."""

    may_query: bool = False
    may_update: bool = False

    @classmethod
    def parse(cls, answer: Any) -> Rights:
        """The `info` of an answer."""
        info = answer if isinstance(answer, dict) else {}
        return cls(_right(info, "Query"), _right(info, "Update"))


@dataclass(frozen=True, slots=True)
class Threshold:
    """Calls of all integrations together: `used` of `limit` in the last `minutes`. 0 where Autotask does not tell."""

    limit: int = 0
    minutes: int = 0
    used: int = 0

    @classmethod
    def parse(cls, answer: Mapping[str, Any]) -> Threshold:
        """The answer of ThresholdInformation."""
        return cls(
            limit=values.whole(answer.get("externalRequestThreshold")) or 0,
            minutes=values.whole(answer.get("requestThresholdTimeframe")) or 0,
            used=values.whole(answer.get("currentTimeframeRequestCount")) or 0,
        )


def _right(info: Mapping[str, Any], verb: str) -> bool:
    level = values.text(info.get(f"userAccessFor{verb}")) or ""
    return bool(values.flag(info.get(f"can{verb}"))) and level.lower() not in ("", "none", "0")


def _objects(answer: Any) -> list[dict[str, Any]]:
    return [one for one in answer if isinstance(one, dict)] if isinstance(answer, list) else []
