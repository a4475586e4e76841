"""Why documents are stuck, in one sentence of this case. Lenient: the evidence may lack any fact."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from faults.models import Fault

Facts = Mapping[str, Any]

XERO_STATUSES = {
    "DRAFT": "a draft",
    "SUBMITTED": "awaiting approval",
    "AUTHORISED": "awaiting payment",
    "PAID": "paid",
    "VOIDED": "voided",
    "DELETED": "deleted",
}


def why(fault: Fault, organisation: str = "") -> str:
    """One sentence with the facts of the case; what the kind says in general where the facts are not there."""
    say = _SENTENCES.get(fault.code)
    return (say(fault.evidence, organisation or "the Xero organisation") if say else "") or fault.kind.what_happened


def amount(value: Any, currency: Any = "") -> str:
    """8410 NZD → “8,410.00 NZD”; "" for what is no number."""
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        return ""
    if not number.is_finite() or number.adjusted() > 17:
        return ""
    return f"{number:,.2f} {currency or ''}".strip().replace("-", "−")


def listed(names: Sequence[Any]) -> str:
    """“AUD, GBP and NZD”."""
    words = [str(name) for name in names]
    return " and ".join(filter(None, [", ".join(words[:-1]), *words[-1:]]))


def _currency(facts: Facts, organisation: str) -> str:
    currency, base, subscribed = facts.get("currency"), facts.get("base_currency"), facts.get("subscribed")
    if not currency or not subscribed:
        return ""
    if facts.get("cause") == "setting_differs":
        return (
            f"Autotask gave no currency, and the one set here, {currency}, is not one of {organisation}: "
            f"its books are in {base}."
        )
    return f"The documents are in {currency}, and {organisation} has only {listed(subscribed)}."


def _number_taken(facts: Facts, _: str) -> str:
    number = facts.get("number")
    if not number:
        return ""
    if facts.get("missing"):
        elsewhere = facts.get("organisation")
        fed_before = f"It is in {elsewhere} as {number}, an organisation that this account fed before."
        return fed_before if elsewhere else f"It reached Xero as {number}, and somebody has removed it there since."
    if facts.get("became"):
        return f"It is in Xero as the invoice {number}, and has become a credit in Autotask since."
    if facts.get("edited"):
        return f"Somebody edited {number} in Xero after Cloud Depot had sent it, so it was not overwritten."
    status = XERO_STATUSES.get(str(facts.get("status")), "")
    holder = f"Xero holds {number}" + (f" for {facts['contact']}" if facts.get("contact") else "")
    settled = _settled(facts)
    if settled:
        return f"{holder}, with {settled}."
    return f"{holder} already, and that document is {status}." if status else f"{holder} already."


def _twice(facts: Facts, organisation: str) -> str:
    known, other = facts.get("known_number"), facts.get("number")
    return f"{known} and {other} in {organisation} are both this invoice." if known and other else ""


def _settled(facts: Facts) -> str:
    """What is paid or credited on the document that holds the number."""
    currency = facts.get("currency")
    parts = (
        f"{amount(facts.get(name), currency)} {word}"
        for name, word in (("amount_paid", "paid"), ("amount_credited", "credited"))
        if _is_some(facts.get(name))
    )
    return listed(list(parts))


def _is_some(value: Any) -> bool:
    try:
        return bool(Decimal(str(value)))
    except InvalidOperation:
        return False


def _no_contact(facts: Facts, _: str) -> str:
    company = facts.get("company")
    if not company:
        return ""
    if facts.get("rule") == "create_contacts":
        return f"Xero has no contact for {company}, and this account is set not to create any."
    contacts = facts.get("contacts") or []
    active = sum(1 for contact in contacts if contact.get("active"))
    if not contacts:
        return f"{company} has no contact in Autotask, so nobody can be billed."
    if not active:
        one = len(contacts) == 1
        return (
            f"{company} has {'one contact, and it is' if one else f'{len(contacts)} contacts, all of them'} inactive."
        )
    return f"{company} has {active} active contacts, and no rule of this account tells which of them gets the bill."


def _email(facts: Facts, _: str) -> str:
    email = facts.get("email")
    if not email:
        return ""
    whose = " of ".join(filter(None, (facts.get("contact"), facts.get("company"))))
    return f"{whose or 'The contact'} has the address “{email}”, which Xero does not accept."


def _amounts(facts: Facts, _: str) -> str:
    currency = facts.get("currency")
    expected, computed = amount(facts.get("expected"), currency), amount(facts.get("computed"), currency)
    if not expected or not computed:
        return ""
    invoice = _invoice(facts)
    if facts.get("tax_guard"):
        return f"The totals{invoice} meet at {expected}, and the taxes in them do not."
    if not _is_some(facts.get("difference")):
        return f"The totals{invoice} meet at {expected}, but some lines would not have their amounts in Xero."
    difference = amount(facts.get("difference"), currency)
    return f"Autotask’s total{invoice} is {expected}. Xero would make it {computed}, which is {difference} apart."


def _invoice(facts: Facts) -> str:
    """“ of 1461 for Fantail Films”, as far as it is known."""
    of = f" of {facts['invoice_number']}" if facts.get("invoice_number") else ""
    return f"{of} for {facts['company']}" if facts.get("company") else of


def _no_lines(facts: Facts, _: str) -> str:
    total = amount(facts.get("total"), facts.get("currency"))
    return f"The total{_invoice(facts)} is {total} in Autotask, and no line of it can be seen." if total else ""


def _no_number(facts: Facts, _: str) -> str:
    company = facts.get("company")
    return f"Invoice {facts.get('invoice_id')} for {company} has no number in Autotask." if company else ""


def _locked_period(facts: Facts, organisation: str) -> str:
    day, lock = facts.get("date"), facts.get("lock_date")
    return f"It is dated {day}, and the books of {organisation} are closed up to {lock}." if day and lock else ""


def _tax_region(facts: Facts, _: str) -> str:
    region, category = facts.get("tax_region"), facts.get("tax_category")
    if not region:
        return ""
    both = f"{region}, {category}" if category else str(region)
    return f"No Xero tax rate is chosen for the tax of {both} in Autotask."


def _account_code(facts: Facts, organisation: str) -> str:
    code = facts.get("account_code")
    says = {
        "none": "No default sales account is chosen, and a line has no other.",
        "missing": f"Lines go to the account code {code}, which {organisation} does not have.",
        "archived": f"Lines go to the account code {code}, which is archived in Xero.",
        "unsuitable": f"Lines go to the account code {code}, on which nothing can be sold.",
    }
    return says.get(str(facts.get("cause")), "")


def _tax_rate(facts: Facts, organisation: str) -> str:
    rate = facts.get("name") or facts.get("tax_type")
    says = {
        "missing": f"Lines have the tax rate {rate}, which {organisation} does not have.",
        "deleted": f"Lines have the tax rate {rate}, which is no longer active in Xero.",
        "unsuitable": f"Lines have the tax rate {rate}, which is not for sales.",
    }
    return says.get(str(facts.get("cause")), "")


def _billing_code(facts: Facts, _: str) -> str:
    name = facts.get("billing_code") or facts.get("billing_code_id")
    return f"The billing code {name} has no Xero account yet, and no default may be used for it." if name else ""


def _archived(facts: Facts, _: str) -> str:
    company, contact = facts.get("company"), facts.get("contact")
    return f"{company} is billed as the Xero contact {contact}, which is archived." if company and contact else ""


def _unexpected(facts: Facts, _: str) -> str:
    left = facts.get("organisation_left")
    return f"{left} did not answer, and was left for another organisation before we could ask again." if left else ""


def _stopped(facts: Facts, _: str) -> str:
    reason = facts.get("reason")
    return f"No run has come to its end for three intervals. {reason}" if reason else ""


_SENTENCES: dict[str, Callable[[Facts, str], str]] = {
    "currency-not-subscribed": _currency,
    "document-locked-by-payment": _number_taken,
    "invoice-not-modifiable": _number_taken,
    "duplicate-number": _number_taken,
    "sent-twice": _twice,
    "no-valid-contact": _no_contact,
    "invalid-email": _email,
    "amounts-do-not-match": _amounts,
    "no-line-items": _no_lines,
    "invoice-number-empty": _no_number,
    "period-locked": _locked_period,
    "tax-region-unmapped": _tax_region,
    "account-code-invalid": _account_code,
    "tax-rate-invalid": _tax_rate,
    "billing-code-unmapped": _billing_code,
    "contact-archived": _archived,
    "sync-stopped": _stopped,
    "unexpected": _unexpected,
}
