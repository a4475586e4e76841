"""How Autotask says no."""

from __future__ import annotations

from aiohttp import web

from sandbox.jsontext import dumps


class Refusal(Exception):  # noqa: N818 (an answer, no mistake of ours)
    """An answer that is no success: a status with ``errors`` (Autotask's), a ``message`` (the framework's) or nothing.

    Validation, bad filters and bad picklist values all come as 500 with ``errors``.
    """

    def __init__(
        self, *errors: str, status: int = 500, message: str | None = None, headers: dict[str, str] | None = None
    ) -> None:
        super().__init__(*errors)
        self.status = status
        self.errors = errors
        self.message = message
        self.headers = headers or {}

    def response(self) -> web.Response:
        """The HTTP answer."""
        if self.errors:
            body = dumps({"errors": list(self.errors)})
        elif self.message is not None:
            body = dumps({"Message": self.message})
        else:
            return web.Response(status=self.status, headers=self.headers)
        return web.Response(status=self.status, text=body, content_type="application/json", headers=self.headers)


def unauthorized() -> Refusal:
    """401, empty but for its header: the same for a wrong secret, a locked user and missing headers."""
    return Refusal(status=401, headers={"WWW-Authenticate": 'Basic Realm="Autotask Web Services"'})


def wrong_verb(method: str) -> Refusal:
    return Refusal(status=405, message=f"The requested resource does not support http method '{method}'.")


def no_such_path() -> Refusal:
    return Refusal(status=404, message="No HTTP resource was found that matches the request URI.")
