"""The sandbox's own time: the machine's clock plus an offset that can be set over HTTP, so that no test sleeps."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta


class Clock:
    """All sandbox time comes from here. ``offset_seconds`` is added to the machine's UTC clock."""

    def __init__(self) -> None:
        self.offset_seconds = 0.0

    def now(self) -> datetime:
        """The sandbox's time, aware, in UTC."""
        return datetime.now(UTC) + timedelta(seconds=self.offset_seconds)

    def today(self) -> date:
        """The sandbox's date in UTC."""
        return self.now().date()

    def timestamp(self) -> float:
        """Seconds since 1970, sandbox time."""
        return self.now().timestamp()

    def advance(self, seconds: float) -> None:
        """Move the sandbox's time on (or back, with a negative number)."""
        self.offset_seconds += seconds

    def reset(self) -> None:
        """Back to the machine's time."""
        self.offset_seconds = 0.0
