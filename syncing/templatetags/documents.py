"""How money, moments, states and partners read on pages."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from django import template
from django.db.models import TextChoices
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from faults.catalogue import KINDS
from syncing.chart import Bar
from syncing.document_list import why as why_not_in_xero
from syncing.models import Attempt, Document, SyncRun
from syncing.states import DocumentState

register = template.Library()

STATE_MARKS = {
    DocumentState.WAITING: "",
    DocumentState.IN_FLIGHT: "busy",
    DocumentState.UNCERTAIN: "busy",
    DocumentState.RETRYING: "warn",
    DocumentState.FAULTED: "bad",
    DocumentState.SYNCED: "good",
    DocumentState.SKIPPED: "",
    DocumentState.VOIDED: "",
}
OUTCOME_MARKS = {
    Attempt.Outcome.CREATED: "good",
    Attempt.Outcome.UPDATED: "good",
    Attempt.Outcome.UNCHANGED: "good",
    Attempt.Outcome.ADOPTED: "good",
    Attempt.Outcome.FAULTED: "bad",
    Attempt.Outcome.RETRYING: "warn",
    Attempt.Outcome.UNCERTAIN: "warn",
}
RUN_MARKS = {
    SyncRun.State.QUEUED: "busy",
    SyncRun.State.RUNNING: "busy",
    SyncRun.State.FINISHED: "good",
    SyncRun.State.STOPPED: "bad",
    SyncRun.State.ABANDONED: "warn",
}
XERO_STATUSES = {
    "DRAFT": "Draft",
    "SUBMITTED": "Awaiting approval",
    "AUTHORISED": "Awaiting payment",
    "PAID": "Paid",
    "VOIDED": "Voided",
    "DELETED": "Deleted",
}


def _marked(choices: type[TextChoices], marks: Mapping[Any, str]) -> dict[str, SafeString]:
    """Each as a word with its mark: written once, since lists have many of them."""
    return {
        each.value: format_html('<span class="state {}">{}</span>', marks.get(each, ""), each.label) for each in choices
    }


_STATES = _marked(DocumentState, STATE_MARKS)
_OUTCOMES = _marked(Attempt.Outcome, OUTCOME_MARKS)
_RUN_STATES = _marked(SyncRun.State, RUN_MARKS)


@register.simple_tag
def state(document: Document) -> SafeString:
    """A document's state: a word with a mark."""
    return _STATES[document.state]


@register.simple_tag
def outcome(attempt: Attempt) -> SafeString:
    """What became of an attempt: a word with a mark."""
    return _OUTCOMES[attempt.outcome]


@register.simple_tag
def run_state(run: SyncRun) -> SafeString:
    """Where a run stands: a word with a mark."""
    return _RUN_STATES[run.state]


@register.filter
def xero_status(status: str) -> str:
    """AUTHORISED → Awaiting payment: the words on Xero's own pages."""
    return XERO_STATUSES.get(status, status.capitalize())


@register.simple_tag
def money(amount: Decimal | str | int | None, currency: str = "") -> SafeString:
    """8410 NZD → 8,410.00 NZD, for people; with four decimals where a price has them. Nothing for what is no number."""
    value = _number(amount)
    if value is None:
        return SafeString("")
    decimals = 4 if value != value.quantize(Decimal("0.01")) else 2
    written = f"{value:,.{decimals}f}".replace("-", "−")
    if not currency:
        return format_html('<span class="money">{}</span>', written)
    return format_html('<span class="money">{} <span class="currency">{}</span></span>', written, currency)


@register.simple_tag
def blocks(bar: Bar) -> SafeString:
    """The colours of one day in the overview's chart, as rectangles of its SVG."""
    rectangles = ((block.part.name, bar.x, block.y, bar.width, block.height) for block in bar.blocks)
    return format_html_join("", '<rect class="{}" x="{}" y="{}" width="{}" height="{}"/>', rectangles)


