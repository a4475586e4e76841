"""From an Autotask invoice to what Xero gets. Pure: no ORM, no HTTP, no clock; what is wrong comes back as a value."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from faults.problems import NeedsPerson, SyncProblem, Transient
from syncing.billing_contact import ContactDetails, find_billing_contact, user_defined_field
from syncing.columns import LONGEST_KEPT_NUMBER
from syncing.findings import Findings
from syncing.line_words import in_sections
from syncing.rules import Rules
from syncing.source import SourceInvoice
from syncing.translate_lines import ItemLine, too_large, translate_lines
from syncing.xero.documents import ZERO, DocumentStatus, XeroDocument, XeroLine, half_up, is_measurable
from syncing.xero.text import clean_line

__all__ = ["ContactDetails", "SourceInvoice", "Translation", "seconds_until_refetch", "translate"]

STATUSES: dict[str, DocumentStatus] = {
    "draft": "DRAFT",
    "submitted": "SUBMITTED",
    "approved": "AUTHORISED",
    "approved_sent": "AUTHORISED",
}
MEANS_YES = frozenset({"true", "yes", "y", "1", "on"})
LONGEST_NUMBER = LONGEST_REFERENCE = 255
FIRST_YEAR, LAST_YEAR = 1900, 9000


@dataclass(frozen=True, slots=True, kw_only=True)
class Translation:
    """What became of an invoice: a document with its contact; or problems, all of them; or a reason to skip it.

    With problems, `document` and `contact` are there as far as they can be told, for the preview.
    A `Transient` among the problems asks to be fetched again after its `retry_after` seconds. `notices` need no one.
    """

    document: XeroDocument | None = None
    contact: ContactDetails | None = None
    problems: tuple[SyncProblem, ...] = ()
    notices: tuple[str, ...] = ()
    skipped_reason: str | None = None
    skipped_code: str = ""  # a code of the catalogue, where the reason has one
    skipped_by: str = ""  # the setting that asks for it, where one does

    @property
    def is_ready(self) -> bool:
        """Whether there is something to send and nothing against it."""
        return self.document is not None and not self.problems and self.skipped_reason is None


def translate(source: SourceInvoice, rules: Rules) -> Translation:
    """What `source` becomes under `rules`. Never raises, however odd the data."""
    if source.invoice.is_voided:
        return Translation(skipped_reason="It was voided in Autotask before it was sent.")
    too_large = tuple(_too_large(source))
    if too_large:
        return Translation(problems=too_large)
    setting, reason = _why_skipped(source, rules)
    if reason:
        return Translation(skipped_reason=reason, skipped_by=setting)
    if not source.items:
        return _without_lines(source, rules)
    findings = Findings()
    pairs = translate_lines(source, rules, findings)
    if not pairs:
        reason = "All its lines are zero, and zero lines are left out."
        return Translation(skipped_reason=reason, skipped_by="zero_lines")
    _judge_number(source, rules, findings)
    contact = find_billing_contact(source, rules, findings)
    document = _document(source, rules, findings, pairs)
    return Translation(document=document, contact=contact, problems=findings.problems, notices=findings.notices)


def seconds_until_refetch(source: SourceInvoice, rules: Rules) -> float | None:
    """When an invoice that looks unfinished is to be fetched again; None where it is old enough to be judged."""
    age = rules.age_seconds(source.invoice.created_at)
    if age is None:
        return None
    return next((max(at - age, 0.0) for at in sorted(rules.refetch_seconds) if at > age), None)


# ---- invoices that are not sent


def _too_large(source: SourceInvoice) -> Iterator[SyncProblem]:
    """Where a number is none, or larger than Xero and our arithmetic can hold."""
    invoice = source.invoice
    if not (is_measurable(invoice.total) and is_measurable(invoice.tax)):
        yield too_large("Its total", source, total=invoice.total, tax=invoice.tax)
    for item in source.items:
        amounts = (item.total_amount, item.quantity, item.rate, item.tax)
        if not all(map(is_measurable, amounts)):
            yield too_large(f"Billing item {item.id}", source, quantity=item.quantity, rate=item.rate)


def _why_skipped(source: SourceInvoice, rules: Rules) -> tuple[str, str]:
    """The setting that asks for nothing to be sent at all, and why; both "" where something is."""
    invoice = source.invoice
    if rules.skip_udf and source.company and _says_yes(source.company.user_defined_fields, rules.skip_udf):
        return "skip_udf", f"The company's field {rules.skip_udf} says not to send its invoices."
    if invoice.template_id in rules.skip_templates:
        return "skip_templates", f"Invoices of the template {invoice.template_id} are not sent."
    if rules.skip_total_below is not None and abs(invoice.total) < rules.skip_total_below:
        return "skip_total_below", f"Its total is below {rules.skip_total_below}."
    if rules.zero_totals == "skip" and source.items and _is_zero(source):
        return "zero_totals", "Its total is zero."
    return "", ""


def _says_yes(fields: dict[str, str], name: str) -> bool:
    return user_defined_field(fields, name).strip().lower() in MEANS_YES


def _is_zero(source: SourceInvoice) -> bool:
    items_total = sum((half_up(item.total_amount) for item in source.items), ZERO)
    return not half_up(source.invoice.total) and not items_total


def _without_lines(source: SourceInvoice, rules: Rules) -> Translation:
    """No line that we can see: nothing to send; or lines that are still to come, or hidden from the API user."""
    invoice = source.invoice
    if not half_up(invoice.total):
        reason = "The invoice contains no line items."
        return Translation(skipped_reason=reason, skipped_code="no-line-items", notices=(reason,))
    wait = seconds_until_refetch(source, rules)
    evidence = {
        "invoice_id": invoice.id,
        "invoice_number": invoice.number,
        "company": _company_name(source),
        "total": str(half_up(invoice.total)),
        "currency": _currency_code(source, rules),
        "api_user_lines_of_business": _names_of_lines_of_business(rules),
    }
    detail = f"Autotask gives a total of {half_up(invoice.total)}, and no line."
    kind = NeedsPerson if wait is None else Transient
    return Translation(problems=(kind("no-line-items", detail, source.subject, wait, evidence),))


def _company_name(source: SourceInvoice) -> str:
    return source.company.name[:255] if source.company else ""


def _names_of_lines_of_business(rules: Rules) -> list[str] | None:
    if rules.api_user_lines_of_business is None:
        return None
    return sorted(rules.lines_of_business.get(key, str(key)) for key in rules.api_user_lines_of_business)


# ---- the document


def _document(
    source: SourceInvoice, rules: Rules, findings: Findings, pairs: Sequence[ItemLine]
) -> XeroDocument | None:
    """An invoice; or a credit note with all signs turned, where the total is negative. None where it has no date."""
    day = _date(source, rules, findings)
    if day is None:
        return None
    as_invoice = XeroDocument(
        type="ACCREC",
        date=day,
        currency=_currency(source, rules, findings),
        lines=tuple(line for _, line in pairs),
        reference=_reference(source, rules),
        branding_theme_id=_branding(source, rules, findings),
    )
    total = as_invoice.total
    is_credit_note = total < 0
    if is_credit_note:
        pairs = [(item, _turned(line)) for item, line in pairs]
    status = STATUSES[rules.import_status]
    if not total and status != "DRAFT":
        findings.note("Its total is zero: it is sent as a draft.")
        status = "DRAFT"
    return replace(
        as_invoice,
        type="ACCRECCREDIT" if is_credit_note else "ACCREC",
        lines=in_sections(pairs, source, rules.line_grouping),
        number=_number(source, rules, is_credit_note=is_credit_note),
        due_date=None if is_credit_note else _due_date(source, rules, findings, day, status),
        status=status,
        sent_to_contact=rules.import_status == "approved_sent" and status == "AUTHORISED",
        url="" if is_credit_note else source.url,
    )


def _turned(line: XeroLine) -> XeroLine:
    return line if line.unit_amount is None else replace(line, unit_amount=-line.unit_amount)


def _judge_number(source: SourceInvoice, rules: Rules, findings: Findings) -> None:
    """Autotask gives an invoice its number last: a young one without a number may not be finished."""
    invoice = source.invoice
    if len(invoice.number) > LONGEST_KEPT_NUMBER:
        findings.note(f"Its number in Autotask has {len(invoice.number)} characters: it is shown here cut short.")
    if invoice.number.strip():
        return
    evidence = {"invoice_id": invoice.id, "company": _company_name(source), "numbering": rules.numbering}
    age = rules.age_seconds(invoice.created_at)
    if age is not None and age < rules.number_wait_seconds:
        wait = rules.number_wait_seconds - age
        detail = "The invoice has no number in Autotask yet."
        findings.add(Transient("invoice-number-empty", detail, source.subject, wait, evidence))
    elif rules.numbering == "autotask_number":
        detail = "The invoice has no number in Autotask, and Autotask's numbers are to be used in Xero."
        findings.add(NeedsPerson("invoice-number-empty", detail, source.subject, evidence=evidence))


def _number(source: SourceInvoice, rules: Rules, *, is_credit_note: bool) -> str | None:
    """None lets Xero number an invoice. A credit note is found again by its number alone, so that one is ours."""
    if is_credit_note:
        return clean_line(f"{rules.credit_note_prefix}{source.invoice.id}", LONGEST_NUMBER)
    if rules.numbering == "autotask_id":
        return f"INV:{source.invoice.id}"
    number = clean_line(source.invoice.number, LONGEST_NUMBER)
    if rules.numbering == "autotask_number" and number:
        return clean_line(f"{rules.number_prefix}{number}", LONGEST_NUMBER)
    return None


def _currency_code(source: SourceInvoice, rules: Rules) -> str:
    """Autotask's currency for the company; else the account's; else the organisation's own."""
    return source.currency_code.strip().upper() or rules.currency.strip().upper() or rules.base_currency


