"""By what an account's documents are translated: its settings, its mappings, and what both partners told us.

Plain values only: whoever builds `Rules` reads the database and the partners, and translation reads `Rules`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cached_property
from typing import Literal

from syncing.autotask.records import BillingCode, Country
from syncing.xero.documents import Tracking
from syncing.xero.records import LedgerAccount, TaxRate

ImportStatus = Literal["draft", "submitted", "approved", "approved_sent"]
Numbering = Literal["xero", "autotask_id", "autotask_number"]
DueDate = Literal["autotask", "invoice_date", "days_after", "xero_contact"]
LineDescription = Literal["item_name", "full", "full_with_contract"]
LineGrouping = Literal["none", "ticket", "project", "site"]
ContactRule = Literal["billing_flag", "invoice_recipients", "position_udf", "primary", "only_active"]
TotalIs = Literal["net", "gross"]
TrackingSource = Literal["territory", "line_of_business", "billing_code"]
ItemSource = Literal["product", "service", "service_bundle", "billing_code", "billing_item_type"]

CONTACT_RULES: tuple[ContactRule, ...] = (
    "billing_flag",
    "invoice_recipients",
    "position_udf",
    "primary",
    "only_active",
)
SALES_ACCOUNT_TYPES = ("SALES", "REVENUE")


@dataclass(frozen=True, kw_only=True, eq=False)
class Rules:
    """Everything that translation needs besides the invoice itself; one for each account and run.

    Settings bear the names of the API. Amounts are in the currency of the document, ids are the partners' own.
    """

    # What the account decides.
    currency: str = ""  # where Autotask gives none; empty stands for the organisation's base currency
    import_status: ImportStatus = "draft"
    numbering: Numbering = "xero"
    number_prefix: str = ""  # of Autotask's numbers
    credit_note_prefix: str = "CN-AT-"
    write_back_number: bool = False
    due_date: DueDate = "autotask"
    due_days: int = 20
    lookback_days: int = 30
    po_reference: bool = True
    line_description: LineDescription = "full"
    line_grouping: LineGrouping = "none"
    zero_lines: Literal["keep", "skip"] = "keep"
    zero_totals: Literal["send", "skip"] = "send"
    decimals: Literal[2, 4] = 4  # of unit prices
    rounding_line: bool = False
    void_sync: bool = False
    skip_udf: str = ""  # name of a company's user-defined field
    skip_total_below: Decimal | None = None
    skip_templates: frozenset[int] = frozenset()
    locked_period: Literal["fault", "first_open_day"] = "fault"
    contact_rules: tuple[ContactRule, ...] = CONTACT_RULES
    match_account_number: bool = False
    match_name: Literal["exact", "relaxed"] = "exact"
    create_contacts: bool = True
    update_contacts: bool = False
    bill_parent: bool = True
    unmapped_billing_code: Literal["default", "fault"] = "default"
    default_sales_account: str = ""
    tax_mapping: bool = True
    tax_guard: Literal["off", "warn", "stop"] = "off"
    mixed_tax_bundles: Literal["split", "stop"] = "split"
    empty_item_code: Literal["ignore", "notice", "stop"] = "notice"
    xero_items: Literal["existing", "create", "update"] = "existing"

    # What stands for what in Xero.
    billing_code_accounts: Mapping[int, str] = field(default_factory=dict)  # billing code id → account code
    tax_types: Mapping[tuple[int, int | None], str] = field(
        default_factory=dict
    )  # (region id, category id or all) → TaxType
    branding: Mapping[int, str] = field(default_factory=dict)  # invoice template id → BrandingThemeID
    tracking: Mapping[tuple[TrackingSource, int], Tracking] = field(
        default_factory=dict
    )  # lines of business by association id
    item_codes: Mapping[tuple[ItemSource, int], str] = field(default_factory=dict)  # "" where Autotask has none to give
    contact_links: Mapping[int, str] = field(default_factory=dict)  # company id → ContactID
    chosen_contacts: frozenset[int] = frozenset()  # companies whose Xero contact a person has chosen

    # What Xero told us of the organisation. An empty mapping of accounts or rates is not known, and judges nothing.
    base_currency: str = ""
    currencies: frozenset[str] = frozenset()  # those that it is subscribed to
    accounts: Mapping[str, LedgerAccount] = field(default_factory=dict)  # by code
    tax_rates: Mapping[str, TaxRate] = field(default_factory=dict)  # by TaxType
    branding_themes: frozenset[str] | None = None
    tracking_options: frozenset[str] | None = None  # the active ones
    known_item_codes: frozenset[str] | None = None
    period_lock_date: date | None = None
    end_of_year_lock_date: date | None = None

    # What Autotask told us of the database.
    autotask_database_id: int = 0
    billing_codes: Mapping[int, BillingCode] = field(default_factory=dict)
    tax_regions: Mapping[int, str] = field(default_factory=dict)  # id → name
    tax_categories: Mapping[int, str] = field(default_factory=dict)  # id → name
    countries: Mapping[int, Country] = field(default_factory=dict)
    lines_of_business: Mapping[int, str] = field(default_factory=dict)  # association id → name
    api_user_lines_of_business: frozenset[int] | None = None  # association ids; None where they cannot be read
    total_is: TotalIs | None = None  # whether invoiceTotal is net or gross; None until the data told

    # Features, and the policies of the installation.
    service_adjustments: bool = False
    now: datetime | None = None  # UTC; None judges every invoice as old
    refetch_seconds: tuple[int, ...] = (120, 600)  # ages at which an unfinished invoice is fetched again
    number_wait_seconds: int = 600
    max_rounding_difference: Decimal = Decimal("3.00")

    @cached_property
    def lock_date(self) -> date | None:
        """The last closed day; None where the books are open."""
        return max(filter(None, (self.period_lock_date, self.end_of_year_lock_date)), default=None)

    @cached_property
    def subscribed_currencies(self) -> frozenset[str]:
        """Those that documents may be in; empty where we do not know."""
        return (self.currencies | {self.base_currency}) - {""}

    @cached_property
    def sales_account(self) -> str:
        """The account code for what no mapping covers: the chosen one; else the first active sales account, or ""."""
        if self.default_sales_account:
            return self.default_sales_account
        codes = [
            (SALES_ACCOUNT_TYPES.index(account.type), code)
            for code, account in self.accounts.items()
            if account.type in SALES_ACCOUNT_TYPES and account.status == "ACTIVE" and code
        ]
        return min(codes, default=(0, ""))[1]

    @cached_property
    def rounding_account(self) -> str:
        """The code of Xero's own rounding account; "" where there is none to post to."""
        return next((code for code, account in self.accounts.items() if account.system_account == "ROUNDING"), "")

    @cached_property
    def tax_region_ids(self) -> dict[str, int]:
        """Tax region ids by their names, in lower case."""
        return {name.strip().lower(): region_id for region_id, name in self.tax_regions.items()}

    def age_seconds(self, created_at: datetime | None) -> float | None:
        """How old something made at `created_at` (UTC) is; None where it counts as old."""
        if self.now is None or created_at is None:
            return None
        return (self.now - created_at) / timedelta(seconds=1)
