"""How the evidence of a fault reads on its page."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from django import template
from django.utils import timezone

from faults import words
from faults.models import Fault

register = template.Library()

CONTACT_RULES = {
    "billing_flag": "The contact with the billing mark",
    "invoice_recipients": "The recipients of the company’s invoices",
    "position_udf": "The contact whose own field says accounts",
    "primary": "The primary contact",
    "only_active": "The only active contact",
}
MISMATCH_CAUSES = {
    "lines_missing": "Lines are missing: the API user lacks lines of business",
    "unfinished_billing_run": "The billing run was not finished",
    "service_adjustments": "Service adjustments are combined in one line",
}
# Shown elsewhere on the page, or of no use to a person.
HIDDEN = {"messages"}
LONGEST_LIST = 20


@register.filter
def in_one_sentence(fault: Fault) -> str:
    """Why its documents are stuck."""
    return words.why(fault)


@register.filter
def contact_rule(name: str) -> str:
    return CONTACT_RULES.get(name, str(name))


@register.filter
def mismatch_cause(name: str) -> str:
    return MISMATCH_CAUSES.get(name, str(name))


@register.filter
def plain_facts(facts: dict[str, Any]) -> list[tuple[str, str]]:
    """Evidence without a design of its own, as labels and values; what is nested is left to the designed pages."""
    return [
        (name.replace("_", " ").capitalize(), text)
        for name, value in facts.items()
        if name not in HIDDEN and (text := _text(value))
    ]


@register.filter
def told(text: Any) -> str:
    """2026-11-22T15:28:00+00:00 → 22 November 2026, 15:28, in the zone of who reads it."""
    try:
        moment = datetime.fromisoformat(str(text))
    except ValueError:
        return str(text or "not told")
    local = timezone.localtime(moment if moment.tzinfo else moment.replace(tzinfo=UTC))
    return f"{local.day} {local:%B %Y, %H:%M} {local.tzname()}"


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "Yes" if value else "No"
    if isinstance(value, list):
        return ", ".join(str(item) for item in value[:LONGEST_LIST] if not isinstance(item, dict | list))
    return "" if value is None or isinstance(value, dict) else str(value)
