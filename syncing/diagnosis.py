"""Why the amounts of an invoice do not match: each possible cause held against the figures, not guessed. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, Literal

from syncing.rules import Rules
from syncing.source import SourceInvoice
from syncing.totals import Comparison, compare, rounding_slack
from syncing.translate import translate
from syncing.xero.documents import ZERO, half_up

Cause = Literal["lines_missing", "unfinished_billing_run", "service_adjustments"]
MOST_LINES_SHOWN = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosis:
    """One possible cause of a mismatch: whether it fits the figures, and the figures (JSON-safe, money as strings)."""

    cause: Cause
    fits: bool
    evidence: Mapping[str, Any]

    def to_json(self) -> dict[str, Any]:
        return {"cause": self.cause, "fits": self.fits, **self.evidence}


def diagnose(source: SourceInvoice, comparison: Comparison, rules: Rules) -> tuple[Diagnosis, ...]:
    """The three causes, likeliest first: what fits before what does not, and what is proven to the cent before all."""
    seen = sum((half_up(item.total_amount) for item in source.items), ZERO)
    missing = comparison.expected_net - seen
    is_missing = abs(missing) > rounding_slack(source.items)
    adjustments = _service_adjustments(source, comparison, rules)
    causes = [
        _lines_missing(source, seen, missing, rules, is_missing=is_missing),
        _unfinished_billing_run(source, missing, rules, is_missing=is_missing),
    ]
    causes.insert(0 if adjustments.fits else len(causes), adjustments)
    return tuple(sorted(causes, key=lambda diagnosis: not diagnosis.fits))


def _lines_missing(
    source: SourceInvoice, seen: Decimal, missing: Decimal, rules: Rules, *, is_missing: bool
) -> Diagnosis:
    """The API user sees only lines of its own lines of business, and Autotask does not say that it hides others."""
    own = rules.api_user_lines_of_business
    known = frozenset(rules.lines_of_business)
    sees_all = own is not None and bool(known) and own >= known
    of_lines = Counter(item.organizational_level_association_id for item in source.items)
    return Diagnosis(
        cause="lines_missing",
        fits=is_missing and not sees_all,
        evidence={
            "sum_seen": str(seen),
            "sum_missing": str(missing),
            "lines_seen": len(source.items),
            "lines_of_business_seen": [
                {"id": key, "name": "" if key is None else rules.lines_of_business.get(key, ""), "lines": count}
                for key, count in of_lines.most_common()
            ],
            "api_user_lines_of_business": None if own is None else _names(own, rules),
            "other_lines_of_business": None if own is None else _names(known - own, rules),
        },
    )


def _names(keys: frozenset[int], rules: Rules) -> list[str]:
    return sorted(rules.lines_of_business.get(key) or str(key) for key in keys)


def _unfinished_billing_run(source: SourceInvoice, missing: Decimal, rules: Rules, *, is_missing: bool) -> Diagnosis:
    """Autotask shows an invoice before all its lines are on it; now and then a run breaks and they never come."""
    invoice = source.invoice
    age = rules.age_seconds(invoice.created_at)
    return Diagnosis(
        cause="unfinished_billing_run",
        fits=is_missing,
        evidence={
            "sum_missing": str(missing),
            "created_at": invoice.created_at.isoformat() if invoice.created_at else None,
            "age_seconds": None if age is None else round(age),
            "batch_id": invoice.batch_id,
            "has_number": bool(invoice.number.strip()),
        },
    )


def _service_adjustments(source: SourceInvoice, comparison: Comparison, rules: Rules) -> Diagnosis:
    """Would the totals meet if lines of negative quantity went as quantity 1 × their total? Translated anew to tell."""
    negative = [item for item in source.items if item.quantity < 0]
    in_xero = {item.id: amount for item, amount in comparison.combined}
    evidence: dict[str, Any] = {
        "supported_now": rules.service_adjustments,
        "negative_lines_count": len(negative),
        "negative_lines": [
            {
                "billing_item_id": item.id,
                "name": item.name[:255],
                "quantity": str(item.quantity),
                "rate": str(item.rate),
                "total_amount": str(half_up(item.total_amount)),
                "amount_in_xero": str(in_xero.get(item.id, half_up(item.total_amount))),
            }
            for item in negative[:MOST_LINES_SHOWN]
        ],
        "total_with_support": None,
        "difference_with_support": None,
    }
    with_support = None
    if negative and not rules.service_adjustments:
        with_support = translate(source, replace(rules, service_adjustments=True)).document
    if with_support is None:
        return Diagnosis(cause="service_adjustments", fits=False, evidence=evidence)
    supported = compare(source, with_support, rules)
    evidence["total_with_support"] = str(supported.computed_net)
    evidence["difference_with_support"] = str(abs(supported.net_gap))
    meets = abs(supported.net_gap) <= rounding_slack(source.items)
    return Diagnosis(cause="service_adjustments", fits=meets and not supported.combined, evidence=evidence)
