"""How the API says what went wrong: problem details, whatever it was, from a wrong field to a bug of ours.

https://www.rfc-editor.org/rfc/rfc9457
"""

from __future__ import annotations

import logging
import math
import uuid
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.http import Http404
from rest_framework import exceptions, status
from rest_framework.response import Response
from rest_framework.settings import api_settings

from faults.catalogue import KINDS
from faults.problems import NeedsSupport, SyncProblem, Transient
from syncing.partners import NotConnectedError

logger = logging.getLogger(__name__)

CONTENT_TYPE = "application/problem+json"


class Conflict(exceptions.APIException):
    """What was asked for does not fit the state that things are in."""

    status_code = status.HTTP_409_CONFLICT
    default_code = "conflict"


class InvalidParameters(exceptions.ValidationError):
    """Errors of the query string, and not of the body."""


def handle_exception(exception: Exception, context: Mapping[str, Any]) -> Response:  # noqa: PLR0911 - one for each
    """DRF's exception handler: every exception becomes a problem; what nobody foresaw is logged under a reference."""
    match exception:
        case Http404():
            return _of_api_exception(exceptions.NotFound())
        case PermissionDenied():
            return _of_api_exception(exceptions.PermissionDenied(*exception.args))
        case RequestDataTooBig():
            return problem(
                status.HTTP_413_REQUEST_ENTITY_TOO_LARGE,
                f"The body is larger than {settings.DATA_UPLOAD_MAX_MEMORY_SIZE:,} bytes.",
                "too_large",
            )
        case exceptions.ValidationError():
            return _of_validation(exception)
        case exceptions.APIException():
            return _of_api_exception(exception)
        case SyncProblem():
            return _of_sync_problem(exception)
        case NotConnectedError():
            return problem(status.HTTP_409_CONFLICT, "Connect Autotask and Xero first.", "not_connected")
        case _:
            return _of_bug(exception)


def problem(
    status_code: int, detail: str, code: str, *, headers: Mapping[str, str] | None = None, **members: Any
) -> Response:
    """A response of problem details. `code` is for programs; further members are extensions, as the RFC has them."""
    phrase = HTTPStatus(status_code).phrase
    body = {"type": "about:blank", "title": phrase, "status": status_code, "detail": detail, "code": code, **members}
    return Response(body, status=status_code, headers=dict(headers or {}), content_type=CONTENT_TYPE)


def _of_api_exception(exception: exceptions.APIException) -> Response:
    headers = {}
    if challenge := getattr(exception, "auth_header", None):
        headers["WWW-Authenticate"] = challenge
    if (wait := getattr(exception, "wait", None)) is not None:
        headers["Retry-After"] = str(math.ceil(wait))
    return problem(exception.status_code, str(exception.detail), _code(exception), headers=headers)


def _code(exception: exceptions.APIException) -> str:
    codes = exception.get_codes()
    return codes if isinstance(codes, str) else exception.default_code


def _of_validation(exception: exceptions.ValidationError) -> Response:
    in_query = isinstance(exception, InvalidParameters)
    errors = [
        {"parameter": path[0], **error} if in_query and path else {"pointer": "/".join(("#", *path)), **error}
        for path, error in _errors(exception.detail)
    ]
    first = errors[0]
    # A parameter may come without a name: "?=1".
    where = first["parameter"] if "parameter" in first else first["pointer"].removeprefix("#/")
    detail = first["detail"] if where == "#" else f"{where}: {first['detail']}"
    if len(errors) > 1:
        detail += f" And {len(errors) - 1} more."
    return problem(exception.status_code, detail, "invalid", errors=errors)


def _errors(detail: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], dict[str, str]]]:
    """Each error with the path of the member that it is about; no path where it is about the whole."""
    if isinstance(detail, Mapping):
        for name, inner in detail.items():
            yield from _errors(inner, path if name == api_settings.NON_FIELD_ERRORS_KEY else (*path, str(name)))
    elif isinstance(detail, list):
        for index, inner in enumerate(detail):
            # A list holds the errors of one member, or, by position, those of its items.
            yield from _errors(inner, path if isinstance(inner, str) else (*path, str(index)))
    else:
        yield path, {"code": str(getattr(detail, "code", "invalid")), "detail": str(detail)}


def _of_sync_problem(exception: SyncProblem) -> Response:
    """A partner, or the link to it, stands in the way: try later (503), mend it first (409), or tell us (502)."""
    if isinstance(exception, Transient):
        wait = str(math.ceil(exception.retry_after or 60))
        return of_sync_problem(exception, status.HTTP_503_SERVICE_UNAVAILABLE, {"Retry-After": wait})
    if isinstance(exception, NeedsSupport):
        return of_sync_problem(exception, status.HTTP_502_BAD_GATEWAY)
    return of_sync_problem(exception, status.HTTP_409_CONFLICT)


def of_sync_problem(exception: SyncProblem, status_code: int, headers: Mapping[str, str] | None = None) -> Response:
    """The problem in the catalogue's words, with its article as the type."""
    kind = KINDS.get(exception.code, KINDS["unexpected"])
    return problem(
        status_code,
        exception.detail or kind.what_happened,
        exception.code,
        headers=headers,
        type=settings.BASE_URL + kind.article_path,
        title=kind.title,
    )


def _of_bug(exception: Exception) -> Response:
    reference = uuid.uuid4().hex[:12]
    logger.error("Unexpected error %s in the API", reference, exc_info=exception)
    detail = f"This is a fault of ours, and has been logged. Tell support the reference {reference}."
    return problem(status.HTTP_500_INTERNAL_SERVER_ERROR, detail, "unexpected", reference=reference)
