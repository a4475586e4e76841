"""What a customer can decide, grouped as people think, each with a plain explanation and an example."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.conf import settings as installation
from django.db import models

from syncing.models import SyncSettings
from tenants.models import Account

CONTACT_RULES: Final[Mapping[str, str]] = {
    "billing_flag": "Autotask’s billing contact",
    "invoice_recipients": "Recipient in the company’s invoice settings",
    "position_udf": "User-defined field Position is “Accounts”",
    "primary": "Primary contact",
    "only_active": "The only active contact",
}


@dataclass(frozen=True, kw_only=True)
class Setting:
    """`says` explains it in a sentence or two; `example` shows it with figures or names."""

    name: str
    label: str
    says: str
    example: str


@dataclass(frozen=True, kw_only=True)
class SettingsPage:
    slug: str
    title: str
    lead: str
    settings: tuple[Setting, ...]

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(setting.name for setting in self.settings)


INVOICES = SettingsPage(
    slug="invoices",
    title="Invoices",
    lead="In which state invoices and credit notes arrive in Xero, when they fall due, and what their lines say.",
    settings=(
        Setting(
            name="import_status",
            label="Arrive in Xero as",
            says="Drafts can be looked over in Xero before they count. “Marked as sent” sets a mark and mails nothing.",
            example="Awaiting payment: the invoice is in the books, and on the customer’s statement, at once.",
        ),
        Setting(
            name="due_date",
            label="Due date",
            says=(
                "Where Xero’s contact has no payment terms, the organisation’s own count; where it has none either, "
                "Autotask’s due date."
            ),
            example="Billed on 18 November with “days after” and 20 days: due on 8 December.",
        ),
        Setting(
            name="due_days",
            label="Days until it is due",
            says="Counts only with “Days after the invoice date”. From 0 to 365.",
            example="0: due on the day it is dated.",
        ),
        Setting(
            name="po_reference",
            label="Purchase order number as the reference",
            says="The customer’s purchase order number on the Autotask invoice, else those of its lines.",
            example="PO number 4500-17 in Autotask: the Xero invoice has the reference 4500-17.",
        ),
        Setting(
            name="line_description",
            label="Lines say",
            says="How much of Autotask’s text a line carries, and whether the contract’s description comes with it.",
            example="Item name: “Managed workstation”. With the full description, what was done follows below it.",
        ),
        Setting(
            name="line_grouping",
            label="Group lines",
            says="Puts the lines under headings; by site, each section ends with its subtotal. Amounts stay the same.",
            example="By ticket: “T20261118.0004 Printer offline”, and below it the hours and parts of that ticket.",
        ),
        Setting(
            name="currency",
            label="Currency where Autotask gives none",
            says="Autotask’s currency of the company comes first. Empty stands for the organisation’s base currency.",
            example="AUD: a company without a currency in Autotask is billed in Australian dollars.",
        ),
        Setting(
            name="locked_period",
            label="An invoice dated in a closed period",
            says="Xero takes nothing that is dated on or before its lock dates.",
            example="Locked until 31 October: an invoice of 28 October stops, or is dated 1 November.",
        ),
        Setting(
            name="void_sync",
            label="Void in Xero what is voided in Autotask",
            says=(
                "A draft, or one that awaits approval, is deleted; an approved one is voided. With a payment on it, "
                "Xero refuses, and you are shown why."
            ),
            example="Off: what is voided in Autotask after it was sent stays in Xero until you void it there.",
        ),
    ),
)

NUMBERS = SettingsPage(
    slug="numbers",
    title="Numbers",
    lead="Which numbers invoices and credit notes have in Xero.",
    settings=(
        Setting(
            name="numbering",
            label="Invoice numbers",
            says="Xero’s own are never taken already. Autotask’s can clash with invoices that were made in Xero.",
            example="INV:{Autotask id}: Autotask’s invoice with the id 1044 is INV:1044 in Xero.",
        ),
        Setting(
            name="number_prefix",
            label="Before Autotask’s number",
            says="Counts only with Autotask’s numbers. A prefix keeps them apart from numbers that were made in Xero.",
            example="AT-: Autotask’s invoice 2041 is AT-2041 in Xero.",
        ),
        Setting(
            name="credit_note_prefix",
            label="Before a credit note’s number",
            says="A credit note has always this and Autotask’s id, so that it is found again whatever happens.",
            example="CN-AT-: the credit with the id 1050 is CN-AT-1050 in Xero.",
        ),
        Setting(
            name="write_back_number",
            label="Write the number back to Autotask",
            says="So that both show the same number. The API user must be allowed to change invoices.",
            example="Xero gave INV-0312: the invoice in Autotask is numbered INV-0312 as well.",
        ),
    ),
)

CONTACTS = SettingsPage(
    slug="contacts",
    title="Contacts",
    lead="Whom an invoice is for, and which contact in Xero that is.",
    settings=(
        Setting(
            name="contact_rules",
            label="The billing contact, in this order",
            says=(
                "The first rule that leads to one active contact counts. Of several, it is the primary one, if it is "
                "among them. Rules that are not chosen are not tried."
            ),
            example="Nobody is marked as billing contact, and Mere is the primary contact: the invoice is for Mere.",
        ),
        Setting(
            name="bill_parent",
            label="Bill the parent company where there is no active contact",
            says="A branch without a contact of its own is billed to the company above it in Autotask.",
            example="“Kauri Dental, Mt Eden” has no contact: “Kauri Dental” gets the invoice.",
        ),
        Setting(
            name="bill_contract_company",
            label="Bill the company that the contract is billed to",
            says=(
                "An invoice whose lines all belong to contracts that Autotask bills to another company goes to that "
                "company, and to the contract’s billing contact where there is one."
            ),
            example="The contract of “Kauri Dental” is billed to “Kauri Holdings”: “Kauri Holdings” gets the invoice.",
        ),
        Setting(
            name="match_account_number",
            label="Match by account number",
            says="Autotask’s company number against the account number of a Xero contact, before names are compared.",
            example="Company number C-1044 in Autotask is the Xero contact with the account number C-1044.",
        ),
        Setting(
            name="match_name",
            label="Match by name",
            says="How alike the names must be where nothing else matched.",
            example="Ignoring case and spaces, “Kauri Dental Ltd” is “kauri dental ltd”.",
        ),
        Setting(
            name="create_contacts",
            label="Create contacts that Xero does not have",
            says="Otherwise the invoice stops until you link a contact.",
            example="A new customer’s first invoice makes the contact, with name, e-mail and address from Autotask.",
        ),
        Setting(
            name="update_contacts",
            label="Keep contacts in Xero up to date",
            says=(
                "Writes name, e-mail, telephone and address from Autotask over those in Xero with each invoice. "
                "What Autotask does not have, stays."
            ),
            example="The customer has moved: the next invoice brings the new address to Xero.",
        ),
    ),
)

ACCOUNTS = SettingsPage(
    slug="accounts",
    title="Accounts and items",
    lead="Which sales account counts where no mapping does, and whether lines name an item of Xero.",
    settings=(
        Setting(
            name="default_sales_account",
            label="Default sales account",
            says="For lines whose billing code has no account of its own. Empty: Xero’s first sales account.",
            example="200 Sales.",
        ),
        Setting(
            name="unmapped_billing_code",
            label="A billing code without an account of its own",
            says="Stopping shows at once that something new was billed; the default lets it pass, with a notice.",
            example="You bill “Security audit” for the first time: it goes to 200 Sales, and the document says so.",
        ),
        Setting(
            name="product_codes",
            label="Match products with Xero’s items",
            says="A line that sells a product names the item with this code. Mappings of items come first.",
            example="By their SKU: a product with the SKU HP-840 is Xero’s item HP-840.",
        ),
        Setting(
            name="xero_items",
            label="Items that Xero does not have",
            says="Creating takes name, description and price from the product in Autotask.",
            example="“Use those that Xero has”: a line with another product is sent without an item.",
        ),
        Setting(
            name="empty_item_code",
            label="A product without a code",
            says="What to do with a line whose product has no code in the field that is chosen above.",
            example="Stop and show it: the invoice waits until the SKU is filled in in Autotask.",
        ),
    ),
)

TAX = SettingsPage(
    slug="tax",
    title="Tax and rounding",
    lead="Where taxes come from, and what becomes of a cent that does not come out.",
    settings=(
        Setting(
            name="tax_mapping",
            label="Send Autotask’s taxes",
            says="By the mapping of tax regions to rates. Off: Xero taxes each line by its sales account.",
            example="Tax region “New Zealand” is mapped to “15% GST on Income”.",
        ),
        Setting(
            name="tax_guard",
            label="Tax guard",
            says="Compares Autotask’s tax with Xero’s; a cent for each taxed line is rounding, and passes.",
            example="Autotask taxes 150.00 and Xero would tax 145.50: a notice, or a stop.",
        ),
        Setting(
            name="mixed_tax_bundles",
            label="A bundle with several tax rates",
            says="Autotask prints a service bundle as one line. Xero takes one tax rate on a line.",
            example="A bundle of taxed service and untaxed licence arrives as two lines, or stops.",
        ),
        Setting(
            name="decimals",
            label="Decimals of unit prices",
            says="Four is safe. Two only where your Autotask bills with two, and prints so.",
            example="1.2345 × 1,000: 1,234.50 with four decimals. With two, the line is sent as 1 × 1,234.50.",
        ),
        Setting(
            name="rounding_line",
            label="Close rounding differences with a line",
            says="Xero rounds the tax line by line. The line goes to Xero’s own rounding account.",
            example="Autotask’s total is 87.75 and Xero’s 87.74: a line “Rounding” of 0.01 is added.",
        ),
    ),
)

SCHEDULE = SettingsPage(
    slug="schedule",
    title="Schedule",
    lead="When the sync runs, and how far back it looks.",
    settings=(
        Setting(
            name="paused",
            label="Pause the sync",
            says="Nothing runs on schedule. A sync that somebody asks for still runs.",
            example="Pause it while you change sales accounts, look at a preview, and let it go on.",
        ),
        Setting(
            name="interval_minutes",
            label="Minutes between two runs",
            says="From 1 to 1,440. Empty: as this installation has it.",
            example="15: an invoice is in Xero a quarter of an hour after it was made, at the latest.",
        ),
        Setting(
            name="lookback_days",
            label="Days to look back",
            says="Invoices that were made longer ago than this are not looked for. From 1 to 90.",
            example="30: invoices of the last 30 days are found, also those that were made late.",
        ),
    ),
)

SKIPPING = SettingsPage(
    slug="skipping",
    title="Skipping",
    lead="What is left out. A skipped invoice stays visible here, with the reason.",
    settings=(
        Setting(
            name="zero_lines",
            label="Lines of zero",
            says="Lines that only inform, such as hours that a contract covers.",
            example="“Covered by your agreement, 0.00” stays on the invoice, or is left out.",
        ),
        Setting(
            name="zero_totals",
            label="Invoices of zero",
            says="Xero marks an approved invoice of zero as paid, so it is sent as a draft.",
            example="All hours were covered by the contract: a draft of 0.00, or nothing.",
        ),
        Setting(
            name="skip_total_below",
            label="Skip invoices below",
            says="By Autotask’s total, in the invoice’s currency; for credits by their amount. Empty: none.",
            example="1.00: an invoice of 0.45 is not sent.",
        ),
        Setting(
            name="skip_udf",
            label="Skip companies by a user-defined field",
            says="The name of a company’s field. Invoices of companies where it says true, yes or 1 are not sent.",
            example="XeroNoSync: companies with “true” in XeroNoSync are left out.",
        ),
        Setting(
            name="skip_templates",
            label="Skip invoices with these templates",
            says="Autotask’s invoice templates whose invoices are none of Xero’s business.",
            example="“Internal”: invoices that print with it are not sent.",
        ),
    ),
)

PAGES: Final = (INVOICES, NUMBERS, CONTACTS, ACCOUNTS, TAX, SCHEDULE, SKIPPING)
SETTINGS: Final = {setting.name: setting for page in PAGES for setting in page.settings}


def page_named(slug: str) -> SettingsPage | None:
    return next((page for page in PAGES if page.slug == slug), None)


def default_of(name: str) -> Any:
    """What an account has before anyone decides."""
    return _field(name).get_default()


def in_words(name: str, value: Any) -> str:
    """A value of the setting `name` as people read it; values out of the history's JSON read the same."""
    if name == "interval_minutes" and value is None:
        return f"{installation.SYNC_INTERVAL_SECONDS / 60:g} (as this installation has it)"
    if value is None or value in ("", []):
        return "none"
    if isinstance(value, bool):
        return "Yes" if value else "No"
    if isinstance(value, list):
        return ", then ".join(CONTACT_RULES.get(rule, str(rule)) for rule in value)
    return str(dict(_field(name).flatchoices).get(value, value))


def _field(name: str) -> models.Field[Any, Any]:
    of_account = name in ("paused", "interval_minutes")
    found: models.Field[Any, Any] = (Account if of_account else SyncSettings)._meta.get_field(name)  # type: ignore[assignment]
    return found