def _currency(source: SourceInvoice, rules: Rules, findings: Findings) -> str:
    currency, from_autotask = _currency_code(source, rules), source.currency_code.strip().upper()
    if currency in rules.subscribed_currencies or not rules.subscribed_currencies:
        return currency
    evidence = {
        "currency": currency,
        "base_currency": rules.base_currency,
        "subscribed": sorted(rules.subscribed_currencies),
        "currency_setting": rules.currency,
        "cause": "not_added_in_xero" if from_autotask else "setting_differs",
    }
    detail = f"Organisation is not subscribed to currency {currency}"
    findings.add(NeedsPerson("currency-not-subscribed", detail, currency, evidence=evidence))
    return currency


def _date(source: SourceInvoice, rules: Rules, findings: Findings) -> date | None:
    """The invoice's date; or the first open day, where it lies in a closed period and the account asks for that."""
    invoice = source.invoice
    moment = invoice.created_at or rules.now
    day = invoice.date or (moment.date() if moment is not None else None)
    if day is None or not FIRST_YEAR <= day.year <= LAST_YEAR:
        detail = f"Xero takes no document of this date: {day or 'none'}."
        findings.add(NeedsPerson("validation-refused", detail, source.subject))
        return None
    if rules.lock_date is None or day > rules.lock_date:
        return day
    first_open_day = rules.lock_date + timedelta(days=1)
    if rules.locked_period == "first_open_day":
        findings.note(f"Its date {day} lies in a closed period: it is dated {first_open_day}, the first open day.")
        return first_open_day
    evidence = {
        "date": str(day),
        "lock_date": str(rules.lock_date),
        "period_lock_date": str(rules.period_lock_date or ""),
        "end_of_year_lock_date": str(rules.end_of_year_lock_date or ""),
    }
    detail = f"The document date {day} is not after the lock date {rules.lock_date}."
    findings.add(NeedsPerson("period-locked", detail, str(rules.lock_date), evidence=evidence))
    return day


