"""Where a member may go in the account. `{% account_navigation %}` and `{% settings_navigation %}`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django import template
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse

from faults.models import Fault
from tenants.permissions import Permission, granted

register = template.Library()

# Label, name of the address, and what it takes to see it.
PLACES = (
    ("Overview", "overview", Permission.SEE),
    ("Faults", "faults", Permission.SEE),
    ("Documents", "documents", Permission.SEE),
    ("Preview", "previews", Permission.SEE),
    ("Log", "log", Permission.SEE),
)
SETTINGS = (
    ("Connections", "connections", Permission.SEE),
    ("Sync settings", "sync-settings", Permission.SEE),
    ("Mappings", "mappings", Permission.SEE),
    ("Account", "account-settings", Permission.SEE),
    ("Members", "members", Permission.SEE),
    ("API tokens", "api-tokens", Permission.MANAGE_TOKENS),
    ("History", "history", Permission.SEE),
)


@dataclass(frozen=True)
class Place:
    label: str
    url: str
    is_current: bool
    count: int = 0


@register.inclusion_tag("account/_navigation.html", takes_context=True)
def account_navigation(context: dict[str, Any]) -> dict[str, Any]:
    """The account's pages, how many faults are open, and the person's accounts. One query."""
    request = context["request"]
    account = request.account
    settings = _places(request, SETTINGS)
    places = _places(request, PLACES, faults=Fault.objects.filter(state=Fault.State.OPEN).count())
    if settings:
        in_settings = any(place.is_current for place in settings)
        places.append(Place("Settings", settings[0].url, in_settings))
    accounts = [member.account for member in request.memberships]
    return {
        "account": account,
        "accounts": [
            {"name": other.name, "slug": other.slug, "url": _url("overview", other.slug)} for other in accounts
        ],
        "places": places,
    }


@register.inclusion_tag("account/_settings_navigation.html", takes_context=True)
def settings_navigation(context: dict[str, Any]) -> dict[str, Any]:
    return {"places": _places(context["request"], SETTINGS)}


def _places(request: HttpRequest, places: Sequence[tuple[str, str, Permission]], **counts: int) -> list[Place]:
    """Those of `places` that exist, and that the member may see."""
    allowed = granted(request)
    return [
        Place(label, url, _is_current(request.path, url, name), counts.get(name, 0))
        for label, name, permission in places
        if permission in allowed and (url := _url(name, request.account.slug))  # type: ignore[attr-defined]
    ]


def _url(name: str, slug: str) -> str:
    try:
        return reverse(name, args=[slug])
    except NoReverseMatch:
        return ""


def _is_current(path: str, url: str, name: str) -> bool:
    """The overview lies above all the others, and is current only as itself."""
    return path == url if name == "overview" else path.startswith(url)
