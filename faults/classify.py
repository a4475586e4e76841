"""Partners' texts → problems of the catalogue. Pure; the table is the kinds' own `partner_texts`."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from faults.catalogue import KINDS, FaultKind, Partner, PartnerText, Subject
from faults.masking import QUOTES, mask
from faults.problems import SyncProblem

LONGEST_TEXT = 2000
LONGEST_SUBJECT = 200

# Said of the whole request, and telling nothing of its documents.
ENVELOPE = re.compile(r"a validation exception occurred\.?", re.IGNORECASE)

# What Autotask's status tells whatever the body says, and what it tells where the body says nothing that we know.
AUTOTASK_DECISIVE_STATUS = {401: "autotask-login-refused", 429: "autotask-threshold"}
AUTOTASK_STATUS = {
    403: "autotask-not-permitted",
    408: "autotask-timeout",
    502: "service-unavailable",
    503: "service-unavailable",
    504: "autotask-timeout",
}

LOCK_DATE_FORMATS = ("%d %B %Y", "%d %b %Y", "%B %d, %Y", "%b %d, %Y", "%Y-%m-%d", "%Y-%m-%dT%H:%M:%S")


@dataclass(frozen=True)
class Reading:
    """A text that the catalogue knows: its kind, and the values it carried."""

    kind: FaultKind
    values: Mapping[str, str]


def classify_xero(messages: Iterable[str], *, subjects: Mapping[Subject, str] | None = None) -> SyncProblem:
    """The problem that Xero's messages about one document or contact tell of.

    `subjects` says what is at hand (the contact, the email address, the number …) for texts that do not name it. Where
    Xero tells several things, the kind that stands first in the catalogue counts, and `detail` quotes all. What the
    catalogue does not know is `validation-refused`.
    https://developer.xero.com/documentation/api/http-response-codes
    """
    texts = _without_envelope(messages)
    readings = {text: reading for text in texts if (reading := read(Partner.XERO, text))}
    unknown = [text for text in texts if text not in readings]
    if readings:
        text = min(readings, key=lambda text: _RANK[readings[text].kind.code])
        reading = readings[text]
    else:
        text = "\n".join(texts)
        reading = Reading(KINDS["validation-refused"], {})
    problem = reading.kind.problem(
        detail="\n".join(texts) or "Xero gave no reason.",
        subject=_subject(reading, text, Partner.XERO, subjects or {}),
        evidence=_evidence(reading, texts),
    )
    problem.unknown_texts = [(Partner.XERO.value, mask(text)) for text in unknown]
    return problem


def classify_autotask(
    status: int | None, errors: Iterable[str] = (), *, retry_after: float | None = None
) -> SyncProblem:
    """The problem that an answer of Autotask tells of: its HTTP status, and the texts of its `errors`.

    A 500 that carries errors is no outage: Autotask answers mistakes in a query so. What the catalogue does not know
    is `unexpected`, since we asked.
    """
    texts = _without_envelope(errors)
    known = next((reading for text in texts if (reading := read(Partner.AUTOTASK, text))), None)
    if status in AUTOTASK_DECISIVE_STATUS:
        reading = Reading(KINDS[AUTOTASK_DECISIVE_STATUS[status]], {})
    elif known:
        reading = known
    elif status in AUTOTASK_STATUS:
        reading = Reading(KINDS[AUTOTASK_STATUS[status]], {})
    elif status is not None and status >= 500 and not texts:
        reading = Reading(KINDS["service-unavailable"], {})
    else:
        reading = Reading(KINDS["unexpected"], {})
    detail = "\n".join(texts) or f"Autotask answered with status {status}, and gave no reason."
    problem = reading.kind.problem(
        detail=detail,
        subject=_subject(reading, detail, Partner.AUTOTASK, {}),
        retry_after=retry_after,
        evidence=_evidence(reading, texts) | ({} if status is None else {"status": status}),
    )
    if reading.kind.code == "unexpected" and known is None:
        problem.unknown_texts = [(Partner.AUTOTASK.value, mask(text)) for text in texts]
    return problem


def read(partner: Partner, text: str) -> Reading | None:
    """What the catalogue knows of a text. Case, quotes, values, spaces and a trailing stop do not matter."""
    text = text.strip()[:LONGEST_TEXT]
    for pattern, kind in _TABLE[partner]:
        if match := pattern.fullmatch(text):
            return Reading(kind, {name: _unquoted(value) for name, value in match.groupdict().items()})
    return None


def _without_envelope(messages: Iterable[str]) -> list[str]:
    texts = list(dict.fromkeys(text.strip() for text in messages if text and text.strip()))
    return [text for text in texts if not ENVELOPE.fullmatch(text)] or texts


def _subject(reading: Reading, text: str, partner: Partner, subjects: Mapping[Subject, str]) -> str:
    if value := reading.values.get("subject"):
        return _NORMALISED.get(reading.kind.subject, str)(value)
    if reading.kind.subject == Subject.CONNECTION:
        return partner.label
    if reading.kind.subject == Subject.TEXT:
        return " ".join(text.split())[:LONGEST_SUBJECT]
    return subjects.get(reading.kind.subject, "")


def _evidence(reading: Reading, texts: list[str]) -> dict[str, object]:
    values = {name: value for name, value in reading.values.items() if name != "subject"}
    return {**values, "messages": texts} if texts else dict(values)


def _iso_date(text: str) -> str:
    """As YYYY-MM-DD where it can be read one way only; Xero's own words otherwise."""
    for date_format in LOCK_DATE_FORMATS:
        with suppress(ValueError):
            return datetime.strptime(text, date_format).date().isoformat()  # noqa: DTZ007 - a date, without a zone
    return text


def _unquoted(value: str) -> str:
    value = value.strip()
    if len(value) > 2 and value[0] in QUOTES and value[-1] in QUOTES:
        return value[1:-1].strip()
    return value


def _pattern(text: PartnerText) -> re.Pattern[str]:
    """The regular expression of a template (PartnerText says how it is written)."""
    parts = re.split(r"\{(\w+)\}", text.template)
    literals = [_literal(part) for part in parts[::2]]
    values = [".*?" if name == "_" else f"(?P<{name}>.+?)" for name in parts[1::2]]
    woven = literals[0] + "".join(value + literal for value, literal in zip(values, literals[1:], strict=True))
    return re.compile(woven + r"[\s.]*", re.IGNORECASE | re.DOTALL)


def _literal(part: str) -> str:
    escaped = re.sub(r"(\\?\s)+", r"\\s+", re.escape(part))
    return re.sub(f"[{QUOTES}]", f"[{QUOTES}]", escaped)


_NORMALISED: dict[Subject, Callable[[str], str]] = {Subject.LOCK_DATE: _iso_date, Subject.CURRENCY: str.upper}
_RANK = {code: rank for rank, code in enumerate(KINDS)}
_TABLE: dict[Partner, list[tuple[re.Pattern[str], FaultKind]]] = {
    partner: [
        (_pattern(text), kind) for kind in KINDS.values() for text in kind.partner_texts if text.partner == partner
    ]
    for partner in Partner
}
