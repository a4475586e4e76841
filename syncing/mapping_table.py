"""A page of mappings, row by row: what is mapped to what, and what of it is broken before it faults."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from syncing.change_mappings import mapped
from syncing.mapping_kinds import MappingKind, Source
from syncing.partner_lists import Choice, PartnerLists

State = Literal["mapped", "broken", "proposed", "open", "gone"]
MARKS: dict[State, tuple[str, str]] = {
    "mapped": ("good", "Mapped"),
    "broken": ("bad", "Broken"),
    "proposed": ("good", "By its rate"),
    "open": ("", "Not mapped"),
    "gone": ("warn", "Gone from Autotask"),
}


@dataclass(frozen=True, kw_only=True)
class MappingRow:
    """`value` is what stands, "" for nothing; `value_name` in words."""

    source: Source
    value: str
    value_name: str
    proposal_name: str
    suggestion_name: str
    state: State

    @property
    def mark(self) -> str:
        return MARKS[self.state][0]

    @property
    def word(self) -> str:
        return MARKS[self.state][1]


@dataclass(frozen=True, kw_only=True)
class MappingTable:
    """`choices` is None where Xero gave no list: then nothing can be mapped now, and nothing is told to be broken."""

    rows: list[MappingRow]
    choices: list[Choice] | None

    @property
    def broken(self) -> list[MappingRow]:
        return [row for row in self.rows if row.state == "broken"]

    @property
    def open(self) -> list[MappingRow]:
        return [row for row in self.rows if row.state == "open"]

    @property
    def suggested(self) -> list[MappingRow]:
        """What is not mapped, and may be meant for something that Xero has."""
        return [row for row in self.rows if row.state == "open" and row.suggestion_name]

    @property
    def proposed(self) -> list[MappingRow]:
        return [row for row in self.rows if row.state == "proposed"]

    @property
    def names(self) -> dict[str, str]:
        """The words for keys and values, for the history."""
        keys = {
            f"key:{row.source.key}": ", ".join(filter(None, (row.source.group, row.source.name))) for row in self.rows
        }
        return keys | {f"value:{value}": name for value, name in self.choices or ()}


def mapping_table(kind: MappingKind, lists: PartnerLists) -> MappingTable:
    """All rows of a kind: first what is broken or gone, then as Autotask has them."""
    standing = mapped(kind)
    sources, choices = kind.sources(lists), kind.choices(lists)
    known = {source.key: source for source in sources or ()}
    names = dict(choices or ())
    shown = [source for source in known.values() if source.is_active or source.key in standing]
    missing = [Source(key=key, name=key) for key in standing if key not in known]
    rows = [
        MappingRow(
            source=source,
            value=standing.get(source.key, ""),
            value_name=names.get(standing.get(source.key, ""), standing.get(source.key, "")),
            proposal_name=names.get(source.proposal, ""),
            suggestion_name=names.get(source.suggestion, ""),
            state=_state(source, standing, known if sources is not None else None, choices, names),
        )
        for source in (*shown, *missing)
    ]
    rows.sort(key=lambda row: row.state not in ("broken", "gone"))
    return MappingTable(rows=rows, choices=choices)


def _state(
    source: Source,
    standing: Mapping[str, str],
    known: Mapping[str, Source] | None,
    choices: Sequence[Choice] | None,
    names: Mapping[str, str],
) -> State:
    key = source.key
    if key not in standing:
        return "proposed" if source.proposal in names else "open"
    if choices is not None and standing[key] not in names:
        return "broken"
    return "gone" if known is not None and key not in known else "mapped"
