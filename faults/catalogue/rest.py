"""What has no kind of its own, and what is a bug of ours."""

from .kind import FaultKind, Partner, PartnerText, Place, Retry, Severity, Step, Subject, Topic, WhoActs

VALIDATION_REFUSED = FaultKind(
    code="validation-refused",
    title="Xero refused the document",
    what_happened="Xero checked the document and refused it, for the reason quoted below.",
    what_it_means="Nothing was made in Xero. The document waits until the reason is mended.",
    steps=(
        Step("Read the reason that Xero gives, and mend what it names.", Place.XERO_DOCUMENT),
        Step("Re-sync."),
        Step("If the reason makes no sense to you, send it to us from this page.", Place.SUPPORT),
    ),
    who_acts=WhoActs.CUSTOMER,
    severity=Severity.ERROR,
    retry=Retry.BY_HAND,
    subject=Subject.TEXT,
    # Known, and without a kind of their own.
    partner_texts=(
        PartnerText("Due date cannot be empty"),
        PartnerText("The document DueDate field must be specified"),
        PartnerText("You have reached the limit of invoices you can approve"),
    ),
)

UNEXPECTED = FaultKind(
    code="unexpected",
    title="Something unexpected happened",
    what_happened="Cloud Depot met a case that it was not made for.",
    what_it_means="The cause is on our side. The other documents go on, and this one waits.",
    steps=(
        Step("Send us this page: the reference and the facts go along.", Place.SUPPORT),
        Step("Re-sync once we have written to you."),
    ),
    who_acts=WhoActs.SUPPORT,
    severity=Severity.ERROR,
    retry=Retry.BY_HAND,
    subject=Subject.TEXT,
    partner_texts=(
        PartnerText("Invoice not of valid status for creation"),
        PartnerText(
            "The Contact must contain at least 1 of the following elements to identify the contact:"
            " Name, ContactID, ContactNumber"
        ),
        PartnerText("The Total for this document must be greater than or equal to zero"),
        PartnerText("The quantity value {quantity} is invalid. Quantity must not be less than zero"),
        PartnerText("The discount rate {rate} is invalid. Discount must not be greater than the line total"),
        PartnerText("The line total {line_total} does not match the expected line total {expected_line_total}"),
        PartnerText("The description field is mandatory for each line item"),
        PartnerText("One or more line items must be specified"),
        PartnerText("Discounts may not be applied to ACCPAY invoices"),
        PartnerText("Account Code is too long. Maximum of {_} characters allowed"),
        PartnerText("Idempotency Key {_} is used with a different request"),
        PartnerText("The string {_} is not a valid AllXsd value"),
        PartnerText("JSON for post data was invalid{_}"),
        PartnerText("Expression expected"),
        PartnerText("The resource you're looking for cannot be found"),
        PartnerText("invalid_client"),
        PartnerText("unsupported_grant_type"),
        PartnerText("Invalid query syntax{_}", Partner.AUTOTASK),
        PartnerText("maxCountOfRecordsToReturn must be between 1 and 500", Partner.AUTOTASK),
        PartnerText("Conversion failed when converting {_} to data type {_}", Partner.AUTOTASK),
        PartnerText("Reference value on field: {field} of type: {_} does not exist or is invalid", Partner.AUTOTASK),
        PartnerText("Unexpected character {_}", Partner.AUTOTASK),
        PartnerText("{_}requested resource does not support http method{_}", Partner.AUTOTASK),
    ),
)

REST = Topic("Everything else", (VALIDATION_REFUSED, UNEXPECTED))