def _due_date(
    source: SourceInvoice, rules: Rules, findings: Findings, day: date, status: DocumentStatus
) -> date | None:
    """By the account's setting. A draft may go without; an approved invoice falls due on its date at the earliest."""
    due = _wanted_due_date(source, rules, day)
    if due is None and status != "DRAFT":
        due = source.invoice.due_date or day
        if rules.due_date != "xero_contact":  # which the contact's terms settle in the end
            findings.note(f"No due date could be told: {max(due, day)} is used.")
    if due is not None and due < day:
        return day
    return due


def _wanted_due_date(source: SourceInvoice, rules: Rules, day: date) -> date | None:
    if rules.due_date == "autotask":
        return source.invoice.due_date
    if rules.due_date == "invoice_date":
        return day
    if rules.due_date == "days_after":
        return day + timedelta(days=rules.due_days)
    return source.payment_terms.due_date(day) if source.payment_terms else None


def _reference(source: SourceInvoice, rules: Rules) -> str:
    """The customer's purchase order number: the invoice's, else those of its lines."""
    if not rules.po_reference:
        return ""
    numbers = [source.invoice.order_number.strip()]
    if not numbers[0]:
        numbers = [item.purchase_order_number.strip() for item in source.items]
    return clean_line(", ".join(dict.fromkeys(filter(None, numbers))), LONGEST_REFERENCE)


def _branding(source: SourceInvoice, rules: Rules, findings: Findings) -> str | None:
    template_id = source.invoice.template_id
    theme = None if template_id is None else rules.branding.get(template_id)
    if theme and rules.branding_themes is not None and theme not in rules.branding_themes:
        findings.note(f"The branding theme of template {template_id} is no longer in Xero: the default one is used.")
        return None
    return theme or None
