"""Trouble with who is billed."""

from .kind import FaultKind, PartnerText, Place, Retry, Severity, Step, Subject, Topic, WhoActs

NO_VALID_CONTACT = FaultKind(
    code="no-valid-contact",
    title="No valid contact for the invoice",
    what_happened="None of the contact rules of this account found one contact of the company to bill.",
    what_it_means="The invoice waits, so that it does not go to the wrong person.",
    steps=(
        Step("See below which rules were tried, and the contacts that the company has."),
        Step("Mark one active contact of the company as its billing contact in Autotask.", Place.AUTOTASK_COMPANY),
        Step("Or choose the contact here.", Place.CONTACT_SETTINGS),
        Step("Re-sync."),
    ),
    who_acts=WhoActs.CUSTOMER,
    severity=Severity.ERROR,
    retry=Retry.WHEN_CLEARED,
    subject=Subject.COMPANY,
    partner_texts=(PartnerText("A Contact must be specified for this type of transaction"),),
)

INVALID_EMAIL = FaultKind(
    code="invalid-email",
    title="Invalid email address",
    what_happened="The email address of the contact to bill is not one that Xero accepts.",
    what_it_means="Autotask keeps such an address, Xero does not. The company’s documents wait until it is mended.",
    steps=(
        Step("See below the address, and the contact it belongs to."),
        Step("Correct or empty it in Autotask.", Place.AUTOTASK_CONTACT),
        Step("Re-sync."),
    ),
    who_acts=WhoActs.CUSTOMER,
    severity=Severity.ERROR,
    retry=Retry.WHEN_CLEARED,
    subject=Subject.CONTACT,
    partner_texts=(
        PartnerText("Email address must be valid"),
        PartnerText("Email address {email} must be valid"),
        PartnerText("Additional people cannot be added when the primary person has no email address set"),
    ),
)

CONTACT_ARCHIVED = FaultKind(
    code="contact-archived",
    title="The contact is archived in Xero",
    what_happened="The Xero contact of this company was archived, and not merged into another one.",
    what_it_means="Xero takes no new document for an archived contact.",
    steps=(
        Step("Restore the contact in Xero.", Place.XERO_CONTACT),
        Step("Or link the company to another Xero contact here.", Place.CONTACT_SETTINGS),
        Step("Re-sync."),
    ),
    who_acts=WhoActs.CUSTOMER,
    severity=Severity.ERROR,
    retry=Retry.WHEN_CLEARED,
    subject=Subject.CONTACT,
    partner_texts=(
        PartnerText(
            "The contact with the specified contact details has been archived."
            " The contact must be un-archived before creating new invoices or credit notes"
        ),
        PartnerText(
            "The specified contact details matched an archived contact."
            " Archived contacts cannot currently be edited via the API"
        ),
    ),
)

CONTACT_NAME_TAKEN = FaultKind(
    code="contact-name-taken",
    title="The contact’s name is taken in Xero",
    what_happened="Another active contact in Xero has the name that this company’s contact would get.",
    what_it_means="Two companies would share one contact, so the company’s documents wait until that is clear.",
    steps=(
        Step("Find the contact of that name in Xero.", Place.XERO_CONTACT),
        Step("If it is the same customer, link the company to it here.", Place.CONTACT_SETTINGS),
        Step("If it is another one, make the two names differ, in Xero or in Autotask."),
        Step("Re-sync."),
    ),
    who_acts=WhoActs.CUSTOMER,
    severity=Severity.ERROR,
    retry=Retry.WHEN_CLEARED,
    subject=Subject.CONTACT,
    partner_texts=(
        PartnerText(
            "The contact name {subject} is already assigned to another contact."
            " The contact name must be unique across all active contacts"
        ),
        PartnerText(
            "The existing contact with name {existing_name} cannot be updated to use new name {subject}."
            " There is an existing contact with that name"
        ),
    ),
)

CONTACT_NUMBER_TAKEN = FaultKind(
    code="contact-number-taken",
    title="The contact’s number is taken in Xero",
    what_happened="Another Xero contact, perhaps an archived one, has this company’s contact code or account number.",
    what_it_means="Xero wants each of these numbers once, also among archived contacts. The company’s documents wait.",
    steps=(
        Step("Search Xero’s contacts, the archived ones too, for the number.", Place.XERO_CONTACT),
        Step("If it is the same customer, restore it or link the company to it here.", Place.CONTACT_SETTINGS),
        Step("If it is another one, change its number: restore it, change the number, archive it again."),
        Step("Re-sync."),
    ),
    who_acts=WhoActs.CUSTOMER,
    severity=Severity.ERROR,
    retry=Retry.WHEN_CLEARED,
    subject=Subject.CONTACT,
    partner_texts=(
        PartnerText("Another contact has this contact number. Please enter a different contact number"),
        PartnerText("The account number already exists, please enter a different account number"),
        PartnerText("The account number already exists"),
    ),
)

CONTACTS = Topic(
    "Contacts",
    (NO_VALID_CONTACT, INVALID_EMAIL, CONTACT_ARCHIVED, CONTACT_NAME_TAKEN, CONTACT_NUMBER_TAKEN),
)
