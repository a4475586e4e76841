"""One request to Autotask, and what its answer comes to: a parsed object, or one of our problems.

Sessions are plain: no redirects, no retries, no log-ins from a `.netrc`. `zone.checked_url` has checked the host.
https://ww1.autotask.net/help/DeveloperHelp/Content/APIs/REST/General_Topics/REST_Thresholds_Limits.htm
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import requests
from django.views.decorators.debug import sensitive_variables
from requests.exceptions import ChunkedEncodingError, ContentDecodingError, InvalidHeader

from faults.classify import classify_autotask
from faults.problems import NeedsPerson, NeedsSupport, SyncProblem, Transient
from syncing.autotask import values
from syncing.exchanges import exchange, why_no_answer
from syncing.limits import retry_after

TIMEOUTS: Final = (5, 60)  # seconds: to connect, and between two pieces of an answer
# A whole answer takes no longer and is no larger, or a slow or endless one would keep a worker for ever.
LONGEST_ANSWER_SECONDS: Final = 150
LARGEST_ANSWER_BYTES: Final = 100_000_000
PIECE_BYTES: Final = 1 << 20

# Another call of the same entity ends within seconds; the hourly threshold does not fall so soon.
THREADS_RETRY_SECONDS: Final = 5.0
THRESHOLD_RETRY_SECONDS: Final = 60.0
LONGEST_RETRY_SECONDS: Final = 3600.0
THREADS: Final = ("itgenatr005", "thread threshold")

MOST_ERRORS: Final = 20
LONGEST_ERROR: Final = 2000


@dataclass(frozen=True)
class Answer:
    """What came back, unread."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)


def open_session() -> requests.Session:
    """A session that takes nothing from its surroundings."""
    session = requests.Session()
    session.trust_env = False
    return session


@sensitive_variables("headers", "encoded")
def send(
    session: requests.Session,
    method: str,
    url: str,
    *,
    headers: Mapping[str, str] | None = None,
    body: Any = None,
    parameters: Mapping[str, str] | None = None,
) -> Answer:
    """Make one request; `body` is sent as JSON.

    Raises Transient("autotask-timeout") where no whole answer came, and NeedsPerson("autotask-login-refused") for a
    header that cannot be sent. No exception of requests goes further: they hold the request with its secrets.
    """
    encoded = {name: value.encode() for name, value in (headers or {}).items()}
    content = None if body is None else json.dumps(body)
    deadline = time.monotonic() + LONGEST_ANSWER_SECONDS
    try:
        with (
            exchange("Autotask", method, url, headers or {}, content) as now,
            session.request(
                method,
                url,
                params=parameters,
                data=content,
                headers={"Content-Type": "application/json", "Accept": "application/json", **encoded},
                timeout=TIMEOUTS,
                allow_redirects=False,
                stream=True,
            ) as response,
        ):
            now.answered(response.status_code, response.headers, _read(response, deadline))
            return Answer(response.status_code, response.headers, now.answer)
    except (InvalidHeader, UnicodeError):
        words = "The user name, secret or tracking identifier has a line break or a blank in a place where none can be."
        raise NeedsPerson("autotask-login-refused", words, "Autotask") from None
    except (requests.Timeout, requests.ConnectionError, ChunkedEncodingError, ContentDecodingError) as error:
        raise Transient("autotask-timeout", why_no_answer(error, "Autotask", *TIMEOUTS), "Autotask") from None
    except requests.RequestException as error:
        raise NeedsSupport("unexpected", f"{type(error).__name__} on a call to Autotask", "Autotask") from None


def _read(response: requests.Response, deadline: float) -> bytes:
    pieces, size = [], 0
    for piece in response.iter_content(PIECE_BYTES):
        pieces.append(piece)
        size += len(piece)
        if size > LARGEST_ANSWER_BYTES:
            raise NeedsSupport("unexpected", f"An answer was larger than {LARGEST_ANSWER_BYTES:,} bytes", "Autotask")
        if time.monotonic() > deadline:
            words = f"The answer was not complete after {LONGEST_ANSWER_SECONDS} seconds."
            raise Transient("autotask-timeout", words, "Autotask")
    return b"".join(pieces)


@sensitive_variables("value")
def accepted(answer: Answer, masked: Callable[[str], str] = str) -> dict[str, Any]:
    """The object that a successful answer holds. `masked` takes secrets out of the partner's texts.

    Raises the problem that any other answer tells of: its status and its `errors`, which come with a 200 too.
    """
    value = _value(answer)
    errors = [masked(error) for error in errors_of(value)]
    if answer.status in range(200, 300) and not errors:
        if isinstance(value, dict):
            return value
        raise _unreadable(answer, value)
    if answer.status in range(300, 400):
        words = f"Autotask answered with a redirect ({answer.status}), which is not followed."
        raise Transient("service-unavailable", words, "Autotask")
    raise _refusal(answer, errors)


def _value(answer: Answer) -> Any:
    """The parsed body; None where it is no JSON."""
    try:
        return values.load(answer.body)
    except ValueError:
        return None


def errors_of(value: Any) -> list[str]:
    """The texts of an answer's `errors` (texts, or objects with a message) or of the framework's `Message`."""
    if not isinstance(value, dict):
        return []
    found = {str(name).lower(): content for name, content in value.items()}
    errors = found.get("errors")
    if not isinstance(errors, list):
        errors = [errors or found.get("message")]
    texts = [values.text(_message(error)) for error in errors[:MOST_ERRORS] if error]
    return [text[:LONGEST_ERROR] for text in texts if text]


def _message(error: Any) -> Any:
    if not isinstance(error, dict):
        return error
    return next((error[name] for name in ("message", "Message", "errorMessage") if name in error), None) or str(error)


def _unreadable(answer: Answer, value: Any) -> SyncProblem:
    """A success that is none: a page of a proxy or of maintenance, an answer cut short, or JSON of another kind."""
    kind = answer.headers.get("Content-Type", "").partition(";")[0] or "no content type"
    if value is None:
        words = f"Autotask answered {answer.status} with something that is no JSON ({kind[:100]})."
        return Transient("service-unavailable", words, "Autotask")
    return NeedsSupport("unexpected", f"Autotask answered with a JSON {type(value).__name__}, no object.", "Autotask")


def _refusal(answer: Answer, errors: list[str]) -> SyncProblem:
    seconds = None
    if any(words in error.lower() for error in errors for words in THREADS):
        seconds = THREADS_RETRY_SECONDS
    elif answer.status == 429 or "Retry-After" in answer.headers:
        seconds = min(retry_after(answer.headers, THRESHOLD_RETRY_SECONDS), LONGEST_RETRY_SECONDS)
    return classify_autotask(answer.status, errors, retry_after=seconds)
