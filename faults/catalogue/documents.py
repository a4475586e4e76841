"""Trouble with one document: its number, its status, its date, its lines, its amounts."""

from .kind import FaultKind, PartnerText, Place, Retry, Severity, Step, Subject, Topic, WhoActs

DOCUMENT_LOCKED_BY_PAYMENT = FaultKind(
    code="document-locked-by-payment",
    title="The Xero document has a payment or credit note allocated",
    what_happened="Xero holds a document that this one would change, and a payment or credit note is allocated to it.",
    what_it_means="Xero keeps such a document as it is. Nothing was changed.",
    steps=(
        Step("Open the document in Xero, and see what is allocated to it.", Place.XERO_DOCUMENT),
        Step("If it is another sale that has the same number, change the number of one of the two."),
        Step("If it is this invoice, remove the payment or the allocation in Xero, re-sync, and apply it again."),
        Step("If Xero’s version is the right one, leave it in Xero as it is, with a reason."),
    ),
    who_acts=WhoActs.CUSTOMER,
    severity=Severity.ERROR,
    retry=Retry.WHEN_CLEARED,
    subject=Subject.NUMBER,
    partner_texts=(
        PartnerText("This document cannot be edited as it has a payment or credit note allocated to it"),
        PartnerText("Date cannot be changed on an invoice that has payment or credit notes allocated to it"),
        PartnerText(
            "The status {status} cannot be applied to the invoice"
            " because it has payment or credit notes allocated to it"
        ),
        PartnerText("Payment amount exceeds the amount outstanding on this document"),
        PartnerText("The invoice you are trying to allocate to has already been paid off"),
        PartnerText("Credit Note cannot be allocated as amount is greater than amount outstanding"),
    ),
)

INVOICE_NOT_MODIFIABLE = FaultKind(
    code="invoice-not-modifiable",
    title="Invoice not of valid status for modification",
    what_happened="The number exists in Xero already, on a document that is voided, deleted or paid.",
    what_it_means="Xero allows no change in such a status. Nothing was changed.",
    steps=(
        Step("Open the document in Xero that has this number, and see its status.", Place.XERO_DOCUMENT),
        Step(
            "If it is another document, change its number in Xero, or this invoice’s number in Autotask; then re-sync."
        ),
        Step("If it is this invoice and it was voided or deleted in Xero, choose “Send again as a new document”."),
        Step("To rule such clashes out, let Xero give the numbers, or use a prefix.", Place.NUMBERING),
    ),
    who_acts=WhoActs.CUSTOMER,
    severity=Severity.ERROR,
    retry=Retry.WHEN_CLEARED,
    subject=Subject.NUMBER,
    partner_texts=(
        PartnerText("Invoice not of valid status for modification"),
        PartnerText("Credit note not of valid status for modification"),
        PartnerText("Payments can only be made against Authorised documents"),
        PartnerText("The document with the supplied id was not found for this endpoint"),
        PartnerText("Document could not be found"),
        PartnerText("An existing Credit Note with the specified CreditNoteID could not be found"),
    ),
)

DUPLICATE_NUMBER = FaultKind(
    code="duplicate-number",
    title="The number is taken in Xero",
    what_happened="Another document in Xero, which did not come from this Autotask invoice, has the same number.",
    what_it_means="Nothing was sent. What someone made in Xero is never overwritten.",
    steps=(
        Step("Open the document in Xero that has the number.", Place.XERO_DOCUMENT),
        Step("Change the number there, or this invoice’s number in Autotask; then re-sync.", Place.AUTOTASK_INVOICE),
        Step("To rule such clashes out, let Xero give the numbers, or use a prefix.", Place.NUMBERING),
    ),
    who_acts=WhoActs.CUSTOMER,
    severity=Severity.ERROR,
    retry=Retry.WHEN_CLEARED,
    subject=Subject.NUMBER,
    partner_texts=(
        PartnerText("Invoice # must be unique"),
        PartnerText("Invoice number must be unique"),
        PartnerText("Credit Note # must be unique"),
        PartnerText("Credit note number must be unique"),
    ),
)

INVOICE_NUMBER_EMPTY = FaultKind(
    code="invoice-number-empty",
    title="Autotask invoice number is empty",
    what_happened="This account uses Autotask’s numbers, and ten minutes after it was made the invoice still has none.",
    what_it_means="Without a number it would get one from Xero that nobody could match to Autotask, so it waits.",
    steps=(
        Step("Give the invoice a number in Autotask.", Place.AUTOTASK_INVOICE),
        Step("Set the next invoice number in Autotask, so that new invoices have one.", Place.AUTOTASK_NUMBERING),
        Step("Or let Xero give the numbers.", Place.NUMBERING),
        Step("Re-sync."),
    ),
    who_acts=WhoActs.CUSTOMER,
    severity=Severity.ERROR,
    retry=Retry.WHEN_CLEARED,
    subject=Subject.INVOICE,
)

