"""When our chat is open: 10:00 to 19:00 UTC+12, Monday to Friday. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta, timezone

ZONE = timezone(timedelta(hours=12))
OPENS, CLOSES = time(10), time(19)
WEEKDAYS = range(5)  # Monday to Friday, of our zone


@dataclass(frozen=True)
class Chat:
    """Whether it is open, and when that changes next (in UTC+12; pages show it in the reader's zone)."""

    is_open: bool
    changes_at: datetime


def chat_at(now: datetime) -> Chat:
    """The chat at the moment `now`, which is aware."""
    here = now.astimezone(ZONE)
    if here.weekday() in WEEKDAYS and OPENS <= here.time() < CLOSES:
        return Chat(is_open=True, changes_at=datetime.combine(here, CLOSES, ZONE))
    days = (here.date() + timedelta(days=ahead) for ahead in range(4))
    openings = (datetime.combine(day, OPENS, ZONE) for day in days if day.weekday() in WEEKDAYS)
    return Chat(is_open=False, changes_at=next(opening for opening in openings if opening > here))
