"""The demo's last word: whether our books and the sandbox's agree."""

from collections import Counter
from typing import Any

from cloud_depot.management.commands.demo_table import Books, sandbox_books, table, table_of_stopped

MONTH = {
    "documents": 3,
    "companies": 2,
    "faults": [{"code": "no-valid-contact", "documents": [{"autotask_id": 1}, {"autotask_id": 2}]}],
}


def write(
    identifier: str, action: str = "created", partner: str = "xero", endpoint: str = "Invoices"
) -> dict[str, Any]:
    return {
        "id": identifier,
        "action": action,
        "partner": partner,
        "endpoint": endpoint,
        "body": {"CurrencyCode": "NZD"},
    }


def test_only_what_was_created_over_the_partners_api_counts() -> None:
    writes = [
        write("a"),
        write("a", action="updated"),
        write("b", partner="control"),
        write("c", endpoint="Contacts"),
        write("d", endpoint="CreditNotes"),
    ]
    assert sandbox_books(writes, MONTH).in_xero == {"Invoices": ["a"], "CreditNotes": ["d"]}


def test_a_document_that_came_twice_is_there_twice() -> None:
    assert sandbox_books([write("a"), write("again")], MONTH).in_xero["Invoices"] == ["a", "again"]


def test_each_document_in_trouble_counts_under_its_fault() -> None:
    assert sandbox_books([], MONTH).by_fault == {"no-valid-contact": 2}


def test_the_table_sets_the_two_sides_beside_each_other() -> None:
    in_xero = {"Invoices": ["a"], "CreditNotes": []}
    ours = Books(
        documents=3,
        companies=2,
        currencies=Counter(["NZD"]),
        in_xero=in_xero,
        by_state=Counter({"In Xero": 1}),
        by_fault=Counter({"no-valid-contact": 2}),
        mended=Counter(["xero-unreachable"]),
    )
    lines = [line.split() for line in table(ours, sandbox_books([write("a")], MONTH), broken_limits=0)]
    assert ["Documents", "billed", "in", "Autotask", "3", "3"] in lines
    assert ["Invoices", "in", "Xero", "1", "1"] in lines
    assert ["no-valid-contact", "No", "valid", "contact", "for", "the", "invoice", "2", "2"] in lines
    assert ["xero-unreachable", "Error", "connecting", "to", "Xero"] in lines


def test_the_table_names_what_stands_in_the_account_that_has_stopped() -> None:
    lines = table_of_stopped(["sync-stopped"], {"faults": [{"documents": [{"autotask_id": 1}, {"autotask_id": 2}]}]})
    assert "2 invoices wait in Autotask" in lines[0]
    assert "  sync-stopped  My sync has stopped" in lines
