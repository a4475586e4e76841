"""How Xero says no. Each is raised by whoever notices, and answered once, in ``guard.py``.

https://developer.xero.com/documentation/api/accounting/responsecodes
"""

from __future__ import annotations

from datetime import datetime
from http import HTTPStatus
from typing import Any

from aiohttp import web

from .wire import Row, dumps, new_id


class Refusal(Exception):  # noqa: N818
    """A refused request, with its answer."""

    def __init__(self, response: web.Response) -> None:
        super().__init__(response.status)
        self.response = response


def json_response(value: Any, status: int = 200) -> web.Response:
    """A JSON answer in Xero's notation."""
    return web.Response(body=dumps(value).encode(), status=status, content_type="application/json", charset="utf-8")


def html(status: int, text: str) -> Refusal:
    """An answer that is no JSON, as gateways and error pages give it."""
    return Refusal(web.Response(body=text.encode(), status=status, content_type="text/html", charset="utf-8"))


def _problem(status: int, detail: str) -> Refusal:
    title = HTTPStatus(status).phrase
    body: Row = {
        "Type": None,
        "Title": title,
        "Status": status,
        "Detail": detail,
        "Instance": new_id(),
        "Extensions": {},
    }
    return Refusal(json_response(body, status))


def token_expired(at: datetime) -> Refusal:
    """401: the access token was good once."""
    return _problem(401, f"TokenExpired: token expired at {at:%m/%d/%Y %H:%M:%S}")


def token_unknown() -> Refusal:
    """401: no token, a forged one or a revoked one."""
    return _problem(401, "AuthenticationUnsuccessful")


def scope_missing() -> Refusal:
    """401: the token is good, but not for this."""
    return _problem(401, "AuthorizationUnsuccessful")


def not_connected() -> Refusal:
    """403: this user's token does not (or no longer) reach the organisation that was named."""
    return _problem(403, "AuthenticationUnsuccessful")


def too_many(limit: str, retry_after: int | None) -> Refusal:
    """429, naming the limit; only the minute and the day say when to come again."""
    refusal = html(429, "The rate limit for this organisation or app has been exceeded.")
    refusal.response.headers["X-Rate-Limit-Problem"] = limit
    if retry_after is not None:
        refusal.response.headers["Retry-After"] = str(retry_after)
    return refusal


def not_found() -> Refusal:
    """404 for an address or an id that does not exist."""
    return html(404, "The resource you're looking for cannot be found")


def not_implemented() -> Refusal:
    """501 for a method that an endpoint does not have."""
    return html(501, "The method is not implemented for this resource")


def too_large() -> Refusal:
    """413: the body is larger than Xero takes."""
    return html(413, "Request Entity Too Large")


def not_json() -> Refusal:
    """406: the real service would have answered XML, which the sandbox does not speak."""
    return html(406, "Send Accept: application/json; without it the answer would be XML.")


def bad_post_data(why: str) -> Refusal:
    """400 for a body that cannot be read; nothing of it was done."""
    body = {"ErrorNumber": 14, "Type": "PostDataInvalidException", "Message": f"JSON for post data was invalid, {why}"}
    return Refusal(json_response(body, 400))


def bad_query(why: str) -> Refusal:
    """400 for a ``where`` or ``order`` that cannot be read."""
    return Refusal(json_response({"ErrorNumber": 16, "Type": "QueryParseException", "Message": why}, 400))


def invalid(elements: list[Row]) -> Refusal:
    """400 with the elements that were refused; those not listed were saved."""
    body = {
        "ErrorNumber": 10,
        "Type": "ValidationException",
        "Message": "A validation exception occurred",
        "Elements": elements,
    }
    return Refusal(json_response(body, 400))


def invalid_request(message: str) -> Refusal:
    """400 for the request as a whole, without elements."""
    return Refusal(json_response({"ErrorNumber": 10, "Type": "ValidationException", "Message": message}, 400))
