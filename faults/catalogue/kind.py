"""What a fault kind is made of."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import TextChoices

from faults.problems import NeedsPerson, NeedsReconnect, NeedsSupport, SyncProblem, Transient


class WhoActs(TextChoices):
    """Who must do something before the documents go on."""

    NOBODY = "nobody", "Nobody: it mends itself"
    CUSTOMER = "customer", "You"
    CUSTOMER_RECONNECT = "customer_reconnect", "You, by signing in again"
    SUPPORT = "support", "Our support team"


class Severity(TextChoices):
    CRITICAL = "critical", "Nothing gets through"
    ERROR = "error", "Documents are stuck"
    WARNING = "warning", "Mends itself"


class Retry(TextChoices):
    """What the machine does about it without being asked."""

    BACKOFF = "backoff", "Tries again by itself, with growing waits, for 24 hours"
    WHEN_CLEARED = "when_cleared", "Looks every so often whether the cause has cleared, and goes on then"
    BY_HAND = "by_hand", "Waits until someone asks for a re-sync"


class Subject(TextChoices):
    """What the subject of a fault is: the thing that has to be mended. It is part of the fault's fingerprint."""

    NONE = "none", "The account"
    CONNECTION = "connection", "Connection"  # "Autotask" or "Xero"
    INVOICE = "invoice", "Autotask invoice"
    NUMBER = "number", "Xero number"
    LOCK_DATE = "lock_date", "Lock date"  # YYYY-MM-DD where it can be told
    CURRENCY = "currency", "Currency"
    ACCOUNT_CODE = "account_code", "Account code"
    TAX_TYPE = "tax_type", "Tax rate"
    TAX_REGION = "tax_region", "Tax region"
    BILLING_CODE = "billing_code", "Billing code"
    BUNDLE = "bundle", "Service bundle"
    ITEM = "item", "Item"
    COMPANY = "company", "Company"
    CONTACT = "contact", "Contact"
    TEXT = "text", "Message"


class Place(TextChoices):
    """Where a step happens. The page that shows it knows the address, from the case's own facts."""

    AUTOTASK_INVOICE = "autotask_invoice", "Open the invoice in Autotask"
    AUTOTASK_COMPANY = "autotask_company", "Open the company in Autotask"
    AUTOTASK_CONTACT = "autotask_contact", "Open the contact in Autotask"
    AUTOTASK_API_USER = "autotask_api_user", "Open the API user in Autotask"
    AUTOTASK_BILLING_CODES = "autotask_billing_codes", "Open billing codes in Autotask"
    AUTOTASK_NUMBERING = "autotask_numbering", "Open invoice numbering in Autotask"
    XERO_DOCUMENT = "xero_document", "Open the document in Xero"
    XERO_CONTACT = "xero_contact", "Open the contact in Xero"
    XERO_CURRENCIES = "xero_currencies", "Open Currencies in Xero"
    XERO_ACCOUNTS = "xero_accounts", "Open the chart of accounts in Xero"
    XERO_TAX_RATES = "xero_tax_rates", "Open tax rates in Xero"
    XERO_LOCK_DATES = "xero_lock_dates", "Open lock dates in Xero"
    XERO_ITEMS = "xero_items", "Open products and services in Xero"
    XERO_USERS = "xero_users", "Open users in Xero"
    XERO_STATUS = "xero_status", "Open Xero's status page"
    AUTOTASK_STATUS = "autotask_status", "Open Autotask's status page"
    CONNECTIONS = "connections", "Open connections"
    NUMBERING = "numbering", "Open numbering settings"
    CONTACT_SETTINGS = "contact_settings", "Open contacts"
    CURRENCY_SETTINGS = "currency_settings", "Open currency settings"
    ACCOUNT_MAPPING = "account_mapping", "Open billing-code mapping"
    TAX_MAPPING = "tax_mapping", "Open tax mapping"
    ACCOUNT_SETTINGS = "account_settings", "Open account settings"
    ITEM_SETTINGS = "item_settings", "Open item settings"
    TAX_SETTINGS = "tax_settings", "Open tax settings"
    PERIOD_SETTINGS = "period_settings", "Open locked-period settings"
    SUPPORT = "support", "Contact support"


class Partner(TextChoices):
    AUTOTASK = "autotask", "Autotask"
    XERO = "xero", "Xero"


@dataclass(frozen=True)
class Step:
    """One thing to do, as a sentence, and where."""

    text: str
    place: Place | None = None


@dataclass(frozen=True)
class PartnerText:
    """A text with which a partner tells of this kind.

    ``{name}`` stands for a value, with or without quotes round it. ``{subject}`` becomes the fault's subject, ``{_}``
    is of no interest, any other is kept in the evidence under its name. Case, quotes and a trailing stop do not matter.
    """

    template: str
    partner: Partner = Partner.XERO


@dataclass(frozen=True, kw_only=True)
class FaultKind:
    """One entry of the catalogue: what a fault of this code is, for people, and what the machine does about it."""

    code: str
    title: str
    what_happened: str
    what_it_means: str
    steps: tuple[Step, ...]
    who_acts: WhoActs
    severity: Severity
    retry: Retry
    subject: Subject
    partner_texts: tuple[PartnerText, ...] = ()

    def about(self, subject: str) -> str:
        """A subject as people read it: “Account code 260”, “Autotask invoice 1228”; Xero, or a text, by itself."""
        if not subject or self.subject in (Subject.NONE, Subject.CONNECTION, Subject.TEXT):
            return subject
        label = self.subject.label
        last_word = label.rpartition(" ")[2] + " "
        return f"{label} {subject.removeprefix(last_word)}"

    @property
    def article_path(self) -> str:
        return f"/help/faults/{self.code}/"

    @property
    def quoted_texts(self) -> list[str]:
        """The partners' texts as people meet them, an ellipsis for each value; fragments of a text are left out."""
        whole = (text.template for text in self.partner_texts if not text.template.startswith("{_}"))
        return list(dict.fromkeys(re.sub(r"\{\w+\}", "…", template) for template in whole))

    def problem(
        self,
        detail: str = "",
        subject: str = "",
        retry_after: float | None = None,
        evidence: Mapping[str, Any] | None = None,
    ) -> SyncProblem:
        """A SyncProblem of this kind; its class follows from who acts."""
        return _PROBLEMS[self.who_acts](self.code, detail, subject, retry_after, evidence)


_PROBLEMS: dict[WhoActs, type[SyncProblem]] = {
    WhoActs.NOBODY: Transient,
    WhoActs.CUSTOMER: NeedsPerson,
    WhoActs.CUSTOMER_RECONNECT: NeedsReconnect,
    WhoActs.SUPPORT: NeedsSupport,
}


@dataclass(frozen=True)
class Topic:
    """Kinds that belong together on the pages of the help centre."""

    title: str
    kinds: tuple[FaultKind, ...]
