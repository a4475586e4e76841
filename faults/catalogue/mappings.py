"""Trouble with what stands for what: currencies, account codes, taxes, items."""

from .kind import FaultKind, PartnerText, Place, Retry, Severity, Step, Subject, Topic, WhoActs

CURRENCY_NOT_SUBSCRIBED = FaultKind(
    code="currency-not-subscribed",
    title="The organisation is not subscribed to this currency",
    what_happened="The document is in a currency that the Xero organisation does not have.",
    what_it_means="Nothing was sent. Every document in this currency waits here.",
    steps=(
        Step(
            "If you do bill in this currency, add it in Xero, or let us add it with one click.", Place.XERO_CURRENCIES
        ),
        Step("If you do not, correct the currency setting of this account.", Place.CURRENCY_SETTINGS),
        Step("Re-sync."),
    ),
    who_acts=WhoActs.CUSTOMER,
    severity=Severity.ERROR,
    retry=Retry.WHEN_CLEARED,
    subject=Subject.CURRENCY,
    partner_texts=(
        PartnerText("Organisation is not subscribed to currency {subject}"),
        PartnerText("The organisation is not subscribed to currency {subject}"),
        PartnerText("The current organisation is not subscribed to currency {subject}"),
        PartnerText("Organisation is not subscribed to currency"),
    ),
)

ACCOUNT_CODE_INVALID = FaultKind(
    code="account-code-invalid",
    title="The account code cannot be used in Xero",
    what_happened="A line goes to an account code that Xero does not have, has archived, or does not allow on a sale.",
    what_it_means="Every document with a line on this code waits.",
    steps=(
        Step("See in Xero whether the account exists, is active, and is of a revenue type.", Place.XERO_ACCOUNTS),
        Step("Restore it there, or map the billing codes that point to it to another account.", Place.ACCOUNT_MAPPING),
        Step("Re-sync."),
    ),
    who_acts=WhoActs.CUSTOMER,
    severity=Severity.ERROR,
    retry=Retry.WHEN_CLEARED,
    subject=Subject.ACCOUNT_CODE,
    partner_texts=(
        PartnerText("Account code {subject} is not a valid code for this document"),
        PartnerText(
            "Account code {subject} has been archived, or has been deleted."
            " Each line item must reference a valid account"
        ),
        PartnerText("Account code {subject} has been removed as it does not match a recognised account"),
        PartnerText("Account code {subject} has been removed as it does not match an active account"),
        PartnerText("Account code must be specified"),
        PartnerText("The account code or ID must be specified"),
        PartnerText("Account must be valid"),
    ),
)

TAX_RATE_INVALID = FaultKind(
    code="tax-rate-invalid",
    title="The tax rate cannot be used in Xero",
    what_happened="A line has a tax rate that Xero does not have, has deleted, or does not allow with this account.",
    what_it_means="Every document with a line at this rate waits.",
    steps=(
        Step("See in Xero whether the tax rate exists, is active, and may be used for sales.", Place.XERO_TAX_RATES),
        Step("Map the tax to another rate here.", Place.TAX_MAPPING),
        Step("Re-sync."),
    ),
    who_acts=WhoActs.CUSTOMER,
    severity=Severity.ERROR,
    retry=Retry.WHEN_CLEARED,
    subject=Subject.TAX_TYPE,
    partner_texts=(
        PartnerText("The TaxType code {subject} does not exist or cannot be used for this type of transaction"),
        PartnerText("The TaxType code {subject} cannot be used with account code {account_code}"),
        PartnerText("The TaxType field is mandatory"),
        PartnerText("Tax rate must be valid"),
        PartnerText("Tax rate must be active"),
    ),
)

TAX_REGION_UNMAPPED = FaultKind(
    code="tax-region-unmapped",
    title="The tax region is not mapped",
    what_happened="Tax mapping is on, and the invoice’s tax region and category in Autotask have no Xero tax rate yet.",
    what_it_means="Which tax is right is yours to decide, so documents of this region wait.",
    steps=(
        Step("Choose a Xero tax rate for this region and category.", Place.TAX_MAPPING),
        Step("Where the company is in the wrong region, correct it in Autotask.", Place.AUTOTASK_COMPANY),
        Step("Re-sync."),
    ),
    who_acts=WhoActs.CUSTOMER,
    severity=Severity.ERROR,
    retry=Retry.WHEN_CLEARED,
    subject=Subject.TAX_REGION,
)

MIXED_TAX_BUNDLE = FaultKind(
    code="mixed-tax-bundle",
    title="A group of lines mixes tax rates",
    what_happened="Lines that are to go to Xero as one have different tax rates, and a line in Xero has exactly one.",
    what_it_means="The invoice waits, because joining them would give a wrong tax.",
    steps=(
        Step("See below which lines are joined, and their taxes."),
        Step("Give the parts of the bundle the same tax category in Autotask.", Place.AUTOTASK_BILLING_CODES),
        Step("Or let the lines of such a bundle go one by one.", Place.TAX_SETTINGS),
        Step("Re-sync."),
    ),
    who_acts=WhoActs.CUSTOMER,
    severity=Severity.ERROR,
    retry=Retry.WHEN_CLEARED,
    subject=Subject.BUNDLE,
)

BILLING_CODE_UNMAPPED = FaultKind(
    code="billing-code-unmapped",
    title="The billing code is not mapped",
    what_happened="A line has an Autotask billing code without a Xero account, and no default may be used for it.",
    what_it_means="Every document with a line on this billing code waits.",
    steps=(
        Step("Choose the Xero account for this billing code.", Place.ACCOUNT_MAPPING),
        Step("Or choose a default sales account, and allow it for codes without a mapping.", Place.ACCOUNT_SETTINGS),
        Step("Re-sync."),
    ),
    who_acts=WhoActs.CUSTOMER,
    severity=Severity.ERROR,
    retry=Retry.WHEN_CLEARED,
    subject=Subject.BILLING_CODE,
)

ITEM_CODE_EMPTY = FaultKind(
    code="item-code-empty",
    title="The item has no usable code",
    what_happened="A product or service has no code in Autotask to be known by, or one that Xero does not take.",
    what_it_means="Every document with this item waits.",
    steps=(
        Step("Fill in the code of the product or service in Autotask."),
        Step("See in Xero whether an item of this code exists.", Place.XERO_ITEMS),
        Step("Or choose another field as the code, or send such lines without an item.", Place.ITEM_SETTINGS),
        Step("Re-sync."),
    ),
    who_acts=WhoActs.CUSTOMER,
    severity=Severity.ERROR,
    retry=Retry.WHEN_CLEARED,
    subject=Subject.ITEM,
    partner_texts=(
        PartnerText("Item Code is invalid"),
        PartnerText("Item code {subject} is invalid"),
        PartnerText("Item code {subject} is not valid"),
        PartnerText("Price List Item with Code {subject} already exists"),
    ),
)

MAPPINGS = Topic(
    "Currencies, accounts, tax and items",
    (
        CURRENCY_NOT_SUBSCRIBED,
        ACCOUNT_CODE_INVALID,
        TAX_RATE_INVALID,
        TAX_REGION_UNMAPPED,
        MIXED_TAX_BUNDLE,
        BILLING_CODE_UNMAPPED,
        ITEM_CODE_EMPTY,
    ),
)
