"""The amount check: does Xero's total come out as Autotask's? And where it does not, why. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, Literal

from faults.problems import NeedsPerson, SyncProblem, Transient
from syncing.diagnosis import Diagnosis, diagnose
from syncing.rules import Rules, TotalIs
from syncing.source import SourceInvoice
from syncing.totals import CENT, Comparison, TotalsSample, compare, sample, tell_total_is
from syncing.translate import seconds_until_refetch
from syncing.xero.documents import ZERO, XeroDocument, XeroLine

__all__ = ["AmountCheck", "Diagnosis", "TotalsSample", "check", "diagnose", "sample", "tell_total_is"]


@dataclass(frozen=True, slots=True, kw_only=True)
class AmountCheck:
    """Autotask's total against what Xero will compute, like with like, in the invoice's currency; credits are negative.

    `document` is what to send: as translated, or closed with a rounding line. With a `problem` nothing is to be sent; a
    Transient one asks for the invoice to be fetched again after its `retry_after` seconds.
    """

    document: XeroDocument
    expected: Decimal
    computed: Decimal
    difference: Decimal
    total_is: TotalIs | None  # what invoiceTotal was taken for; None where there was no tax to tell by
    compared: Literal["net", "gross"]
    tax_difference: Decimal | None = None  # None where Xero's tax is not known to us
    diagnoses: tuple[Diagnosis, ...] = ()
    notices: tuple[str, ...] = ()
    problem: SyncProblem | None = None


def check(source: SourceInvoice, document: XeroDocument, rules: Rules) -> AmountCheck:
    """Whether `document`, which `source` was translated to under `rules`, may be sent."""
    figures = compare(source, document, rules)
    basis = figures.basis(rules.max_rounding_difference)
    with_tax = basis == "gross"
    gap = figures.gross_gap if with_tax else figures.net_gap
    found = AmountCheck(
        document=document,
        expected=figures.expected_gross if with_tax else figures.expected_net,
        computed=figures.computed_gross if with_tax else figures.computed_net,
        difference=abs(gap),
        total_is=figures.total_is,
        compared=basis,
        tax_difference=abs(figures.tax_gap) if figures.tax_is_known else None,
    )
    if found.difference >= rules.max_rounding_difference or figures.combined:
        diagnoses = diagnose(source, figures, rules)
        return replace(found, diagnoses=diagnoses, problem=_mismatch(source, found, diagnoses, figures, rules))
    guarded = _guard_tax(source, found, figures, rules)
    return guarded if guarded.problem or not gap else _close(guarded, gap, rules)


def _mismatch(
    source: SourceInvoice, found: AmountCheck, diagnoses: Sequence[Diagnosis], figures: Comparison, rules: Rules
) -> SyncProblem:
    """A young invoice may only be unfinished; an older one is judged."""
    currency = found.document.currency
    detail = f"Autotask’s total is {found.expected:,} {currency}, Xero’s would be {found.computed:,} {currency}."
    if not found.difference:
        detail = "Lines with a negative quantity would not have their amounts in Xero."
    evidence = _evidence(source, found, figures) | {"diagnosis": [diagnosis.to_json() for diagnosis in diagnoses]}
    wait = seconds_until_refetch(source, rules)
    if wait is not None:
        return Transient("amounts-do-not-match", detail, source.subject, wait, evidence)
    return NeedsPerson("amounts-do-not-match", detail, source.subject, evidence=evidence)


def _evidence(source: SourceInvoice, found: AmountCheck, figures: Comparison) -> dict[str, Any]:
    seen = sample(source)
    return {
        "invoice_id": source.invoice.id,
        "invoice_number": source.invoice.number,
        "company": source.company.name[:255] if source.company else "",
        "currency": found.document.currency,
        "expected": str(found.expected),
        "computed": str(found.computed),
        "difference": str(found.difference),
        "compared": found.compared,
        "total_is": found.total_is,
        "invoice_total": str(seen.invoice_total),
        "invoice_tax": str(seen.invoice_tax),
        "items_total": str(seen.items_total),
        "items_tax": str(seen.items_tax),
        "computed_net": str(figures.computed_net),
        "computed_tax": str(figures.computed_tax) if figures.tax_is_known else None,
        "lines": len(source.items),
    }


def _guard_tax(source: SourceInvoice, found: AmountCheck, figures: Comparison, rules: Rules) -> AmountCheck:
    """The tax guard: taxes further apart than rounding a cent on each taxed line explains."""
    if rules.tax_guard == "off" or found.tax_difference is None:
        return found
    taxed = sum(1 for line in found.document.lines if line.tax_rate)
    if found.tax_difference <= max(taxed, 1) * CENT:
        return found
    detail = f"Autotask’s tax is {figures.expected_tax:,}, Xero’s would be {figures.computed_tax:,}."
    if rules.tax_guard == "warn":
        return replace(found, notices=(*found.notices, detail))
    evidence = _evidence(source, found, figures) | {"expected_tax": str(figures.expected_tax), "tax_guard": True}
    return replace(found, problem=NeedsPerson("amounts-do-not-match", detail, source.subject, evidence=evidence))


def _close(found: AmountCheck, gap: Decimal, rules: Rules) -> AmountCheck:
    """Note the rounding difference; close it with a line, where asked for, on the account that Xero has for it."""
    document = found.document
    told = f"Xero’s total differs from Autotask’s by {found.difference:,} {document.currency} of rounding"
    amount = -gap if document.is_credit_note else gap
    if not rules.rounding_line or not rules.rounding_account or document.total + amount < ZERO:
        return replace(found, notices=(*found.notices, f"{told}."))
    line = XeroLine(
        description="Rounding",
        quantity=Decimal(1),
        unit_amount=amount,
        account_code=rules.rounding_account,
        tax_type="NONE" if rules.tax_mapping else None,
        tax_rate=ZERO if rules.tax_mapping else None,
    )
    closed = replace(document, lines=(*document.lines, line))
    return replace(found, document=closed, notices=(*found.notices, f"{told}, closed with a rounding line."))
