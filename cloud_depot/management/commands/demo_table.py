"""`manage.py demo_table`: what the demo's first sync brought, by our books and by the sandbox's own."""

import json
import sys
from argparse import ArgumentParser
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests
from django.core.management.base import BaseCommand

from faults.catalogue import KINDS
from faults.models import Fault
from syncing.models import Blocker, Document
from syncing.states import DocumentState
from tenants.models import Account
from tenants.scope import account_scope

ENDPOINTS = {Document.Kind.INVOICE: "Invoices", Document.Kind.CREDIT_NOTE: "CreditNotes"}


class Command(BaseCommand):
    help = "Print the demo's documents by state and by fault beside the sandbox's count; fails where the two differ."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("sandbox_url")
        parser.add_argument("account", type=Path, help="The file with what seed_demo printed.")

    def handle(self, *args: Any, sandbox_url: str, account: Path, **options: Any) -> None:
        seeded = json.loads(account.read_text())
        organisation = {"organisation": seeded["month"]["xero_organisation"]}
        ledger = requests.get(f"{sandbox_url}/sandbox/ledger", organisation, timeout=60).json()
        with account_scope(Account.objects.get(slug=seeded["slug"]).id):
            books = our_books()
        theirs = sandbox_books(ledger["writes"], seeded["month"])
        with account_scope(Account.objects.get(slug=seeded["stopped"]["slug"]).id):
            standing = list(Fault.objects.exclude(state=Fault.State.RESOLVED).values_list("code", flat=True))
        for line in [*table(books, theirs, len(ledger["breaches"])), *table_of_stopped(standing, seeded["stopped"])]:
            self.stdout.write(line)
        if books.in_xero != theirs.in_xero or books.documents != theirs.documents:
            self.stdout.write("The two do NOT agree.")
            sys.exit(1)
        self.stdout.write("The two agree.")


@dataclass(frozen=True)
class Books:
    """One side's view: the documents there are, those in Xero (each Xero id, by endpoint), and what is or was wrong."""

    documents: int
    companies: int
    currencies: Counter[str]
    in_xero: dict[str, list[str]]
    by_state: Counter[str]
    by_fault: Counter[str]
    mended: Counter[str]


def our_books() -> Books:
    """In the account's scope."""
    documents = Document.objects.values_list("kind", "state", "xero_id", "company_id", "currency")
    in_xero: dict[str, list[str]] = {endpoint: [] for endpoint in ENDPOINTS.values()}
    for kind, _, xero_id, *_ in documents:
        if xero_id:
            in_xero[ENDPOINTS[Document.Kind(kind)]].append(str(xero_id))
    return Books(
        documents=len(documents),
        companies=len({company_id for _, _, _, company_id, _ in documents}),
        currencies=Counter(currency for _, _, xero_id, _, currency in documents if xero_id),
        in_xero={endpoint: sorted(ids) for endpoint, ids in in_xero.items()},
        by_state=Counter(DocumentState(state).label for _, state, *_ in documents),
        by_fault=Counter(Blocker.objects.values_list("fault__code", flat=True)),
        mended=Counter(Fault.objects.filter(state=Fault.State.RESOLVED).values_list("code", flat=True)),
    )


def sandbox_books(writes: list[dict[str, Any]], month: dict[str, Any]) -> Books:
    """What the sandbox was sent, from its ledger, and what it billed; a document that came twice is there twice."""
    created = [row for row in writes if row["partner"] == "xero" and row["action"] == "created"]
    return Books(
        documents=month["documents"],
        companies=month["companies"],
        currencies=Counter(row["body"]["CurrencyCode"] for row in created if row["endpoint"] in ENDPOINTS.values()),
        in_xero={
            endpoint: sorted(row["id"] for row in created if row["endpoint"] == endpoint)
            for endpoint in ENDPOINTS.values()
        },
        by_state=Counter(),
        by_fault=Counter(case["code"] for case in month["faults"] for _ in case["documents"]),
        mended=Counter(),
    )


def table(ours: Books, theirs: Books, broken_limits: int) -> list[str]:
    def line(words: str, one: object, other: object = "") -> str:
        return f"{words:<58}{one:>12}{other:>12}"

    lines = [
        "",
        line("", "Cloud Depot", "sandbox"),
        line("Documents billed in Autotask", ours.documents, theirs.documents),
    ]
    lines.append(line("Companies billed", ours.companies, theirs.companies))
    for endpoint, words in (("Invoices", "Invoices in Xero"), ("CreditNotes", "Credit notes in Xero")):
        lines.append(line(words, len(ours.in_xero[endpoint]), len(theirs.in_xero[endpoint])))
    lines += [
        line(f"  of them in {currency}", ours.currencies[currency], theirs.currencies[currency])
        for currency in sorted(ours.currencies | theirs.currencies)
    ]
    lines += [line("Partners' limits broken", "", broken_limits), "", line("By state", "documents")]
    lines += [line(f"  {state}", number) for state, number in ours.by_state.most_common()]
    lines += ["", line("By fault", "stuck here", "made there")]
    for code in sorted(ours.by_fault.keys() | theirs.by_fault.keys()):
        lines.append(line(f"  {code}  {KINDS[code].title}"[:57], ours.by_fault[code], theirs.by_fault[code]))
    lines += ["", "Mended without a person"]
    lines += [f"  {code}  {KINDS[code].title}" for code in sorted(ours.mended)]
    return [*lines, ""]


def table_of_stopped(standing: list[str], stopped: dict[str, Any]) -> list[str]:
    """The second account: the faults that stand there, and how many invoices wait in its Autotask meanwhile."""
    waiting = sum(len(case["documents"]) for case in stopped["faults"])
    lines = [f"A second account, whose sync has stopped ({waiting} invoices wait in Autotask)"]
    return [*lines, *(f"  {code}  {KINDS[code].title}" for code in sorted(standing)), ""]
