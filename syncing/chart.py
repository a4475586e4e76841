"""The overview's chart: documents by day and by what became of them, as rectangles for an SVG. Pure."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

WIDTH: Final = 960
HEIGHT: Final = 168
LEFT: Final = 36  # for the figures of the scale
TOP: Final = 8
BOTTOM: Final = 22  # for the dates
PLOT: Final = HEIGHT - TOP - BOTTOM
LABEL_EVERY: Final = 7


@dataclass(frozen=True, kw_only=True)
class Part:
    """What becomes of documents, in the words of the legend; `name` is its class in the style sheet."""

    name: str
    label: str


# From the ground up.
PARTS: Final = (
    Part(name="synced", label="In Xero"),
    Part(name="waiting", label="On the way"),
    Part(name="stuck", label="Needs attention"),
    Part(name="skipped", label="Skipped or voided"),
)


@dataclass(frozen=True, kw_only=True)
class Block:
    part: Part
    y: float
    height: float


@dataclass(frozen=True, kw_only=True)
class Bar:
    """One day. `counts` are in the order of PARTS; `label` stands under the bar, where there is room for one."""

    day: datetime.date
    counts: tuple[int, ...]
    x: float
    width: float
    blocks: tuple[Block, ...]
    label: str

    @property
    def middle(self) -> float:
        return round(self.x + self.width / 2, 1)

    @property
    def words(self) -> str:
        """“5 May: 12 In Xero, 1 Needs attention”."""
        told = [f"{count:,} {part.label}" for part, count in zip(PARTS, self.counts, strict=True) if count]
        return f"{self.day.day} {self.day:%B}: {', '.join(told) or 'none'}"


@dataclass(frozen=True)
class Mark:
    """A line of the scale."""

    value: int
    y: float


@dataclass(frozen=True)
class Chart:
    bars: tuple[Bar, ...]
    marks: tuple[Mark, ...]
    parts: tuple[Part, ...] = PARTS
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT

    @property
    def is_empty(self) -> bool:
        return not any(sum(bar.counts) for bar in self.bars)

    @property
    def words(self) -> str:
        """The whole chart in one sentence, for those who do not see it."""
        totals = [sum(bar.counts[place] for bar in self.bars) for place in range(len(PARTS))]
        told = ", ".join(f"{total:,} {part.label}" for part, total in zip(PARTS, totals, strict=True))
        return f"Documents of the last {len(self.bars)} days: {told}."


def draw(days: Sequence[datetime.date], counts: Mapping[datetime.date, Mapping[str, int]]) -> Chart:
    """A bar for each of `days`, oldest first. `counts` are by day and by the name of a part."""
    rows = [tuple(counts.get(day, {}).get(part.name, 0) for part in PARTS) for day in days]
    top = _scale(max((sum(row) for row in rows), default=0))
    step = (WIDTH - LEFT) / max(len(days), 1)
    last = len(days) - 1
    bars = [
        Bar(
            day=day,
            counts=row,
            x=round(LEFT + place * step + step * 0.15, 1),
            width=round(step * 0.7, 1),
            blocks=_blocks(row, top),
            label=f"{day.day} {day:%b}" if (last - place) % LABEL_EVERY == 0 else "",
        )
        for place, (day, row) in enumerate(zip(days, rows, strict=True))
    ]
    marks = tuple(Mark(value, _y(value, top)) for value in sorted({0, top // 2, top}))
    return Chart(tuple(bars), marks)


def _blocks(row: tuple[int, ...], top: int) -> tuple[Block, ...]:
    blocks = []
    below = 0
    for part, count in zip(PARTS, row, strict=True):
        if count:
            y = _y(below + count, top)
            blocks.append(Block(part=part, y=y, height=round(max(_y(below, top) - y, 1), 1)))
        below += count
    return tuple(blocks)


def _y(value: int, top: int) -> float:
    return round(TOP + PLOT * (1 - value / top), 1)


def _scale(highest: int) -> int:
    """The least of 2, 4, 10, 20, 40, 100 … that holds `highest`: its half is a whole number too."""
    power = 1
    while True:
        for step in (2, 4, 10):
            if step * power >= highest:
                return step * power
        power *= 10
