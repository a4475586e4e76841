"""The history of changes, in words."""

from __future__ import annotations

from dataclasses import dataclass

from syncing.models import SettingsChange
from syncing.settings_pages import SETTINGS, in_words


@dataclass(frozen=True)
class ChangedValue:
    """What was changed, what it was and what it is; empty where there was, or is, nothing."""

    name: str
    before: str
    after: str


def in_sentences(change: SettingsChange) -> list[ChangedValue]:
    """A saved change, value by value. Mappings keep words of their own; a setting's value is put into them."""
    if change.what != SettingsChange.SETTINGS:
        return [ChangedValue(one["name"], one["before"] or "", one["after"] or "") for one in change.changes]
    return [
        ChangedValue(
            SETTINGS[one["name"]].label if one["name"] in SETTINGS else one["name"],
            in_words(one["name"], one["before"]),
            in_words(one["name"], one["after"]),
        )
        for one in change.changes
        if one["name"] in SETTINGS
    ]
