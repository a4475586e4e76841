"""The overview's chart: documents by day and by what became of them, as rectangles for an SVG. Pure.

The drawing is stretched to the place that it has, so that it stays as high on a phone: its words stand beside it, and
not in it.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

DAY_WIDTH: Final = 10
BAR_WIDTH: Final = 7
HEIGHT: Final = 100


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
    """One day. `counts` are in the order of PARTS."""

    day: datetime.date
    counts: tuple[int, ...]
    x: int
    blocks: tuple[Block, ...]
    width: int = BAR_WIDTH

    @property
    def words(self) -> str:
        """“5 May: 12 In Xero, 1 Needs attention”."""
        told = [f"{count:,} {part.label}" for part, count in zip(PARTS, self.counts, strict=True) if count]
        return f"{self.day.day} {self.day:%B}: {', '.join(told) or 'none'}"


@dataclass(frozen=True)
class Chart:
    """Its scale goes from 0 to `top`."""

    bars: tuple[Bar, ...]
    top: int
    parts: tuple[Part, ...] = PARTS
    height: int = HEIGHT

    @property
    def width(self) -> int:
        return len(self.bars) * DAY_WIDTH

    @property
    def half(self) -> int:
        return self.top // 2

    @property
    def days_told(self) -> list[datetime.date]:
        """The first day, one in the middle, and the last."""
        return [self.bars[place].day for place in (0, len(self.bars) // 2, -1)]

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
    """A bar for each of `days`, of which there is at least one, oldest first. `counts` are by day and name of part."""
    rows = [tuple(counts.get(day, {}).get(part.name, 0) for part in PARTS) for day in days]
    top = scale_of(max(map(sum, rows)))
    bars = (
        Bar(day=day, counts=row, x=place * DAY_WIDTH, blocks=_blocks(row, top))
        for place, (day, row) in enumerate(zip(days, rows, strict=True))
    )
    return Chart(tuple(bars), top)


def scale_of(highest: int) -> int:
    """The least of 2, 4, 10, 20, 40, 100 … that holds `highest`: its half is a whole number too."""
    power = 1
    while True:
        for step in (2, 4, 10):
            if step * power >= highest:
                return step * power
        power *= 10


def _blocks(row: tuple[int, ...], top: int) -> tuple[Block, ...]:
    blocks = []
    below = 0
    for part, count in zip(PARTS, row, strict=True):
        if count:
            height = round(HEIGHT * count / top, 2)
            blocks.append(Block(part=part, y=round(HEIGHT - HEIGHT * below / top - height, 2), height=height))
        below += count
    return tuple(blocks)