@register.filter
def figure(number: Decimal | str | int | None) -> str:
    """A quantity without idle zeros: 1.0000 → 1."""
    value = _number(number)
    if value is None:
        return ""
    return f"{value.normalize():,f}".replace("-", "−")


def _number(amount: Any) -> Decimal | None:
    try:
        value = Decimal(str(amount))
    except InvalidOperation:
        return None
    return value if value.is_finite() and value.adjusted() < 18 else None


@register.simple_tag
def when(moment: datetime.datetime | None, missing: str = "never") -> SafeString:
    """“2 minutes ago”, with the exact time of the reader's zone as its title."""
    if moment is None:
        return format_html('<span class="soft">{}</span>', missing)
    local = timezone.localtime(moment)
    return format_html(
        '<time datetime="{}" title="{}">{}</time>',
        local.isoformat(timespec="seconds"),
        f"{local:%A} {local.day} {local:%B %Y, %H:%M:%S} {local.tzname()}",
        in_words(local, timezone.localtime()),
    )


@register.simple_tag
def ahead(moment: datetime.datetime) -> SafeString:
    """“in 3 minutes” of what is to come; what should have come by now is due."""
    return when(moment) if moment > timezone.now() else SafeString("is due now")


def in_words(moment: datetime.datetime, now: datetime.datetime) -> str:
    """How far `moment` is from `now`, both in the reader's zone: as people say it."""
    seconds = round((now - moment).total_seconds())
    if abs(seconds) < 10:
        return "just now" if seconds >= 0 else "in a few seconds"
    if abs(seconds) < 3600:
        amount = _amount(abs(seconds), 1, "second") if abs(seconds) < 60 else _amount(abs(seconds), 60, "minute")
        return f"{amount} ago" if seconds > 0 else f"in {amount}"
    days = (now.date() - moment.date()).days
    clock = f"{moment:%H:%M}"
    if days == 0:
        return f"today, {clock}"
    if abs(days) == 1:
        return f"yesterday, {clock}" if days > 0 else f"tomorrow, {clock}"
    if 1 < days < 7:
        return f"{moment:%A}, {clock}"
    year = "" if moment.year == now.year else f" {moment.year}"
    return f"{moment.day} {moment:%B}{year}, {clock}"


def _amount(seconds: int, unit: int, word: str) -> str:
    number = seconds // unit
    return f"{number} {word}" if number == 1 else f"{number} {word}s"


@register.filter
def day(date: datetime.date | None) -> str:
    """5 May 2026."""
    return f"{date.day} {date:%b %Y}" if date else ""


@register.filter
def day_of_text(text: str) -> str:
    """2026-05-05 → 5 May 2026, for what is kept as JSON."""
    try:
        return day(datetime.date.fromisoformat(text))
    except ValueError:
        return text


@register.filter
def thousands(number: int) -> str:
    """12345 → 12,345."""
    return f"{number:,}"


@register.filter
def why(document: Document) -> str:
    """What keeps a document from Xero, in a few words."""
    return why_not_in_xero(document)


@register.filter
def fault_title(code: str) -> str:
    """The title that people see for a code of the catalogue."""
    return KINDS.get(code, KINDS["unexpected"]).title


@register.filter
def about(code: str, subject: str) -> str:
    """What a problem of this code is about, as people read it: “Account code 260”."""
    return KINDS.get(code, KINDS["unexpected"]).about(subject)


@register.simple_tag
def lasted(start: datetime.datetime | None, end: datetime.datetime | None) -> str:
    """“3 seconds”; nothing where it did not end."""
    if start is None or end is None:
        return ""
    seconds = max(round((end - start).total_seconds()), 0)
    if seconds < 60:
        return _amount(seconds, 1, "second") if seconds else "under a second"
    return _amount(seconds, 60, "minute") if seconds < 3600 else _amount(seconds, 3600, "hour")
