"""The amount check: does Xero's total come out as Autotask's? And where it does not, why. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

from faults.problems import SyncProblem
from syncing.rules import Rules, TotalIs
from syncing.source import SourceInvoice
from syncing.xero.documents import XeroDocument

Cause = Literal["lines_missing", "unfinished_billing_run", "service_adjustments"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosis:
    """One possible cause of a mismatch: whether it fits the figures, and the figures (JSON-safe, money as strings)."""

    cause: Cause
    fits: bool
    evidence: Mapping[str, Any]


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
    """Whether `document` may be sent for `source`."""
    raise NotImplementedError


@dataclass(frozen=True, slots=True, kw_only=True)
class TotalsSample:
    """One invoice's figures, by which net or gross is told: Σ item totalAmount, Σ taxDollars, invoiceTotal, totalTaxValue."""

    items_total: Decimal
    items_tax: Decimal
    invoice_total: Decimal
    invoice_tax: Decimal


def tell_total_is(samples: list[TotalsSample]) -> TotalIs | None:
    """Whether the account's invoiceTotal is net or gross of tax; None where the samples do not tell."""
    raise NotImplementedError
