"""Which Xero contact a company is, told from a list of them: by our number, its account number, else its name. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from syncing.xero.contact_search import fold, fold_relaxed
from syncing.xero.records import Contact

MatchRule = Literal["number", "account_number", "name"]


@dataclass(frozen=True)
class Candidates:
    """The contacts that a rule found: one, or several among which it cannot tell."""

    contacts: list[Contact]
    rule: MatchRule


class ContactIndex:
    """The contacts of an organisation, or those of them that may matter, to be looked up company by company."""

    def __init__(self, contacts: Iterable[Contact], *, is_relaxed: bool) -> None:
        self._comparable = fold_relaxed if is_relaxed else str
        self._by_number: dict[str, Contact] = {}
        self._by_account_number: dict[str, list[Contact]] = defaultdict(list)
        self._by_name: dict[str, list[Contact]] = defaultdict(list)
        for contact in contacts:
            if contact.number:
                self._by_number[fold(contact.number)] = contact
            if contact.is_active:
                self._by_account_number[contact.account_number].append(contact)
                self._by_name[self._comparable(contact.name)].append(contact)

    def find(self, *, number: str, account_number: str, name: str) -> Candidates | None:
        """By the first rule that finds any; None where none does. An account number of "" is not looked for.

        Only our own number finds archived contacts too, for it says for sure which company they are.
        """
        if (numbered := self._by_number.get(fold(number))) is not None:
            return Candidates([numbered], "number")
        if account_number and account_number in self._by_account_number:
            return Candidates(self._by_account_number[account_number], "account_number")
        same = self._by_name.get(self._comparable(name))
        if not same:
            return None
        return Candidates([one for one in same if one.name == name] or same, "name")


def belongs_to_another(contact: Contact, number: str) -> bool:
    """Whether a contact carries the number of another company than the one of `number`, of the same database."""
    ours, _, _ = number.rpartition("-")
    return contact.number.startswith(f"{ours}-") and fold(contact.number) != fold(number)


def survivor(contact: Contact, by_id: Mapping[str, Contact]) -> Contact | None:
    """The active contact that this one is, or was merged into, through as many merges as there were."""
    passed: set[str] = set()
    while not contact.is_active:
        passed.add(contact.contact_id)
        into = by_id.get(contact.merged_to or "")
        if into is None or into.contact_id in passed:
            return None
        contact = into
    return contact
