"""The log: every attempt to carry a document and every run, as people look for them."""

from __future__ import annotations

import datetime
import operator
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db.models import Prefetch, Q, QuerySet
from django.http import QueryDict
from django.utils import timezone
from django.utils.http import urlencode

from syncing.document_search import matching
from syncing.models import Attempt, Document

LONGEST_TEXT = 200
FIRST_DAY, LAST_DAY = datetime.date(1900, 1, 1), datetime.date(2999, 12, 31)


class DayField(forms.DateField):
    """A day that has a midnight in every time zone, and a day after it."""

    widget = forms.DateInput(attrs={"type": "date"})

    def __init__(self, label: str) -> None:
        told = f"Choose a day from {FIRST_DAY.year} to {LAST_DAY.year}."
        validators = [MinValueValidator(FIRST_DAY, told), MaxValueValidator(LAST_DAY, told)]
        super().__init__(label=label, required=False, validators=validators)


class LogForm(forms.Form):
    """What entries are asked for. Where a part cannot be read it is told, and the rest counts."""

    q = forms.CharField(
        label="Search",
        required=False,
        max_length=LONGEST_TEXT,
        widget=forms.SearchInput(attrs={"placeholder": "Words, number, company or Autotask id"}),
    )
    outcome = forms.ChoiceField(
        label="Outcome", required=False, choices=[("", "All outcomes"), *Attempt.Outcome.choices]
    )
    since = DayField(label="From")
    until = DayField(label="To")


@dataclass(frozen=True)
class Asked:
    """Entries that were asked for: the form, what of it could be read, and the query string that asks again."""

    form: LogForm
    given: dict[str, Any]
    query: str


def asked(data: QueryDict) -> Asked:
    form = LogForm(data)
    form.is_valid()
    given = {name: value for name, value in form.cleaned_data.items() if value not in (None, "")}
    return Asked(form, given, urlencode(given))


def entries(given: dict[str, Any]) -> Sequence[QuerySet[Attempt]]:
    """The attempts that are asked for, by the ways in which they are found, each with its document.

    Days are the reader's. In an account scope.
    """
    documents = Document.objects.only("kind", "autotask_id", "autotask_number", "company_name")
    attempts = Attempt.objects.prefetch_related(Prefetch("document", documents)).defer("run_id")
    if "outcome" in given:
        attempts = attempts.filter(outcome=given["outcome"])
    if "since" in given:
        attempts = attempts.filter(at__gte=_midnight(given["since"]))
    if "until" in given:
        attempts = attempts.filter(at__lt=_midnight(given["until"] + datetime.timedelta(days=1)))
    return [attempts.filter(way) for way in _ways(given["q"])] if "q" in given else [attempts]


def _midnight(day: datetime.date) -> datetime.datetime:
    return timezone.make_aware(datetime.datetime.combine(day, datetime.time.min))


def _ways(text: str) -> tuple[Q, Q]:
    """The words occur in what was said; or the document is found by them.

    LIKE has no index under a policy, so all that was said is read; an index leads past the many where nothing was.
    """
    said = ~Q(detail="") & Q(detail__icontains=text)
    return said, reduce(operator.or_, matching(text, "document__"))


CSV_HEADER = ("Time (UTC)", "Outcome", "Kind", "Autotask id", "Autotask number", "Company", "Fault", "In their words")


def csv_rows(given: dict[str, Any]) -> Iterator[tuple[Any, ...]]:
    """Newest first, as the database gives them. In an account scope, which must last as long as the rows come."""
    found = reduce(operator.or_, entries(given))
    for entry in found.order_by("-id").iterator(chunk_size=1000):
        document = entry.document
        yield (
            entry.at,
            entry.get_outcome_display(),
            document.get_kind_display(),
            document.autotask_id,
            document.autotask_number,
            document.company_name,
            entry.code,
            entry.detail,
        )
