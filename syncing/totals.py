"""Autotask's total of an invoice against what Xero will compute, like with like. Pure.

Autotask's invoiceTotal is net of tax in some databases and gross in others; a billing item's totalAmount is net.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from syncing.autotask.records import BillingItem
from syncing.rules import Rules, TotalIs
from syncing.source import SourceInvoice
from syncing.xero.documents import ZERO, XeroDocument, half_up, is_measurable

CENT = Decimal("0.01")
TELLING_GAP = Decimal("0.05")  # sums of lines with four decimals may miss a total by some cents


@dataclass(frozen=True, slots=True, kw_only=True)
class TotalsSample:
    """One invoice's figures that tell net from gross: Σ totalAmount, Σ taxDollars, invoiceTotal, totalTaxValue."""

    items_total: Decimal
    items_tax: Decimal
    invoice_total: Decimal
    invoice_tax: Decimal


def sample(source: SourceInvoice) -> TotalsSample:
    """The figures of `source`; what is no number counts nothing."""
    return TotalsSample(
        items_total=sum(filter(is_measurable, (item.total_amount for item in source.items)), ZERO),
        items_tax=sum(filter(is_measurable, (item.tax for item in source.items)), ZERO),
        invoice_total=source.invoice.total,
        invoice_tax=source.invoice.tax,
    )


def tell_total_is(samples: Iterable[TotalsSample]) -> TotalIs | None:
    """Whether the account's invoiceTotal is net or gross of tax; None where the samples do not tell."""
    votes = Counter(vote for vote in map(_vote, samples) if vote is not None)
    if votes["net"] == votes["gross"]:
        return None
    return "net" if votes["net"] > votes["gross"] else "gross"


def _vote(figures: TotalsSample) -> TotalIs | None:
    """What one invoice says. One without tax says nothing; nor does one whose lines are not all there."""
    numbers = (figures.items_total, figures.items_tax, figures.invoice_total, figures.invoice_tax)
    if not all(map(is_measurable, numbers)) or abs(figures.invoice_tax) <= 2 * TELLING_GAP:
        return None
    without_tax = figures.invoice_total - figures.items_total
    if abs(without_tax) <= TELLING_GAP:
        return "net"
    return "gross" if abs(without_tax - figures.invoice_tax) <= TELLING_GAP else None


def total_is(source: SourceInvoice, rules: Rules) -> TotalIs | None:
    """As the account's data told; else as this invoice tells. None where it has no tax, and both are the same."""
    if rules.total_is is not None:
        return rules.total_is
    figures = sample(source)
    told = _vote(figures)
    if told is not None or not figures.invoice_tax:
        return told
    without_tax = figures.invoice_total - figures.items_total
    return "net" if abs(without_tax) <= abs(without_tax - figures.invoice_tax) else "gross"


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Autotask's figures (`expected…`) and Xero's (`computed…`), to the cent; those of a credit are negative.

    `combined` are the negative-quantity lines whose amount in Xero would not be their totalAmount, with that amount.
    """

    total_is: TotalIs | None
    tax_is_known: bool
    expected_net: Decimal
    computed_net: Decimal
    expected_tax: Decimal
    computed_tax: Decimal
    expected_gross: Decimal
    computed_gross: Decimal
    combined: tuple[tuple[BillingItem, Decimal], ...]

    @property
    def net_gap(self) -> Decimal:
        return self.expected_net - self.computed_net

    @property
    def gross_gap(self) -> Decimal:
        return self.expected_gross - self.computed_gross

    @property
    def tax_gap(self) -> Decimal:
        return self.expected_tax - self.computed_tax

    def basis(self, limit: Decimal) -> Literal["net", "gross"]:
        """With tax where Xero's is known; but a tax that makes up for missing money must not hide it."""
        if self.tax_is_known and (abs(self.gross_gap) >= limit or abs(self.net_gap) < limit):
            return "gross"
        return "net"


def compare(source: SourceInvoice, document: XeroDocument, rules: Rules) -> Comparison:
    """The figures of both sides for `document`, which is what `source` was translated to under `rules`."""
    invoice = source.invoice
    taken_for = total_is(source, rules)
    net = invoice.total - invoice.tax if taken_for == "gross" else invoice.total
    sign = -1 if document.is_credit_note else 1
    subtotal, tax = document.subtotal, document.total_tax
    return Comparison(
        total_is=taken_for,
        tax_is_known=rules.tax_mapping and document.tax_is_known,
        expected_net=half_up(net),
        computed_net=sign * subtotal,
        expected_tax=half_up(invoice.tax),
        computed_tax=sign * tax,
        expected_gross=half_up(net + invoice.tax),
        computed_gross=sign * (subtotal + tax),
        combined=_combined_adjustments(source, document, sign),
    )


def _combined_adjustments(
    source: SourceInvoice, document: XeroDocument, sign: int
) -> tuple[tuple[BillingItem, Decimal], ...]:
    negative = {item.id: item for item in source.items if item.quantity < 0}
    if not negative:
        return ()
    lines = [line for line in document.lines if len(line.billing_item_ids) == 1]
    sent = {line.billing_item_ids[0]: sign * line.line_amount for line in lines}
    return tuple(
        (item, sent[item.id])
        for item in negative.values()
        if item.id in sent and sent[item.id] != half_up(item.total_amount)
    )


def rounding_slack(items: Iterable[BillingItem]) -> Decimal:
    """By how much lines may rightly miss the total: by half a cent for each figure that is rounded to the cent."""
    rounded = sum(1 for item in items if half_up(item.total_amount) != item.total_amount)
    return rounded * CENT / 2 + (CENT / 2 if rounded else ZERO)
