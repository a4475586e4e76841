"""Every address that the product answers, as the resolver has them: a new one is there the day it is made."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.urls import URLPattern, get_resolver
from django.utils.regex_helper import normalize


@dataclass(frozen=True)
class Address:
    """`path` has a place for each of `parameters`, as `%(document_id)s`, and no slash before it."""

    path: str
    parameters: tuple[str, ...]
    name: str
    view: Callable[..., Any]

    def url(self, arguments: Mapping[str, Any]) -> str:
        """Raises KeyError for a parameter that `arguments` (tests/one_of_everything.py) has no value for."""
        return "/" + self.path % arguments

    def __str__(self) -> str:
        return f"/{self.path} ({self.name or 'without a name'})"


def addresses(beginning: str = "") -> list[Address]:
    """Those whose path begins so."""
    return [each for each in _walk(get_resolver().url_patterns) if each.path.startswith(beginning)]


def _walk(
    patterns: list[Any], before: str = "", parameters: tuple[str, ...] = (), namespace: str = ""
) -> Iterator[Address]:
    for pattern in patterns:
        # As reverse() reads them; several possibilities differ only in what is optional.
        path, names = normalize(pattern.pattern.regex.pattern)[0]
        path, names = before + path, (*parameters, *names)
        if isinstance(pattern, URLPattern):
            yield Address(path, names, namespace + (pattern.name or ""), pattern.callback)
        else:
            inner = f"{pattern.namespace}:" if pattern.namespace else ""
            yield from _walk(pattern.url_patterns, path, names, namespace + inner)