AMOUNTS_DO_NOT_MATCH = FaultKind(
    code="amounts-do-not-match",
    title="Invoice amounts do not match",
    what_happened="The total that Xero would compute from the lines is too far from Autotask’s.",
    what_it_means="The difference reaches the maximum rounding difference, so nothing was sent.",
    steps=(
        Step(
            "Most often lines are missing: associate the API user with all lines of business in Autotask.",
            Place.AUTOTASK_API_USER,
        ),
        Step(
            "Or the billing run was not finished: see that the invoice is complete in Autotask.", Place.AUTOTASK_INVOICE
        ),
        Step("Re-sync."),
        Step(
            "Where the evidence says that service adjustment support would make the totals meet, ask us for it.",
            Place.SUPPORT,
        ),
    ),
    who_acts=WhoActs.CUSTOMER,
    severity=Severity.ERROR,
    retry=Retry.WHEN_CLEARED,
    subject=Subject.INVOICE,
)

NO_LINE_ITEMS = FaultKind(
    code="no-line-items",
    title="Invoice contains no line items",
    what_happened="Autotask shows no line for this invoice.",
    what_it_means="It has a total, so lines should be there. An invoice of zero, or a voided one, is skipped instead.",
    steps=(
        Step("Open the invoice in Autotask, and see whether it has lines.", Place.AUTOTASK_INVOICE),
        Step("If it has, associate the API user with all lines of business; then re-sync.", Place.AUTOTASK_API_USER),
        Step("If Autotask cannot open it either, void it there and run the billing again."),
    ),
    who_acts=WhoActs.CUSTOMER,
    severity=Severity.ERROR,
    retry=Retry.WHEN_CLEARED,
    subject=Subject.INVOICE,
)

PERIOD_LOCKED = FaultKind(
    code="period-locked",
    title="The period is locked in Xero",
    what_happened="The document’s date lies before the lock date of the Xero organisation.",
    what_it_means="Xero takes no document of a closed period. Nothing was sent, and the closed figures stay.",
    steps=(
        Step("Ask whoever closes the books whether the lock date may move for a moment.", Place.XERO_LOCK_DATES),
        Step("If so, move it, re-sync, and move it back."),
        Step("If not, set that late documents are posted on the first open day; then re-sync.", Place.PERIOD_SETTINGS),
    ),
    who_acts=WhoActs.CUSTOMER,
    severity=Severity.ERROR,
    retry=Retry.WHEN_CLEARED,
    subject=Subject.LOCK_DATE,
    partner_texts=(
        PartnerText("The document date cannot be before the period lock date, currently set at {subject}"),
        PartnerText("The document date cannot be before the end of year lock date, currently set at {subject}"),
        PartnerText("The document date cannot be before the period lock date"),
        PartnerText("The document date cannot be before the end of year lock date"),
        PartnerText(
            "The document cannot be edited as it is currently dated before the period lock date,"
            " currently set at {subject}"
        ),
        PartnerText(
            "The document cannot be edited as it is currently dated before the end of year lock date,"
            " currently set at {subject}"
        ),
        PartnerText("The document cannot be edited as it is currently dated before the period lock date"),
        PartnerText("The document cannot be edited as it is currently dated before the end of year lock date"),
    ),
)

VOID_REFUSED = FaultKind(
    code="void-refused",
    title="Xero did not take the void",
    what_happened="The invoice was voided in Autotask, and Xero did not let its document be voided or deleted.",
    what_it_means="It still stands in Xero, and counts there. Its state in Autotask is void.",
    steps=(
        Step(
            "Open the document in Xero, and see what is allocated to it, or which period it lies in.",
            Place.XERO_DOCUMENT,
        ),
        Step("Remove the payment or the allocation and re-sync, or settle it in Xero with a credit note."),
        Step("If it is to stay in Xero, leave it there as it is, with a reason."),
    ),
    who_acts=WhoActs.CUSTOMER,
    severity=Severity.ERROR,
    retry=Retry.WHEN_CLEARED,
    subject=Subject.NUMBER,
)

SENT_TWICE = FaultKind(
    code="sent-twice",
    title="The invoice is in Xero twice",
    what_happened="Xero did not answer the first write, lacked the invoice minutes later, and wrote it after all.",
    what_it_means="It had been sent again by then, so the sale counts twice in Xero until one of the two is voided.",
    steps=(
        Step("Open the second document in Xero, and compare the two.", Place.XERO_DOCUMENT),
        Step("Keep the one that is paid, or that your customer has; void or delete the other."),
        Step("Re-sync: the one that stays is linked with the invoice."),
    ),
    who_acts=WhoActs.CUSTOMER,
    severity=Severity.ERROR,
    retry=Retry.WHEN_CLEARED,
    subject=Subject.NUMBER,
)

DOCUMENTS = Topic(
    "Documents and amounts",
    (
        DOCUMENT_LOCKED_BY_PAYMENT,
        INVOICE_NOT_MODIFIABLE,
        DUPLICATE_NUMBER,
        INVOICE_NUMBER_EMPTY,
        AMOUNTS_DO_NOT_MATCH,
        NO_LINE_ITEMS,
        PERIOD_LOCKED,
        VOID_REFUSED,
        SENT_TWICE,
    ),
)
