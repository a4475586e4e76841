"""Cursor pages: they stay true while rows come and go, and cost the same however far one walks."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiParameter
from rest_framework.exceptions import ErrorDetail, NotFound
from rest_framework.pagination import Cursor, CursorPagination
from rest_framework.request import Request

from syncing.api.problems import InvalidParameters

LARGEST_ID = 2**63 - 1


class CursorPage(CursorPagination):
    """`{"results": […], "next": url|null, "previous": url|null}`, newest first by an integer column."""

    ordering: str | tuple[str, ...] = "-id"
    page_size = 50
    max_page_size = 200
    page_size_query_param = "page_size"
    page_size_query_description = "How many to a page: 50 unless told, 200 at most."
    cursor_query_description = "Where the page begins, as `next` or `previous` gave it."

    def get_page_size(self, request: Request) -> int | None:
        asked = request.query_params.get("page_size")
        if not asked:
            return self.page_size
        if not (asked.isascii() and asked.isdigit() and len(asked) < 10 and 1 <= int(asked) <= self.max_page_size):
            raise InvalidParameters({"page_size": ErrorDetail(f"From 1 to {self.max_page_size}.", "invalid")})
        return int(asked)

    def decode_cursor(self, request: Request) -> Cursor | None:
        """DRF's, which lets any text through as a position in an integer column."""
        invalid = InvalidParameters({"cursor": ErrorDetail("This is no cursor that we gave.", "invalid")})
        try:
            cursor: Cursor | None = super().decode_cursor(request)
        except NotFound:
            raise invalid from None
        if cursor is None or cursor.position is None:
            return cursor
        try:
            position = int(cursor.position)
        except ValueError:
            raise invalid from None
        if abs(position) > LARGEST_ID:
            raise invalid
        return cursor

    @classmethod
    def parameters(cls) -> list[OpenApiParameter]:
        """Of the query, for a view that pages a part of its answer by itself."""
        return [
            OpenApiParameter(cls.cursor_query_param, str, description=cls.cursor_query_description),
            OpenApiParameter(cls.page_size_query_param, int, description=cls.page_size_query_description),
        ]

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        url = {"type": ["string", "null"], "format": "uri"}
        return {
            "type": "object",
            "required": ["results", "next", "previous"],
            "properties": {"results": schema, "next": url, "previous": url},
        }
