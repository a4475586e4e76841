"""From Autotask's billing items to Xero's lines: amount, account, tax, tracking, item and words. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from faults.problems import NeedsPerson
from syncing.autotask.records import BillingItem
from syncing.findings import Findings
from syncing.line_words import bundle_description, describe
from syncing.rules import ItemSource, Rules, TrackingSource
from syncing.source import SourceInvoice
from syncing.xero.documents import LARGEST_LINE, ZERO, Tracking, XeroLine, half_up

ONE = Decimal(1)
NO_TAX = "NONE"
MOST_TRACKING = 2
LONGEST_ITEM_CODE = 30  # https://developer.xero.com/documentation/api/accounting/items
UNSUITABLE_SYSTEM_ACCOUNTS = frozenset({"DEBTORS", "CREDITORS"})


ItemLine = tuple[BillingItem, XeroLine]


def translate_lines(source: SourceInvoice, rules: Rules, findings: Findings) -> list[ItemLine]:
    """Each line with the item it stands for (a bundle's first), signs as in Autotask. Problems go to `findings`."""
    region_id = tax_region_of(source, rules)
    pairs = [
        (item, _line(source, item, region_id, rules, findings))
        for item in sorted(source.items, key=lambda item: (item.sort_order, item.id))
        if rules.zero_lines == "keep" or half_up(item.total_amount)
    ]
    if any(item.service_bundle_id and item.group_description for item, _ in pairs):
        return _merge_bundles(pairs, rules, findings)
    return pairs


@dataclass(frozen=True, slots=True)
class LineAmount:
    """How an item's money is sent. `is_whole`: as quantity 1, with quantity and rate in the description instead."""

    quantity: Decimal
    unit_amount: Decimal
    is_whole: bool = False


def line_amount(item: BillingItem, rules: Rules) -> LineAmount:
    """Quantity and unit price that give the item's `total_amount` to the cent, and never a negative quantity.

    The exception is an entry that combines several adjustments (a negative quantity with a total that is not quantity
    × rate). Without service adjustment support its sign is moved to the price like that of any negative quantity, and
    the amounts no longer meet, which the amount check then says.
    """
    paid = half_up(item.total_amount)
    whole = LineAmount(ONE, paid, is_whole=True)
    if item.quantity < 0 and rules.service_adjustments:
        return whole
    quantity, rate = (item.quantity, item.rate) if item.quantity >= 0 else (-item.quantity, -item.rate)
    sent = LineAmount(half_up(quantity, 4), half_up(rate, rules.decimals))
    product = sent.quantity * sent.unit_amount
    # A price that rounds away on an approved document is refused with a misleading text.
    if half_up(product) == paid and sent.quantity == quantity and (paid or not product):
        return sent
    if item.quantity < 0 and half_up(quantity * rate) != paid:
        return sent
    return whole


def tax_region_of(source: SourceInvoice, rules: Rules) -> int | None:
    """The tax region that the invoice was billed under: by the name that it bears, else the company's of today."""
    named = rules.tax_region_ids.get(source.invoice.tax_region_name.strip().lower())
    if named is not None or source.company is None:
        return named
    return source.company.tax_region_id


def _line(
    source: SourceInvoice, item: BillingItem, region_id: int | None, rules: Rules, findings: Findings
) -> XeroLine:
    amount = line_amount(item, rules)
    tax_type, tax_rate = _tax(source, item, region_id, rules, findings) if rules.tax_mapping else (None, None)
    line = XeroLine(
        description=describe(item, source, rules.line_description, with_detail=amount.is_whole),
        quantity=amount.quantity,
        unit_amount=amount.unit_amount,
        account_code=_account(item, rules, findings),
        tax_type=tax_type,
        tax_rate=tax_rate,
        item_code=_item_code(source, item, rules, findings) if rules.item_codes or source.product_codes else None,
        tracking=_tracking(source, item, rules, findings) if rules.tracking else (),
        billing_item_ids=(item.id,),
    )
    if abs(line.line_amount) > LARGEST_LINE:
        findings.add(too_large(f"Billing item {item.id}", source, quantity=item.quantity, rate=item.rate))
    return line


def too_large(what: str, source: SourceInvoice, **numbers: Decimal) -> NeedsPerson:
    """The problem that a number cannot be sent."""
    return NeedsPerson(
        "validation-refused",
        f"{what} is not a number that Xero takes; it takes no line over {LARGEST_LINE}.",
        source.subject,
        evidence={name: f"{number:.10G}" for name, number in numbers.items()},
    )


# ---- account


def _account(item: BillingItem, rules: Rules, findings: Findings) -> str | None:
    code = None if item.billing_code_id is None else rules.billing_code_accounts.get(item.billing_code_id)
    if not code:
        if rules.unmapped_billing_code == "fault":
            findings.add(_unmapped_billing_code(item, rules))
            return None
        code = rules.sales_account
        findings.note(f"{_billing_code_name(item, rules)} has no sales account of its own: {code or 'none'} is used.")
    if why := _why_unusable(code, rules):
        cause, detail = why
        evidence = {"account_code": code, "cause": cause, "billing_code_id": item.billing_code_id}
        subject = code or "default sales account"
        findings.add(NeedsPerson("account-code-invalid", detail, subject, evidence=evidence))
    return code or None


def _why_unusable(code: str, rules: Rules) -> tuple[str, str] | None:
    if not code:
        return "none", "No default sales account is chosen, and Xero has none that we could tell."
    if not rules.accounts:
        return None
    account = rules.accounts.get(code)
    if account is None:
        return "missing", f"Xero has no account with the code {code}."
    if account.status != "ACTIVE":
        return "archived", f"The account {code} {account.name} is archived in Xero."
    if account.type == "BANK" or account.system_account in UNSUITABLE_SYSTEM_ACCOUNTS:
        return "unsuitable", f"Nothing can be sold on the account {code} {account.name}."
    return None


def _billing_code_name(item: BillingItem, rules: Rules) -> str:
    if item.billing_code_id is None:
        return "A line without billing code"
    code = rules.billing_codes.get(item.billing_code_id)
    return f"{code.name} (billing code {item.billing_code_id})" if code else f"Billing code {item.billing_code_id}"


def _unmapped_billing_code(item: BillingItem, rules: Rules) -> NeedsPerson:
    code = rules.billing_codes.get(item.billing_code_id or 0)
    name = _billing_code_name(item, rules)
    return NeedsPerson(
        "billing-code-unmapped",
        f"{name} has no sales account.",
        name,
        evidence={"billing_code_id": item.billing_code_id, "billing_code": code.name if code else ""},
    )


# ---- tax


def _tax(
    source: SourceInvoice, item: BillingItem, region_id: int | None, rules: Rules, findings: Findings
) -> tuple[str | None, Decimal | None]:
    """Tax type and effective rate of a line, by the invoice's tax region and the line's tax category."""
    category_id = item.tax_category_id
    if category_id is None and item.billing_code_id is not None:
        code = rules.billing_codes.get(item.billing_code_id)
        category_id = code.tax_category_id if code else None
    tax_type = None
    if region_id is not None:
        tax_type = rules.tax_types.get((region_id, category_id)) or rules.tax_types.get((region_id, None))
    if tax_type is None:
        return _unmapped_tax(source, item, (region_id, category_id), rules, findings)
    rate = _effective_rate(tax_type, rules, findings)
    # Autotask took no tax where the rate would have given some: the customer, or the line, is exempt.
    if rate and not item.tax and half_up(item.total_amount * rate):
        findings.note("Autotask charged no tax on a line whose tax rate is not zero: it is sent without tax.")
        return NO_TAX, ZERO
    return tax_type, rate


def _effective_rate(tax_type: str, rules: Rules, findings: Findings) -> Decimal | None:
    """A fraction; None where it is not known."""
    if tax_type == NO_TAX:
        return ZERO
    if not rules.tax_rates:
        return None
    rate = rules.tax_rates.get(tax_type)
    if rate is not None and rate.status == "ACTIVE" and rate.can_apply_to_revenue:
        return rate.effective_rate
    if rate is None:
        cause, detail = "missing", f"Xero has no tax rate {tax_type}."
    elif rate.status != "ACTIVE":
        cause, detail = "deleted", f"The tax rate {rate.name} is no longer active in Xero."
    else:
        cause, detail = "unsuitable", f"The tax rate {rate.name} is not for sales."
    evidence = {"tax_type": tax_type, "name": rate.name if rate else "", "cause": cause}
    findings.add(NeedsPerson("tax-rate-invalid", detail, tax_type, evidence=evidence))
    return None


def _unmapped_tax(
    source: SourceInvoice,
    item: BillingItem,
    cell: tuple[int | None, int | None],
    rules: Rules,
    findings: Findings,
) -> tuple[str | None, Decimal | None]:
    if not item.tax:
        if half_up(item.total_amount):
            findings.note("A line has no tax in Autotask, and no zero rate is mapped for it: it is sent without tax.")
        return NO_TAX, ZERO
    region_id, category_id = cell
    region = rules.tax_regions.get(region_id or 0) or source.invoice.tax_region_name.strip()
    category = rules.tax_categories.get(category_id or 0, "") or (f"category {category_id}" if category_id else "")
    subject = f"{region} (tax region {region_id})" if region_id is not None else region or "no tax region"
    if any(mapped == region_id for mapped, _ in rules.tax_types):
        subject = f"{subject}, {category or 'no tax category'}"
    evidence = {
        "tax_region_id": region_id,
        "tax_region": region,
        "tax_category_id": category_id,
        "tax_category": category,
        "tax": str(half_up(item.tax)),
    }
    findings.add(
        NeedsPerson("tax-region-unmapped", f"No Xero tax rate is mapped: {subject}.", subject, evidence=evidence)
    )
    return None, None


# ---- tracking and items


def _tracking(source: SourceInvoice, item: BillingItem, rules: Rules, findings: Findings) -> tuple[Tracking, ...]:
    """At most one option of each category, and two in all."""
    keys: tuple[tuple[TrackingSource, int | None], ...] = (
        ("territory", source.company.territory_id if source.company else None),
        ("line_of_business", item.organizational_level_association_id),
        ("billing_code", item.billing_code_id),
    )
    chosen: dict[str, Tracking] = {}
    for kind, key in keys:
        option = None if key is None else rules.tracking.get((kind, key))
        if option is None:
            continue
        if rules.tracking_options is not None and option.option_id not in rules.tracking_options:
            findings.note(
                f"The tracking option of {kind.replace('_', ' ')} {key} is no longer in Xero: it is left out."
            )
        else:
            chosen.setdefault(option.category_id, option)
    return tuple(chosen.values())[:MOST_TRACKING]


def _item_code(source: SourceInvoice, item: BillingItem, rules: Rules, findings: Findings) -> str | None:
    """The code of the Xero item that the line sells; None where none is mapped, or the mapped one is empty."""
    keys: tuple[tuple[ItemSource, int | None], ...] = (
        ("product", source.product_ids.get(item.id)),
        ("service", item.service_id),
        ("service_bundle", item.service_bundle_id),
        ("billing_code", item.billing_code_id),
        ("billing_item_type", item.type),
    )
    for kind, key in keys:
        code = None if key is None else rules.item_codes.get((kind, key))
        if code is not None:
            return _usable_item_code(code, f"{kind.replace('_', ' ')} {key}", item, rules, findings)
    product_id = source.product_ids.get(item.id)
    code = None if product_id is None else source.product_codes.get(product_id)
    return None if code is None else _usable_item_code(code, f"product {product_id}", item, rules, findings)


def _usable_item_code(code: str, subject: str, item: BillingItem, rules: Rules, findings: Findings) -> str | None:
    """The code, where it is one, and Xero has that item or is to get it."""
    code = code.strip()[:LONGEST_ITEM_CODE]
    if not code:
        _empty_item_code(subject, item, rules, findings)
        return None
    if rules.xero_items == "existing" and rules.known_item_codes is not None and code not in rules.known_item_codes:
        findings.note(f"Xero has no item {code}: the line is sent without an item.")
        return None
    return code


def _empty_item_code(subject: str, item: BillingItem, rules: Rules, findings: Findings) -> None:
    detail = f"The code of {subject} is empty in Autotask."
    if rules.empty_item_code == "notice":
        findings.note(f"{detail} The line is sent without an item.")
    elif rules.empty_item_code == "stop":
        evidence = {"billing_item_id": item.id, "item": item.name[:255]}
        findings.add(NeedsPerson("item-code-empty", detail, subject, evidence=evidence))


# ---- bundles


def _merge_bundles(pairs: Sequence[ItemLine], rules: Rules, findings: Findings) -> list[ItemLine]:
    """One line for each bundle that Autotask prints as one, where all of it may stand on one line."""
    bundles: dict[tuple[int, str], list[ItemLine]] = {}
    for item, line in pairs:
        bundles.setdefault(_bundle_key(item), []).append((item, line))
    merged: list[ItemLine] = []
    for members in bundles.values():
        lines = [line for _, line in members]
        if len(members) > 1 and _may_be_one(lines):
            merged.append((members[0][0], _merge(members)))
            continue
        if len(members) > 1 and len({line.tax_type for line in lines}) > 1:
            _mixed_taxes(members, rules, findings)
        merged += members
    return merged


def _bundle_key(item: BillingItem) -> tuple[int, str]:
    """What the items of one bundle share. An adjustment, and any other item, stands alone."""
    is_adjustment = item.quantity < 0 or item.contract_service_bundle_adjustment_id is not None
    if item.service_bundle_id and item.group_description and not is_adjustment:
        return item.service_bundle_id, item.group_description
    return -item.id, ""


def _may_be_one(lines: Iterable[XeroLine]) -> bool:
    return len({(line.account_code, line.tax_type, line.item_code, line.tracking) for line in lines}) == 1


def _merge(members: Sequence[ItemLine]) -> XeroLine:
    return replace(
        members[0][1],
        description=bundle_description([item for item, _ in members]),
        quantity=ONE,
        unit_amount=sum((line.line_amount for _, line in members), ZERO),
        billing_item_ids=tuple(item.id for item, _ in members),
    )


def _mixed_taxes(members: Sequence[ItemLine], rules: Rules, findings: Findings) -> None:
    bundle_id = members[0][0].service_bundle_id
    taxes = sorted({line.tax_type or "" for _, line in members})
    detail = f"Service bundle {bundle_id} mixes tax rates: {', '.join(taxes)}."
    if rules.mixed_tax_bundles == "split":
        findings.note(f"{detail} Its lines are sent one by one.")
        return
    evidence = {
        "service_bundle_id": bundle_id,
        "tax_types": taxes,
        "billing_item_ids": [item.id for item, _ in members],
    }
    findings.add(NeedsPerson("mixed-tax-bundle", detail, f"service bundle {bundle_id}", evidence=evidence))
