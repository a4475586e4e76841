"""Finding the Xero contacts of many companies with few calls.

Xero has no bulk look-up by number or name. There are two ways, and which is cheaper depends on both sides:

* ask: ``ContactNumber=="…" OR Name=="…"``, as much as a query of 2,048 characters takes (some twenty companies). A name
  with a quotation mark cannot be asked for so, and takes a search of its own;
* list: read the whole list, 1,000 contacts to a page. One call for most organisations, and for a new one nearly empty.

What fits one question is asked. Otherwise the first page is read, which tells how many there are: the rest is read
where that takes fewer calls than asking for what the first page did not have.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from syncing.xero.client import OR, XeroClient, equals, is_searchable, packed
from syncing.xero.records import Contact


@dataclass(frozen=True)
class Wanted:
    """The contact numbers, names and account numbers that are looked for. Letters of either case are the same, as they
    are to Xero; with `is_relaxed` names are the same without their blanks, too."""

    numbers: frozenset[str]
    names: frozenset[str]
    account_numbers: frozenset[str] = frozenset()
    is_relaxed: bool = False

    @classmethod
    def of(
        cls,
        numbers: Iterable[str],
        names: Iterable[str],
        account_numbers: Iterable[str] = (),
        *,
        is_relaxed: bool = False,
    ) -> Wanted:
        return cls(
            frozenset(filter(None, numbers)),
            frozenset(filter(None, names)),
            frozenset(filter(None, account_numbers)),
            is_relaxed,
        )

    def matches(self, contacts: Iterable[Contact]) -> list[Contact]:
        """Those of the contacts that have one of the numbers, names or account numbers."""
        numbers, account_numbers = _folded(self.numbers), _folded(self.account_numbers)
        names = {self._name(name) for name in self.names}
        return [
            contact
            for contact in contacts
            if fold(contact.number) in numbers
            or self._name(contact.name) in names
            or (contact.account_number and fold(contact.account_number) in account_numbers)
        ]

    def without(self, found: Iterable[Contact]) -> Wanted:
        """What is still looked for."""
        contacts = list(found)
        numbers = {fold(contact.number) for contact in contacts}
        names = {self._name(contact.name) for contact in contacts}
        account_numbers = {fold(contact.account_number) for contact in contacts}
        return replace(
            self,
            numbers=frozenset(number for number in self.numbers if fold(number) not in numbers),
            names=frozenset(name for name in self.names if self._name(name) not in names),
            account_numbers=frozenset(each for each in self.account_numbers if fold(each) not in account_numbers),
        )

    def _name(self, name: str) -> str:
        return fold_relaxed(name) if self.is_relaxed else fold(name)

    def questions(self) -> list[dict[str, str]]:
        """The filters of the calls that ask for it."""
        clauses = [equals("ContactNumber", number) for number in sorted(self.numbers)]
        clauses += [equals("AccountNumber", each) for each in sorted(self.account_numbers) if is_searchable(each)]
        clauses += [equals("Name", name) for name in sorted(self.names) if is_searchable(name)]
        asked = [{"where": OR.join(group)} for group in packed(clauses, OR)]
        searched = [{"search_term": name} for name in sorted(self.names) if not is_searchable(name)]
        return asked + searched


def find_contacts(
    client: XeroClient,
    *,
    numbers: Iterable[str] = (),
    names: Iterable[str] = (),
    account_numbers: Iterable[str] = (),
    is_relaxed: bool = False,
) -> list[Contact]:
    """All contacts, archived and merged ones too, that have one of these contact numbers, names or account numbers; in
    few calls. Relaxed names, which Xero cannot be asked for, are looked for in the whole list.

    Raises what the client raises.
    """
    wanted = Wanted.of(numbers, names, account_numbers, is_relaxed=is_relaxed)
    questions = wanted.questions()
    if is_relaxed and wanted.names:
        return wanted.matches(client.contacts())
    if len(questions) <= 1:
        return _asked(client, wanted, questions)

    first = client.contacts_page(1)
    found = wanted.matches(map(Contact.parse, first.rows))
    missing = wanted.without(found)
    questions = missing.questions()
    if first.page_count - 1 > len(questions):
        return found + _asked(client, missing, questions)
    for number in range(2, first.page_count + 1):
        found += wanted.matches(map(Contact.parse, client.contacts_page(number).rows))
    return found


def fold(value: str) -> str:
    """A name or number as it is compared: without regard to case and to blanks around it."""
    return value.strip().casefold()


def fold_relaxed(name: str) -> str:
    """A name as it is compared without regard to case and to any blanks."""
    return "".join(name.split()).casefold()


def _folded(values: Iterable[str]) -> set[str]:
    return {fold(value) for value in values}


def _asked(client: XeroClient, wanted: Wanted, questions: Iterable[dict[str, str]]) -> list[Contact]:
    answers = (contact for question in questions for contact in client.contacts(**question))
    found = {contact.contact_id: contact for contact in wanted.matches(answers)}
    return list(found.values())
