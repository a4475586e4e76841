"""Time zones as people choose them: by area and city."""

from __future__ import annotations

from itertools import groupby
from typing import Any
from zoneinfo import available_timezones

from django import forms

# The areas of the tz database that name cities; the rest of its names are there for old computers.
AREAS = ("Africa", "America", "Antarctica", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific")


def choices() -> list[tuple[str, Any]]:
    """UTC, and then the cities by area: the shape of a form's grouped choices."""
    names = sorted(name for name in available_timezones() if name.partition("/")[0] in AREAS)
    grouped = groupby(names, key=lambda name: name.partition("/")[0])
    return [
        ("UTC", "UTC"),
        *((area, [(name, _city(name)) for name in cities]) for area, cities in grouped),
    ]


def _city(name: str) -> str:
    """America/Argentina/Salta → Argentina, Salta."""
    return name.partition("/")[2].replace("/", ", ").replace("_", " ")


class TimeZoneField(forms.ChoiceField):
    """One time zone. A zone that is kept already stays choosable, also where its name is an old one.

    With `guess`, the page proposes the browser's own (static/js/app.js).
    """

    def __init__(self, *, guess: bool = False, **kwargs: Any) -> None:
        super().__init__(choices=choices, **kwargs)
        if guess:
            self.widget.attrs["data-time-zone"] = "guess"

    def valid_value(self, value: Any) -> bool:
        return super().valid_value(value) or value in available_timezones()
