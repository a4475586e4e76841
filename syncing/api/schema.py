"""How the API is described, in OpenAPI 3.1, where drf-spectacular cannot tell by itself."""

from __future__ import annotations

from typing import Any, cast

from django.core.validators import RegexValidator
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from rest_framework.generics import GenericAPIView

from syncing.api.authentication import TokenAuthentication
from syncing.api.problems import CONTENT_TYPE

PROBLEM = {
    "type": "object",
    "description": "What went wrong, as RFC 9457 has it.",
    "required": ["type", "title", "status", "detail", "code"],
    "properties": {
        "type": {
            "type": "string",
            "format": "uri-reference",
            "description": "The article of a fault kind, or about:blank where the status says it all.",
        },
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "For people."},
        "code": {"type": "string", "description": "For programs: a fault kind, or a short word."},
        "reference": {"type": "string", "description": "Of a fault of ours, to tell support."},
        "errors": {
            "type": "array",
            "description": "Everything that is wrong with the request. Nothing of it was done.",
            "items": {
                "type": "object",
                "required": ["code", "detail"],
                "properties": {
                    "pointer": {"type": "string", "description": "The member of the body, as a JSON pointer."},
                    "parameter": {"type": "string", "description": "The parameter of the query."},
                    "code": {"type": "string"},
                    "detail": {"type": "string"},
                },
            },
        },
    },
}
PROBLEM_RESPONSE = {
    "description": "A problem.",
    "content": {CONTENT_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
}


class TokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """How the API's description names it."""

    target_class = TokenAuthentication
    name = "token"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {
            "type": "apiKey",
            "in": "header",
            "name": "Authorization",
            "description": "`Token …`: a token of one account, from its settings; to read, or to read and write.",
        }


class AccountSchema(AutoSchema):
    """Reads from our views what drf-spectacular cannot know."""

    def get_override_parameters(self) -> list[Any]:
        query = getattr(self.view, "query_serializer", None)
        return [query] if query is not None and query().fields and self.method == "GET" else []

    def get_request_serializer(self) -> Any:
        return self._list_of_rows() if self._takes_list else super().get_request_serializer()

    def get_response_serializers(self) -> Any:
        return self._list_of_rows() if self._takes_list else super().get_response_serializers()

    def _insert_field_validators(self, field: Any, schema: dict[str, Any]) -> None:
        """drf-spectacular describes a pattern that must not be found as one that must."""
        validators = field.validators
        field.validators = [one for one in validators if not (isinstance(one, RegexValidator) and one.inverse_match)]
        super()._insert_field_validators(field, schema)  # type: ignore[no-untyped-call]
        field.validators = validators

    @property
    def _takes_list(self) -> bool:
        """Whether a list is replaced as a whole: sent, and answered, row by row."""
        return self.method == "PUT" and getattr(self.view, "takes_list", False)

    def _list_of_rows(self) -> Any:
        return cast(GenericAPIView[Any], self.view).get_serializer(many=True)


def add_problems(result: dict[str, Any], **context: Any) -> dict[str, Any]:
    """A postprocessing hook: every operation may answer with a problem."""
    result["components"].setdefault("schemas", {})["Problem"] = PROBLEM
    for path in result["paths"].values():
        for operation in path.values():
            operation["responses"]["default"] = PROBLEM_RESPONSE
    return result
