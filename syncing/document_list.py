"""The list of documents: what is asked for, the rows that show it, and the same as a file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db import connection
from django.db.models import QuerySet
from django.http import QueryDict
from django.utils.http import urlencode

from faults.catalogue import KINDS
from faults.models import Fault
from syncing.document_search import LARGEST_ID, DocumentFilter, with_what_stops_them
from syncing.keyset import Page
from syncing.models import Document
from syncing.states import DocumentState
from syncing.tally import documents_by_state

LONGEST_TEXT = 200
MOST_COUNTED = 1000


def in_order(states: Iterable[str]) -> str:
    """States with commas between, always in the same order."""
    wanted = set(states)
    return ",".join(state for state in DocumentState.values if state in wanted)


ON_THE_WAY = (DocumentState.WAITING, DocumentState.IN_FLIGHT, DocumentState.UNCERTAIN, DocumentState.RETRYING)
LEFT_OUT = (DocumentState.SKIPPED, DocumentState.VOIDED)
# Those that people look for come together, and first.
STATE_CHOICES = [
    ("", "All states"),
    (DocumentState.FAULTED.value, DocumentState.FAULTED.label),
    (in_order(ON_THE_WAY), "On the way"),
    (DocumentState.SYNCED.value, DocumentState.SYNCED.label),
    (in_order(LEFT_OUT), "Skipped or voided"),
    *((state.value, state.label) for state in (*ON_THE_WAY, *LEFT_OUT)),
]

COLUMNS = (
    "uuid",
    "kind",
    "autotask_id",
    "autotask_number",
    "company_name",
    "date",
    "due_date",
    "currency",
    "subtotal",
    "tax",
    "total",
    "state",
    "skipped_reason",
    "xero_id",
    "xero_number",
    "xero_status",
    "synced_at",
)


class FaultField(forms.CharField):
    """The id of a fault, or a code of the catalogue; None where there is none."""

    def clean(self, value: Any) -> int | str | None:
        text: str = super().clean(value)
        if not text:
            return None
        if text.isascii() and text.isdigit() and int(text) <= LARGEST_ID:
            return int(text)
        if text not in KINDS:
            raise ValidationError("There is no such fault.")
        return text


class StatesField(forms.ChoiceField):
    """One state, or several with commas. Its cleaned value is a set."""

    def valid_value(self, value: Any) -> bool:
        return set(value.split(",")) <= set(DocumentState.values)

    def clean(self, value: Any) -> frozenset[str]:
        text: str = super().clean(value)
        return frozenset(text.split(",")) if text else frozenset()


class DocumentForm(forms.Form):
    """What documents are asked for. Where a part cannot be read it is told, and the rest counts."""

    q = forms.CharField(
        label="Search",
        required=False,
        max_length=LONGEST_TEXT,
        widget=forms.SearchInput(attrs={"placeholder": "Number, company or Autotask id"}),
    )
    state = StatesField(label="State", required=False, choices=STATE_CHOICES)
    kind = forms.ChoiceField(label="Kind", required=False, choices=[("", "All kinds"), *Document.Kind.choices])
    since = forms.DateField(label="From", required=False, widget=forms.DateInput(attrs={"type": "date"}))
    until = forms.DateField(label="To", required=False, widget=forms.DateInput(attrs={"type": "date"}))
    fault = FaultField(label="Fault", required=False, max_length=40)

    def wanted(self) -> DocumentFilter:
        self.is_valid()
        given = self.cleaned_data
        return DocumentFilter(
            states=given.get("state", frozenset()),
            kind=given.get("kind", ""),
            fault=given.get("fault"),
            text=given.get("q", ""),
            since=given.get("since"),
            until=given.get("until"),
        )


@dataclass(frozen=True)
class Asked:
    """A list that was asked for: its form, its filter, and the query string that asks for it again."""

    form: DocumentForm
    wanted: DocumentFilter = field(default_factory=DocumentFilter)
    query: str = ""

    @property
    def is_everything(self) -> bool:
        return self.wanted == DocumentFilter()


def asked(data: QueryDict) -> Asked:
    form = DocumentForm(data)
    wanted = form.wanted()
    parts: dict[str, Any] = {
        "q": wanted.text,
        "state": in_order(wanted.states),
        "kind": wanted.kind,
        "fault": wanted.fault,
        "since": wanted.since,
        "until": wanted.until,
    }
    return Asked(form, wanted, urlencode({name: value for name, value in parts.items() if value not in (None, "")}))


@dataclass(frozen=True)
class Count:
    """How many there are; or that there are more than so many."""

    number: int
    is_more: bool = False

    @property
    def words(self) -> str:
        return f"{self.number:,}{'+' if self.is_more else ''} document{'' if self.number == 1 else 's'}"


def listed(wanted: DocumentFilter) -> QuerySet[Document]:
    """The documents with what a row shows: two queries however many they are. In an account scope."""
    return wanted.apply(with_what_stops_them(Document.objects.only(*COLUMNS)))


def count(wanted: DocumentFilter, page: Page[Document]) -> Count:
    """How many are asked for, of which `page` shows some. In an account scope; one query at the most.

    What is narrowed by more than the state is counted up to a limit, since each of them would have to be read.
    """
    if wanted == DocumentFilter(states=wanted.states):
        counts = documents_by_state()
        return Count(sum(counts[state] for state in wanted.states or counts))
    if not (page.newer or page.older):
        return Count(len(page.rows))
    found = wanted.count(MOST_COUNTED + 1)
    return Count(min(found, MOST_COUNTED), is_more=found > MOST_COUNTED)


def faults_to_choose(chosen: int | str | None) -> list[tuple[str, str]]:
    """The kinds of fault that documents may be stuck behind now, and the one that is `chosen`: code and title.

    In an account scope; one query, which looks for one fault of each kind: DISTINCT would read all of them.
    """
    with connection.cursor() as cursor:
        cursor.execute(_LIVING_KINDS, [list(KINDS), [Fault.State.OPEN.value, Fault.State.RETRYING.value]])
        codes = {code for (code,) in cursor.fetchall()}
    if isinstance(chosen, str):
        codes.add(chosen)
    return sorted(((code, KINDS[code].title) for code in codes), key=lambda each: each[1])


_LIVING_KINDS = """
    SELECT kind.code FROM unnest(%s::text[]) AS kind (code)
    WHERE EXISTS (SELECT FROM faults_fault AS fault WHERE fault.code = kind.code AND fault.state = ANY (%s))
"""


CSV_HEADER = (
    "Kind",
    "Autotask id",
    "Autotask number",
    "Company",
    "Date",
    "Due date",
    "Currency",
    "Subtotal",
    "Tax",
    "Total",
    "State",
    "Why",
    "Xero number",
    "Xero status",
    "In Xero since (UTC)",
    "Id",
)


def csv_rows(wanted: DocumentFilter) -> Iterator[tuple[Any, ...]]:
    """Newest first, as the database gives them. In an account scope, which must last as long as the rows come."""
    documents = listed(wanted).order_by(f"-{wanted.order}", "-id")
    for document in documents.iterator(chunk_size=1000):
        yield (
            document.get_kind_display(),
            document.autotask_id,
            document.autotask_number,
            document.company_name,
            document.date,
            document.due_date,
            document.currency,
            document.subtotal,
            document.tax,
            document.total,
            document.get_state_display(),
            why(document),
            document.xero_number,
            document.xero_status,
            document.synced_at,
            document.uuid,
        )


def why(document: Document) -> str:
    """What keeps a listed document from Xero, in a few words."""
    titles = dict.fromkeys(blocker.title for blocker in document.waits_for)
    return "; ".join(titles) or document.skipped_reason
