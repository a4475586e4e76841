"""xero-python as the transport: it knows the addresses, parameters and headers. What it does by itself is off.

Left alone (15.2.0) it sleeps on a 429 and sends a PUT again after a dropped connection (urllib3's default retries),
waits for ever, shares one token between all clients of a process (its Configuration is a singleton), refreshes without
a lock, writes our JSON anew, and dies on a null or on a value that is newer than itself. Here one call is one request,
with its own token and time-outs; bytes go out as they are given, and every answer comes back as it was.
"""

from __future__ import annotations

import json
import ssl
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final
from urllib.parse import quote, urlencode

import urllib3
from django.conf import settings
from urllib3.exceptions import ConnectTimeoutError, HTTPError, NewConnectionError, ReadTimeoutError, SSLError
from xero_python.accounting import AccountingApi
from xero_python.api_client import ApiClient
from xero_python.api_client.configuration import Configuration
from xero_python.api_client.oauth2 import OAuth2Token

from syncing.exchanges import exchange
from syncing.xero.replies import SUBJECT, Answer, NoAnswer

TIMEOUT: Final = urllib3.Timeout(connect=5, read=60)  # seconds: to connect, and between two pieces of an answer
# A whole answer takes no longer, or one that drips would keep a worker for ever.
LONGEST_ANSWER_SECONDS: Final = 150
PIECE_BYTES: Final = 1 << 20


def accounting_api(bearer: Callable[[], str]) -> Any:
    """The SDK's Accounting API for one client. `bearer` gives the access token of each request.

    Its methods want ``_preload_content=False``; they return an Answer. Raises NoAnswer, and what `bearer` raises.
    """
    configuration = Configuration()
    configuration.debug = False  # it would print bearer tokens, for the whole process
    configuration.oauth2_token = OAuth2Token()  # of this client alone, and without the means to refresh

    def token() -> dict[str, Any]:
        return {"access_token": bearer(), "scope": [], "expires_in": None, "token_type": "Bearer"}

    client = _OneRequest(configuration, oauth2_token_getter=token)
    client.set_default_header("Accept-Encoding", "gzip")
    return AccountingApi(client, base_url=f"{settings.XERO_API_URL}/api.xro/2.0")


class _OneRequest(ApiClient):  # type: ignore[misc] # the SDK has no types
    """An ApiClient whose call is one request. `body`: bytes as they are, else a value to write as JSON."""

    def request(  # noqa: PLR0917 - the SDK's own signature
        self,
        method: str,
        url: str,
        query_params: Sequence[tuple[str, Any]] | None = None,
        headers: Mapping[str, str] | None = None,
        post_params: Any = None,
        body: Any = None,
        _preload_content: bool = True,
        _request_timeout: Any = None,
    ) -> Answer:
        if query_params:
            url = f"{url}?{urlencode(query_params, quote_via=quote)}"
        content = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        with exchange(SUBJECT, method, url, headers or {}, content) as now:
            try:
                response = self.rest_client.pool_manager.request(
                    method,
                    url,
                    body=content,
                    headers=headers,
                    timeout=TIMEOUT,
                    retries=False,
                    redirect=False,
                    preload_content=False,
                )
                now.answered(response.status, response.headers, _whole_body(response))
            except HTTPError as error:
                raise NoAnswer(_words(error), sent=not _never_opened(error)) from error
            return Answer(response.status, response.headers, now.answer)


def _whole_body(response: urllib3.BaseHTTPResponse) -> bytes:
    deadline = time.monotonic() + LONGEST_ANSWER_SECONDS
    pieces = []
    for piece in response.stream(PIECE_BYTES):
        pieces.append(piece)
        if time.monotonic() > deadline:
            response.close()
            raise NoAnswer(f"The answer was not complete after {LONGEST_ANSWER_SECONDS} seconds.", sent=True)
    response.release_conn()
    return b"".join(pieces)


def _words(error: HTTPError) -> str:
    match error:
        case NewConnectionError():
            return f"Xero could not be reached ({type(error).__name__})."
        case ConnectTimeoutError():
            return f"Xero could not be reached within {TIMEOUT.connect_timeout:g} seconds."
        case ReadTimeoutError():
            return f"Xero did not answer within {TIMEOUT.read_timeout:g} seconds."
        case _:
            return f"The connection to Xero broke before it had answered ({type(error).__name__})."


def _never_opened(error: HTTPError) -> bool:
    """Whether the connection failed before a byte of the request could leave."""
    if isinstance(error, SSLError):
        return any(isinstance(cause, ssl.SSLCertVerificationError) for cause in error.args)
    return isinstance(error, NewConnectionError | ConnectTimeoutError)
