"""What a preview's pages show: the causes in sentences, and a document line by line beside Autotask's."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder

from syncing.models import Preview, PreviewedDocument
from syncing.partner_lists import PartnerLists

ZERO = Decimal(0)
HALF_A_CENT = Decimal("0.005")

Action = PreviewedDocument.Action
MARKS = {
    Action.CREATE: "good",
    Action.UPDATE: "good",
    Action.UNCHANGED: "good",
    Action.SKIP: "",
    Action.WAIT: "warn",
    Action.STOP: "bad",
}


@dataclass(frozen=True, kw_only=True)
class Cause:
    """One thing to mend. Once it is, `released` documents wait for nothing else; `totals` is what they come to."""

    code: str
    title: str
    subject: str
    documents: int
    released: int
    totals: list[tuple[str, Decimal]]

    @property
    def article(self) -> str:
        return f"/help/faults/{self.code}/"


@dataclass(frozen=True, kw_only=True)
class Counted:
    """How many documents a preview foresees the same for."""

    action: str
    label: str
    mark: str
    count: int


@dataclass(frozen=True, kw_only=True)
class ComparedLine:
    """A line of the Xero document beside the billing items that it stands for. `rounding` is how much more, or less,
    Xero makes of them, tax included; `makes_cent` marks the line that a rounding difference comes from."""

    xero: dict[str, Any]
    autotask: list[dict[str, Any]]
    account: str = ""
    tax: str = ""
    tracking: list[str] = field(default_factory=list)
    rounding: Decimal = ZERO
    makes_cent: bool = False

    @property
    def is_text(self) -> bool:
        return self.xero.get("unit_amount") is None


def causes_of(preview: Preview) -> list[Cause]:
    """The causes at its end, the one that releases most first."""
    return [
        Cause(
            code=cause["code"],
            title=cause["title"],
            subject=cause["subject"],
            documents=cause["documents"],
            released=cause["released"],
            totals=[(currency, Decimal(total)) for currency, total in cause["totals"].items()],
        )
        for cause in preview.causes
    ]


def as_kept(result: PreviewedDocument) -> PreviewedDocument:
    """A result that was just made, with its JSON as the database would give it back."""
    for name in ("source", "content", "amounts", "problems"):
        setattr(result, name, json.loads(json.dumps(getattr(result, name), cls=DjangoJSONEncoder)))
    return result


def counted(counts: Mapping[str, int]) -> list[Counted]:
    return [
        Counted(action=action.value, label=str(action.label), mark=MARKS[action], count=counts[action.value])
        for action in Action
        if counts.get(action.value)
    ]


def compared_lines(result: PreviewedDocument, names: Mapping[str, str]) -> list[ComparedLine]:
    """The lines of what would be sent; `names` are words for account codes, tax types and tracking options."""
    content, source = result.content or {}, result.source or {}
    items = {item["id"]: item for item in source.get("lines", ())}
    sign = -1 if content.get("type") == "ACCRECCREDIT" else 1
    lines = [_compared(line, items, names, sign) for line in content.get("lines", ())]
    return _with_cent(lines, result.amounts or {})


def left_out(result: PreviewedDocument) -> list[dict[str, Any]]:
    """The billing items that no line of the Xero document stands for."""
    sent = {item_id for line in (result.content or {}).get("lines", ()) for item_id in line["billing_item_ids"]}
    return [item for item in (result.source or {}).get("lines", ()) if item["id"] not in sent]


def names_in(lists: PartnerLists) -> dict[str, str]:
    """Words for what lines name by code or id."""
    names = {f"account:{one.code}": one.name for one in lists.accounts or () if one.code}
    names |= {f"tax:{one.tax_type}": one.name for one in lists.tax_rates or ()}
    return names | {
        f"option:{option.option_id}": f"{category.name}: {option.name}"
        for category in lists.tracking_categories or ()
        for option in category.options
    }


def _compared(
    line: dict[str, Any], items: Mapping[int, dict[str, Any]], names: Mapping[str, str], sign: int
) -> ComparedLine:
    autotask = [items[item_id] for item_id in line["billing_item_ids"] if item_id in items]
    of_items = sum((Decimal(item["total"]) + Decimal(item["tax"]) for item in autotask), ZERO)
    of_line = Decimal(line["amount"]) + Decimal(line["tax"])
    code, tax_type = line.get("account_code") or "", line.get("tax_type") or ""
    return ComparedLine(
        xero=line,
        autotask=autotask,
        account=f"{code} {names.get(f'account:{code}', '')}".strip(),
        tax=names.get(f"tax:{tax_type}", tax_type),
        tracking=[names.get(f"option:{one['option_id']}", one["option_id"]) for one in line.get("tracking", ())],
        rounding=(of_line - sign * of_items).normalize() if autotask else ZERO,
    )


def _with_cent(lines: Sequence[ComparedLine], amounts: Mapping[str, Any]) -> list[ComparedLine]:
    """Mark the line that a difference of some cents comes from: the one that is furthest off the same way."""
    lines = list(lines)
    gap = Decimal(amounts.get("computed") or 0) - Decimal(amounts.get("expected") or 0)
    whole = gap or sum((line.rounding for line in lines), ZERO)
    if abs(whole) < HALF_A_CENT or abs(Decimal(amounts.get("difference") or 0)) >= 3:
        return lines
    off = [line for line in lines if line.rounding and (line.rounding > 0) == (whole > 0)]
    if not off:
        return lines
    furthest = max(off, key=lambda line: abs(line.rounding))
    return [_marked(line) if line is furthest else line for line in lines]


def _marked(line: ComparedLine) -> ComparedLine:
    return ComparedLine(
        xero=line.xero,
        autotask=line.autotask,
        account=line.account,
        tax=line.tax,
        tracking=line.tracking,
        rounding=line.rounding,
        makes_cent=True,
    )
