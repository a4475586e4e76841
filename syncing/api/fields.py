"""Fields and serializers that take nothing for what it is not: unknown names and wrong types are refused, by name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any, cast

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail, ValidationError

LARGEST_ID = 2**63 - 1


class StrictSerializer(serializers.Serializer[Any]):
    """Refuses members that it does not know, together with all that is wrong with the others."""

    def to_internal_value(self, data: Any) -> Any:
        unknown = refused_names(data, self.fields) if isinstance(data, Mapping) else {}
        try:
            values = super().to_internal_value(data)
        except ValidationError as error:
            raise ValidationError({**cast(dict[str, Any], error.detail), **unknown}) from None
        if unknown:
            raise ValidationError(unknown)
        return values


def refused_names(given: Iterable[Any], known: Iterable[str]) -> dict[str, list[ErrorDetail]]:
    """An error for each of the given names that is not known."""
    return {
        str(name): [ErrorDetail("There is no such name.", code="unknown")]
        for name in sorted(set(map(str, given)) - set(known))
    }


class Flag(serializers.BooleanField):
    """true or false; DRF's takes "yes", "on" and 1 too."""

    def to_internal_value(self, data: Any) -> bool:
        if not isinstance(data, bool):
            self.fail("invalid", input=data)
        return data


@extend_schema_field({"type": "string", "format": "decimal", "examples": ["115.00"]})
class Money(serializers.Field[Any, Any, str, Any]):
    """An amount as a string, to the cent, or finer where it is; only to read."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(read_only=True, **kwargs)

    def to_representation(self, value: Decimal | str) -> str:
        whole, _, decimals = f"{Decimal(value):f}".partition(".")
        return f"{whole}.{decimals.rstrip('0'):0<2}"


@extend_schema_field({"type": "string", "format": "decimal", "examples": ["2.5"]})
class Quantity(serializers.Field[Any, Any, str, Any]):
    """A number as a string, without idle zeros; only to read."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(read_only=True, **kwargs)

    def to_representation(self, value: Decimal | str) -> str:
        text = f"{Decimal(value):f}"
        return text.rstrip("0").rstrip(".") if "." in text else text


class Identifier(serializers.IntegerField):
    """An id of ours or of Autotask's."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"min_value": 0, "max_value": LARGEST_ID, **kwargs})

    def to_internal_value(self, data: Any) -> int:
        if isinstance(data, bool | float):
            self.fail("invalid")
        return super().to_internal_value(data)


class OneOrMore(serializers.ListField):
    """A list, or a single value, which in a query may hold several with commas between."""

    def to_internal_value(self, data: Any) -> list[Any]:
        return super().to_internal_value(data.split(",") if isinstance(data, str) else data)
