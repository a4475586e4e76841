"""What people read on a line: its description, and the headings that lines are grouped under. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from syncing.autotask.records import BillingItem
from syncing.rules import LineDescription, LineGrouping
from syncing.source import SourceInvoice
from syncing.xero.documents import LONGEST_DESCRIPTION, ZERO, XeroLine, half_up
from syncing.xero.text import clean


def describe(item: BillingItem, source: SourceInvoice, wanted: LineDescription, *, with_detail: bool) -> str:
    """At most 4,000 characters, never empty. `with_detail` adds quantity × rate, where the line cannot show them."""
    detail = quantity_and_rate(item) if with_detail else ""
    parts = [item.name.strip()]
    if wanted != "item_name":
        parts.append((item.full_description or item.description).strip())
    if wanted == "full_with_contract" and item.contract_id is not None:
        parts.append(source.contract_descriptions.get(item.contract_id, "").strip())
    if len(parts) > 1 and parts[1].startswith(parts[0]):
        parts[0] = ""
    text = clean("\n".join(filter(None, parts)), LONGEST_DESCRIPTION - len(detail) - 1)
    if not text:
        text = clean(item.description, LONGEST_DESCRIPTION // 2) or f"Autotask billing item {item.id}"
    return f"{text}\n{detail}" if detail else text


def quantity_and_rate(item: BillingItem) -> str:
    """``3.175 × 100.00``; "" where that says nothing."""
    if not item.quantity or not item.rate or (item.quantity == 1 and item.rate == item.total_amount):
        return ""
    return f"{_plain(item.quantity)} × {_money(item.rate)}"


def bundle_description(items: Sequence[BillingItem]) -> str:
    """The bundle's own words, then what is in it."""
    names = [f"{_plain(item.quantity)} × {item.name.strip()}" for item in items if item.name.strip()]
    return clean("\n".join([items[0].group_description.strip(), *names]), LONGEST_DESCRIPTION)


def in_sections(
    pairs: Sequence[tuple[BillingItem, XeroLine]], source: SourceInvoice, grouping: LineGrouping
) -> tuple[XeroLine, ...]:
    """The lines as `grouping` wants them: under headings, in the order in which each first comes.

    Lines without a heading stand first. A heading is a line of text. A site's section ends with its subtotal, in text
    as well, so that no money is added.
    """
    if grouping == "none":
        return tuple(line for _, line in pairs)
    sections: dict[str, list[XeroLine]] = {"": []}
    for item, line in pairs:
        sections.setdefault(clean(_heading(item, source, grouping), LONGEST_DESCRIPTION), []).append(line)
    lines = sections.pop("")
    for heading, members in sections.items():
        lines.append(XeroLine(description=heading))
        lines += members
        if grouping == "site":
            subtotal = sum((line.line_amount for line in members), ZERO)
            text = clean(f"Subtotal {heading}", LONGEST_DESCRIPTION - 30)
            lines.append(XeroLine(description=f"{text}: {subtotal:,.2f}"))
    return tuple(lines)


def _heading(item: BillingItem, source: SourceInvoice, grouping: LineGrouping) -> str:
    if grouping == "site":
        return source.site_names.get(item.id, "").strip()
    if grouping == "project":
        return _titled("Project", item.project_id, source.project_names.get(item.project_id or 0, ""))
    return _titled("Ticket", item.ticket_id, source.ticket_titles.get(item.ticket_id or 0, ""))


def _titled(kind: str, key: int | None, title: str) -> str:
    if key is None:
        return ""
    return title.strip() or f"{kind} {key}"


def _plain(number: Decimal) -> str:
    """At most four decimals, without idle zeros."""
    text = f"{half_up(number, 4):f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _money(amount: Decimal) -> str:
    """Two decimals, or as many as it has, up to four."""
    text = f"{half_up(amount, 4):f}"
    return text[:-2] if text.endswith("00") else text
