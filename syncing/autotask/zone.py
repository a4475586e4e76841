"""Which of Autotask's servers a database lives on, and the guard that keeps us from calling any other host.

https://ww1.autotask.net/help/DeveloperHelp/Content/APIs/REST/General_Topics/REST_Zones.htm
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import SplitResult, urlsplit

from django.conf import settings

from faults.problems import NeedsPerson, NeedsSupport, SyncProblem
from syncing.autotask import values
from syncing.autotask.transport import accepted, open_session, send

ROOT: Final = "/ATServicesRest"


@dataclass(frozen=True)
class Zone:
    """Where a database is: the root of its API without a last slash, of its pages (may be empty), and its id."""

    url: str
    web_url: str
    database_id: int


def discover_zone(username: str) -> Zone:
    """Ask Autotask where the database of this API user is. Needs no secret.

    Raises NeedsPerson("autotask-login-refused") for a user that Autotask does not know, NeedsSupport("unexpected") for
    an answer that points to a host that is not Autotask's, or tells too little, and Transient where none came.
    """
    if not username.strip():
        raise NeedsPerson("autotask-login-refused", "The user name is empty.", "Autotask")
    with open_session() as session:
        answer = send(
            session,
            "GET",
            f"{settings.AUTOTASK_ZONE_URL}{ROOT}/V1.0/ZoneInformation",
            parameters={"user": username.strip()},
        )
    try:
        found = accepted(answer)
    except SyncProblem as problem:
        if problem.code == "unexpected" and "status" in problem.evidence:
            # A refusal in words that we do not know: a name without a zone gets a 500, a 404, or a 200 with errors.
            raise NeedsPerson("autotask-login-refused", problem.detail, "Autotask") from None
        raise
    database_id = values.whole(found.get("ci"))
    if database_id is None:
        raise NeedsSupport("unexpected", "Autotask's zone answer does not tell the database (ci).", "Autotask")
    return Zone(checked_url(found.get("url")), _web_url(found.get("webUrl")), database_id)


def checked_url(url: Any) -> str:
    """The root of an Autotask API, in one form, where its host is Autotask's.

    The host name, without port, must match AUTOTASK_HOST_PATTERN as a whole; plain http is taken only where
    AUTOTASK_ZONE_URL itself is http. Raises NeedsSupport("unexpected") for any other address.
    """
    parts = _split(url)
    if parts is None or "@" in parts.netloc or not _is_autotask(parts.hostname):
        host = parts.hostname if parts else url
        raise NeedsSupport("unexpected", f"“{str(host)[:100]}” is no host of Autotask's; it is not called.", "Autotask")
    if not _scheme_allowed(parts.scheme):
        raise NeedsSupport("unexpected", f"Autotask's address is {parts.scheme}, not https.", "Autotask")
    path = re.sub(r"/+", "/", parts.path).rstrip("/")
    path = re.sub(r"/v1\.0$", "", path, flags=re.IGNORECASE)
    # Put together from what was checked, so that no other reading of the text can lead elsewhere.
    return f"{parts.scheme}://{_host_and_port(parts)}{path or ROOT}"


def _split(url: Any) -> SplitResult | None:
    """The parts of an address with a host; None where it is none."""
    try:
        parts = urlsplit(url if isinstance(url, str) else "")
        return parts if parts.hostname and parts.port != 0 else None
    except ValueError:
        return None


def _host_and_port(parts: SplitResult) -> str:
    return f"{parts.hostname}:{parts.port}" if parts.port else f"{parts.hostname}"


def _scheme_allowed(scheme: str) -> bool:
    return scheme == "https" or (scheme == "http" and settings.AUTOTASK_ZONE_URL.startswith("http://"))


def _is_autotask(host: str | None) -> bool:
    return re.fullmatch(settings.AUTOTASK_HOST_PATTERN, host or "") is not None


def _web_url(url: Any) -> str:
    """The root of Autotask's pages, for links; empty where it is no web address."""
    parts = _split(url)
    if parts is None or not _scheme_allowed(parts.scheme) or not re.fullmatch(r"[a-z0-9.-]+", parts.hostname or ""):
        return ""
    return f"{parts.scheme}://{_host_and_port(parts)}{parts.path.rstrip('/')}"
